/** Digits drawn with a round pen, as in a paint program: strokes through points in a unit square, scaled to any size. */

type Point = readonly [number, number];

function arc(x: number, y: number, across: number, down: number, from: number, to: number): Point[] {
  return Array.from({ length: 25 }, (_, n): Point => {
    const angle = ((from + ((to - from) * n) / 24) * Math.PI) / 180;
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  });
}

/** The stroke of each digit. x to the right, y down; angles in degrees, clockwise from the right. */
const STROKES: readonly (readonly Point[])[] = [
  arc(0.5, 0.5, 0.22, 0.32, 0, 360),
  [
    [0.5, 0.18],
    [0.5, 0.82],
  ],
  [...arc(0.5, 0.36, 0.2, 0.18, 190, 390), [0.3, 0.82], [0.72, 0.82]],
  [...arc(0.48, 0.34, 0.2, 0.16, 200, 450), ...arc(0.48, 0.66, 0.22, 0.16, -90, 160)],
  [
    [0.62, 0.82],
    [0.62, 0.18],
    [0.28, 0.6],
    [0.76, 0.6],
  ],
  [[0.7, 0.18], [0.36, 0.18], [0.34, 0.46], ...arc(0.48, 0.62, 0.2, 0.2, -110, 140)],
  [...arc(0.62, 0.5, 0.28, 0.34, 270, 180), ...arc(0.5, 0.64, 0.17, 0.18, 180, 540)],
  [
    [0.28, 0.18],
    [0.72, 0.18],
    [0.44, 0.82],
  ],
  [...arc(0.5, 0.34, 0.16, 0.16, 90, 450), ...arc(0.5, 0.67, 0.19, 0.17, -90, 270)],
  [...arc(0.48, 0.36, 0.18, 0.18, 0, 360), [0.66, 0.36], [0.62, 0.82]],
];

interface Pen {
  /** In pixels. */
  readonly width: number;
  /** Grey edges; otherwise each pixel is ink or paper. */
  readonly isSmooth?: boolean;
}

/** The share of ink in each pixel, 0 … 1, `[side,side]`. `scale` and `shift` change the digit's size and position. */
export function drawn(
  digit: number,
  side: number,
  { width, isSmooth = true }: Pen,
  { scale = 1, shift = [0, 0] }: { scale?: number; shift?: Point } = {},
): Float64Array {
  const points = STROKES[digit].map(([x, y]): Point => [
    side * (0.5 + scale * (x - 0.5) + shift[0]),
    side * (0.5 + scale * (y - 0.5) + shift[1]),
  ]);
  const distances = new Float64Array(side * side).fill(Infinity);
  const reach = width / 2 + 1; // no ink farther away
  for (let k = 1; k < points.length; k++) {
    const [from, to] = [points[k - 1], points[k]];
    const [left, right, top, bottom] = [0, 1].flatMap((axis) => [
      Math.max(0, Math.floor(Math.min(from[axis], to[axis]) - reach)),
      Math.min(side - 1, Math.ceil(Math.max(from[axis], to[axis]) + reach)),
    ]);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const n = row * side + column;
        distances[n] = Math.min(distances[n], distanceTo(column + 0.5, row + 0.5, from, to));
      }
    }
  }
  return distances.map((distance) => {
    const covered = Math.max(0, Math.min(1, width / 2 + 0.5 - distance));
    return isSmooth ? covered : Math.round(covered);
  });
}

function distanceTo(x: number, y: number, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [across, down] = [toX - fromX, toY - fromY];
  const along = ((x - fromX) * across + (y - fromY) * down) / (across ** 2 + down ** 2 || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.sqrt((x - fromX - share * across) ** 2 + (y - fromY - share * down) ** 2); // Math.hypot is slower
}
