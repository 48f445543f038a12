/**
 * The updates of one number, by the engine's own `sgd`, `adam` and `rateAt`: the tables of docs/learn/loss-and-update.md.
 *
 *     node docs/learn/programs/updates.mjs
 */
import { fileURLToPath } from 'node:url';
import { adam, adamRate, rateAt, sgd, tensorFrom, zeros } from 'longhand';
import { algorithm1 } from './one-spike.mjs';

/** How far p moves against the gradient at each update, in units of the learning rate. */
export function sgdUpdates(gradients, momentum) {
  const [p, v] = [zeros([1], 'f64'), zeros([1], 'f64')];
  return gradients.map((gradient) => {
    const before = p.get(0);
    sgd(p, v, tensorFrom([gradient], [1], 'f64'), 1, momentum);
    return before - p.get(0);
  });
}

/** (6) for one number, from m = v = 0: m, v and the update, in units of the learning rate, after each gradient. */
export function adamUpdates(gradients) {
  const [p, m, v] = [zeros([1], 'f64'), zeros([1], 'f64'), zeros([1], 'f64')];
  return gradients.map((gradient, n) => {
    const before = p.get(0);
    adam(p, m, v, tensorFrom([gradient], [1], 'f64'), adamRate(1, n + 1));
    return { m: m.get(0), v: v.get(0), update: before - p.get(0) };
  });
}

const algorithm1Updates = (gradients) => algorithm1(gradients).map(({ update }) => update);

/** The schedules of the chapter: 1,000 steps, the first 100 are the warm-up, base learning rate 1. */
export const SCHEDULES = ['constant', 'cosine', 'step'].map((schedule) => ({
  ...{ learningRate: 1, schedule, warmUp: 100 },
  ...{ decayEvery: 300, decayRate: 0.5 },
}));

const row = (cells) => cells.map((cell) => String(cell).padStart(13)).join('');
const last = (values) => values.at(-1).toFixed(2);

function main() {
  const [constant, alternating] = [() => 1, (n) => (-1) ** n].map((entry) =>
    Array.from({ length: 100 }, (_, n) => entry(n)),
  );
  console.log(row(['momentum', 'g = 1', 'g = ±1']));
  for (const momentum of [0, 0.9]) {
    console.log(
      row([momentum, last(sgdUpdates(constant, momentum)), last(sgdUpdates(alternating, momentum).map(Math.abs))]),
    );
  }
  console.log();
  console.log(row(['g', 'here', 'Algorithm 1']));
  for (const g of [100, 1, 1e-4, 1e-6, 1e-7, 1e-8, 1e-10]) {
    console.log(row([g, adamUpdates([g])[0].update.toFixed(4), algorithm1Updates([g])[0].toFixed(4)]));
  }
  console.log();
  console.log(row(['update', ...SCHEDULES.map(({ schedule }) => schedule)]));
  for (const step of [1, 50, 100, 101, 400, 401, 550, 701, 1000]) {
    console.log(row([step, ...SCHEDULES.map((schedule) => rateAt(schedule, step, 1000).toFixed(4))]));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
