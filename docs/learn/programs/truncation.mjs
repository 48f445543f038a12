/**
 * Backpropagation through time that stops after k steps: the direction of its gradient, and what a network then learns.
 * docs/learn/plain-rnn.md.
 *
 *     node docs/learn/programs/truncation.mjs
 */
import { fileURLToPath } from 'node:url';
import { backward, crossEntropy, forward, matrix } from './plain-rnn.mjs';
import { newParameters, normOf, randomNumbers, whichCameFirst } from './random-rnn.mjs';

/** Two sequences of T steps: the first symbol is A or B, and all others are blanks. Which symbol was it? */
export const firstSymbol = (T) => ({
  x: Array.from({ length: T }, (_, t) => matrix(2, 3, (b, k) => (k === (t === 0 ? b : 2) ? 1 : 0))),
  labels: [0, 1],
});

/** The backward pass of the last k steps alone: nothing before them gets a gradient. */
export function truncated({ x, labels }, parameters, k) {
  const { h, logits } = forward(x, parameters);
  const { p, loss } = crossEntropy(logits, labels);
  const first = x.length - k;
  const { gradients } = backward(x.slice(first), labels, parameters, { h: h.slice(first), p });
  return { gradients, p, loss };
}

/** The chapter's RNN after a training with gradients of the last k steps. */
export function trained(task, updates, k = task.x.length, learningRate = 0.2) {
  const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));
  for (let update = 0; update < updates; update++) {
    const { gradients } = truncated(task, parameters, k);
    for (const [name, rows] of Object.entries(parameters)) {
      rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= learningRate * gradients[name][r][c])));
    }
  }
  return parameters;
}

/** The cosine between two matrices: 1 if they have the same direction, 0 if they are at right angles. */
export function cosine(A, B) {
  const dot = A.reduce((sum, row, r) => row.reduce((part, value, c) => part + value * B[r][c], sum), 0);
  return dot / (normOf(A) * normOf(B));
}

/** For k = 1 … T: the cosine between dWh of the last k steps and dWh of all. */
export function cosines(task, parameters) {
  const T = task.x.length;
  const all = truncated(task, parameters, T).gradients.Wh;
  return Array.from({ length: T }, (_, n) => cosine(truncated(task, parameters, n + 1).gradients.Wh, all));
}

/** The columns of the table, each with a number for k = 1 … 8. */
export function columns() {
  const [pair, one] = [whichCameFirst(8), firstSymbol(8)];
  const lossAfter = (task, k) => truncated(task, trained(task, 300, k), 8).loss;
  const losses = (task) => Array.from({ length: 8 }, (_, n) => lossAfter(task, n + 1));
  return {
    'which came first': [cosines(pair, trained(pair, 0)), cosines(pair, trained(pair, 300)), losses(pair)],
    'first symbol': [cosines(one, trained(one, 50)), cosines(one, trained(one, 300)), losses(one)],
  };
}

function main() {
  const { 'which came first': pair, 'first symbol': one } = columns();
  console.log('       which came first           first symbol');
  console.log('k   cos 0  cos 300    loss    cos 50  cos 300    loss');
  for (let k = 1; k <= 8; k++) {
    const cells = [...pair, ...one].map((column, n) => column[k - 1].toFixed(n % 3 === 2 ? 4 : 3));
    console.log([k, ...cells].map((cell, n) => String(cell).padStart([1, 8, 9, 8, 10, 9, 8][n])).join(''));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
