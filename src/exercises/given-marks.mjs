/**
 * What the files of the exercises call in place of the lines that other exercises ask for. make.mjs writes given.ts from this list: each
 * function has the lines of the project's own code, between a signature and what it returns. `{ from, first, last }` are lines of a file,
 * as in marks.mjs.
 */

export const LSTM = 'src/equations/lstm.ts';
export const RNN = 'docs/learn/programs/plain-rnn.mjs';

/** (4′), (3′) and (2′) of one element. */
export const HIDDEN_STATE = { first: '      const tanhC', last: '      dc.set(b, n, dC);' };
export const CELL_STATE = { first: '      const dI = dC * j;', last: '      dcPrev.set(b, n' };
export const GATES = { first: '      dz.set(b, n, dI', last: '      dz.set(b, 3 * H + n' };

/** (d′) and (c′); (b′) and (a′) of all steps. */
export const OUTPUT_LAYER = {
  first: '  for (let b = 0; b < B; b++) {\n    for (let k = 0; k < C; k++) {',
  last: '  }',
};
export const STEPS = { first: '  for (let t = T - 1; t >= 0; t--) {', last: '  }' };

export const GIVEN = [
  `/** Made by make.mjs from the code: what the exercises' files call in place of the lines that other exercises ask for. */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { keepStateBackward } from '../equations/ended-sequences.js';
import type { RunningRows } from '../equations/lstm-step-views.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { projectBackward } from '../equations/projection.js';

/** Numbers by name. */
type Numbers<Names extends string> = Readonly<Record<Names, number>>;

/** (4′) of one element: stores dC in dc. */
export function hiddenStateBackward(
  dc: Tensor, dh: Tensor, c: Tensor, b: number, n: number, { o }: Numbers<'o'>,
): Numbers<'dO' | 'dC'> {
`,
  { from: LSTM, ...HIDDEN_STATE },
  `  return { dO, dC };
}

/** (3′) of one element: adds to dcPrev. */
export function cellStateBackward(
  dcPrev: Tensor, cPrev: Tensor, b: number, n: number, { i, j, f, dC }: Numbers<'i' | 'j' | 'f' | 'dC'>,
): Numbers<'dI' | 'dJ' | 'dF'> {
`,
  { from: LSTM, ...CELL_STATE },
  `  return { dI, dJ, dF };
}

/** (2′) of one element: fills its four numbers of dz. */
export function gatesBackward(
  dz: Tensor, b: number, n: number, { i, j, f, o, dI, dJ, dF, dO }: Numbers<'i' | 'j' | 'f' | 'o' | 'dI' | 'dJ' | 'dF' | 'dO'>,
): void {
  const H = dz.shape[1] / 4;
`,
  { from: LSTM, ...GATES },
  `}

/** The whole sequence, each step by \`lstmStepBackward\`. */
export function sequenceBackward(
  backend: Backend,
  lstm: Lstm,
  lstmStepBackward: (backend: Backend, lstm: Lstm, step: RunningRows) => void,
  { accumulate = false }: AccumulateOptions = {},
): void {
`,
  { from: LSTM, first: '  const { dh, dc, dhUpstream, dcUpstream', last: '}' },
  `
/** Rows of numbers, as in chapter 2's program. */
export type Matrix = Float64Array[];

/** (e). */
export function initialStateForward(h: readonly Matrix[], start: Matrix): void {
  const B = h[0].length;
`,
  { from: RNN, first: '  for (let b = 0; b < B; b++) h[0][b].set(start[0]);' },
  `}

/** (e′). */
export function initialStateBackward(dStart: Matrix, dh: readonly Matrix[]): void {
  const [B, H] = [dh[0].length, dStart[0].length];
  for (let b = 0; b < B; b++) {
`,
  { from: RNN, first: '    for (let n = 0; n < H; n++) dStart' },
  `  }
}

/** (d′) and (c′): fills dWy, dBiasY and the last dh, which are zero before. */
export function outputLayerBackward(
  { dWy, dBiasY, dh }: { dWy: Matrix; dBiasY: Matrix; dh: readonly Matrix[] },
  labels: readonly number[],
  Wy: Matrix,
  { h, p }: { h: readonly Matrix[]; p: Matrix },
): void {
  const [T, B, H, C] = [h.length - 1, p.length, Wy.length, Wy[0].length];
`,
  { from: RNN, ...OUTPUT_LAYER },
  `}

/** (b′) and (a′) of all steps: adds to dWx, dWh, dBias and to dh of every step but the last. */
export function stepsBackward(
  { dWx, dWh, dBias, dh }: { dWx: Matrix; dWh: Matrix; dBias: Matrix; dh: readonly Matrix[] },
  x: readonly Matrix[],
  Wh: Matrix,
  h: readonly Matrix[],
): void {
  const [T, B, I, H] = [x.length, x[0].length, dWx.length, Wh.length];
`,
  { from: RNN, ...STEPS },
  '}\n',
];
