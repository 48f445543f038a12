/** Checkpoints as files on a disk, in Node only. docs/files.md describes them; checkpoint.ts makes their bytes. */
import { existsSync } from 'node:fs';
import { DataError } from '../core/errors.js';
import { previousOf, replaceFile } from '../files/disk-replace.js';
import { placeOf, readFile } from '../files/disk.js';
import { type CheckpointSet, parseCheckpointSet } from './checkpoint-set.js';
import { type Checkpoint, type ReadOptions, checkpointBytes, parseCheckpoint } from './checkpoint.js';

export type { CheckpointSet } from './checkpoint-set.js';

/** Replaces the file, and keeps its old contents as `FILE.previous`. Throws a DataError if it cannot be written. */
export function saveCheckpoint(file: string, checkpoint: Checkpoint): void {
  replaceFile(file, checkpointBytes(checkpoint), { keepOld: true });
}

/**
 * The checkpoint of a file; of one that holds several networks, `FILE#NAME` names one. Throws a DataError if the file is missing, damaged,
 * or not a checkpoint; it names `FILE.previous`, if that exists.
 */
export function loadCheckpoint(file: string, limits: ReadOptions = {}): Checkpoint {
  const [path, name] = partsOf(file);
  return withPrevious(path, () => {
    const bytes = readFile(path);
    const set = name === undefined ? undefined : parseCheckpointSet(bytes, path, limits);
    const network = name === undefined ? undefined : set?.networks.get(name);
    if (name === undefined) return parseCheckpoint(bytes, path, limits);
    if (network) return network;
    throw new DataError(
      set
        ? `${path}: has no network ${name}: ${[...set.networks.keys()].join(', ')}`
        : `${path}: holds one network, which has no name`,
    );
  });
}

/** As `loadCheckpoint`, for a file of several networks; undefined for a file of one. */
export function loadCheckpointSet(file: string): CheckpointSet | undefined {
  return withPrevious(file, () => parseCheckpointSet(readFile(file), file));
}

/** The name of a file, and of a network in it. The names of files may have `#` too. */
export function partsOf(file: string): [path: string, name?: string] {
  const at = file.lastIndexOf('#');
  return at < 0 || existsSync(placeOf(file)) ? [file] : [file.slice(0, at), file.slice(at + 1)];
}

function withPrevious<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DataError) || !existsSync(placeOf(previousOf(file)))) throw error;
    throw new DataError(`${error.message}; the previous checkpoint is ${previousOf(file)}`);
  }
}
