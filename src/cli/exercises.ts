/** `longhand exercises`: writes the twelve exercises into a folder, checks answers, shows hints, and trains with the answers. */
import { Command } from 'commander';
import { EventEmitter, once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { typed } from '../core/command-line.js';
import { DataError } from '../core/errors.js';
import type { Exercise } from '../exercises/exercise.js';
import { EXERCISES } from '../exercises/exercises.js';
import { folderContents } from '../exercises/folder.js';
import { placeOf, writeNewFolder } from '../files/disk.js';
import { isRight, verdictsOn } from './answer-verdicts.js';
import { currentRun } from './current-run.js';
import { answersIn, folderOf, hasExercises, shownName } from './exercise-files.js';
import { scriptsOf, typedExercise, updateScripts } from './exercise-scripts.js';
import { exercisesTrainCommand } from './exercises-train.js';
import { exercisesBugsCommand } from './exercises-bugs.js';
import { exercisesExportCommand, exercisesImportCommand } from './exercises-files.js';
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
  longhand exercises hint 5
  longhand exercises train`,
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
  command.addCommand(exercisesTrainCommand());
  command.addCommand(exercisesBugsCommand());
  command.addCommand(exercisesExportCommand());
  command.addCommand(exercisesImportCommand());
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
    command.error(`error: ${printable(args.join(' '))}: did you mean ${typedExercise(meant)}?${other}`);
  }
  if (args.length > 1)
    command.error('error: too many arguments: write the name of one folder, in quotes if it has spaces');
  if (hasExercises(folder) && updateScripts(folder))
    inform(`${path.join(folder, 'package.json')}: the scripts are new: npm run check 1 works in this folder`);
  await untilInterrupted((signal) => writeNewFolder(folder, folderContents(scriptsOf(folder)), signal));
  print(`${folder}: ${EXERCISES.length} exercises, in typescript/ and in javascript/. README.md says how to begin.`);
  print(`${typed('exercises check 1')}   checks the first one; in the folder itself, npm run check 1`);
}

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
  } else print(`${typedExercise(`hint ${exercise.number}`)} shows a hint.`);
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
