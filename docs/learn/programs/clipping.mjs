/**
 * A loss with a cliff, and gradient descent with and without clipping by norm: docs/learn/loss-and-update.md. The network is the
 * plain RNN of plain-rnn.mjs with one unit. It reads +1 or -1 at the first step, then 29 zeros, and says which number it read.
 * Two of its parameters are free: w = Wh and b = bias.
 *
 *     node docs/learn/programs/clipping.mjs
 */
import { fileURLToPath } from 'node:url';
import { clipByNorm, norm, tensorFrom } from 'longhand';
import { backward, crossEntropy, forward, matrix } from './plain-rnn.mjs';

const T = 30;
export const LEARNING_RATE = 0.05;
export const LIMIT = 1;
export const START = [1.6, 0.4];

const x = Array.from({ length: T }, (_, t) => matrix(2, 1, (b) => (t === 0 ? [1, -1][b] : 0)));
const labels = [0, 1];
const parametersOf = (w, b) => ({
  ...{ Wx: matrix(1, 1, () => 1), Wh: matrix(1, 1, () => w), bias: matrix(1, 1, () => b) },
  ...{ Wy: matrix(1, 2, (_, k) => [2, -2][k]), biasY: matrix(1, 2) },
});

/** The loss at (w, b), and its gradient with respect to w and b: a tensor of two numbers. */
export function lossAndGradient(w, b) {
  const parameters = parametersOf(w, b);
  const { h, logits } = forward(x, parameters);
  const { loss, p } = crossEntropy(logits, labels);
  const { gradients } = backward(x, labels, parameters, { h, p });
  return { loss, gradient: tensorFrom([gradients.Wh[0][0], gradients.bias[0][0]], [2], 'f64') };
}

/** Gradient descent: w, b, the loss and the norm of the gradient before each update, and after the last. */
export function descent([w, b], { limit = Infinity, updates = 300, learningRate = LEARNING_RATE } = {}) {
  const path = [];
  for (let update = 0; update <= updates; update++) {
    const { loss, gradient } = lossAndGradient(w, b);
    path.push({ w, b, loss, norm: norm(gradient) });
    clipByNorm([gradient], limit); // (10)
    w -= learningRate * gradient.get(0);
    b -= learningRate * gradient.get(1);
  }
  return path;
}

/** How many of 49 starts end with a loss below 0.1: w from 1.2 to 2, b from 0.2 to 0.6. */
export function successes(options) {
  const seven = [...Array(7).keys()];
  const starts = seven.flatMap((i) => seven.map((j) => [1.2 + (0.8 * i) / 6, 0.2 + (0.4 * j) / 6]));
  return starts.filter((start) => descent(start, options).at(-1).loss < 0.1).length;
}

const row = (cells) => cells.map((cell) => String(cell).padStart(9)).join('');

function main() {
  for (const limit of [Infinity, LIMIT]) {
    console.log(limit === Infinity ? 'without clipping' : `clipped to norm ${limit}`);
    console.log(row(['update', 'w', 'b', 'loss', 'norm']));
    const path = descent(START, { limit });
    for (const n of [0, 10, 16, 17, 18, 19, 20, 50, 300]) {
      const { w, b, loss, norm } = path[n];
      console.log(row([n, w.toFixed(3), b.toFixed(3), loss.toFixed(3), norm.toFixed(3)]));
    }
  }
  for (const learningRate of [0.05, 0.02]) {
    const [without, clipped] = [Infinity, LIMIT].map((limit) => successes({ limit, learningRate }));
    console.log(`learning rate ${learningRate}, of 49 starts: without clipping ${without}, clipped ${clipped}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
