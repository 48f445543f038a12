/** Fits a drawing of any size into an image as MNIST does: scaled to 20 × 20, its centre of mass in the middle of 28 × 28. */

/** The side of MNIST's images, in pixels. */
export const SIDE = 28;
/** The longer side of a digit in MNIST, in pixels. */
const BOX = 20;
/** The centre of mass of MNIST's digits, in both directions, counted from pixel 0. */
const CENTRE = 14;

/** `ink` is `[rows,width]`, from 0 (paper) to 255. Returns `[28,28]`, 0 … 255; all 0 if there is no ink. */
export function fitted(ink: ArrayLike<number>, width: number): Uint8Array {
  const pixels = new Uint8Array(SIDE * SIDE);
  const box = boxOf(ink, width);
  if (!box) return pixels;
  const longer = Math.max(box.width, box.height);
  const [columns, rows] = [box.width, box.height].map((side) => Math.max(1, Math.round((side * BOX) / longer)));
  const digit = resized(ink, width, box, rows, columns);
  const { x, y } = centreOfMass(digit, columns);
  const [left, top] = [placeOf(columns, x), placeOf(rows, y)];
  for (let row = 0; row < rows; row++)
    pixels.set(digit.subarray(row * columns, (row + 1) * columns), (top + row) * SIDE + left);
  return pixels;
}

/** The first row or column of a digit with this extent and centre of mass; no part of the digit is cut off. */
function placeOf(extent: number, centre: number): number {
  return Math.max(0, Math.min(SIDE - extent, Math.round(CENTRE - centre)));
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest rectangle that holds all ink. */
function boxOf(ink: ArrayLike<number>, width: number): Box | undefined {
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  for (let n = 0; n < ink.length; n++) {
    if (ink[n] === 0) continue;
    const [x, y] = [n % width, Math.floor(n / width)];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    bottom = y;
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The box's contents as `[rows,columns]`: each pixel is the mean of the area that it covers. */
function resized(ink: ArrayLike<number>, width: number, box: Box, rows: number, columns: number): Uint8Array {
  const pixels = new Uint8Array(rows * columns);
  const across = coverage(box.width, columns);
  coverage(box.height, rows).forEach((down, row) => {
    across.forEach((along, column) => {
      let [sum, area] = [0, 0];
      for (const { pixel: y, share: height } of down) {
        const start = (box.top + y) * width + box.left;
        for (const { pixel: x, share } of along) {
          sum += ink[start + x] * height * share;
          area += height * share;
        }
      }
      pixels[row * columns + column] = Math.round(sum / area);
    });
  });
  return pixels;
}

/** For each of `count` equal parts of a line of `length` pixels: the pixels in it, each with its share in the part. */
function coverage(length: number, count: number): { pixel: number; share: number }[][] {
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [(part * length) / count, ((part + 1) * length) / count];
    const first = Math.floor(from);
    return Array.from({ length: Math.ceil(to) - first }, (_, n) => {
      const pixel = first + n;
      return { pixel, share: Math.min(pixel + 1, to) - Math.max(pixel, from) };
    });
  });
}

function centreOfMass(pixels: Uint8Array, columns: number): { x: number; y: number } {
  let [mass, x, y] = [0, 0, 0];
  pixels.forEach((value, n) => {
    mass += value;
    x += value * (n % columns);
    y += value * Math.floor(n / columns);
  });
  // faint ink can round to 0
  return mass === 0 ? { x: columns / 2, y: pixels.length / columns / 2 } : { x: x / mass, y: y / mass };
}
