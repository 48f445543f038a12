/** Paints arrays on a canvas, one value per pixel: blue below 0, blank at 0, orange above. Paints images as ink on paper. */
import type { Rgb } from './colours.js';
import { colours, mix } from './colours.js';

/** The opacity of rows that have not been read yet. */
const FADED = 0.18;

/** `[rows,columns]` values from -1 to 1. Columns from `until` on are faded. */
export function paintHeatmap(
  target: HTMLCanvasElement,
  values: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  until = Infinity,
): void {
  const { zero, below, above } = colours();
  paint(target, rows, columns, (row, column) => {
    const value = Math.max(-1, Math.min(1, values[row * columns + column]));
    const share = Math.abs(value) * (column < until ? 1 : FADED);
    return mix(zero, value < 0 ? below : above, share);
  });
}

/** An image `[rows,columns]`, 0 … 255. Rows from `until` on are faded. */
export function paintInk(
  target: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  until = Infinity,
): void {
  const { zero, ink } = colours();
  paint(target, rows, columns, (row, column) =>
    mix(zero, ink, (pixels[row * columns + column] / 255) * (row < until ? 1 : FADED)),
  );
}

/** A gradient `[rows,columns]`, from -1 to 1, over a pale image. */
export function paintGradientOverInk(
  target: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  gradient: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
): void {
  const { zero, below, above, ink } = colours();
  paint(target, rows, columns, (row, column) => {
    const at = row * columns + column;
    const paper = mix(zero, ink, 0.3 * (pixels[at] / 255));
    return mix(paper, gradient[at] < 0 ? below : above, Math.min(1, Math.abs(gradient[at])));
  });
}

function paint(
  target: HTMLCanvasElement,
  rows: number,
  columns: number,
  colourAt: (row: number, column: number) => Rgb,
): void {
  if (target.width !== columns) target.width = columns;
  if (target.height !== rows) target.height = rows;
  const context = target.getContext('2d');
  if (!context) return; // the labels beside the canvas have the numbers
  const image = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      image.data.set([...colourAt(row, column), 255], 4 * (row * columns + column));
    }
  }
  context.putImageData(image, 0, 0);
}

/** `[T,H]` → `[H,T]`: time runs to the right. */
export function transposed(values: ArrayLike<number>, T: number, H: number): Float32Array {
  return Float32Array.from({ length: T * H }, (_, n) => values[(n % T) * H + Math.floor(n / T)]);
}

/** Divides by the largest absolute value. */
export function scaledToOne(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.map((value) => (largest > 0 ? value / largest : 0));
}
