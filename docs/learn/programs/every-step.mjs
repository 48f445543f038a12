/**
 * The RNN of plain-rnn.mjs with a loss at every step: (f) and (f′) of docs/learn/plain-rnn.md. After each step it answers which symbol
 * came first so far: A, B, or neither.
 * The program compares the gradients with numeric ones, and measures what each reader of h contributes.
 *
 *     node docs/learn/programs/every-step.mjs
 */
import { fileURLToPath } from 'node:url';
import { crossEntropy, forward, matrix } from './plain-rnn.mjs';
import { newParameters, normOf, randomNumbers, whichCameFirst } from './random-rnn.mjs';
import { largestDifferences } from './which-came-first.mjs';

const dot = (row, other) => row.reduce((sum, value, n) => sum + value * other[n], 0);

/** logits `[T][B,C]`, and h `[T+1][B,H]` as before. */
export function forwardEveryStep(x, parameters) {
  const { Wy, biasY } = parameters;
  const { h } = forward(x, parameters);
  const logits = h.slice(1).map((rows) =>
    matrix(rows.length, biasY[0].length, (b, k) => {
      return rows[b].reduce((sum, value, n) => sum + value * Wy[n][k], biasY[0][k]); // (f) logits = h·Wy + biasY, at every step
    }),
  );
  return { h, logits };
}

/** (d) over all T·B answers: labels `[T][B]`, p `[T][B,C]`. */
export function lossEveryStep(logits, labels) {
  const steps = logits.map((rows, t) => crossEntropy(rows, labels[t]));
  return { p: steps.map(({ p }) => p), loss: steps.reduce((sum, { loss }) => sum + loss, 0) / steps.length };
}

/** The gradient of every parameter, dh `[T+1][B,H]` and dLogits `[T][B,C]`. Only dLogits, the output layer and the line (f′) differ from plain-rnn.mjs. */
export function backwardEveryStep(x, labels, { Wx, Wh, Wy }, { h, p }) {
  const [T, B, I, H, C] = [x.length, x[0].length, Wx.length, Wh.length, Wy[0].length];
  const [dWx, dWh, dBias, dWy, dBiasY] = [matrix(I, H), matrix(H, H), matrix(1, H), matrix(H, C), matrix(1, C)];
  const dh = h.map(() => matrix(B, H));
  const dLogits = p.map((rows, t) => matrix(B, C, (b, k) => (rows[b][k] - (labels[t][b] === k ? 1 : 0)) / (T * B))); // (d′)
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      for (let k = 0; k < C; k++) {
        dBiasY[0][k] += dLogits[t][b][k]; // (c′) at every step
        for (let n = 0; n < H; n++) dWy[n][k] += h[t + 1][b][n] * dLogits[t][b][k];
      }
    }
  }
  for (let t = T - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        dh[t + 1][b][n] += dot(dLogits[t][b], Wy[n]); // (f′) dh = dLogits·Wyᵀ + dhNext
        const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2); // (b′) from h = tanh(z)
        dBias[0][n] += dz; // (a′) from z = x·Wx + hPrev·Wh + bias
        for (let k = 0; k < I; k++) dWx[k][n] += x[t][b][k] * dz;
        for (let m = 0; m < H; m++) {
          dWh[m][n] += h[t][b][m] * dz;
          dh[t][b][m] += dz * Wh[m][n];
        }
      }
    }
  }
  return { gradients: { Wx: dWx, Wh: dWh, bias: dBias, Wy: dWy, biasY: dBiasY }, dh, dLogits };
}

/** The same sequences, with a label for each step: 0 if A came first so far, 1 if B, 2 if neither was read yet. */
export function whichCameFirstSoFar(T) {
  const { x, labels } = whichCameFirst(T);
  const blankUntil = (t, b) => x.slice(0, t + 1).every((rows) => rows[b][2] === 1);
  return { x, labels: x.map((_, t) => labels.map((label, b) => (blankUntil(t, b) ? 2 : label))) };
}

/** Forward and backward pass together. */
export function gradientsEveryStep(x, labels, parameters) {
  const { h, logits } = forwardEveryStep(x, parameters);
  const { p, loss } = lossEveryStep(logits, labels);
  return { h, p, loss, ...backwardEveryStep(x, labels, parameters, { h, p }) };
}

const timesTransposed = (rows, W) => matrix(rows.length, W.length, (b, m) => dot(rows[b], W[m]));

/** For rows 1 to T of h: dLogits·Wyᵀ from the output layer, and dhNext from the next step, which the last row does not have. */
export function twoReaders(x, labels, parameters) {
  const { h, dh, dLogits } = gradientsEveryStep(x, labels, parameters);
  const dz = (row) => dh[row].map((values, b) => values.map((value, n) => value * (1 - h[row][b][n] ** 2)));
  return dLogits.map((rows, t) => ({
    output: timesTransposed(rows, parameters.Wy),
    next: t + 2 < h.length ? timesTransposed(dz(t + 2), parameters.Wh) : h[0].map((row) => row.map(() => 0)),
    dh: dh[t + 1],
  }));
}

/** One sequence, one unit and two classes, for the picture. */
export const ONE_UNIT = {
  x: [[[1]], [[0]], [[-1]]],
  labels: [[0], [0], [1]],
  parameters: { Wx: [[1]], Wh: [[0.5]], bias: [[0]], Wy: [[1, -1]], biasY: [[0, 0]] },
};

function main() {
  const { x, labels } = whichCameFirstSoFar(8);
  const parameters = newParameters({ I: 3, H: 5, C: 3 }, randomNumbers(2));
  const { gradients } = gradientsEveryStep(x, labels, parameters);
  const lossOf = () => lossEveryStep(forwardEveryStep(x, parameters).logits, labels).loss;
  for (const { name, count, largest } of largestDifferences(lossOf, parameters, gradients)) {
    console.log(`${name}: ${count} gradients, largest difference ${largest.toExponential(0)}`);
  }
  console.log('row   from the output layer   from the next step        dh');
  twoReaders(x, labels, parameters).forEach(({ output, next, dh }, t) => {
    const [a, b, c] = [output, next, dh].map((rows) => normOf(rows).toFixed(4));
    console.log(`${String(t + 1).padStart(3)}${a.padStart(24)}${b.padStart(21)}${c.padStart(10)}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
