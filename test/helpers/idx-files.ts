/** A small, valid MNIST of 2 × 3 pixels an image, as IDX files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Files = Readonly<Record<string, Uint8Array>>;

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

export const ROWS = 2;
export const COLUMNS = 3;

export const imagesFile = (count: number): Buffer => idx([count, ROWS, COLUMNS], pixelsOf(count));
export const labelsFile = (count: number): Buffer => idx([count], labelsOf(count));

export const pixelsOf = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * ROWS * COLUMNS }, (_, n) => (n * 37) % 256);
export const labelsOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, n) => n % 10);

/** The four files under their usual names. */
export const mnistFiles = (trainCount: number, testCount: number) => ({
  'train-images-idx3-ubyte': imagesFile(trainCount),
  'train-labels-idx1-ubyte': labelsFile(trainCount),
  't10k-images-idx3-ubyte': imagesFile(testCount),
  't10k-labels-idx1-ubyte': labelsFile(testCount),
});

/** Directories that hold given files, until `remove`. */
export function temporaryDirectories() {
  const root = mkdtempSync(path.join(tmpdir(), 'longhand-'));
  return {
    directoryOf: (files: Files): string => {
      const directory = mkdtempSync(path.join(root, 'data-'));
      for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(directory, name), bytes);
      return directory;
    },
    remove: (): void => rmSync(root, { recursive: true }),
  };
}
