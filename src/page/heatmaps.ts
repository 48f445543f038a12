/** The stylesheet's colours on a canvas. Heat maps have one value per pixel, blue below 0, blank at 0, orange above; images are ink on paper. */
import { made } from './dom.js';
import type { InspectedLstm } from './inspect-image.js';

type Rgb = readonly [number, number, number];

interface Palette {
  readonly zero: Rgb;
  readonly below: Rgb;
  readonly above: Rgb;
  readonly ink: Rgb;
}

let palette: Palette | undefined;
const listeners: (() => void)[] = [];

// theme/theme.js sets the class
new MutationObserver(() => {
  palette = undefined;
  listeners.forEach((repaint) => repaint());
}).observe(document.documentElement, { attributeFilter: ['class'] });

/** Calls `repaint` when the page changes between light and dark. */
export function onColourChange(repaint: () => void): void {
  listeners.push(repaint);
}

/** A colour as the stylesheet has it: `cssColour('--ink')`. */
export const cssColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The current colours of the heat maps. */
export function colours(): Palette {
  palette ??= { zero: rgb('--zero'), below: rgb('--below'), above: rgb('--above'), ink: rgb('--ink') };
  return palette;
}

function rgb(name: string): Rgb {
  const value = parseInt(cssColour(name).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Interpolates: `from` at share 0, `to` at share 1. */
export const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

const HEATMAPS = [
  { name: 'i', equation: '2', words: 'input gate' },
  { name: 'j', equation: '2', words: 'candidate' },
  { name: 'f', equation: '2', words: 'forget gate' },
  { name: 'o', equation: '2', words: 'output gate' },
  { name: 'c', equation: '3', words: 'cell, scaled to ±1' },
  { name: 'h', equation: '4', words: 'hidden state' },
] as const;

/** Maps values to -1 … 1 for a heat map. */
const ofGate = (values: Float32Array): Float32Array => values.map((value) => 2 * value - 1);
const ofState = (values: Float32Array): Float32Array => values;
const toHeatmap = { i: ofGate, j: ofState, f: ofGate, o: ofGate, c: scaledToOne, h: ofState };

/** Six figures of one LSTM: its gates and states, a line for each hidden unit, a column for each step. */
export class HeatmapFigures {
  private readonly figures;

  /** `step`: what a step reads, for example a row. */
  constructor(place: HTMLElement, step: string) {
    this.figures = HEATMAPS.map((heatmap) => ({ ...heatmap, ...figureIn(place, heatmap, step) }));
  }

  /** Steps from `until` on are faded; a line stands after `read` steps. */
  show(lstm: InspectedLstm, T: number, until: number, read: number): void {
    for (const { name, picture, cursor } of this.figures) {
      const values = transposed(toHeatmap[name](lstm[name]), T, lstm.H);
      paintHeatmap(picture, values, [lstm.H, T], until);
      cursor.style.left = `${(100 * read) / T}%`;
    }
  }
}

function figureIn(place: HTMLElement, { name, equation, words }: (typeof HEATMAPS)[number], step: string) {
  const figure = made('figure');
  figure.dataset.equation = equation;
  const caption = made('figcaption', '', name);
  caption.append(made('small', '', words));
  const frame = made('div', 'frame');
  const picture = made('canvas');
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', `${words}: every unit after every ${step}`);
  const cursor = made('div', 'cursor');
  frame.append(picture, cursor);
  figure.append(caption, frame);
  place.append(figure);
  return { picture, cursor };
}

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
    for (let column = 0; column < columns; column++)
      image.data.set([...colourAt(row, column), 255], 4 * (row * columns + column));
  }
  context.putImageData(image, 0, 0);
}

/** `[T,H]` → `[H,T]`: time runs to the right. */
function transposed(values: ArrayLike<number>, T: number, H: number): Float32Array {
  return Float32Array.from({ length: T * H }, (_, n) => values[(n % T) * H + Math.floor(n / T)]);
}

/** Divides by the largest absolute value. */
export function scaledToOne(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.map((value) => (largest > 0 ? value / largest : 0));
}
