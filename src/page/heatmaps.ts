/** The stylesheet's colours on a canvas. Heat maps have one value per pixel, blue below 0, blank at 0, orange above; images are ink on paper. */
import { made } from './dom.js';
import type { InspectedCell } from './inspect-image.js';

type Rgb = readonly [number, number, number];

interface Palette {
  readonly zero: Rgb;
  readonly below: Rgb;
  readonly above: Rgb;
  readonly ink: Rgb;
}

let palette: Palette | undefined;
const listeners = new Set<() => void>();

// theme/theme.js sets the class
new MutationObserver(() => {
  palette = undefined;
  listeners.forEach((repaint) => repaint());
}).observe(document.documentElement, { attributeFilter: ['class'] });

/** Calls `repaint` when the page changes between light and dark, until the returned function is called. */
export function onColourChange(repaint: () => void): () => void {
  listeners.add(repaint);
  return () => void listeners.delete(repaint);
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

/** Values to -1 … 1: of a gate, which is 0 … 1, but f of an sLSTM can be larger at the first step; of what is -1 … 1; of any numbers. */
const SCALES = {
  gate: (values: Float32Array): Float32Array => values.map((value) => Math.min(2 * value - 1, 1)),
  signed: (values: Float32Array): Float32Array => values,
  any: scaledToOne,
} as const;

/** A gate or a state: the number of its equation, what it is, and its scale. */
type Heatmap = readonly [equation: string, words: string, scale: keyof typeof SCALES];

const LSTM: Readonly<Record<string, Heatmap>> = {
  i: ['2', 'input gate', 'gate'],
  j: ['2', 'candidate', 'signed'],
  f: ['2', 'forget gate', 'gate'],
  o: ['2', 'output gate', 'gate'],
  c: ['3', 'cell, scaled to ±1', 'any'],
  h: ['4', 'hidden state', 'signed'],
};

/** What the equations of each cell name. */
const HEATMAPS: Readonly<Record<string, Readonly<Record<string, Heatmap>> | undefined>> = {
  lstm: LSTM,
  'lstm-peephole': {
    ...LSTM,
    i: ['24', 'input gate', 'gate'],
    j: ['24', 'candidate', 'signed'],
    f: ['24', 'forget gate', 'gate'],
    o: ['25', 'output gate', 'gate'],
  },
  rnn: { h: ['20', 'hidden state', 'signed'] },
  gru: {
    r: ['22', 'reset gate', 'gate'],
    z: ['22', 'update gate: 1 keeps', 'gate'],
    n: ['22', 'candidate', 'signed'],
    h: ['23', 'hidden state', 'signed'],
  },
  mingru: {
    u: ['27', 'update gate: 1 takes in', 'gate'],
    j: ['27', 'candidate, scaled to ±1', 'any'],
    h: ['26', 'hidden state, scaled to ±1', 'any'],
  },
  minlstm: {
    i: ['29', 'input gate', 'gate'],
    j: ['29', 'candidate, scaled to ±1', 'any'],
    f: ['29', 'forget gate', 'gate'],
    h: ['26', 'hidden state, scaled to ±1', 'any'],
  },
  slstm: {
    i: ['31', 'input gate', 'gate'],
    j: ['31', 'candidate', 'signed'],
    f: ['31', 'forget gate', 'gate'],
    o: ['31', 'output gate', 'gate'],
    c: ['32', 'cell, scaled to ±1', 'any'],
    n: ['32', 'normaliser, scaled to ±1', 'any'],
    m: ['30', 'stabiliser, scaled to ±1', 'any'],
    h: ['33', 'hidden state', 'signed'],
  },
};

/** Those of a cell that has none here: every gate and state, by its name. */
const plainHeatmaps = ({ gates, states }: InspectedCell): Readonly<Record<string, Heatmap>> =>
  Object.fromEntries(Object.keys({ ...gates, ...states }).map((name) => [name, ['', 'scaled to ±1', 'any']]));

/** The figures of one cell: its gates and states, a line for each hidden unit, a column for each step. */
export class HeatmapFigures {
  private cell = '';
  private figures: Figure[] = [];

  /** `step`: what a step reads, for example a row. */
  constructor(
    private readonly place: HTMLElement,
    private readonly step: string,
  ) {}

  /** Steps from `until` on are faded; a line stands after `read` steps. */
  show(inspected: InspectedCell, T: number, until: number, read: number): void {
    const { cell, H, gates, states } = inspected;
    const heatmaps = HEATMAPS[cell] ?? plainHeatmaps(inspected);
    if (cell !== this.cell) {
      this.cell = cell;
      this.figures = Object.entries(heatmaps).map(([name, heatmap]) => figureOf(name, heatmap, this.step));
      this.place.replaceChildren(...this.figures.map(({ figure }) => figure));
    }
    for (const { name, scale, picture, cursor } of this.figures) {
      const values = transposed(SCALES[scale](gates[name] ?? states[name]), T, H);
      paintHeatmap(picture, values, [H, T], until);
      cursor.style.left = `${(100 * read) / T}%`;
    }
  }
}

type Figure = ReturnType<typeof figureOf>;

function figureOf(name: string, [equation, words, scale]: Heatmap, step: string) {
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
  return { name, scale, figure, picture, cursor };
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
