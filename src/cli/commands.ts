/** The command line as a function: its commands, its messages for errors, and its exit codes. */
import { Command, CommanderError, Help } from 'commander';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { typed, DataError, BackendUnavailableError, NonFiniteError, OutOfMemoryError } from '../core/errors.js';
import { inFolder } from '../files/disk.js';
import { compareCommand } from './commands/compare.js';
import { completionCommand } from './commands/completion.js';
import { type Output, type Surroundings, asRun, currentRun, Interrupted } from './current-run.js';
import { evalCommand } from './commands/eval.js';
import { exercisesCommand } from './commands/exercises.js';
import { exportCommand, importCommand } from './commands/export.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { inspectCommand } from './commands/inspect.js';
import { pageCommand } from './commands/page.js';
import { predictCommand } from './commands/predict.js';
import { inform, informLines, printText, ReaderGone, watchOutput } from './print.js';
import { sampleCommand } from './commands/sample.js';
import { trainCommand } from './commands/train.js';

const { version } = createRequire(import.meta.url)('longhand/package.json') as { version: string };

/** In characters. Only a message that quotes a hostile file is longer. */
const LONGEST_MESSAGE = 2000;

/** Errors that are not bugs of this program: they are printed as one line, without a stack trace. */
const EXPECTED = [DataError, NonFiniteError, OutOfMemoryError];

/** Runs `longhand` with these arguments. Returns the exit code when its output has been written. Several runs can overlap. */
export function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { cwd } = surroundings;
  return asRun(surroundings, () => (cwd === undefined ? runHere(args) : inFolder(cwd, () => runHere(args))));
}

async function runHere(args: readonly string[]): Promise<number> {
  const state = currentRun();
  const { signal: lost } = state.outputLost;
  watchOutput();
  let failure: unknown;
  try {
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    failure = error;
    state.exitCode = exitCodeOf(error);
  }
  await state.outputWritten;
  if (lost.aborted && lost.reason !== failure && !(lost.reason instanceof ReaderGone))
    state.exitCode = exitCodeOf(lost.reason);
  return state.exitCode;
}

function program(): Command {
  const longhand = new Command('longhand')
    .description('An LSTM with every gradient written out by hand.')
    .version(version, '-v, --version', 'print the version')
    .addCommand(trainCommand())
    .addCommand(evalCommand())
    .addCommand(predictCommand())
    .addCommand(sampleCommand())
    .addCommand(inspectCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(compareCommand())
    .addCommand(gradcheckCommand())
    .addCommand(exercisesCommand())
    .addCommand(pageCommand());
  longhand.addCommand(completionCommand(longhand));
  const { stdout, stderr } = currentRun();
  const here = typed('').trim();
  for (const command of [longhand, ...longhand.commands.flatMap((one) => [one, ...one.commands])]) {
    command
      .configureHelp({ optionDescription })
      .exitOverride()
      .showSuggestionAfterError()
      .addHelpText('after', here === 'longhand' ? '' : `\nHere, write ${here} in place of longhand.`)
      .configureOutput({
        writeOut: printText,
        writeErr: (text) => stderr.write(text),
        outputError: informOfUsage,
        getOutHelpWidth: () => widthOf(stdout),
        getErrHelpWidth: () => widthOf(stderr),
      });
  }
  return longhand;
}

const help = new Help();
/** Omits “(default: false)”, which says nothing about a flag without a value. */
const optionDescription: Help['optionDescription'] = (option) =>
  help.optionDescription(option).replace(/ \(default: false\)$/, '');

/** In characters. */
const widthOf = ({ isTTY, columns }: Output): number => (isTTY && columns ? columns : 80);

/** Prints the error on standard error, and returns the exit code. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed its message
  if (error instanceof Interrupted) {
    inform(`longhand: ${error.message}`);
    currentRun().onInterrupted?.(error.exitCode);
    return error.exitCode;
  }
  if (error instanceof ReaderGone) {
    inform(`longhand: ${error.message}`);
    return 0;
  }
  if (error instanceof BackendUnavailableError) {
    informLines(`longhand: ${error.message}`); // one line for each mode that was tried
    return 1;
  }
  if (error instanceof Error && EXPECTED.some((expected) => error instanceof expected)) {
    inform(`longhand: ${error.message.slice(0, LONGEST_MESSAGE)}`);
    return 1;
  }
  informLines(inspect(error));
  return 1;
}

/** One line, and commander's suggestion below it. Commander quotes arguments, so no argument can look like a suggestion. */
function informOfUsage(message: string): void {
  const suggestion = /\n\(Did you mean [^\n]*\?\)\n$/.exec(message);
  inform(message.slice(0, suggestion?.index).trimEnd());
  if (suggestion) inform(suggestion[0].trim());
}
