/**
 * A part of the build, made again only if its inputs or its outputs differ from what they were when it was made. Contents
 * are compared, not times: `git checkout` and `npm ci` change times, and an older file can be a different one.
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
 * @property {readonly string[]} outputs The same; such a folder belongs to the part alone.
 * @property {(isFresh: boolean) => Promise<void>} make Throws an Error. `isFresh`: what is there cannot be continued,
 *   because the tools have changed or the outputs are not those of the last build.
 */

/** What every part depends on: the build itself, its settings, and the packages that npm has installed. */
const TOOLS = ['build', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'node_modules/.package-lock.json'];

/** @param {Part} part */
export async function bringUpToDate({ name, inputs, outputs, make }) {
  const recordFile = path.join(records, `${name}.json`);
  const record = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {};
  // Read before the part is made: an input that changes meanwhile makes the next build make it again.
  const [tools, sources] = [digest(TOOLS), digest(inputs)];
  const isFresh = record.tools !== tools || record.outputs !== digest(outputs);
  if (!isFresh && record.sources === sources) return;
  console.error(`building ${name} …`);
  await make(isFresh);
  writeFileSync(recordFile, JSON.stringify({ tools, sources, outputs: digest(outputs) }));
}

/** Of the names and the contents of files and of all files in folders. */
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
  const left = new Set(places.filter((place) => place.startsWith('!')).map((place) => place.slice(1)));
  const files = [];
  const add = (place) => {
    const full = path.join(project, place);
    if (left.has(place) || !existsSync(full)) return;
    if (!statSync(full).isDirectory()) files.push(place);
    else for (const name of readdirSync(full).sort()) add(`${place}/${name}`);
  };
  for (const place of places) if (!place.startsWith('!')) add(place);
  return files;
}

/** A build that is older than this has ended, whatever has its process number now. */
const LONGEST_BUILD_MS = 600_000;

/** Lets one build work at a time: a second one waits, and then finds most of its work done. */
export async function withLock(work) {
  mkdirSync(records, { recursive: true });
  const lock = path.join(records, 'lock');
  for (let isWaiting = false; !created(lock); await new Promise((resolve) => setTimeout(resolve, 100))) {
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
    rmSync(lock, { force: true });
  }
}

function created(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined if the lock has just been given back, or its holder has not written its number yet. */
function holderOf(lock) {
  try {
    const holder = { process: Number(readFileSync(lock, 'utf8')), since: statSync(lock).mtimeMs };
    return holder.process === 0 ? undefined : holder;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAtWork(holder) {
  if (Date.now() - holder.since > LONGEST_BUILD_MS) return false;
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // another user's
  }
}

/** Removes the lock of a build that was killed. Another build may do the same, and take it, at the same time. */
function discard(lock, holder) {
  const aside = `${lock}-${process.pid}`;
  try {
    renameSync(lock, aside);
    if (Number(readFileSync(aside, 'utf8')) !== holder.process) linkSync(aside, lock); // it was taken meanwhile
    rmSync(aside);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
