/**
 * Random numbers from a seed: the same seed gives the same numbers on every computer, and the generator's state can be
 * saved and restored. The generator is xoroshiro128+, from the package pure-rand.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { assertNumbers, assertWhole, describe } from './arguments.js';
import { type Tensor, flatten } from './tensor.js';

/** A generator of random numbers: the same seed gives the same numbers. */
export class Random {
  private generator;

  /** Throws a RangeError unless `seed` is a finite number. */
  constructor(seed: number) {
    if (!Number.isFinite(seed)) throw new RangeError(`Random: seed ${describe(seed)}: must be a finite number`);
    this.generator = xoroshiro128plusFromState(stateFromSeed(seed));
  }

  /** The state that determines all later numbers: four whole numbers. */
  get state(): readonly number[] {
    return this.generator.getState();
  }

  /** Continues from a saved `state`. Throws a TypeError for no list of numbers, and a RangeError for what no `state` is. */
  restore(state: readonly number[]): void {
    assertNumbers('Random: state', state);
    const words = Array.from(state);
    if (!isRandomState(words)) throw new RangeError(`Random: state [${words.join(',')}]: must be ${STATE_RULE}`);
    this.generator = xoroshiro128plusFromState(words);
  }

  /** Uniform in [from, to). */
  uniform(from: number, to: number): number {
    return from + (to - from) * uniformFloat64(this.generator);
  }

  /** 32 random bits, as a whole number -2³¹ … 2³¹-1. This is quicker than `uniform`, which uses 53. */
  bits(): number {
    return this.generator.next();
  }

  /** Normal, by Box and Muller. The second number of each pair is dropped: it would have to be saved with the state. */
  normal(mean: number, standardDeviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform(0, 1)));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform(0, 1));
  }

  /** A whole number in 0 … count - 1. Throws a RangeError unless `count` is a whole number ≥ 1. */
  below(count: number): number {
    assertWhole('random.below: count is', count, 1);
    return uniformInt(this.generator, 0, count - 1);
  }

  /** Shuffles in place (Fisher–Yates): every order is equally likely. */
  shuffle(items: Uint32Array): void {
    for (let last = items.length - 1; last > 0; last--) {
      const chosen = this.below(last + 1);
      [items[last], items[chosen]] = [items[chosen], items[last]];
    }
  }
}

/** What a state of `Random` is, for messages. */
export const STATE_RULE = `four whole numbers from ${-(2 ** 31)} to ${2 ** 31 - 1}, not all 0`;

/** Whether `Random` can be in this state. From four zeros it would draw nothing but zeros. */
export const isRandomState = (words: readonly number[]): boolean =>
  words.length === 4 && words.every((word) => word === (word | 0)) && words.some((word) => word !== 0);

/** Neighbouring seeds would give xoroshiro128+ similar first numbers; the Mersenne twister's seeding mixes them. */
function stateFromSeed(seed: number): number[] {
  const seeder = mersenne(seed);
  return Array.from({ length: 4 }, () => seeder.next());
}

/** Fills a tensor `[…]` with numbers from `draw`, in row order. Throws a RangeError for a view with gaps. */
export function fillRandom(tensor: Tensor, draw: () => number): void {
  const values = flatten(tensor);
  for (let n = 0; n < values.size; n++) values.set(n, draw());
}
