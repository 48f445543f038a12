/** Checkpoints on a disk: docs/files.md tells what is promised of them. Node only. */
import { existsSync } from 'node:fs';
import { DataError } from '../errors.js';
import { previousOf, readFile, replaceFile } from '../files/disk.js';
import type { FloatLimits } from '../files/stored-tensors.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointBytes, parseCheckpoint } from './checkpoint.js';

/** `replaceFile` with `keepOld`: what the file held stays as `FILE.previous`. Throws a DataError, as described there. */
export function saveCheckpoint(file: string, checkpoint: Checkpoint): void {
  replaceFile(file, checkpointBytes(checkpoint), { keepOld: true });
}

/** Throws a DataError where the file is not there, damaged, or no checkpoint; it names the one before it, if that is there. */
export function loadCheckpoint(file: string, limits: FloatLimits = {}): Checkpoint {
  try {
    return parseCheckpoint(readFile(file), file, limits);
  } catch (error) {
    if (!(error instanceof DataError) || !existsSync(previousOf(file))) throw error;
    throw new DataError(`${error.message}; the one before it is ${previousOf(file)}`);
  }
}
