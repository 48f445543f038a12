/**
 * One spike among the gradients of one number, and what it leaves in Adam's m and v: docs/learn/loss-and-update.md.
 *
 *     node docs/learn/programs/spike.mjs
 */
import { afterSpike, BEFORE, clipped, effectOn, gradientsWith, SPIKE } from './one-spike.mjs';
import { adamUpdates, sgdUpdates } from './updates.mjs';

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, value) => total + value);
const row = (cells) => cells.map((cell) => String(cell).padStart(10)).join('');

function main() {
  const states = afterSpike(SPIKE, adamUpdates);
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
  const withoutSpike = afterSpike(clipped(SPIKE, 1), adamUpdates);
  console.log(`Adam with a clipped spike, updates 0 to 5000: ${effectOn(withoutSpike, 5000).sum.toFixed(1)}`);
}

main();
