/** The task of docs/learn/plain-rnn.md, and a plain RNN with random weights. It runs in Node and in the browser. */
import { backward, crossEntropy, forward, matrix } from './plain-rnn.mjs';

/** All sequences of T steps with one A [1,0,0] and one B [0,1,0]; the other steps are [0,0,1]. Label 0: A comes first; 1: B. */
export function whichCameFirst(T) {
  const pairs = [...Array(T * T).keys()].map((n) => [n % T, Math.floor(n / T)]).filter(([a, b]) => a !== b);
  const inputAt = (t, [a, b]) => Float64Array.from(t === a ? [1, 0, 0] : t === b ? [0, 1, 0] : [0, 0, 1]);
  const x = Array.from({ length: T }, (_, t) => pairs.map((pair) => inputAt(t, pair)));
  return { x, labels: pairs.map(([a, b]) => (a < b ? 0 : 1)) };
}

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
