/** `longhand exercises`: writes the twelve exercises into a folder, checks answers, and shows hints. */
import { Command } from 'commander';
import { EventEmitter, once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../core/errors.js';
import type { Exercise, Verdict } from '../exercises/exercise.js';
import { EXERCISES } from '../exercises/exercises.js';
import { folderContents } from '../exercises/folder.js';
import { placeOf, readIfPresent, writeNewFolder } from '../files/disk.js';
import { currentRun } from './current-run.js';
import type { AnswerFile } from './exercise-files.js';
import { answersIn, hasExercises, shownName } from './exercise-files.js';
import { meantBy } from './exercises-meant.js';
import { printable, table } from './format.js';
import { inform, print, printLines } from './print.js';
import { untilInterrupted } from './signals.js';
import { printDifferences, summaryOf } from './verdict-text.js';

const FOLDER = 'longhand-exercises';

export function exercisesCommand(): Command {
  const command = new Command('exercises')
    .description('Write twelve exercises into a folder: the gradients of an LSTM, one by one.')
    .argument('[dir]', 'folder to create', FOLDER)
    .allowExcessArguments() // for a misspelt command: see writeFolder
    .addHelpText(
      'after',
      `
Examples:
  longhand exercises
  longhand exercises check
  longhand exercises check 5 --watch
  longhand exercises hint 5`,
    )
    .action(writeFolder);
  command
    .command('check')
    .description('Check all answers, or one. Exit code 0: right; 1: wrong, or not begun; 2: no such exercise.')
    .argument('[number]', `1 to ${EXERCISES.length}`)
    .option('--watch', 'check an answer each time its file is saved, until Ctrl-C', false)
    .action(async (number: string | undefined, { watch: watches }: { watch: boolean }) => {
      const chosen = number === undefined ? EXERCISES : [exerciseOf(command, number)];
      const folder = folderOf(command);
      await untilInterrupted(async (signal) => {
        const report = (): Promise<boolean> =>
          chosen.length === 1 ? reportOne(folder, chosen[0], signal) : reportAll(folder, chosen, signal);
        if (watches) await watchFolder(folder, chosen, report, signal);
        else if (!(await report())) currentRun().exitCode = 1;
      });
    });
  command
    .command('hint')
    .description('Show the hints to an exercise: the first, or the first two or three.')
    .argument('<number>', `1 to ${EXERCISES.length}`)
    .argument('[count]', '1 to 3', '1')
    .action((number: string, count: string) => {
      const { hints } = exerciseOf(command, number);
      if (!/^[123]$/.test(count)) command.error(`error: hint ${printable(count)}: there are three: write 1, 2 or 3`);
      hints.slice(0, Number(count)).forEach((hint, n) => print(`${n + 1}. ${hint}`));
    });
  return command;
}

function exerciseOf(command: Command, number: string): Exercise {
  const exercise = /^\d{1,2}$/.test(number) ? EXERCISES.at(Number(number) - 1) : undefined;
  return Number(number) > 0 && exercise
    ? exercise
    : command.error(
        `error: exercise ${printable(number)}: there are ${EXERCISES.length}: write 1 to ${EXERCISES.length}`,
      );
}

async function writeFolder(folder: string, _flags: unknown, command: Command): Promise<void> {
  if (folder === '') throw new DataError('the folder has no name: leave it out, or write one');
  const { args } = command;
  const meant = meantBy(args.length === 0 ? [folder] : args);
  if (meant !== undefined) {
    const other = args.length > 1 ? '' : ` For a folder of this name, write ./${folder}`;
    command.error(`error: ${printable(args.join(' '))}: did you mean longhand exercises ${meant}?${other}`);
  }
  if (args.length > 1)
    command.error('error: too many arguments: write the name of one folder, in quotes if it has spaces');
  await untilInterrupted((signal) => writeNewFolder(folder, folderContents(), signal));
  print(`${folder}: ${EXERCISES.length} exercises, in typescript/ and in javascript/. README.md says how to begin.`);
  print('npx longhand exercises check 1   checks the first one');
}

/** Where the answers are: here, in the only folder here that has exercises, or above. */
function folderOf(command: Command): string {
  if (hasExercises('.')) return '.';
  const folders = foldersHere().filter(hasExercises);
  if (folders.length === 1) return folders[0];
  if (folders.length === 0 && hasExercises('..')) return '..';
  return command.error(
    folders.length === 0
      ? 'error: there are no exercises here: longhand exercises writes them'
      : `error: there are several folders with exercises: ${folders.map(printable).join(', ')}: go into one of them`,
  );
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

interface Checked {
  /** From the folder. */
  readonly file: string;
  readonly verdict: Verdict;
}

/** For each exercise, the verdicts on the answers that have been begun; on one that has not, if there is none. */
async function verdictsOn(folder: string, exercises: readonly Exercise[], signal: AbortSignal): Promise<Checked[][]> {
  const isDiagnosed = exercises.length === 1; // a line for each of several does not show it
  const all = await twoAtATime(answersIn(folder, exercises), async (answer) => {
    const { exercise, file } = answer;
    const verdict = await verdictOnFile(answer, path.join(folder, file), signal, isDiagnosed);
    return { exercise, file, verdict };
  });
  return exercises.map((exercise) => {
    const both = all.filter((one) => one.exercise === exercise);
    const begun = both.filter(({ verdict }) => verdict.outcome !== 'untouched');
    return begun.length > 0 ? begun : both.slice(0, 1);
  });
}

/** The results of `work`, in the order of the items. */
async function twoAtATime<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  const left = [...items.entries()];
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all([some(), some()]);
  return results;
}

/** In bytes. */
const LARGEST_ANSWER = 1_000_000;

/** A file that is missing counts as one that has not been begun. One that cannot be read is an error of this answer alone. */
async function verdictOnFile(
  { exercise, language, file: name }: AnswerFile,
  file: string,
  signal: AbortSignal,
  isDiagnosed: boolean,
): Promise<Verdict> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readIfPresent(file, LARGEST_ANSWER);
  } catch (error) {
    return { outcome: 'error', message: (error as Error).message.replace(`${file}: `, '') };
  }
  if (bytes === undefined) return { outcome: 'untouched' };
  const text = Buffer.from(bytes);
  if (/^(fffe|feff)/.test(text.toString('hex', 0, 2)))
    return { outcome: 'error', message: 'is in UTF-16: save it in UTF-8' };
  const source = text.toString().replace(/^\uFEFF/, ''); // some editors begin a file with it
  const { verdictOn } = await import('./answer-process.js'); // with a compiler of TypeScript, which is slow to load
  return verdictOn(exercise, { file: name, source, language, isDiagnosed }, signal);
}

const isRight = (all: readonly Checked[]): boolean => all.some(({ verdict }) => verdict.outcome === 'right');

/** Returns whether the answer is right. */
async function reportOne(folder: string, exercise: Exercise, signal: AbortSignal): Promise<boolean> {
  const [all] = await verdictsOn(folder, [exercise], signal);
  for (const { file, verdict } of all) {
    print(`${file}: ${summaryOf(verdict)}`);
    if (verdict.outcome !== 'wrong') continue;
    printDifferences(verdict.differences);
    if (verdict.diagnosis !== undefined) print(verdict.diagnosis);
  }
  const next = EXERCISES.at(exercise.number);
  if (isRight(all)) {
    print(next ? `Next: ${shownName(folder, next)}` : 'This was the last exercise: you have written every gradient.');
  } else print(`longhand exercises hint ${exercise.number} shows a hint.`);
  return isRight(all);
}

/** A line for each. Returns whether all are right. */
async function reportAll(folder: string, exercises: readonly Exercise[], signal: AbortSignal): Promise<boolean> {
  const all = await verdictsOn(folder, exercises, signal);
  const rows = all.flat().map(({ file, verdict }) => [file, summaryOf(verdict)]);
  printLines(table([['file', 'verdict'], ...rows]));
  const right = all.filter(isRight).length;
  print(`${right} of ${exercises.length} right`);
  return right === exercises.length;
}

/**
 * Checks the answers, several with `report`, and then each one when its file changes. A save ends the check of the answer before it.
 * Rejects with the reason of `signal`.
 */
async function watchFolder(
  folder: string,
  exercises: readonly Exercise[],
  report: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const [saved, saves] = [new Set<Exercise>(), new EventEmitter()];
  let current: { exercise: Exercise; stop: AbortController } | undefined;
  onSaves(folder, exercises, signal, (exercise) => {
    saved.add(exercise);
    if (current?.exercise === exercise) current.stop.abort();
    saves.emit('saved');
  });
  if (exercises.length === 1) saved.add(exercises[0]);
  else await report();
  for (let hasInformed = false; ;) {
    for (const exercise of saved) {
      saved.delete(exercise);
      current = { exercise, stop: new AbortController() };
      await reportOne(folder, exercise, AbortSignal.any([signal, current.stop.signal])).catch((error: unknown) => {
        if (!current?.stop.signal.aborted || signal.aborted) throw error; // otherwise it has been saved again
      });
    }
    if (!hasInformed) inform('Each saved answer is checked. Ctrl-C ends this.');
    hasInformed = true;
    await once(saves, 'saved', { signal }).catch(() => signal.throwIfAborted());
  }
}

/** How often a watched file is looked at. */
const LOOKED_AT_EVERY_MS = 150;

/**
 * Calls `onSave` after each change of an answer since this call, until `signal` is aborted. It looks at the files, because the
 * system's events do not follow a folder that is made again, or a link; and here, because what Node's `watchFile` compares with
 * may be a file that is saved after its call.
 */
function onSaves(
  folder: string,
  exercises: readonly Exercise[],
  signal: AbortSignal,
  onSave: (exercise: Exercise) => void,
): void {
  const all = (): { exercise: Exercise; place: string }[] =>
    answersIn(folder, exercises).map(({ exercise, file }) => ({ exercise, place: placeOf(path.join(folder, file)) }));
  const seen = new Map(all().map(({ place }) => [place, versionOf(place)]));
  const looking = setInterval(() => {
    for (const { exercise, place } of all()) {
      const version = versionOf(place);
      if (version !== (seen.get(place) ?? '')) onSave(exercise);
      seen.set(place, version);
    }
  }, LOOKED_AT_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(looking));
}

/** Differs after each save. '' if there is no file that can be looked at. */
function versionOf(place: string): string {
  try {
    const { mtimeMs, ctimeMs, ino, size } = statSync(place);
    return `${mtimeMs} ${ctimeMs} ${ino} ${size}`; // some editors set the time of the last change back
  } catch {
    return '';
  }
}
