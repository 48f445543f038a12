/** A plain RNN with random weights, and the sizes of its gradients. It runs in Node and in the browser. */
import { backward, crossEntropy, forward, matrix } from './plain-rnn.mjs';

/** Numbers between -1 and 1 that look random, the same in every run. */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

/** The weights are random between -1/√rows and 1/√rows, and the biases are 0. */
export function newParameters({ I, H, C }, random) {
  const weights = (rows, columns) => matrix(rows, columns, () => random() / Math.sqrt(rows));
  return { Wx: weights(I, H), Wh: weights(H, H), bias: matrix(1, H), Wy: weights(H, C), biasY: matrix(1, C) };
}

/** Forward and backward pass together. */
export function gradientsOf(x, labels, parameters) {
  const { h, logits } = forward(x, parameters);
  const { loss, p } = crossEntropy(logits, labels);
  return { h, loss, p, ...backward(x, labels, parameters, { h, p }) };
}

/** √ of the sum of all squares. `Math.hypot` also works if a square would be too small for f64. */
export const normOf = (rows) => Math.hypot(...rows.flatMap((row) => [...row]));
