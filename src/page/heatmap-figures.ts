/** Six figures of one LSTM: its gates and states, a line for each hidden unit, a column for each step. */
import { made } from './dom.js';
import { paintHeatmap, scaledToOne, transposed } from './heatmaps.js';
import type { InspectedLstm } from './inspect-image.js';

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
