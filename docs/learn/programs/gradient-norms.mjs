/** How the norm of dh changes from step to step, for three sizes of Wh: the numbers of docs/learn/plain-rnn.md. */
import { matrix } from './plain-rnn.mjs';
import { gradientsOf, newParameters, normOf, randomNumbers } from './random-rnn.mjs';

/** The spectral radii of the picture. */
export const RADII = [0.8, 1.5, 2];

const H = 64;

/**
 * The spectral radius of W, by ‖Wⁿ‖^(1/n) with n = 2²⁰. W is squared 20 times. Each time it is first divided by its norm, so
 * that it neither overflows nor vanishes; `log` collects the norms.
 */
export function spectralRadius(W) {
  let power = W;
  let log = 0;
  for (let k = 0; k < 20; k++) {
    const norm = normOf(power);
    log += Math.log(norm) / 2 ** k;
    const scaled = power.map((row) => row.map((value) => value / norm));
    power = matrix(W.length, W.length, (r, c) => scaled[r].reduce((sum, value, k) => sum + value * scaled[k][c], 0));
  }
  return Math.exp(log + Math.log(normOf(power)) / 2 ** 20);
}

/** `spectralRadius(drawn().Wh)`: it is a constant, because a reader of the page would wait for its 5 million products. */
export const DRAWN_RADIUS = 0.616529456924224;

/** An RNN with random weights, the same at each call. */
export const drawn = () => newParameters({ I: 3, H, C: 2 }, randomNumbers(1));

/** This RNN; its Wh is scaled to the spectral radius. */
export function networkOf(radius) {
  const parameters = drawn();
  const factor = radius / DRAWN_RADIUS;
  return { ...parameters, Wh: parameters.Wh.map((row) => row.map((value) => value * factor)) };
}

/**
 * One sequence of T random steps. `norms[k]` is ‖∂L/∂h‖ k steps before the end, divided by ‖∂L/∂h‖ at the end. `share` is the
 * mean of 1-h².
 *
 * @param {number} radius
 * @param {number} T
 * @returns {{ norms: number[], share: number }}
 */
export function gradientNorms(radius, T) {
  const random = randomNumbers(7);
  const x = Array.from({ length: T }, () => matrix(1, 3, () => random()));
  const { h, dh } = gradientsOf(x, [0], networkOf(radius));
  const norms = dh.map((rows) => normOf(rows) / normOf(dh[T])).reverse();
  const values = h.slice(1).flatMap(([row]) => [...row]);
  return { norms, share: values.reduce((sum, value) => sum + 1 - value ** 2, 0) / values.length };
}
