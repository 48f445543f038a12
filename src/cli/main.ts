#!/usr/bin/env node
import { Command, CommanderError, Help } from 'commander';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { DataError, BackendUnavailableError, NonFiniteError, OutOfMemoryError } from '../errors.js';
import { compareCommand } from './compare.js';
import { completionCommand } from './completion.js';
import { evalCommand } from './eval.js';
import { exercisesCommand } from './exercises.js';
import { exportCommand, importCommand } from './export.js';
import { gradcheckCommand } from './gradcheck.js';
import { inspectCommand } from './inspect.js';
import { pageCommand } from './page.js';
import { predictCommand } from './predict.js';
import { inform, informLines, outputLost, outputWritten, printText, ReaderGone, watchOutput } from './print.js';
import { sampleCommand } from './sample.js';
import { Interrupted } from './signals.js';
import { trainCommand } from './train.js';

const { version } = createRequire(import.meta.url)('longhand/package.json') as { version: string };

const program = new Command('longhand')
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
program.addCommand(completionCommand(program));

const help = new Help();
/** Omits “(default: false)”, which says nothing about a flag without a value. */
const optionDescription: Help['optionDescription'] = (option) =>
  help.optionDescription(option).replace(/ \(default: false\)$/, '');

for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
  command
    .configureHelp({ optionDescription })
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: printText, outputError: informOfUsage });
}

/** In characters. Only a message that quotes a hostile file is longer. */
const LONGEST_MESSAGE = 2000;

/** After a signal, the process waits at most this long until its output has been read. */
const LONGEST_FAREWELL_MS = 1000;

/** Errors that are not bugs of this program: they are printed as one line, without a stack trace. */
const EXPECTED = [DataError, NonFiniteError, OutOfMemoryError];

watchOutput();
let failure: unknown;
try {
  await program.parseAsync();
} catch (error) {
  failure = error;
  process.exitCode = exitCodeOf(error);
}
await outputWritten();
if (outputLost.aborted && outputLost.reason !== failure && !(outputLost.reason instanceof ReaderGone)) {
  process.exitCode = exitCodeOf(outputLost.reason);
}

/** Prints the error on standard error, and returns the exit code. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed its message
  if (error instanceof Interrupted) {
    inform(`longhand: ${error.message}`);
    setTimeout(() => process.exit(), LONGEST_FAREWELL_MS).unref();
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
