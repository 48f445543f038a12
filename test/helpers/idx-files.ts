/** A small, valid MNIST of 2 × 3 pixels an image, as IDX files. */
import { smallImages } from './small-images.js';

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

export const ROWS = 2;
export const COLUMNS = 3;

export const imagesFile = (count: number): Buffer =>
  idx([count, ROWS, COLUMNS], smallImages(count, ROWS, COLUMNS).pixels);
export const labelsFile = (count: number): Buffer => idx([count], smallImages(count, ROWS, COLUMNS).labels);

/** The four files under their usual names. */
export const mnistFiles = (trainCount: number, testCount: number) => ({
  'train-images-idx3-ubyte': imagesFile(trainCount),
  'train-labels-idx1-ubyte': labelsFile(trainCount),
  't10k-images-idx3-ubyte': imagesFile(testCount),
  't10k-labels-idx1-ubyte': labelsFile(testCount),
});
