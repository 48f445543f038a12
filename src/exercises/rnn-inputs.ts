/** What the problems of the plain RNN give to an answer. */
import { Random } from '../core/rng.js';
import { setSpecialNumbers } from './tensors.js';

export type Matrix = Float64Array[];
export type Parameters = Record<'Wx' | 'Wh' | 'bias' | 'Wy' | 'biasY' | 'start', Matrix>;

const matrix = (rows: number, columns: number, draw: () => number): Matrix =>
  Array.from({ length: rows }, () => Float64Array.from({ length: columns }, draw));

export interface RnnCase {
  readonly seed: number;
  /** T, B, I, H and C. */
  readonly sizes: readonly number[];
  /** See `makeStateZero`. Default: false. */
  readonly hasZeroState?: boolean;
  /** Of Wy. Default: 1. */
  readonly factor?: number;
  /** See `setSpecialNumbers`. */
  readonly isOrdinary?: boolean;
}

export interface Inputs {
  readonly x: readonly Matrix[];
  readonly labels: readonly number[];
  readonly parameters: Parameters;
}

export function inputsOf({
  seed,
  sizes: [T, B, I, H, C],
  hasZeroState = false,
  factor = 1,
  isOrdinary = false,
}: RnnCase): Inputs {
  const random = new Random(seed);
  const draw = (rows: number, columns: number): Matrix => matrix(rows, columns, () => random.normal(0, 0.8));
  const x = Array.from({ length: T }, () => draw(B, I));
  const labels = Array.from({ length: B }, (_, b) => (b === 1 && !isOrdinary ? 0 : random.below(C)));
  const [Wx, Wh, bias, Wy, biasY, start] = [draw(I, H), draw(H, H), draw(1, H), draw(H, C), draw(1, C), draw(1, H)];
  for (const row of Wy) row.forEach((weight, k) => (row[k] = factor * weight));
  if (!isOrdinary) {
    setSpecialNumbers([start, ...x, Wx, Wh, Wy, biasY]);
    start[0].set([1.7, -1.4, -1.4].slice(0, H - 1), 1); // numbers that no tanh gives, and equal neighbours
  }
  const parameters = { Wx, Wh, bias, Wy, biasY, start };
  if (T === 1) makeSpecialUnits(parameters, labels[0]);
  if (hasZeroState) makeStateZero(x[0], parameters);
  return { x, labels, parameters };
}

/**
 * Units 0 and 2 of sequences 1 and 2 are exactly 0 after the first step, although some numbers of their columns of Wh are not. For
 * sequence 1, neither are those of x and of their columns of Wx, whose two terms cancel each other. Before the step, only unit 0 is 0.
 */
function makeStateZero(x: Matrix, { Wx, Wh, bias }: Parameters): void {
  [Wx[1][1], Wx[1][0]] = [Wx[1][0], Wx[1][1]]; // it keeps its 0
  x[1].fill(0.9);
  x[2].fill(0);
  for (const n of [0, 2]) {
    [-0.4, 0.4].forEach((weight, k) => (Wx[k][n] = weight));
    [0, -0.3, 0.3, 0].forEach((weight, m) => (Wh[m + 1][n] = weight)); // start[0] is 0, and units 2 and 3 begin as equal numbers
    bias[0][n] = 0;
  }
}

/**
 * h of unit 1 is 0 after a step. No logit reads unit 2, so its dh is 0 at the last step; those of units 0 and 3 are large, with opposite signs,
 * and unit 0 lets its dh through, because its h is small. The prediction is a wrong class, and sure.
 */
function makeSpecialUnits({ Wx, Wh, bias, Wy, biasY }: Parameters, label: number): void {
  for (const row of [...Wx, ...Wh, ...bias]) {
    row[1] = 0;
    row[0] *= 0.1;
  }
  Wx[2][0] = 0; // of a unit that begins as 0
  Wy[2].fill(0);
  Wy[0].forEach((weight, k) => (Wy[0][k] = 200 * weight));
  Wy[3].set(Wy[0].map((weight) => -weight));
  biasY[0][(label + 1) % biasY[0].length] = 300;
}
