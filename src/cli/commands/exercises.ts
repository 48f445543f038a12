/** `longhand exercises`: writes the fourteen exercises into a folder, checks answers, shows hints, and trains with the answers. */
import { Command } from 'commander';
import { EventEmitter, once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { typed, DataError } from '../../core/errors.js';
import type { Exercise } from '../../exercises/exercise.js';
import { EXERCISES, nextAfter, numbersOf } from '../../exercises/exercises.js';
import { folderContents } from '../../exercises/folder.js';
import { followWords } from '../../exercises/replies.js';
import { silentWays } from '../../exercises/silent-ways.js';
import { placeOf, writeNewFolder } from '../../files/disk.js';
import { isRight, verdictsOn, printDifferences, summaryOf } from '../verdicts.js';
import { currentRun, untilInterrupted } from '../current-run.js';
import {
  answersIn,
  existingFolder,
  folderOf,
  hasExercises,
  isMissing,
  shownName,
  scriptsOf,
  typedExercise,
  updateScripts,
  writeMissing,
} from '../exercise-files.js';
import { exercisesTrainCommand } from './exercises-train.js';
import { exercisesBugsCommand } from './exercises-bugs.js';
import { exercisesExportCommand, exercisesImportCommand } from './exercises-files.js';
import { printable, table, inform, print, printLines } from '../print.js';

const FOLDER = 'longhand-exercises';

export function exercisesCommand(): Command {
  const command = new Command('exercises')
    .description(
      'Write fourteen exercises into a folder: the gradients of an LSTM, of a scan and of a GRU, one by one.',
    )
    .argument('[dir]', `folder to create, such as ./mine (default: ${FOLDER}); if it exists, say what is solved`)
    .allowExcessArguments() // for a misspelt command: see writeFolder
    .addHelpText(
      'after',
      `
Examples:
  longhand exercises
  longhand exercises check
  longhand exercises check 5 --watch
  longhand exercises hint 5
  longhand exercises train`,
    )
    .action(writeFolder);
  command
    .command('check')
    .description('Check all answers, or one. Exit code 0: right; 1: wrong, or not begun; 2: no such exercise.')
    .argument('[number]', `1 to ${EXERCISES.length}`)
    .option('--watch', 'check an answer each time its file is saved, until Ctrl-C', false)
    .option('--name', 'name the mistake in one answer, if its numbers show it', false)
    .action(async (number: string | undefined, { watch: watches, name: isNamed }: CheckFlags) => {
      if (isNamed && number === undefined)
        command.error('error: --name needs the number of an exercise, as in exercises check 5 --name');
      const chosen = number === undefined ? EXERCISES : [exerciseOf(command, number)];
      const folder = folderOf(command);
      await untilInterrupted(async (signal) => {
        const report = (): Promise<boolean> =>
          chosen.length === 1 ? reportOne(folder, chosen[0], isNamed, signal) : reportAll(folder, signal);
        if (watches) await watchFolder(folder, chosen, isNamed, report, signal);
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
  command.addCommand(exercisesTrainCommand());
  command.addCommand(exercisesBugsCommand());
  command.addCommand(exercisesExportCommand());
  command.addCommand(exercisesImportCommand());
  return command;
}

/** Of `exercises check`. */
interface CheckFlags {
  readonly watch: boolean;
  readonly name: boolean;
}

function exerciseOf(command: Command, number: string): Exercise {
  const exercise = /^\d{1,2}$/.test(number) ? EXERCISES.at(Number(number) - 1) : undefined;
  return Number(number) > 0 && exercise
    ? exercise
    : command.error(
        `error: exercise ${printable(number)}: there are ${EXERCISES.length}: write 1 to ${EXERCISES.length}`,
      );
}

async function writeFolder(given: string | undefined, _flags: unknown, command: Command): Promise<void> {
  if (given === '') throw new DataError('the folder has no name: leave it out, or write one');
  const isThere = command.args.length === 1 && given !== undefined && hasExercises(given);
  const existing = command.args.length === 0 ? existingFolder(FOLDER) : isThere ? given : undefined;
  if (existing === undefined) assertFolder(command);
  await untilInterrupted(async (signal) => {
    if (existing === undefined) {
      const folder = given ?? FOLDER;
      await writeNewFolder(folder, folderContents(scriptsOf(folder)), signal);
      print(
        `${folder}: ${EXERCISES.length} exercises, in typescript/ and in javascript/. README.md says how to begin.`,
      );
      print(`${typed('exercises check 1')}   checks the first one; in the folder itself, npm run check 1`);
    } else {
      if (updateScripts(existing))
        inform(`${path.join(existing, 'package.json')}: the scripts are new: npm run check 1 works in this folder`);
      const added = writeMissing(existing);
      const files = added.length === 1 ? 'exercise' : 'exercises';
      if (added.length > 0) inform(`${printable(existing)}: the files of ${files} ${numbersOf(added)} are new`);
      print(`${printable(existing)}: your answers are there, and stay as they are.`);
      await printSolved(existing, signal);
    }
  });
}

/** Ends with an error unless the words behind `exercises` are a folder: one with a slash, so that no misspelt command becomes one. */
function assertFolder(command: Command): void {
  const { args } = command;
  if (args.length === 0 || args[0] === FOLDER || /[/\\]|^\.\.?$/.test(args[0])) {
    if (args.length > 1)
      command.error('error: too many arguments: write the name of one folder, in quotes if it has spaces');
    return;
  }
  const names = command.commands.map((one) => one.name());
  const meant = meantBy(args, names);
  const words = printable(args.join(' '));
  const other = args.length > 1 ? '' : ` For a folder of this name, write ./${words}`;
  command.error(
    meant === undefined
      ? `error: ${words}: there is no such command: ${names.join(', ')}.${other}`
      : `error: ${words}: did you mean ${typedExercise(meant).trim()}?${other}`,
  );
}

/** Checks all answers, except the one to `solved`, which is right, and says in one line which are right and what is next. */
async function printSolved(folder: string, signal: AbortSignal, solved?: Exercise): Promise<void> {
  const others = EXERCISES.filter((exercise) => exercise !== solved);
  const all = await verdictsOn(folder, others, signal, false);
  printProgress(
    folder,
    EXERCISES.filter((exercise) => exercise === solved || isRight(all[others.indexOf(exercise)])),
    solved,
  );
}

function printProgress(folder: string, right: readonly Exercise[], last?: Exercise): void {
  const count = `${right.length} of ${EXERCISES.length} right`;
  const next = nextAfter(last?.number ?? 0, (exercise) => right.includes(exercise));
  if (!next) print(`${count}: you have written every gradient. Next: ${typedExercise('train')}`);
  else {
    const missing = isMissing(folder, next) ? `, which ${typed('exercises')} writes` : '';
    print(`${count}${right.length > 0 ? `: ${numbersOf(right)}` : ''}. Next: ${shownName(folder, next)}${missing}`);
  }
}

/** Returns whether the answer is right. `isNamed`: a wrong answer's mistake is named, too. */
async function reportOne(folder: string, exercise: Exercise, isNamed: boolean, signal: AbortSignal): Promise<boolean> {
  const [all] = await verdictsOn(folder, [exercise], signal);
  for (const { file, source = '', verdict } of all) {
    print(`${file}: ${summaryOf(verdict)}`);
    if (verdict.outcome !== 'wrong') continue;
    const follows = followWords(exercise.name, verdict.differences);
    const ways = silentWays(source);
    if (follows !== '') print(follows);
    if (ways !== '') print(ways);
    printDifferences(verdict.differences);
    if (verdict.diagnosis === undefined) continue;
    print(isNamed ? verdict.diagnosis : `${typedExercise(`check ${exercise.number} --name`)} names the mistake.`);
  }
  if (isRight(all)) await printSolved(folder, signal, exercise);
  else print(`${typedExercise(`hint ${exercise.number}`)} shows a hint.`);
  return isRight(all);
}

/** A line for each. Returns whether all are right. */
async function reportAll(folder: string, signal: AbortSignal): Promise<boolean> {
  const all = await verdictsOn(folder, EXERCISES, signal);
  const rows = all.flat().map(({ file, verdict }) => [file, summaryOf(verdict)]);
  printLines(table([['file', 'verdict'], ...rows]));
  printProgress(
    folder,
    EXERCISES.filter((_, n) => isRight(all[n])),
  );
  return all.every(isRight);
}

/**
 * Checks the answers, several with `report`, and then each one when its file changes. A save ends the check of the answer before it.
 * Rejects with the reason of `signal`.
 */
async function watchFolder(
  folder: string,
  exercises: readonly Exercise[],
  isNamed: boolean,
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
      await reportOne(folder, exercise, isNamed, AbortSignal.any([signal, current.stop.signal])).catch(
        (error: unknown) => {
          if (!current?.stop.signal.aborted || signal.aborted) throw error; // otherwise it has been saved again
        },
      );
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

/** Commands by other names that one may try. The first: without a word, it says what is solved. */
const OTHER_NAMES: readonly [RegExp, string][] = [
  [/^(status|progress|list|show)$/, ''],
  [/^watch$/, 'check --watch'],
  [/^help$/, '--help'],
];

/** The command that was probably meant, of those with these names. undefined if no word is like one of them. */
function meantBy(words: readonly string[], names: readonly string[]): string | undefined {
  const parts = words.flatMap((word) => word.toLowerCase().match(/[a-z]+|\d+|[^a-z\d]+/g) ?? []);
  if (words.some((word) => /[^a-z\d -]/i.test(word)) || parts.length > 4) return undefined;
  const numbers = parts.filter((part) => /^\d+$/.test(part));
  const command = names.find((name) => parts.some((part) => isNear(part, name)));
  if (command === 'hint' && numbers.length === 0) return 'hint 1';
  if (command !== undefined)
    return ['check', 'hint', 'bugs'].includes(command) ? [command, ...numbers].join(' ') : command;
  if (parts.length === 1 && numbers.length === 1) return `check ${numbers[0]}`;
  return OTHER_NAMES.find(([pattern]) => pattern.test(parts.join('')))?.[1];
}

/** Whether one letter has been added, left out, replaced, or exchanged with the next. */
function isNear(word: string, name: string): boolean {
  const first = name.split('').findIndex((letter, n) => word[n] !== letter);
  if (first < 0) return word.length <= name.length + 1;
  const [rest, right] = [word.slice(first), name.slice(first)];
  const isExchanged = rest.slice(0, 2) === `${right[1]}${right[0]}` && rest.slice(2) === right.slice(2);
  return isExchanged || [rest, rest.slice(1)].includes(right.slice(1)) || rest.slice(1) === right;
}
