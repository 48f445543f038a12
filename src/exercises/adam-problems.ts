/** The problems of Adam, which is its own definition: no numeric derivative. */
import { Random } from '../core/rng.js';
import { type Shape, type Tensor, flatten } from '../core/tensor.js';
import { type adam, type adamRate, adam as rightAdam, adamRate as rightRate } from '../equations/adam.js';
import { type Behind, single } from './behind.js';
import { type Case, type ExerciseChecks, type Result, numberFrom, resultOf, whileReading } from './results.js';
import { randomTensor, setSpecialNumbers, zeroTensor } from './tensors.js';

interface AdamCase {
  /** Of eight or nine numbers, if it is not ordinary. */
  readonly shape: Shape;
  readonly learningRate: number;
  /** t of three updates. Default: 1, 2, 3. */
  readonly updates?: readonly number[];
  /** m and v before them. Default: zero. */
  readonly moments?: readonly [m: readonly number[], v: readonly number[]];
  /** Places of zeros, besides those that all cases have. */
  readonly zeros?: Readonly<Record<'p' | 'g', readonly number[]>>;
  /** See `setSpecialNumbers`. Its gradients are ordinary too. */
  readonly isOrdinary?: boolean;
}

/**
 * Three updates. Gradients as small as ε tell the two forms of Adam apart; after one that becomes 0, m and v fall; one is always 0.
 * Adam is its own definition.
 */
const adamCase = (given: AdamCase): Case => ({
  results: ({ adam: update, adamRate: rateOf }) => adamResults(given, update as typeof adam, rateOf as typeof adamRate),
  expected: () => adamResults(given, rightAdam, rightRate),
  behind(tensor, index) {
    const [, name = '', t = ''] = /^(\S+) .*?(\d+)$/.exec(tensor) ?? [];
    if (name === 'α') return { inputs: single({ learningRate: given.learningRate, t: Number(t) }) };
    let found: Behind | undefined;
    adamResults(given, withNote, rightRate);
    return found;

    /** Notes the numbers of the element before the update, if it is the one that was asked for. */
    function withNote(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
      const isIt = rate === rightRate(given.learningRate, Number(t));
      const [before, gradient] = [[p, m, v].map((one) => one.get(...index)), g.get(...index)];
      rightAdam(p, m, v, g, rate);
      if (!isIt) return;
      const all = { p: before[0], m: before[1], v: before[2] };
      const used = name === 'p' ? all : { [name]: all[name as 'm' | 'v'] };
      const named = Object.entries(used).map(([one, value]) => [`${one} before the update`, value] as const);
      const alpha = name === 'p' ? { α: rate } : {};
      found = { inputs: single({ ...Object.fromEntries(named), g: gradient, ...alpha }) };
    }
  },
});

function adamResults(
  {
    shape,
    learningRate,
    updates = [1, 2, 3],
    moments = [[], []],
    zeros = { p: [], g: [] },
    isOrdinary = false,
  }: AdamCase,
  update: typeof adam,
  rateOf: typeof adamRate,
): Result[] {
  const random = new Random(5);
  const p = randomTensor(random, shape);
  if (!isOrdinary) setSpecialParameters(p);
  for (const n of zeros.p) flatten(p).set(n, 0);
  const [m, v] = moments.map((numbers) => {
    const moment = zeroTensor(shape);
    numbers.forEach((value, n) => flatten(moment).set(n, value));
    return moment;
  });
  return updates.flatMap((t, n): Result[] => {
    const rate = numberFrom('adamRate', rateOf(learningRate, t));
    const g = isOrdinary ? randomTensor(random, shape) : specialGradient(random, shape, n);
    for (const at of zeros.g) flatten(g).set(at, 0);
    whileReading({ g }, { p, m, v }, () => update(p, m, v, g, rate));
    const after = (name: string): string => `${name} after update ${t}`;
    const alpha = { name: `α of update ${t}`, shape: [1], values: Float64Array.of(rate) };
    const all = [alpha, resultOf(after('m'), m), resultOf(after('v'), v), resultOf(after('p'), p)];
    return all.map((one) => ({ ...one, scale: 0 }));
  });
}

function setSpecialParameters(p: Tensor): void {
  setSpecialNumbers([p]);
  flatten(p).set(1, 1);
  flatten(p).set(2, -1);
  flatten(p).set(3, 1.7);
  flatten(p).set(4, -2.3);
  flatten(p).set(6, 24.6);
  flatten(p).set(7, -25.2);
}

/** Of update `n`, counted from 0. */
function specialGradient(random: Random, shape: Shape, n: number): Tensor {
  const g = zeroTensor(shape);
  const becomesZero = n === 0 ? -3 : 0;
  const becomesOne = n === 0 ? 2.6 : 1;
  const large = n % 2 === 0 ? 31 : -31;
  const gradients = [random.normal(0, 1), 2e-8, becomesZero, random.normal(0, 1), -1e-8, 0, becomesOne, -1, large];
  gradients.slice(0, g.size).forEach((value, at) => flatten(g).set(at, value));
  return g;
}

export const ADAM: ExerciseChecks = {
  exports: ['adam', 'adamRate'],
  cases: [
    adamCase({ shape: [2, 4], learningRate: 0.1 }),
    adamCase({ shape: [9], learningRate: 0.02 }),
    // each two of p, m, v and g are 0 in an element where the others are not; p at the first update
    adamCase({
      shape: [3, 3],
      learningRate: 1.5,
      updates: [10, 11, 4000],
      moments: [
        [1, 0.3, -1, 0, 1.5, -1.4, 31.3, -29.8, 0],
        [1, 0, 0.4, 2.5, 0, 0.02, 960, 910, 0.9],
      ],
      zeros: { p: [0, 3, 4, 5], g: [1, 8] },
    }),
    adamCase({ shape: [3, 4], learningRate: 0.7, isOrdinary: true }),
    adamCase({ shape: [9], learningRate: 0.3, isOrdinary: true }),
  ],
};
