// @ts-check
/** A part of the build. It is built again if one of its inputs has changed since it was built, as `make` does: by times. */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
  const isMade = [stamp, ...outputs.map((output) => path.join(project, output))].every((file) => existsSync(file));
  // utimes takes seconds, and half of the times come back a fraction of a µs earlier
  if (isMade && Math.round(statSync(stamp).mtimeMs) >= newest([...TOOLS, ...inputs])) return;
  const start = new Date(); // if an input changes meanwhile, the next build builds the part again
  process.stderr.write(`building ${name} …\n`); // Jest would show a call of console.error with its stack
  await make();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, start, start);
}

/** When the last of these was written, in whole ms as Date counts: a folder too, whose time is that of its last new or deleted file. */
const newest = (/** @type {readonly string[]} */ places) =>
  walk(places).reduce((latest, file) => Math.max(latest, Math.floor(statSync(path.join(project, file)).mtimeMs)), 0);

/** Files of `places` in a fixed order, relative to the project. @param {readonly string[]} places */
export const filesIn = (places) => walk(places).filter((file) => !statSync(path.join(project, file)).isDirectory());

/** The files and the folders. @param {readonly string[]} places */
function walk(places) {
  const excluded = new Set(places.filter((place) => place.startsWith('!')).map((place) => place.slice(1)));
  /** @type {string[]} */
  const found = [];
  /** @param {string} place */
  const add = (place) => {
    const full = path.join(project, place);
    if (excluded.has(place) || !existsSync(full)) return;
    found.push(place);
    if (statSync(full).isDirectory()) for (const name of readdirSync(full).sort()) add(`${place}/${name}`);
  };
  for (const place of places) if (!place.startsWith('!')) add(place);
  return found;
}
