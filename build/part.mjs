/**
 * A part of the build. It is built again only if its inputs or outputs have changed since it was built. Contents are
 * compared, not times: `git checkout` and `npm ci` change times, and an older file can be a different one.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('..', import.meta.url));
const records = path.join(project, 'dist/.built');

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} inputs Files and folders, relative to the project; `!path` leaves one out.
 * @property {readonly string[]} outputs The same. A folder of outputs belongs to this part alone.
 * @property {(isFresh: boolean) => Promise<void>} make Throws an Error. `isFresh`: an incremental build is not
 *   possible, because the tools have changed or the outputs are not those of the last build.
 */

/** Inputs of every part: the build itself, its settings, and the list of installed packages. */
const TOOLS = ['build', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'node_modules/.package-lock.json'];

/** @param {Part} part */
export async function bringUpToDate({ name, inputs, outputs, make }) {
  const recordFile = path.join(records, `${name}.json`);
  const record = readRecord(recordFile);
  // Read before the part is built: if an input changes meanwhile, the next build builds it again.
  const [tools, sources] = [digest(TOOLS), digest(inputs)];
  const isFresh = record.tools !== tools || record.outputs !== digest(outputs);
  if (!isFresh && record.sources === sources) return;
  console.error(`building ${name} …`);
  await make(isFresh);
  writeRecord(recordFile, { tools, sources, outputs: digest(outputs) });
}

/** {} if no record can be read: the part is then built again. */
function readRecord(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) ?? {};
  } catch {
    return {};
  }
}

/** Replaces the record in one step, so that a full disk or a kill leaves the old one. */
function writeRecord(file, record) {
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/** The digest covers the names and the contents of files, and of all files in folders. */
function digest(places) {
  const hash = createHash('sha256');
  for (const file of filesIn(places)) {
    const bytes = readFileSync(path.join(project, file));
    hash.update(`${file}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Files of `places` in a fixed order, relative to the project. @returns {string[]} */
export function filesIn(places) {
  const excluded = new Set(places.filter((place) => place.startsWith('!')).map((place) => place.slice(1)));
  const files = [];
  const add = (place) => {
    const full = path.join(project, place);
    if (excluded.has(place) || !existsSync(full)) return;
    if (!statSync(full).isDirectory()) files.push(place);
    else for (const name of readdirSync(full).sort()) add(`${place}/${name}`);
  };
  for (const place of places) if (!place.startsWith('!')) add(place);
  return files;
}

/** A lock that is older than this is ignored: another process may have its holder's number by now. */
const LONGEST_BUILD_MS = 600_000;

/** Lets one build work at a time. A second one waits, and then finds most of its work done. */
export async function withLock(work) {
  mkdirSync(records, { recursive: true });
  const lock = path.join(records, 'lock');
  for (let isWaiting = false; !acquired(lock); await new Promise((resolve) => setTimeout(resolve, 100))) {
    const holder = holderOf(lock);
    if (holder === undefined) continue;
    if (!isAtWork(holder)) discard(lock, holder);
    else if (!isWaiting) {
      console.error(`build: waiting for the build of process ${holder.process}`);
      isWaiting = true;
    }
  }
  try {
    await work();
  } finally {
    // After LONGEST_BUILD_MS the lock can belong to another build.
    if (holderOf(lock)?.process === process.pid) rmSync(lock, { force: true });
  }
}

/** Creates the lock unless it exists. The number goes to another file first, so a full disk or a kill leaves no empty lock. */
function acquired(lock) {
  const own = ownFile(lock);
  try {
    writeFileSync(own, String(process.pid));
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

const ownFile = (lock) => `${lock}-${process.pid}`;

/** Undefined if the lock has just been released. */
function holderOf(lock) {
  try {
    const text = readFileSync(lock, 'utf8');
    return { text, process: Number(text), since: statSync(lock).mtimeMs };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Called by a build that waits. A lock with the caller's own number is that of an earlier process. */
function isAtWork(holder) {
  if (!Number.isInteger(holder.process) || holder.process <= 0 || holder.process === process.pid) return false;
  if (Date.now() - holder.since > LONGEST_BUILD_MS) return false;
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // another user's
  }
}

/** Removes the lock of a build that has ended. Another build may discard and acquire it at the same time. */
function discard(lock, holder) {
  const aside = ownFile(lock);
  try {
    renameSync(lock, aside);
    if (readFileSync(aside, 'utf8') !== holder.text) linkSync(aside, lock); // another build has just acquired it
  } catch (error) {
    const isGone = error.code === 'ENOENT'; // another build discarded it
    const isAcquired = error.code === 'EEXIST'; // a third build acquired it meanwhile
    if (!isGone && !isAcquired) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
