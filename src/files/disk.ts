/** Reads whole files, makes folders, and says where relative paths begin. Node only. Every failure is a DataError. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

/** In bytes; no file of this project is nearly as large. */
const LARGEST_FILE = 2 ** 31 - 1;

/**
 * The file's bytes; undefined if it does not exist. Throws a DataError if it is not a plain file, has more than `most` bytes,
 * or cannot be read.
 */
export function readIfPresent(file: string, most = LARGEST_FILE): Uint8Array | undefined {
  assertNamed(file);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(placeOf(file), constants.O_RDONLY | (constants.O_NONBLOCK || 0)); // without O_NONBLOCK, opening a pipe would wait
    const stats = fstatSync(descriptor);
    assertPlain(file, stats);
    if (stats.size > most)
      throw new DataError(`${file}: ${counted(stats.size, 'byte')}, more than the limit of ${most}`);
    return readUpTo(descriptor, stats.size);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw failure(file, 'cannot be read', error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The file's bytes, at most `most`. Throws a DataError. */
export function readFile(file: string, most = LARGEST_FILE): Uint8Array {
  const bytes = readIfPresent(file, most);
  if (!bytes) throw new DataError(`${file}: no such file`);
  return bytes;
}

/** The folder of an installed package. Throws a DataError with the message `missing` if it is not installed. */
export function folderOfPackage(name: string, missing: string): string {
  try {
    return path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    throw codeOf(error) === 'MODULE_NOT_FOUND' ? new DataError(missing) : error;
  }
}

/** The first `size` bytes, or fewer if the file shrinks while it is read. */
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

/** Reading a pipe or a device may never end. */
export function assertPlain(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new DataError(`${file}: not a file`);
}

/** `/dev/stdout` may lead to a file, but replacing that one would also delete what the stream has written there before. */
export function assertNoStream(file: string): void {
  for (const name of linkedNames(file)) {
    if (!STREAMS.test(realFolderOf(name))) continue;
    throw new DataError(`${file}: not a file, but a stream of the process: name a file`);
  }
}

/** The folders of a process's open files. */
const STREAMS = /^(\/dev\/fd|\/proc\/[^/]+(\/task\/[^/]+)?\/fd)$/;

function realFolderOf(file: string): string {
  const folder = path.dirname(placeOf(file));
  try {
    return realpathSync.native(folder);
  } catch {
    return folder; // it is missing or unreadable: writing will report that
  }
}

/** An empty variable in a script would otherwise name the working directory, or hidden files in it. */
function assertNamed(file: string): void {
  if (file === '') throw new DataError("'': a file name must not be empty");
}

/**
 * Makes a folder, and the folders above it that do not exist: all of them, or none. Returns them, the highest first. Throws a DataError,
 * which names the folder `shownAs`, if that fails, or if `folder` is a file. (Node's own `recursive` never returns if the system says
 * of a new name that its folder does not exist, as /proc does.)
 */
export function makeFolder(folder: string, shownAs = folder): string[] {
  const missing: string[] = [];
  for (let at = folder; !existsSync(placeOf(at)); at = path.dirname(at)) {
    missing.unshift(at);
    if (path.dirname(at) === at) break;
  }
  const made: string[] = [];
  try {
    for (const one of missing) {
      if (existsSync(placeOf(one))) continue; // new/.. exists as soon as new does
      mkdirSync(placeOf(one));
      made.push(one);
    }
    if (statSync(placeOf(folder)).isDirectory()) return made;
  } catch (error) {
    removeFolders(made);
    throw failure(shownAs, 'cannot be created', error);
  }
  throw new DataError(`${shownAs}: is a file, but must be a folder`);
}

/** What `makeFolder` has made, except folders that are in use by now. */
function removeFolders(made: readonly string[]): void {
  try {
    for (const folder of [...made].reverse()) rmdirSync(placeOf(folder));
  } catch {
    // it is not empty, so neither are the folders above it
  }
}

/**
 * Makes a new folder with these files, and the folders above it: all of it, or nothing. The files are written into a folder beside
 * it, `folder.incomplete-…`, which only a process that is killed leaves. Throws a DataError if `folder` exists or cannot be written,
 * and the reason of `signal`.
 */
export async function writeNewFolder(
  folder: string,
  files: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const target = `${path.dirname(folder)}${path.sep}${path.basename(folder)}`; // without a slash at its end
  const beside = `${target}.incomplete-${randomUUID().slice(0, 8)}`;
  const whole = `${beside}${path.sep}whole`;
  let above: string[] = [];
  try {
    assertFree(folder, target);
    above = makeFolder(whole, folder).filter((made) => !made.startsWith(beside));
    for (const [name, contents] of files) {
      const file = `${whole}${path.sep}${name}`;
      makeFolder(path.dirname(file));
      await writeFile(placeOf(file), contents, { flag: 'wx' });
      signal.throwIfAborted();
    }
    assertFree(folder, target); // such as new/../existing
    renameSync(placeOf(whole), placeOf(target));
    removeIfPossible(beside, true);
  } catch (error) {
    removeIfPossible(beside, true);
    removeFolders(above);
    signal.throwIfAborted();
    throw failure(folder, 'cannot be written', error);
  }
}

/** Throws a DataError if there is something at `target`, be it a link that leads nowhere. `folder` is its name in messages. */
function assertFree(folder: string, target: string): void {
  try {
    if (!lstatSync(placeOf(target), { throwIfNoEntry: false })) return;
  } catch (error) {
    throw failure(folder, 'cannot be created', error);
  }
  throw new DataError(`${folder}: exists already: choose another folder, or delete it`);
}

/** Linux follows this many before it reports a loop. */
const MOST_LINKS = 40;

/** `file`, the symbolic links that it leads through, and last the target, which need not exist. */
export function linkedNames(file: string): string[] {
  assertNamed(file);
  const names = [file];
  for (let name = linkedFrom(file); name !== undefined; name = linkedFrom(name)) {
    if (names.push(name) > MOST_LINKS) throw new DataError(`${file}: a loop of symbolic links`);
  }
  return names;
}

/** The target behind all links; it need not exist. */
export const targetOf = (file: string): string => linkedNames(file).at(-1) ?? file;

function linkedFrom(file: string): string | undefined {
  let link: string;
  try {
    link = readlinkSync(placeOf(file));
  } catch {
    return undefined; // not a link, or it does not exist
  }
  // not path.join: it would drop a folder before "..", although that folder may be a link too
  return path.isAbsolute(link) ? link : `${path.dirname(file)}${path.sep}${link}`;
}

export function removeIfPossible(file: string, recursive = false): void {
  try {
    rmSync(placeOf(file), { force: true, recursive });
  } catch {
    // best effort: a leftover file is harmless
  }
}

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'no such directory',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'a link or a file has this name',
};

export function failure(file: string, what: string, error: unknown): Error {
  if (error instanceof DataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DataError(`${file}: ${what} (${REASONS[codeOf(error) ?? ''] ?? message})`);
}

/**
 * A value that a call has, and everything that it starts. While one is set, each promise of the process costs more, so nothing is
 * left behind the last call.
 */
export class ValueOfCall<Value extends object | string> {
  private readonly storage = new AsyncLocalStorage<Value>();
  private calls = 0;

  get(): Value | undefined {
    return this.storage.getStore();
  }

  async during<Result>(value: Value, work: () => Promise<Result>): Promise<Result> {
    this.calls++;
    try {
      return await this.storage.run(value, work);
    } finally {
      if (--this.calls === 0) this.storage.disable();
    }
  }
}

/** The folder in which relative paths begin: the process's own, or another one for a single run of the command line. */
const folders = new ValueOfCall<string>();

/** Calls `work`. For it, and for all that it starts, relative paths begin in `folder`. */
export function inFolder<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  return folders.during(folder, work);
}

/** The path with which Node finds `file`. Messages name the file as the user wrote it. */
export function placeOf(file: string): string {
  const folder = folders.get();
  if (folder === undefined || file === '' || path.isAbsolute(file)) return file;
  return `${folder}${path.sep}${file}`; // not path.join: it would drop a folder before "..", although that folder may be a link
}
