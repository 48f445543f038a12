// @ts-check
/** Collects the licences of the packages in a bundle: they require a copy of their text beside the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const LICENCES_FILE = 'THIRD-PARTY-LICENSES.txt';

/**
 * The licences for a bundle of these files, after a note; files outside of packages are ignored. Throws an Error.
 *
 * @param {readonly string[]} files
 */
export function licencesOf(files, note = '') {
  const folders = new Set(files.filter((file) => file.includes('/node_modules/')).map(packageFolder));
  const entries = [...folders].map(entryOf).sort((a, b) => (a.title < b.title ? -1 : 1));
  /** @type {Map<string, Set<string>>} */
  const titlesOf = new Map(); // many packages of one author have the same text
  for (const { title, text } of entries)
    titlesOf.set(text.trim(), new Set([...(titlesOf.get(text.trim()) ?? []), title]));
  const rule = '-'.repeat(80);
  return `This folder contains code of the following packages.\n${note}${[...titlesOf]
    .map(([text, titles]) => `\n${rule}\n${[...titles].join('\n')}\n${rule}\n\n${text}\n`)
    .join('')}`;
}

/**
 * The nearest folder whose manifest has a name and a version. Some packages have other manifests in deeper folders.
 *
 * @param {string} file
 */
function packageFolder(file) {
  let folder = path.dirname(file);
  while (!isPackage(folder)) {
    if (path.basename(folder) === 'node_modules') throw new Error(`${file}: belongs to no package`);
    folder = path.dirname(folder);
  }
  return folder;
}

/** @param {string} folder */
function isPackage(folder) {
  if (!existsSync(path.join(folder, 'package.json'))) return false;
  const { name, version } = manifestOf(folder);
  return name !== undefined && version !== undefined;
}

/** @param {string} folder */
const manifestOf = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** @param {string} folder */
function entryOf(folder) {
  const { name, version, license, author, homepage } = manifestOf(folder);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${folder}: no licence`);
  const holder = typeof author === 'string' ? author : author?.name;
  const text =
    file === undefined
      ? `${license}, according to the package's manifest; ${holder ?? 'no author named'}; ${homepage ?? 'no page named'}`
      : readFileSync(path.join(folder, file), 'utf8');
  return { title: `${name} ${version} (${license ?? 'see below'})`, text };
}
