/**
 * One spike among the gradients of one number, and what it leaves in Adam's m and v: docs/learn/loss-and-update.md.
 *
 *     node docs/learn/programs/spike.mjs
 */
import { clipByNorm, tensorFrom } from 'longhand';
import { isMain } from './is-main.mjs';
import { adamUpdates, sgdUpdates } from './updates.mjs';

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
export const afterSpike = (spike = SPIKE, updatesOf = adamUpdates) =>
  updatesOf(gradientsWith(spike))
    .slice(BEFORE)
    .map(({ m, v, update }) => ({ m, root: Math.sqrt(v), update }));

/** The gradient of one number after the engine's clipping by norm. */
export function clipped(gradient, limit) {
  const clippedGradient = tensorFrom([gradient], [1], 'f64');
  clipByNorm([clippedGradient], limit);
  return clippedGradient.get(0);
}

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
    sum: sum(updates),
    largest: Math.max(...updates),
    smallest,
    smallestAt: updates.indexOf(smallest),
    tooLarge: updates.slice(0, below < 0 ? undefined : below).filter((update) => update > 1 + 1e-6).length,
  };
}

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, value) => total + value);
const row = (cells) => cells.map((cell) => String(cell).padStart(10)).join('');

function main() {
  const states = afterSpike();
  const before = adamUpdates(gradientsWith(SPIKE))[BEFORE - 1];
  console.log(row(['after', 'm', '√v', 'update']));
  const line = (name, { m, root, update }) => row([name, m.toFixed(3), root.toFixed(3), update.toFixed(3)]);
  console.log(line('before', { ...before, root: Math.sqrt(before.v) }));
  for (const k of [0, 1, 5, 10, 13, 14, 20, 50, 100, 500, 1000, 2000, 5000]) console.log(line(k, states[k]));

  const updates = states.map(({ update }) => update);
  console.log(`updates 0 to 13: ${sum(updates.slice(0, 14)).toFixed(1)} instead of 14`);
  console.log(`updates 14 to 1000: ${sum(updates.slice(14, 1001)).toFixed(1)} instead of 987`);
  console.log(`updates 0 to 5000: ${sum(updates).toFixed(1)} instead of 5001`);
  console.log(`gradient descent, the update of the spike: ${sgdUpdates([SPIKE], 0)[0]}`);
  const withoutSpike = afterSpike(clipped(SPIKE, 1));
  console.log(`Adam with a clipped spike, updates 0 to 5000: ${effectOn(withoutSpike, 5000).sum.toFixed(1)}`);
}

if (isMain(import.meta.url)) main();
