/** The files of a folder of exercises, found by the names of the exercises: an earlier version has numbered them in another way. */
import type { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { typed } from '../core/command-line.js';
import type { Exercise } from '../exercises/exercise.js';
import { EXERCISES } from '../exercises/exercises.js';
import type { Language } from '../exercises/folder.js';
import { LANGUAGES, pathOf, TYPES_FILE } from '../exercises/folder.js';
import { placeOf } from '../files/disk.js';
import { printable } from './format.js';

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
  const exists = (file: string): boolean => existsSync(placeOf(path.join(folder, file)));
  return exists(TYPES_FILE) || answersIn(folder, EXERCISES).some(({ file }) => exists(file));
}

/** `06-cell-state`, or its name in this folder. */
export const shownName = (folder: string, exercise: Exercise): string =>
  path.parse(answersIn(folder, [exercise])[0].file).name;

/** Where the answers are: here, in the only folder here that has exercises, or above. */
export function folderOf(command: Command): string {
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
