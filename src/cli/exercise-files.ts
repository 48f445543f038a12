/**
 * The files of a folder of exercises: its answers, found by the names of the exercises, because an earlier version has numbered them in
 * another way; and the scripts in its package.json, which start this command line by its path, so npm asks no registry.
 */
import type { Command } from 'commander';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { typed } from '../core/errors.js';
import { type Exercise, isFormerFile } from '../exercises/exercise.js';
import { EXERCISES } from '../exercises/exercises.js';
import { headOf, type Language, LANGUAGES, pathOf, TYPES_FILE } from '../exercises/folder.js';
import { placeOf } from '../files/disk.js';
import { printable } from './print.js';
import { createRequire } from 'node:module';
import { replaceText } from '../files/disk-replace.js';

export interface AnswerFile {
  readonly exercise: Exercise;
  readonly language: Language;
  /** From the folder. */
  readonly file: string;
}

/** An answer with its text. */
export interface WrittenAnswer extends AnswerFile {
  readonly source: string;
}

/**
 * The answers to `exercises` in a folder, those to one after those to another. In each language, the file with this version's number comes
 * first; it is listed, too, if there is none.
 */
export function answersIn(folder: string, exercises: readonly Exercise[]): AnswerFile[] {
  const languages = (Object.keys(LANGUAGES) as Language[]).map((language) => ({
    language,
    names: namesIn(path.join(folder, language)),
  }));
  return exercises.flatMap((exercise) =>
    languages.flatMap(({ language, names }) => {
      const usual = pathOf(exercise, language);
      const all = names
        .filter((name) => name.replace(/^\d+-/, '') === `${exercise.name}.${LANGUAGES[language]}`)
        .map((name) => `${language}/${name}`);
      const files = all.length === 0 ? [usual] : all.sort((one, other) => +(other === usual) - +(one === usual));
      return files.map((file) => ({ exercise, language, file }));
    }),
  );
}

/** None if it cannot be listed: then its files cannot be read either, which has a message of its own. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(placeOf(directory)).sort();
  } catch {
    return [];
  }
}

export function hasExercises(folder: string): boolean {
  return isThere(folder, TYPES_FILE) || !EXERCISES.every((exercise) => isMissing(folder, exercise));
}

const isThere = (folder: string, file: string): boolean => existsSync(placeOf(path.join(folder, file)));

/** Whether a folder, of an earlier version, has no file for an answer in any language. */
export const isMissing = (folder: string, exercise: Exercise): boolean =>
  !answersIn(folder, [exercise]).some(({ file }) => isThere(folder, file));

/** '' if it cannot be read. */
function textIn(folder: string, file: string): string {
  try {
    return readFileSync(placeOf(path.join(folder, file)), 'utf8');
  } catch {
    return '';
  }
}

/**
 * Writes the start texts of the exercises that are missing, or whose file is still what 1.0.0 wrote although their text has changed, and no other file.
 * Returns these exercises.
 */
export function writeMissing(folder: string): Exercise[] {
  const languages = (Object.keys(LANGUAGES) as Language[]).filter((language) => isThere(folder, language));
  const missing = EXERCISES.filter((exercise) => isMissing(folder, exercise));
  const former = EXERCISES.flatMap((exercise) =>
    answersIn(folder, [exercise]).filter(({ file }) => isFormerFile(exercise.name, textIn(folder, file))),
  );
  const write = (exercise: Exercise, language: Language, file: string): void =>
    replaceText(path.join(folder, file), `${headOf(exercise)}${exercise[language].start}`);
  for (const exercise of missing)
    for (const language of languages) write(exercise, language, pathOf(exercise, language));
  for (const { exercise, language, file } of former) write(exercise, language, file);
  return EXERCISES.filter(
    (exercise) =>
      (missing.includes(exercise) && languages.length > 0) || former.some((one) => one.exercise === exercise),
  );
}

/** `06-cell-state`, or its name in this folder. */
export const shownName = (folder: string, exercise: Exercise): string =>
  path.parse(answersIn(folder, [exercise])[0].file).name;

/** Where the answers are: in the `given` folder; or here, in the only folder here that has exercises, or above. */
export function folderOf(command: Command, given?: string): string {
  if (given !== undefined && !hasExercises(given))
    command.error(`error: ${printable(given)}: there are no exercises: ${typed('exercises')} writes them`);
  if (given !== undefined) return given;
  const folders = foldersHere().filter(hasExercises);
  const folder = existingFolder(undefined, folders);
  if (folder !== undefined) return folder;
  return command.error(
    folders.length === 0
      ? `error: there are no exercises here: ${typed('exercises')} writes them`
      : `error: there are several folders with exercises: ${folders.map(printable).join(', ')}: go into one of them`,
  );
}

/** As `folderOf`, but of several folders `preferred`. undefined: there is none, or it is not clear which. */
export function existingFolder(preferred?: string, folders = foldersHere().filter(hasExercises)): string | undefined {
  if (hasExercises('.')) return '.';
  if (folders.length === 0) return hasExercises('..') ? '..' : undefined;
  return folders.length === 1 ? folders[0] : folders.find((folder) => folder === preferred);
}

/** Also links to folders. None if this folder cannot be listed. */
function foldersHere(): string[] {
  try {
    const all = readdirSync(placeOf('.'), { withFileTypes: true });
    return all.flatMap((one) => (one.isDirectory() || one.isSymbolicLink() ? [one.name] : []));
  } catch {
    return [];
  }
}

/** What each script adds to the command line. */
const WORDS: Readonly<Record<string, string>> = {
  longhand: '',
  check: ' exercises check',
  hint: ' exercises hint',
  train: ' exercises train',
};

/** `check 1`, as one types it here: a folder of exercises has scripts. */
export function typedExercise(words: string): string {
  const [name] = words.split(' ');
  const hasScript = name in WORDS && isOurs(name, scriptsIn(manifestOf('.'))[name]);
  return hasScript ? `npm run ${words.replace(' --', ' -- --')}` : typed(`exercises ${words}`);
}

const packageRoot = path.dirname(createRequire(import.meta.url).resolve('longhand/package.json'));

/** For a folder that need not exist yet. `root` is the clone, or the installed package. */
export function scriptsOf(folder: string, root = packageRoot): Record<string, string> {
  const start = `node ${quoted(mainSeenFrom(folder, root))}`;
  return Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, `${start}${words}`]));
}

/** Gives the package.json of a folder these scripts. What else it has stays, also another script of the same name. Returns whether it has changed. */
export function updateScripts(folder: string): boolean {
  const manifest = manifestOf(folder);
  if (manifest === undefined) return false;
  const scripts = scriptsIn(manifest);
  const ours = Object.entries(scriptsOf(folder)).filter(
    ([name, script]) => scripts[name] !== script && (scripts[name] === undefined || isOurs(name, scripts[name])),
  );
  if (ours.length === 0) return false;
  const changed = { ...manifest, scripts: { ...scripts, ...Object.fromEntries(ours) } };
  replaceText(path.join(folder, 'package.json'), `${JSON.stringify(changed, null, 2)}\n`);
  return true;
}

/** Also with the path of another installation. */
const isOurs = (name: string, script: unknown): boolean =>
  typeof script === 'string' && new RegExp(`^node .*\\bmain\\.js['"]?${WORDS[name]}$`).test(script);

/** undefined if there is none, or if it is no JSON object. */
function manifestOf(folder: string): Record<string, unknown> | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(placeOf(path.join(folder, 'package.json')), 'utf8'));
    return isRecord(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

const scriptsIn = (manifest: Record<string, unknown> | undefined): Record<string, unknown> =>
  isRecord(manifest?.scripts) ? manifest.scripts : {};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** From the folder if both are in one project, which may be moved; otherwise absolute. */
function mainSeenFrom(folder: string, root: string): string {
  const main = path.join(root, 'dist/cli/main.js');
  const [project] = root.split(`${path.sep}node_modules${path.sep}`);
  const from = realFolder(path.resolve(placeOf(folder)));
  const below = path.relative(project, from);
  const isInside = !below.startsWith('..') && !path.isAbsolute(below);
  return isInside ? path.relative(from, main).split(path.sep).join('/') : main;
}

/** Without links, as npm sees it. */
function realFolder(folder: string): string {
  if (existsSync(folder)) return realpathSync(folder);
  return path.join(realFolder(path.dirname(folder)), path.basename(folder));
}

/** For npm's shell: on Windows cmd.exe, elsewhere sh. */
const quoted = (file: string): string =>
  /^[\w./-]+$/.test(file) ? file : process.platform === 'win32' ? `"${file}"` : `'${file.replaceAll("'", "'\\''")}'`;
