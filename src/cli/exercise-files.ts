/** The files of a folder of exercises, found by the names of the exercises: an earlier version has numbered them in another way. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Exercise } from '../exercises/exercise.js';
import { EXERCISES } from '../exercises/exercises.js';
import type { Language } from '../exercises/folder.js';
import { LANGUAGES, pathOf, TYPES_FILE } from '../exercises/folder.js';
import { placeOf } from '../files/disk.js';

export interface AnswerFile {
  readonly exercise: Exercise;
  readonly language: Language;
  /** From the folder. */
  readonly file: string;
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
      const others = all.filter((file) => file !== usual);
      const files = all.length > others.length || all.length === 0 ? [usual, ...others] : others;
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
