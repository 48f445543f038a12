/** Images and sequences so small that training on them takes milliseconds, and the images as files of MNIST. */
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { rowsOf, zeros } from '../../src/core/tensor.js';
import type { LabelledImages } from '../../src/data/mnist.js';
import type { CheckedLabels, CheckedTargets, Sequences } from '../../src/data/sequences.js';

/** Dark noise with one bright pixel. Its place gives the label if an image has 10 pixels or more: a network can learn it. */
export function smallImages(count: number, rows: number, columns: number): LabelledImages {
  const random = new Random(1);
  const size = rows * columns;
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  const pixels = Uint8Array.from({ length: count * size }, () => random.below(100));
  labels.forEach((label, n) => (pixels[n * size + (label % size)] = 255));
  return { count, rows, columns, pixels, labels };
}

export const ROWS = 4;
export const COLUMNS = 3;
export const IMAGES = smallImages(64, ROWS, COLUMNS);

/** Options of a run on `IMAGES`: 12 steps, 4 lines. */
export const OPTIONS = { hidden: 5, batchSize: 16, trainingIters: 200, displayStep: 3 };

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** The size of the images in these files. */
export const IDX_ROWS = 2;
export const IDX_COLUMNS = 3;

export const imagesFile = (count: number): Buffer =>
  idx([count, IDX_ROWS, IDX_COLUMNS], smallImages(count, IDX_ROWS, IDX_COLUMNS).pixels);
export const labelsFile = (count: number): Buffer => idx([count], smallImages(count, IDX_ROWS, IDX_COLUMNS).labels);

/** The four files of a small, valid MNIST, under their usual names. */
export const mnistFiles = (trainCount: number, testCount: number) => ({
  'train-images-idx3-ubyte': imagesFile(trainCount),
  'train-labels-idx1-ubyte': labelsFile(trainCount),
  't10k-images-idx3-ubyte': imagesFile(testCount),
  't10k-labels-idx1-ubyte': labelsFile(testCount),
});

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
export function smallSequences<Answers extends Kind['answers']>(
  { inputs, answers, reads, ends }: Kind & { readonly answers: Answers },
  count: number,
  seed = 1,
): Answers extends 'labels' ? CheckedLabels : CheckedTargets {
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
  } as Sequences as Answers extends 'labels' ? CheckedLabels : CheckedTargets;
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
export function sliceSequences<Kept extends Sequences>(sequences: Kept, from: number, to: number): Kept {
  const { x, labels, targets, lengths, ...others } = sequences;
  const perSequence = labels && labels.length / x.shape[0];
  return {
    ...others,
    x: rowsOf(x, from, to),
    ...(labels && perSequence && { labels: Array.from(labels).slice(from * perSequence, to * perSequence) }),
    ...(targets && { targets: rowsOf(targets, from, to) }),
    ...(lengths && { lengths: Array.from(lengths).slice(from, to) }),
  } as unknown as Kept;
}
