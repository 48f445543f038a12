// @ts-check
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
  process.stderr.write(`building ${name} …\n`); // Jest would show a call of console.error with its stack
  await make(isFresh);
  writeRecord(recordFile, { tools, sources, outputs: digest(outputs) });
}

/**
 * {} if no record can be read: the part is then built again.
 *
 * @param {string} file
 * @returns {{ tools?: string, sources?: string, outputs?: string }}
 */
function readRecord(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) ?? {};
  } catch {
    return {};
  }
}

/**
 * Replaces the record in one step, so that a full disk or a kill leaves the old one.
 *
 * @param {string} file
 * @param {object} record
 */
function writeRecord(file, record) {
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

/**
 * The digest covers the names and the contents of files, and of all files in folders.
 *
 * @param {readonly string[]} places
 */
function digest(places) {
  const hash = createHash('sha256');
  for (const file of filesIn(places)) {
    const bytes = readFileSync(path.join(project, file));
    hash.update(`${file}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Files of `places` in a fixed order, relative to the project. @param {readonly string[]} places */
export function filesIn(places) {
  const excluded = new Set(places.filter((place) => place.startsWith('!')).map((place) => place.slice(1)));
  /** @type {string[]} */
  const files = [];
  /** @param {string} place */
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

/**
 * Lets one build work at a time. A second one waits, and then finds most of its work done. `name`: builds of other names do not wait.
 *
 * @param {() => Promise<void>} work
 */
export async function withLock(work, name = 'lock') {
  const lock = path.join(records, name);
  mkdirSync(records, { recursive: true });
  for (let isWaiting = false; !acquired(lock); await new Promise((resolve) => setTimeout(resolve, 100))) {
    const holder = lockHolder(lock);
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
    if (lockHolder(lock)?.process === process.pid) rmSync(lock, { force: true });
  }
}

/** @param {string} lock */
const ownFileOf = (lock) => `${lock}-${process.pid}`;

/**
 * Creates the lock unless it exists. The number goes to another file first, so a full disk or a kill leaves no empty lock.
 *
 * @param {string} lock
 */
function acquired(lock) {
  const ownFile = ownFileOf(lock);
  try {
    writeFileSync(ownFile, String(process.pid));
    linkSync(ownFile, lock);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(ownFile, { force: true });
  }
}

/** Undefined if the lock has just been released. @param {string} lock */
function lockHolder(lock) {
  try {
    const text = readFileSync(lock, 'utf8');
    return { text, process: Number(text), since: statSync(lock).mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Called by a build that waits. A lock with the caller's own number is that of an earlier process.
 *
 * @param {{ process: number, since: number }} holder
 */
function isAtWork(holder) {
  if (!Number.isInteger(holder.process) || holder.process <= 0 || holder.process === process.pid) return false;
  if (Date.now() - holder.since > LONGEST_BUILD_MS) return false;
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM'; // another user's
  }
}

/**
 * Removes the lock of a build that has ended. Another build may discard and acquire it at the same time.
 *
 * @param {string} lock
 * @param {{ text: string }} holder
 */
function discard(lock, holder) {
  const ownFile = ownFileOf(lock);
  try {
    renameSync(lock, ownFile);
    if (readFileSync(ownFile, 'utf8') !== holder.text) linkSync(ownFile, lock); // another build has just acquired it
  } catch (error) {
    // another build discarded it, or a third build acquired it meanwhile
    if (!['ENOENT', 'EEXIST'].includes(codeOf(error))) throw error;
  } finally {
    rmSync(ownFile, { force: true });
  }
}

/** @param {any} error */
const codeOf = (error) => error.code;
