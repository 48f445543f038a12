/** Checkpoints as files on a disk, in Node only. docs/files.md describes them; checkpoint.ts makes their bytes. */
import { existsSync } from 'node:fs';
import { DataError } from '../core/errors.js';
import { previousOf, replaceFile } from '../files/disk-replace.js';
import { placeOf, readFile } from '../files/disk.js';
import { type Checkpoint, type ReadOptions, checkpointBytes, parseCheckpoint } from './checkpoint.js';

/** Replaces the file, and keeps its old contents as `FILE.previous`. Throws a DataError if it cannot be written. */
export function saveCheckpoint(file: string, checkpoint: Checkpoint): void {
  replaceFile(file, checkpointBytes(checkpoint), { keepOld: true });
}

/**
 * The checkpoint of a file. Throws a DataError if the file is missing, damaged, or not a checkpoint of one network; it names
 * `FILE.previous`, if that exists.
 */
export function loadCheckpoint(file: string, limits: ReadOptions = {}): Checkpoint {
  try {
    return parseCheckpoint(readFile(file), file, limits);
  } catch (error) {
    if (!(error instanceof DataError) || !existsSync(placeOf(previousOf(file)))) throw error;
    throw new DataError(`${error.message}; the previous checkpoint is ${previousOf(file)}`);
  }
}
