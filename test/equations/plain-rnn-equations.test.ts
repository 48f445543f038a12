/** The equations of docs/learn/programs/plain-rnn.mjs, (a) to (e′), and of every-step.mjs, (f) and (f′), each alone. The test of a letter fails if its line is wrong. */
import { readFileSync } from 'node:fs';
import { Random } from '../../src/core/rng.js';
import { toCommonJs } from '../../src/exercises/common-js.js';
import { evaluate } from '../../src/exercises/evaluate.js';
import { numericGradient } from '../../src/exercises/results.js';
import * as everyStep from '../../docs/learn/programs/every-step.mjs';

type Matrix = Float64Array[];
type Name = 'Wx' | 'Wh' | 'bias' | 'Wy' | 'biasY' | 'start';
type Parameters = Record<Name, Matrix>;
interface PlainRnn {
  forward(x: Matrix[], parameters: Parameters): { h: Matrix[]; logits: Matrix };
  crossEntropy(logits: Matrix, labels: number[]): { p: Matrix; loss: number };
  backward(
    x: Matrix[],
    labels: number[],
    parameters: Parameters,
    results: { h: Matrix[]; p: Matrix },
  ): { gradients: Parameters; dh: Matrix[] };
}
const program = readFileSync('docs/learn/programs/plain-rnn.mjs', 'utf8');
const rnn = evaluate(toCommonJs(program, 'javascript')) as unknown as PlainRnn;

const [T, B, I, H, C] = [4, 3, 2, 5, 6]; // all different, so that a swapped axis cannot hide
const random = new Random(1);
const matrix = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Float64Array.from({ length: columns }, () => random.normal(0, 0.7)));
const x = Array.from({ length: T }, () => matrix(B, I));
const labels = [4, 0, 5];
const parameters: Parameters = {
  Wx: matrix(I, H),
  Wh: matrix(H, H),
  bias: matrix(1, H),
  Wy: matrix(H, C),
  biasY: matrix(1, C),
  start: matrix(1, H),
};
const { h, logits } = rnn.forward(x, parameters);
const { p, loss } = rnn.crossEntropy(logits, labels);
const { gradients, dh } = rnn.backward(x, labels, parameters, { h, p });

const expectClose = (actual: Matrix, expected: ArrayLike<number>): void => {
  const values = actual.flatMap((row) => [...row]);
  expect(values).toHaveLength(expected.length);
  values.forEach((value, n) => expect(value).toBeCloseTo(expected[n], 8));
};

/** The derivative of `of` with respect to each number of `rows`. */
const derivative = (of: () => number, rows: Matrix): Float64Array =>
  Float64Array.from(rows.flatMap((row) => [...numericGradient(of, row)]));
const lossOf = (): number => rnn.crossEntropy(rnn.forward(x, parameters).logits, labels).loss;
const numeric = (name: Name): Float64Array => derivative(lossOf, parameters[name]);

/** One number of the product of rows and a column. */
const dot = (row: Float64Array, W: Matrix, column: number): number =>
  row.reduce((sum, value, k) => sum + value * W[k][column], 0);
const zOf = (t: number, b: number, n: number): number =>
  dot(x[t][b], parameters.Wx, n) + dot(h[t][b], parameters.Wh, n) + parameters.bias[0][n];

test('(a) z = x·Wx + hPrev·Wh + bias, and (b) h = tanh(z)', () => {
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++)
      for (let n = 0; n < H; n++) {
        const [up, down] = [Math.exp(zOf(t, b, n)), Math.exp(-zOf(t, b, n))];
        expect(h[t + 1][b][n]).toBeCloseTo((up - down) / (up + down), 12);
      }
});

test('(b) h = tanh(z): between -1 and 1, odd, and z for a small z', () => {
  const small = {
    ...parameters,
    Wx: matrix(I, H).map((row) => row.map((one) => one * 1e-6)),
    Wh: matrix(H, H).map((row) => row.fill(0)),
    bias: [new Float64Array(H)],
  };
  const minusX = x.map((step) => step.map((row) => row.map((one) => -one)));
  const [positive, negative] = [x, minusX].map((inputs) => rnn.forward(inputs, small).h[1]);
  const expected = negative.flatMap((row) => [...row].map((one) => -one));
  expectClose(positive, expected);
  positive.forEach((row, b) => row.forEach((value, n) => expect(value / dot(x[0][b], small.Wx, n)).toBeCloseTo(1, 9)));
});

test('(c) logits = h·Wy + biasY', () => {
  expectClose(
    logits,
    h[T].flatMap((row) => Array.from({ length: C }, (_, k) => dot(row, parameters.Wy, k) + parameters.biasY[0][k])),
  );
});

test('(d) p = softmax(logits), loss = -Σ log p[label] / B, also for logits of ±1000', () => {
  const naive = logits.map((row) =>
    row.map((one, _, all) => Math.exp(one) / all.reduce((sum, other) => sum + Math.exp(other), 0)),
  );
  expectClose(
    p,
    naive.flatMap((row) => [...row]),
  );
  expect(loss).toBeCloseTo(-labels.reduce((sum, label, b) => sum + Math.log(naive[b][label]), 0) / B, 12);
  expect(rnn.crossEntropy([Float64Array.of(1000, -1000)], [0])).toEqual({ p: [Float64Array.of(1, 0)], loss: -0 });
});

test('(d′) from loss = -Σ log p[label] / B: the gradient of biasY is the sum of dLogits', () => {
  expectClose(
    gradients.biasY,
    Array.from({ length: C }, (_, k) =>
      labels.reduce((sum, label, b) => sum + (p[b][k] - (label === k ? 1 : 0)) / B, 0),
    ),
  );
});

test('(c′) dWy, dBiasY and dh of the last row: numeric derivatives', () => {
  expectClose(gradients.Wy, numeric('Wy'));
  expectClose(gradients.biasY, numeric('biasY'));
  const lastRow = h[T].map((row) => Float64Array.from(row));
  const lossOfLast = (): number =>
    rnn.crossEntropy(
      lastRow.map((row) =>
        Float64Array.from({ length: C }, (_, k) => dot(row, parameters.Wy, k) + parameters.biasY[0][k]),
      ),
      labels,
    ).loss;
  expectClose(dh[T], derivative(lossOfLast, lastRow));
});

test('(b′) dz = dh*(1-h²): the gradient of the bias is the sum of dz over steps and sequences', () => {
  const dz = (t: number, b: number, n: number): number => dh[t + 1][b][n] * (1 - Math.tanh(zOf(t, b, n)) ** 2);
  const sums = Array.from({ length: H }, (_, n) => {
    let sum = 0;
    for (let t = 0; t < T; t++) for (let b = 0; b < B; b++) sum += dz(t, b, n);
    return sum;
  });
  expectClose(gradients.bias, sums);
});

test('(a′) dWx, dWh and dBias: numeric derivatives', () => {
  expectClose(gradients.Wx, numeric('Wx'));
  expectClose(gradients.Wh, numeric('Wh'));
  expectClose(gradients.bias, numeric('bias'));
});

test('(e) h[0] = start, for every sequence; without start it is zero', () => {
  for (const row of h[0]) expect([...row]).toEqual([...parameters.start[0]]);
  const { start: _, ...others } = parameters;
  expect(rnn.forward(x, others as Parameters).h[0].flatMap((row) => [...row])).toEqual(Array<number>(B * H).fill(0));
});

test('(e′) dStart: numeric derivatives', () => {
  expectClose(gradients.start, numeric('start'));
});

describe('a loss at every step', () => {
  interface EveryStep {
    forwardEveryStep(x: Matrix[], parameters: object): { h: Matrix[]; logits: Matrix[] };
    lossEveryStep(logits: Matrix[], labels: number[][]): { p: Matrix[]; loss: number };
    gradientsEveryStep(x: Matrix[], labels: number[][], parameters: object): { dh: Matrix[]; dLogits: Matrix[] };
  }
  const rnn = everyStep as unknown as EveryStep;

  const labels = Array.from({ length: T }, () => Array.from({ length: B }, () => random.below(C)));
  const { start: _, ...withoutStart } = parameters;
  const { Wx, Wh, bias, Wy, biasY } = withoutStart;
  const { h, logits } = rnn.forwardEveryStep(x, withoutStart);

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
    const { dh, dLogits } = rnn.gradientsEveryStep(x, labels, withoutStart);
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
});
