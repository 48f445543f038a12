/**
 * The adding problem (Hochreiter & Schmidhuber 1997, in the form of Le, Jaitly & Hinton 2015): a test of memory. Each step
 * has a number in [0,1) and a mark. Two steps have mark 1, one in each half of the sequence; the target is the sum of
 * their numbers. Who always answers 1 has a mean squared error of 1/6.
 */
import { assertSizes } from '../core/arguments.js';
import { Random } from '../core/rng.js';
import { zeros } from '../core/tensor.js';
import type { Sequences } from './sequences.js';

/** `count` sequences of T steps: x `[count,T,2]`, the number and the mark of each step; targets `[count,1]`. T: 2 or more. */
export function addingProblem(count: number, T: number, seed: number): Sequences {
  assertSizes('adding problem', { count, T }, ['count', 'T']);
  if (T < 2) throw new RangeError(`adding problem: T is ${T}: must be 2 or more, one mark for each half`);
  const random = new Random(seed);
  const [x, targets] = [zeros([count, T, 2]), zeros([count, 1])];
  const half = Math.floor(T / 2);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) x.set(n, t, 0, random.uniform(0, 1));
    const marked = [random.below(half), half + random.below(T - half)];
    for (const t of marked) x.set(n, t, 1, 1);
    targets.set(n, 0, x.get(n, marked[0], 0) + x.get(n, marked[1], 0));
  }
  return { x, targets, task: 'adding' };
}
