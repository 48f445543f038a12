/** Replaces whole files: at every moment a file has its old or its new contents. Node only. Every failure is a DataError. */
import type { Stats } from 'node:fs';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { assertNoOtherRun, nameBeside, removeLeftovers } from './disk-writers.js';
import { assertNoStream, assertPlain, codeOf, failure, placeOf, readFile, removeIfPossible, targetOf } from './disk.js';

/**
 * Replaces `file`. Even if the process is killed or the computer stops, the file is complete, with its old or its new
 * contents. The bytes are written beside it, flushed, and renamed; then the directory is flushed. With `keepOld` the old
 * contents stay as `previousOf(file)`. The new file has the old one's permissions, and its owner and group if this process may give
 * them. If `file` is a symbolic link, its target is replaced, and the link stays. What a killed process has left beside it is deleted.
 *
 * Throws a DataError. The old file is then unchanged, except if only the last renaming failed. In that case the message
 * says that the file has been written, and names the file with the old contents.
 */
export function replaceFile(file: string, bytes: Uint8Array, { keepOld = false }: { keepOld?: boolean } = {}): void {
  const target = targetOf(file);
  const [written, old] = [nameBeside(target, 'new'), nameBeside(target, 'old')];
  const keeps = keepOld && existsSync(placeOf(target));
  const fault = `cannot be written${existsSync(placeOf(file)) ? '; the old file is unchanged' : ''}`;
  assertFreeFor(file, target, keepOld, fault);
  removeLeftovers(target);
  const made: string[] = [];
  try {
    writeFlushed(written, bytes, statSync(placeOf(target), { throwIfNoEntry: false }));
    made.push(written);
    if (keeps) {
      linkOrCopy(target, old);
      made.push(old);
    }
    renameSync(placeOf(written), placeOf(target));
  } catch (error) {
    made.forEach((name) => removeIfPossible(name));
    throw failure(file, fault, error);
  }
  flushDirectory(path.dirname(target));
  if (keeps) renameToPrevious(file, target, old);
}

/** `replaceFile` with a text in UTF-8. The old contents are not kept. */
export const replaceText = (file: string, text: string): void => replaceFile(file, new TextEncoder().encode(text));

/** Comes last: if the old contents are damaged, the previous file is the only good one until the new file is safe. */
function renameToPrevious(file: string, target: string, old: string): void {
  try {
    renameSync(placeOf(old), placeOf(`${target}.previous`));
  } catch (error) {
    throw failure(file, `has been written, but its old contents are still named ${old}`, error);
  }
  removeIfPossible(old); // renaming does nothing if both names already are the same file
  flushDirectory(path.dirname(target));
}

/** Where `replaceFile` with `keepOld` keeps the old contents: beside the target if `file` is a link. */
export const previousOf = (file: string): string => `${targetOf(file)}.previous`;

/** The endings of the names that `replaceFile` always uses, after the target's name; '' is the target itself. Other names are new. */
export const replacedSuffixes = (keepOld: boolean) => (keepOld ? (['', '.previous'] as const) : ([''] as const));

/** Throws a DataError if `replaceFile` would fail: better now than after hours of training. Leaves no files of its own. */
export function assertReplaceable(file: string, { keepOld = false }: { keepOld?: boolean } = {}): void {
  const target = targetOf(file);
  const [tried, fault] = [nameBeside(target, 'new'), 'cannot be written'];
  assertFreeFor(file, target, keepOld, fault);
  removeLeftovers(target);
  try {
    writeFlushed(tried, new Uint8Array());
    rmSync(placeOf(tried));
  } catch (error) {
    throw failure(file, fault, error);
  }
}

/**
 * Throws a DataError that names the obstacle. `file` is not a plain file, or a folder has one of the names; writing is not
 * permitted; or another process's run writes the file. Changes nothing. `fault` is for the message.
 */
function assertFreeFor(file: string, target: string, keepOld: boolean, fault: string): void {
  try {
    assertNoStream(file);
    if (existsSync(placeOf(file))) assertPlain(file, statSync(placeOf(file)));
    assertWritable(path.dirname(target), 'its folder');
    assertWritable(target, 'the file'); // a renaming replaces a file that is read-only
    assertOwnInSticky(target);
    assertNoOtherRun(target);
    for (const suffix of replacedSuffixes(keepOld)) {
      const name = target + suffix;
      if (lstatSync(placeOf(name), { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${name} is a directory`);
    }
  } catch (error) {
    throw failure(file, fault, error);
  }
}

function assertWritable(name: string, what: string): void {
  try {
    accessSync(placeOf(name), constants.W_OK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw codeOf(error) === 'EACCES' ? new Error(`${what} is read-only`) : error;
  }
}

/** The bit in the permissions of such a folder. */
const STICKY = 0o1000;

/** In a folder such as /tmp only the owner of a file, or of the folder, may replace it. */
function assertOwnInSticky(target: string): void {
  const user = process.geteuid?.() ?? 0;
  const [folder, file] = [path.dirname(target), target].map((name) =>
    statSync(placeOf(name), { throwIfNoEntry: false }),
  );
  if (!folder || !file || user === 0 || (folder.mode & STICKY) === 0) return;
  if (![folder.uid, file.uid].includes(user)) throw new Error('another user owns it, and its folder is sticky');
}

/** Writes a new file, with the permissions and the owner of `like`. If it fails, no part of the file is left. */
function writeFlushed(file: string, bytes: Uint8Array, like?: Stats): void {
  const descriptor = openSync(placeOf(file), 'wx', like ? 0o600 : 0o666);
  try {
    if (like) makeLike(descriptor, like);
    let position = 0;
    while (position < bytes.length) position += writeSync(descriptor, bytes, position);
    fsyncSync(descriptor);
  } catch (error) {
    removeIfPossible(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Gives a file an owner, a group and permissions, as far as it is allowed. Windows has other ones: there the file gets its folder's. */
function makeLike(descriptor: number, { uid, gid, mode }: Stats): void {
  if (process.platform === 'win32') return;
  const { uid: user, gid: group } = fstatSync(descriptor);
  const hasBoth = (uid === user && gid === group) || isAllowed(() => fchownSync(descriptor, uid, gid));
  const hasGroup = hasBoth || gid === group || isAllowed(() => fchownSync(descriptor, user, gid));
  // members of another group have no more rights than strangers
  const permissions = hasGroup ? mode & 0o777 : (mode & 0o707) | ((mode & 0o007) << 3);
  isAllowed(() => fchmodSync(descriptor, permissions));
}

function isAllowed(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false; // not root, or a file system without owners and permissions
  }
}

/** A second name for the contents of `file`; a copy if the file system has no hard links. */
function linkOrCopy(file: string, second: string): void {
  try {
    linkSync(placeOf(file), placeOf(second));
  } catch {
    writeFlushed(second, readFile(file), statSync(placeOf(file)));
  }
}

/** A new name is safe only when its directory is flushed. Windows and some network file systems cannot flush one. */
function flushDirectory(directory: string): void {
  try {
    const descriptor = openSync(placeOf(directory), 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // the file itself has been flushed and renamed
  }
}
