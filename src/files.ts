/** Files that are read whole, and files that are replaced whole. Node only. What goes wrong is a DataError. */
import type { Stats } from 'node:fs';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { DataError } from './data-error.js';

/** In bytes; far above every file that there is a use for here. */
const LARGEST_FILE = 2 ** 31 - 1;

/** The file's bytes; undefined where it does not exist. Throws a DataError for all that is no plain file, or cannot be read. */
export function readIfPresent(file: string): Uint8Array | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK || 0)); // or a pipe would keep it waiting
    const stats = fstatSync(descriptor);
    assertPlain(file, stats);
    if (stats.size > LARGEST_FILE)
      throw new DataError(`${file}: ${stats.size} bytes, at most ${LARGEST_FILE} are read`);
    return readUpTo(descriptor, stats.size);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw failure(file, 'cannot be read', error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The file's bytes. Throws a DataError. */
export function readFile(file: string): Uint8Array {
  const bytes = readIfPresent(file);
  if (!bytes) throw new DataError(`${file}: no such file`);
  return bytes;
}

/** As many bytes as there are, `size` at most: a file may shrink and grow while it is read. */
function readUpTo(descriptor: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let position = 0;
  while (position < size) {
    const count = readSync(descriptor, bytes, position, size - position, position);
    if (count === 0) break;
    position += count;
  }
  return bytes.subarray(0, position);
}

/** A pipe or a device may never end. */
function assertPlain(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new DataError(`${file}: not a file`);
}

/**
 * Replaces `file`, so that at every moment, whenever the process or the machine dies, it is there whole, old or new: the
 * bytes are written beside it, flushed, and given its name; then the directory is flushed. Where it is asked for, what it
 * held before stays as `previousOf(file)`. Throws a DataError; the old file is then as it was.
 */
export function replaceFile(file: string, bytes: Uint8Array, { keepOld = false }: { keepOld?: boolean } = {}): void {
  const written = `${file}.new`;
  try {
    if (existsSync(file)) assertPlain(file, statSync(file));
    writeFlushed(written, bytes);
    if (keepOld && existsSync(file)) keepPrevious(file);
    renameSync(written, file);
  } catch (error) {
    removeIfPossible(written);
    const old = existsSync(file) ? '; the file that was there is as it was' : '';
    throw failure(file, `cannot be written${old}`, error);
  }
  flushDirectory(path.dirname(file));
}

/** Writes a file that can be made again. Throws a DataError. */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw failure(file, 'cannot be written', error);
  }
}

export const previousOf = (file: string): string => `${file}.previous`;

/** Throws a DataError where `replaceFile` could not work: better now than after hours of training. */
export function assertReplaceable(file: string): void {
  const tried = `${file}.new`;
  try {
    if (existsSync(file)) assertPlain(file, statSync(file));
    writeFlushed(tried, new Uint8Array());
    rmSync(tried);
  } catch (error) {
    throw failure(file, 'cannot be written', error);
  }
}

/** Never through what is there under this name, which may be a link. */
function writeFlushed(file: string, bytes: Uint8Array): void {
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx');
  try {
    let position = 0;
    while (position < bytes.length) position += writeSync(descriptor, bytes, position);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives the old contents a second name (where the file system has none, a copy), again without a moment without. */
function keepPrevious(file: string): void {
  const second = `${file}.old`;
  rmSync(second, { force: true });
  try {
    linkSync(file, second);
  } catch {
    writeFlushed(second, readFile(file));
  }
  renameSync(second, previousOf(file));
  removeIfPossible(second); // where both were the same file already, the renaming has left it
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // it is no more than in the way
  }
}

/** A new name is safe only when its directory has been written. Windows and some network file systems cannot do it. */
function flushDirectory(directory: string): void {
  try {
    const descriptor = openSync(directory, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // the file itself has been flushed and renamed
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'no such directory',
  ENOTDIR: 'a part of its path is no directory',
  EISDIR: 'it is a directory',
};

export function failure(file: string, what: string, error: unknown): Error {
  if (error instanceof DataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DataError(`${file}: ${what} (${REASONS[codeOf(error) ?? ''] ?? message})`);
}
