/** Images so small that training on them takes milliseconds, and the same as files of MNIST. */
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
