/**
 * Backpropagation through time that keeps every 28th state alone, and computes the others again. docs/learn/plain-rnn.md.
 *
 *     node docs/learn/programs/recompute.mjs
 */
import { fileURLToPath } from 'node:url';
import { crossEntropy, matrix } from './plain-rnn.mjs';
import { gradientsOf, newParameters, randomNumbers } from './random-rnn.mjs';

/** (a), (b): one step. x `[B,I]`, hPrev `[B,H]`. */
function stepForward(x, hPrev, { Wx, Wh, bias }) {
  return matrix(x.length, Wh.length, (b, n) => {
    let z = bias[0][n];
    for (let k = 0; k < Wx.length; k++) z += x[b][k] * Wx[k][n];
    for (let m = 0; m < Wh.length; m++) z += hPrev[b][m] * Wh[m][n];
    return Math.tanh(z);
  });
}

/** (b′), (a′): one step backward. It adds to the gradients, and returns dhPrev. */
function stepBackward(x, [hPrev, h], dh, { Wh }, gradients) {
  const dhPrev = matrix(x.length, Wh.length);
  for (let b = 0; b < x.length; b++) {
    for (let n = 0; n < Wh.length; n++) {
      const dz = dh[b][n] * (1 - h[b][n] ** 2);
      gradients.bias[0][n] += dz;
      for (let k = 0; k < x[b].length; k++) gradients.Wx[k][n] += x[b][k] * dz;
      for (let m = 0; m < Wh.length; m++) {
        gradients.Wh[m][n] += hPrev[b][m] * dz;
        dhPrev[b][m] += dz * Wh[m][n];
      }
    }
  }
  return dhPrev;
}

/** (c) to (c′), with the last state: dh of that state. */
function outputLayer(h, labels, { Wy, biasY }, gradients) {
  const C = biasY[0].length;
  const logits = matrix(h.length, C, (b, k) => h[b].reduce((sum, value, n) => sum + value * Wy[n][k], biasY[0][k]));
  const { p, loss } = crossEntropy(logits, labels);
  const dh = matrix(h.length, Wy.length);
  for (let b = 0; b < h.length; b++) {
    for (let k = 0; k < C; k++) {
      const dLogit = (p[b][k] - (labels[b] === k ? 1 : 0)) / h.length;
      gradients.biasY[0][k] += dLogit;
      for (let n = 0; n < Wy.length; n++) {
        gradients.Wy[n][k] += h[b][n] * dLogit;
        dh[b][n] += dLogit * Wy[n][k];
      }
    }
  }
  return { dh, loss };
}

/**
 * The gradient of every parameter. `every` is the distance between two states that are kept. `held` is the largest number of
 * states at one time, and `steps` how often a step forward was computed.
 */
export function gradientsByRecomputing(x, labels, parameters, every) {
  const [T, B, H] = [x.length, x[0].length, parameters.Wh.length];
  const gradients = Object.fromEntries(
    Object.entries(parameters).map(([name, rows]) => [name, matrix(rows.length, rows[0].length)]),
  );
  const kept = [];
  let [h, steps, held] = [matrix(B, H), 0, 0];
  for (let t = 0; t < T; t++, steps++) {
    if (t % every === 0) kept.push(h);
    h = stepForward(x[t], h, parameters);
  }
  let { dh, loss } = outputLayer(h, labels, parameters, gradients);
  while (kept.length > 0) {
    const first = (kept.length - 1) * every;
    const last = Math.min(first + every, T);
    const states = [kept.at(-1)]; // rows `first` to `last` of h
    for (let t = first; t < last; t++, steps++) states.push(stepForward(x[t], states.at(-1), parameters));
    held = Math.max(held, kept.length + states.length - 1); // the first of `states` is also the last of `kept`
    for (let t = last - 1; t >= first; t--) {
      dh = stepBackward(x[t], states.slice(t - first, t - first + 2), dh, parameters, gradients);
    }
    kept.pop();
  }
  return { gradients, loss, steps, held };
}

/** Random sequences, their labels, and an RNN. */
export function example({ T = 784, B = 3, I = 2, H = 16, C = 4 } = {}) {
  const random = randomNumbers(3);
  const x = Array.from({ length: T }, () => matrix(B, I, random));
  return { x, labels: Array.from({ length: B }, (_, b) => b % C), parameters: newParameters({ I, H, C }, random) };
}

/** Whether all numbers of both are the same bits. */
export const sameBits = (one, other) =>
  Object.keys(one).every((name) =>
    one[name].every((row, r) => row.every((value, c) => Object.is(value, other[name][r][c]))),
  );

function main() {
  const { x, labels, parameters } = example();
  const { h, gradients } = gradientsOf(x, labels, parameters);
  console.log(`all states: ${h.length} states, ${x.length} steps forward`);
  const again = gradientsByRecomputing(x, labels, parameters, Math.sqrt(x.length));
  const verdict = sameBits(again.gradients, gradients) ? 'the same bits' : 'OTHER BITS';
  console.log(`every 28th: ${again.held} states, ${again.steps} steps forward, ${verdict} in every gradient`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
