// @ts-check
/** A part of the build. It is built again if its inputs are other files, or one was written after the build began. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} inputs Files and folders, relative to the project; `!path` leaves one out.
 * @property {readonly string[]} outputs The same. A folder of outputs belongs to this part alone.
 * @property {() => Promise<void>} make Throws an Error.
 */

/** Inputs of every part: the build itself, its settings, and the list of installed packages. */
const TOOLS = ['build', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'node_modules/.package-lock.json'];

/** @param {Part} part */
export async function bringUpToDate({ name, inputs, outputs, make }) {
  const stamp = path.join(project, 'dist/.built', name);
  const files = filesIn([...TOOLS, ...inputs]);
  const isMade = [stamp, ...outputs.map((output) => path.join(project, output))].every((file) => existsSync(file));
  if (isMade) {
    const [start, ...before] = readFileSync(stamp, 'utf8').split('\n');
    if (newest(files) <= Number(start) && before.join() === files.join()) return;
  }
  const start = Date.now(); // if an input changes meanwhile, the next build builds the part again
  process.stderr.write(`building ${name} …\n`); // Jest would show a call of console.error with its stack
  await make();
  mkdirSync(path.dirname(stamp), { recursive: true });
  // with the names: a folder's time also changes if Vite writes a file there and deletes it
  writeFileSync(stamp, [start, ...files].join('\n'));
}

/** When the last of these was written, in whole ms as Date counts. */
const newest = (/** @type {readonly string[]} */ files) =>
  files.reduce((latest, file) => Math.max(latest, Math.floor(statSync(path.join(project, file)).mtimeMs)), 0);

/** Files of `places` in a fixed order, relative to the project. @param {readonly string[]} places */
export function filesIn(places) {
  const excluded = new Set(places.filter((place) => place.startsWith('!')).map((place) => place.slice(1)));
  /** @type {string[]} */
  const found = [];
  /** @param {string} place */
  const add = (place) => {
    const full = path.join(project, place);
    if (excluded.has(place) || !existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full).sort()) add(`${place}/${name}`);
    else found.push(place);
  };
  for (const place of places) if (!place.startsWith('!')) add(place);
  return found;
}
