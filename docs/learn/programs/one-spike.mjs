/** One spike among the gradients of one number: docs/learn/loss-and-update.md. It runs in the browser too. */
import { BETA1, BETA2, EPSILON } from 'longhand';

/** The gradients before the spike. After 10,000 of them, m and v are near 1. */
export const BEFORE = 10_000;
export const AFTER = 5000;
export const SPIKE = 100;

/** BEFORE gradients of 1, one of `spike`, and AFTER gradients of 1. */
export const gradientsWith = (spike) => [...Array(BEFORE).fill(1), spike, ...Array(AFTER).fill(1)];

/**
 * m, √v and the update, in units of the learning rate; element k is k updates after the spike. `updatesOf` makes the updates of these
 * gradients.
 *
 * @param {number} spike
 * @param {(gradients: number[]) => { m: number, v: number, update: number }[]} updatesOf
 */
export const afterSpike = (spike, updatesOf) =>
  updatesOf(gradientsWith(spike))
    .slice(BEFORE)
    .map(({ m, v, update }) => ({ m, root: Math.sqrt(v), update }));

/**
 * (10) for one number, whose norm is its size.
 *
 * @param {number} gradient
 * @param {number} limit
 */
export const clipped = (gradient, limit) => (Math.abs(gradient) > limit ? Math.sign(gradient) * limit : gradient);

/**
 * The updates from the spike to the `last` one after it: their sum, the largest, the smallest, and how many come before one is below 1.
 *
 * @param {readonly { update: number }[]} states
 * @param {number} last
 */
export function effectOn(states, last) {
  const updates = states.slice(0, last + 1).map(({ update }) => update);
  const below = updates.findIndex((update) => update < 1 - 1e-6);
  const smallest = Math.min(...updates);
  return {
    sum: updates.reduce((total, update) => total + update),
    largest: Math.max(...updates),
    smallest,
    smallestAt: updates.indexOf(smallest),
    tooLarge: updates.slice(0, below < 0 ? undefined : below).filter((update) => update > 1 + 1e-6).length,
  };
}

/**
 * Algorithm 1 of Adam's paper, as PyTorch computes it: ε is beside the root of the corrected v. m, v and the update after each gradient, with
 * any β₁ and β₂: those of `adam` are constants.
 *
 * @param {readonly number[]} gradients
 */
export function algorithm1(gradients, beta1 = BETA1, beta2 = BETA2) {
  let [m, v] = [0, 0];
  return gradients.map((gradient, n) => {
    m += (gradient - m) * (1 - beta1);
    v += (gradient ** 2 - v) * (1 - beta2);
    return { m, v, update: m / (1 - beta1 ** (n + 1)) / (Math.sqrt(v / (1 - beta2 ** (n + 1))) + EPSILON) };
  });
}
