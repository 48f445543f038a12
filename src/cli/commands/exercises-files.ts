/** `longhand exercises export` and `import`: the answers of a folder as one file, which the site reads and writes too. */
import { Command } from 'commander';
import path from 'node:path';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { type Exercise, isUntouched } from '../../exercises/exercise.js';
import { EXERCISES } from '../../exercises/exercises.js';
import type { Answers, Language, ReaderProgress } from '../../exercises/folder.js';
import {
  LANGUAGES,
  LARGEST_PROGRESS,
  LONGEST_ANSWER,
  PROGRESS_FILE,
  progressFrom,
  progressText,
  withHead,
  withoutHead,
} from '../../exercises/folder.js';
import { replaceText } from '../../files/disk-replace.js';
import { readFile, readIfPresent } from '../../files/disk.js';
import { sourceIn } from '../verdicts.js';
import { answersIn, folderOf, typedExercise } from '../exercise-files.js';
import { print } from '../print.js';

export const exercisesExportCommand = (): Command =>
  new Command('export')
    .description('Write all answers into one file, which the site and exercises import read.')
    .argument('[file]', 'file to write', PROGRESS_FILE)
    .argument('[dir]', 'folder with the answers (default: as check)')
    .action((file: string, given: string | undefined, _flags: unknown, command: Command) => {
      const folder = folderOf(command, given);
      const progress = progressOf(folder);
      writeNew(file, progressText(progress));
      print(`${file}: ${countsOf(progress)}. In the site, the page of all exercises reads it.`);
    });

export const exercisesImportCommand = (): Command =>
  new Command('import')
    .description('Read the answers in a file of the site, or of exercises export. No answer is overwritten.')
    .argument('<file>', 'file to read')
    .argument('[dir]', 'folder with the answers (default: as check)')
    .action((file: string, given: string | undefined, _flags: unknown, command: Command) => {
      const folder = folderOf(command, given);
      const read = progressFrom(file, readFile(file, LARGEST_PROGRESS));
      const kept = keptProgress(folder);
      for (const exercise of EXERCISES) importAnswers(folder, exercise, read.exercises[exercise.name] ?? {});
      keepProgress(folder, merged(kept, read));
      print(`${file}: ${countsOf(read)}. ${typedExercise('check')} checks them.`);
    });

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const languages = Object.keys(LANGUAGES) as Language[];

function countsOf({ exercises, bugs }: ReaderProgress): string {
  const answers = Object.values(exercises).flatMap((one) =>
    languages.filter((language) => one[language] !== undefined),
  );
  return `${counted(answers.length, 'answer')}, and ${counted(Object.keys(bugs).length, 'program')} of “Find the bug”`;
}

/** The answers that have been begun, and what the folder keeps besides. */
function progressOf(folder: string): ReaderProgress {
  const kept = keptProgress(folder);
  const exercises = EXERCISES.flatMap((exercise) => {
    const answers: Answers = { ...kept.exercises[exercise.name], ...begunAnswers(folder, exercise) };
    return Object.keys(answers).length === 0 ? [] : [[exercise.name, answers] as const];
  });
  return { exercises: Object.fromEntries(exercises), bugs: kept.bugs };
}

/** Throws a DataError for one that cannot be read: an export must not leave out an answer. */
function begunAnswers(folder: string, exercise: Exercise): Partial<Record<Language, string>> {
  const begun: Partial<Record<Language, string>> = {};
  for (const { file, language } of answersIn(folder, [exercise])) {
    const read = sourceIn(path.join(folder, file));
    if ('verdict' in read) {
      if (read.verdict.outcome === 'error') throw new DataError(`${path.join(folder, file)}: ${read.verdict.message}`);
      continue;
    }
    if (isUntouched(exercise, read.source)) continue;
    if (read.source.length > LONGEST_ANSWER)
      throw new DataError(
        `${path.join(folder, file)} has ${read.source.length} characters, and may have at most ${LONGEST_ANSWER}`,
      );
    begun[language] ??= withoutHead(exercise, read.source);
  }
  return begun;
}

/** Writes an answer into its file, if that has not been begun. Another answer stays, and the imported one is written beside it. */
function importAnswers(folder: string, exercise: Exercise, answers: Answers): void {
  for (const { file, language } of firstOfEach(answersIn(folder, [exercise]))) {
    const text = answers[language];
    if (text === undefined) continue;
    const place = path.join(folder, file);
    const bytes = readIfPresent(place);
    const old = bytes && textOf(bytes);
    const wanted = withHead(exercise, text);
    if (old === undefined || isUntouched(exercise, old)) {
      replaceText(place, wanted);
      print(`${file}: written`);
    } else if (withoutHead(exercise, old) === withoutHead(exercise, wanted)) print(`${file}: the same`);
    else print(`${file}: stays, because it differs; the other answer is in ${writtenBeside(folder, file, wanted)}`);
  }
}

const firstOfEach = (all: ReturnType<typeof answersIn>): ReturnType<typeof answersIn> =>
  all.filter(({ language }, n) => all.findIndex((one) => one.language === language) === n);

/** The name of the file, from the folder: the first one that is free, or has this text. */
function writtenBeside(folder: string, file: string, text: string): string {
  const { dir, name, ext } = path.posix.parse(file);
  for (let n = 1; ; n++) {
    const beside = `${dir}/${name}.imported${n === 1 ? '' : `-${n}`}${ext}`;
    const bytes = readIfPresent(path.join(folder, beside));
    if (bytes === undefined) replaceText(path.join(folder, beside), text);
    if (bytes === undefined || textOf(bytes) === text) return beside;
  }
}

/** Throws a DataError if the file exists with other contents. */
function writeNew(file: string, text: string): void {
  const bytes = readIfPresent(file, LARGEST_PROGRESS);
  if (bytes !== undefined && textOf(bytes) !== text)
    throw new DataError(`${file} exists, with other contents: choose another name, or delete it`);
  if (bytes === undefined) replaceText(file, text);
}

/** In the folder of the answers, where an export may lie beside it. */
export const KEPT_FILE = '.longhand-progress.json';

/** What a folder keeps besides the answers: the open hints of an imported file, and the lines chosen in “Find the bug”. */
export function keptProgress(folder: string): ReaderProgress {
  const file = path.join(folder, KEPT_FILE);
  const bytes = readIfPresent(file, LARGEST_PROGRESS);
  return bytes === undefined ? { exercises: {}, bugs: {} } : progressFrom(file, bytes);
}

export function keepProgress(folder: string, { exercises, bugs }: ReaderProgress): void {
  const hints = Object.entries(exercises).flatMap(([name, one]) =>
    one.hints === undefined || one.hints === 0 ? [] : [[name, { hints: one.hints }] as const],
  );
  const text = progressText({ exercises: Object.fromEntries(hints), bugs });
  replaceText(path.join(folder, KEPT_FILE), text);
}

function merged(kept: ReaderProgress, read: ReaderProgress): ReaderProgress {
  const names = (all: 'exercises' | 'bugs'): string[] => [
    ...new Set([...Object.keys(kept[all]), ...Object.keys(read[all])]),
  ];
  const hints = names('exercises').map((name) => {
    const [one, other] = [kept, read].map(({ exercises }) => (exercises[name] as Answers | undefined)?.hints ?? 0);
    return [name, { hints: Math.max(one, other) }] as const;
  });
  const bugs = names('bugs').map(
    (name) => [name, [...new Set([...(kept.bugs[name] ?? []), ...(read.bugs[name] ?? [])])]] as const,
  );
  return { exercises: Object.fromEntries(hints), bugs: Object.fromEntries(bugs) };
}
