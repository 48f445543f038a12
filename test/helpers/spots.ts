/** Images so small that training on them takes milliseconds: noise, with a bright spot whose place tells the label. */
import type { LabelledImages } from '../../src/data/mnist.js';
import { Random } from '../../src/rng.js';

export const ROWS = 4;
export const COLUMNS = 3;

function spots(count: number): LabelledImages {
  const random = new Random(1);
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  const pixels = Uint8Array.from({ length: count * ROWS * COLUMNS }, () => random.below(100));
  labels.forEach((label, n) => (pixels[n * ROWS * COLUMNS + label] = 255));
  return { count, rows: ROWS, columns: COLUMNS, pixels, labels };
}

export const IMAGES = spots(64);

/** 12 steps, 4 lines. */
export const OPTIONS = { hidden: 5, batchSize: 16, trainingIters: 200, displayStep: 3 };

/** What `work` is rejected with. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('it was expected to fail')),
    (error: unknown) => error,
  );
