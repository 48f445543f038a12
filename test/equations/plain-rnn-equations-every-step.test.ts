/** The equations of docs/learn/programs/every-step.mjs, (f) and (f′), each alone. */
import * as program from '../../docs/learn/programs/every-step.mjs';
import { Random } from '../../src/core/rng.js';
import { numericGradient } from '../../src/exercises/results.js';

type Matrix = Float64Array[];
type Parameters = Record<'Wx' | 'Wh' | 'bias' | 'Wy' | 'biasY', Matrix>;
interface EveryStep {
  forwardEveryStep(x: Matrix[], parameters: Parameters): { h: Matrix[]; logits: Matrix[] };
  lossEveryStep(logits: Matrix[], labels: number[][]): { p: Matrix[]; loss: number };
  gradientsEveryStep(x: Matrix[], labels: number[][], parameters: Parameters): { dh: Matrix[]; dLogits: Matrix[] };
}
const rnn = program as unknown as EveryStep;

const [T, B, I, H, C] = [4, 3, 2, 5, 6];
const random = new Random(1);
const matrix = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Float64Array.from({ length: columns }, () => random.normal(0, 0.7)));
const x = Array.from({ length: T }, () => matrix(B, I));
const labels = Array.from({ length: T }, () => Array.from({ length: B }, () => random.below(C)));
const parameters = {
  Wx: matrix(I, H),
  Wh: matrix(H, H),
  bias: matrix(1, H),
  Wy: matrix(H, C),
  biasY: matrix(1, C),
};
const { Wx, Wh, bias, Wy, biasY } = parameters;
const { h, logits } = rnn.forwardEveryStep(x, parameters);

const affine = (row: Float64Array, W: Matrix, [b]: Matrix): Float64Array =>
  b.map((one, n) => row.reduce((sum, value, k) => sum + value * W[k][n], one));

test('(f) logits = h·Wy + biasY, at every step; the loss is the mean over T·B', () => {
  let sum = 0;
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) {
      const expected = affine(h[t + 1][b], Wy, biasY);
      logits[t][b].forEach((logit, k) => expect(logit).toBeCloseTo(expected[k], 12));
      const powers = expected.map(Math.exp);
      sum -= Math.log(powers[labels[t][b]] / powers.reduce((total, power) => total + power));
    }
  expect(rnn.lossEveryStep(logits, labels).loss).toBeCloseTo(sum / (T * B), 12);
});

test('(f′) dh = dLogits·Wyᵀ + dhNext: the numeric derivative of the losses from this step on, with respect to h', () => {
  const { dh, dLogits } = rnn.gradientsEveryStep(x, labels, parameters);
  for (let t = 0; t < T; t++) {
    const rows = h[t + 1].map((row) => Float64Array.from(row));
    /** The losses of steps t to T-1, with `rows` as the states after step t. */
    const lossFromHere = (): number => {
      let states = rows;
      const scores = [states.map((row) => affine(row, Wy, biasY))];
      for (let later = t + 1; later < T; later++) {
        states = states.map((row, b) => affine(x[later][b], Wx, [affine(row, Wh, bias)]).map(Math.tanh));
        scores.push(states.map((row) => affine(row, Wy, biasY)));
      }
      return (rnn.lossEveryStep(scores, labels.slice(t)).loss * scores.length) / T;
    };
    const numeric = rows.flatMap((row) => [...numericGradient(lossFromHere, row)]);
    dh[t + 1].flatMap((row) => [...row]).forEach((value, n) => expect(value).toBeCloseTo(numeric[n], 8));
  }
  // after the last step there is no dhNext
  dh[T].forEach((row, b) =>
    row.forEach((value, n) =>
      expect(value).toBeCloseTo(
        dLogits[T - 1][b].reduce((sum, one, k) => sum + one * Wy[n][k], 0),
        12,
      ),
    ),
  );
});
