/** Numbers as colours: nothing at 0, blue below, orange above; in both schemes. */
type Rgb = readonly [number, number, number];

interface Palette {
  readonly zero: Rgb;
  readonly below: Rgb;
  readonly above: Rgb;
  readonly ink: Rgb;
}

let palette: Palette | undefined;
const repaints: (() => void)[] = [];

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  palette = undefined;
  repaints.forEach((repaint) => repaint());
});

/** `repaint` is called when the colours change. */
export function onColoursChange(repaint: () => void): void {
  repaints.push(repaint);
}

/** A colour of the stylesheet: `--ink`. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function colours(): Palette {
  palette ??= { zero: rgb('--zero'), below: rgb('--below'), above: rgb('--above'), ink: rgb('--ink') };
  return palette;
}

function rgb(name: string): Rgb {
  const value = parseInt(colour(name).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** How strong what has not been read yet appears. */
const FADED = 0.18;

/**
 * `[rows,columns]` values, -1 … 1, one canvas pixel each, onto a canvas of that size. From column `until` on
 * they are faded.
 */
export function paintSigned(
  target: HTMLCanvasElement,
  values: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  until = Infinity,
): void {
  const { zero, below, above } = colours();
  paint(target, rows, columns, (row, column) => {
    const value = Math.max(-1, Math.min(1, values[row * columns + column]));
    const share = Math.abs(value) * (column < until ? 1 : FADED);
    return mixed(zero, value < 0 ? below : above, share);
  });
}

/** Pixels `[rows,columns]`, 0 … 255, as ink on paper; rows from `until` on are faded. */
export function paintInk(
  target: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  until = Infinity,
): void {
  const { zero, ink } = colours();
  paint(target, rows, columns, (row, column) =>
    mixed(zero, ink, (pixels[row * columns + column] / 255) * (row < until ? 1 : FADED)),
  );
}

/** `slopes` -1 … 1 over the ink of the image. */
export function paintOverInk(
  target: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  slopes: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
): void {
  const { zero, below, above, ink } = colours();
  paint(target, rows, columns, (row, column) => {
    const at = row * columns + column;
    const paper = mixed(zero, ink, 0.3 * (pixels[at] / 255));
    return mixed(paper, slopes[at] < 0 ? below : above, Math.min(1, Math.abs(slopes[at])));
  });
}

function paint(
  target: HTMLCanvasElement,
  rows: number,
  columns: number,
  at: (row: number, column: number) => Rgb,
): void {
  if (target.width !== columns) target.width = columns;
  if (target.height !== rows) target.height = rows;
  const context = target.getContext('2d');
  if (!context) return; // no canvas, no picture: the numbers are said beside it
  const image = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      image.data.set([...at(row, column), 255], 4 * (row * columns + column));
    }
  }
  context.putImageData(image, 0, 0);
}

const mixed = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

/** `[T,H]` → `[H,T]`, so that time runs to the right. */
export function turned(values: ArrayLike<number>, T: number, H: number): Float32Array {
  return Float32Array.from({ length: T * H }, (_, n) => values[(n % T) * H + Math.floor(n / T)]);
}

/** By the largest, so that it becomes ±1. */
export function scaled(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.map((value) => (largest > 0 ? value / largest : 0));
}
