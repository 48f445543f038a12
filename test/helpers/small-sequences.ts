/** Sequences of every kind, so small that training on them takes milliseconds. */
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { rowsOf, zeros } from '../../src/core/tensor.js';
import type { Sequences } from '../../src/data/sequences.js';

/** What can differ between kinds of sequences. */
export interface Kind {
  readonly inputs: 'numbers' | 'classes';
  readonly answers: 'labels' | 'targets';
  readonly reads: 'last' | 'every';
  readonly ends: 'one length' | 'lengths';
}

/** All sixteen kinds. */
export const KINDS: readonly Kind[] = (['numbers', 'classes'] as const).flatMap((inputs) =>
  (['labels', 'targets'] as const).flatMap((answers) =>
    (['last', 'every'] as const).flatMap((reads) =>
      (['one length', 'lengths'] as const).map((ends) => ({ inputs, answers, reads, ends })),
    ),
  ),
);

export const STEPS = 6;
const INPUT_CLASSES = 5;

/**
 * Each answer depends on the last two inputs before it, so a network can learn it. With labels, one answer in five does not
 * count. Beyond the ends, every array holds what would be wrong elsewhere.
 */
export function smallSequences({ inputs, answers, reads, ends }: Kind, count: number, seed = 1): Sequences {
  const random = new Random(seed);
  const lengths = Array.from({ length: count }, () => (ends === 'lengths' ? 1 + random.below(STEPS) : STEPS));
  const [I, C] = [2, answers === 'labels' ? 3 : 2];
  const x = inputs === 'numbers' ? zeros([count, STEPS, I]) : zeros([count, STEPS]);
  const targets = zeros(reads === 'every' ? [count, STEPS, C] : [count, C]);
  const labels: number[] = [];
  for (let n = 0; n < count; n++) {
    const signal = readInputs(x, n, random, lengths[n]);
    for (let t = 0; t < STEPS; t++) {
      if (reads === 'last' && t !== lengths[n] - 1) continue;
      const isBeyond = t >= lengths[n];
      const sum = isBeyond ? NaN : signal[t] + (t > 0 ? signal[t - 1] : 0);
      const row = reads === 'every' ? targets.pick(n, t, null) : targets.pick(n, null);
      for (let k = 0; k < C; k++) row.set(k, k === 0 ? sum : -sum / 2);
      labels.push(isBeyond ? 77 : random.below(5) === 0 ? -1 : sum < -0.5 ? 0 : sum < 0.5 ? 1 : 2);
    }
  }
  return {
    x,
    ...(answers === 'labels' ? { labels } : { targets }),
    ...(ends === 'lengths' && { lengths }),
    ...(inputs === 'classes' && { inputClasses: INPUT_CLASSES }),
  };
}

/** Fills the inputs of sequence n, NaN beyond its end. Returns a number near ±1 for each step before it. */
function readInputs(x: Tensor, n: number, random: Random, length: number): number[] {
  return Array.from({ length: STEPS }, (_, t) => {
    if (x.dimension === 2) {
      const index = random.below(INPUT_CLASSES);
      x.set(n, t, t < length ? index : NaN);
      return (2 * index) / (INPUT_CLASSES - 1) - 1;
    }
    const value = Math.fround(random.normal(0, 0.7));
    x.set(n, t, 0, t < length ? value : NaN);
    x.set(n, t, 1, t < length ? -value : Infinity);
    return value;
  });
}

/** Sequences `from … to - 1`. */
export function sliceSequences(sequences: Sequences, from: number, to: number): Sequences {
  const { x, labels, targets, lengths, ...others } = sequences;
  const perSequence = labels && labels.length / x.shape[0];
  return {
    ...others,
    x: rowsOf(x, from, to),
    ...(labels && perSequence && { labels: Array.from(labels).slice(from * perSequence, to * perSequence) }),
    ...(targets && { targets: rowsOf(targets, from, to) }),
    ...(lengths && { lengths: Array.from(lengths).slice(from, to) }),
  };
}
