/** Images so small that training on them takes milliseconds. */
import { Random } from '../../src/core/rng.js';
import type { LabelledImages } from '../../src/data/mnist.js';

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
