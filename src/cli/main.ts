#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { DataError, BackendUnavailableError, NonFiniteError, OutOfMemoryError } from '../errors.js';
import { compareCommand } from './compare.js';
import { completionCommand } from './completion.js';
import { evalCommand } from './eval.js';
import { exportCommand, importCommand } from './export.js';
import { gradcheckCommand } from './gradcheck.js';
import { inspectCommand } from './inspect.js';
import { pageCommand } from './page.js';
import { predictCommand } from './predict.js';
import { inform, informLines, outputLost, outputWritten, printText, ReaderGone, watchOutput } from './print.js';
import { Interrupted } from './signals.js';
import { trainCommand } from './train.js';

const { version } = createRequire(import.meta.url)('longhand/package.json') as { version: string };

const program = new Command('longhand')
  .description('An LSTM with every gradient written out by hand.')
  .version(version, '-v, --version', 'print the version')
  .addCommand(trainCommand())
  .addCommand(evalCommand())
  .addCommand(predictCommand())
  .addCommand(inspectCommand())
  .addCommand(exportCommand())
  .addCommand(importCommand())
  .addCommand(compareCommand())
  .addCommand(gradcheckCommand())
  .addCommand(pageCommand());
program.addCommand(completionCommand(program));

for (const command of [program, ...program.commands]) {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: printText, outputError: informOfUsage });
}

/** Longer ones quote a hostile file. */
const LONGEST_MESSAGE = 2000;

/** An output that its reader leaves unread keeps a stopped process for this long. */
const LONGEST_FAREWELL_MS = 1000;

/** What can go wrong without a mistake in this program: one line describes it. */
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

/** The exit code, once the error is on standard error. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // its message has been printed
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
    informLines(`longhand: ${error.message}`); // a line for each mode that was tried
    return 1;
  }
  if (error instanceof Error && EXPECTED.some((expected) => error instanceof expected)) {
    inform(`longhand: ${error.message.slice(0, LONGEST_MESSAGE)}`);
    return 1;
  }
  informLines(inspect(error));
  return 1;
}

/** One line, and below it what may have been meant. Commander quotes arguments, so none can end as its suggestion does. */
function informOfUsage(message: string): void {
  const suggestion = /\n\(Did you mean [^\n]*\?\)\n$/.exec(message);
  inform(message.slice(0, suggestion?.index).trimEnd());
  if (suggestion) inform(suggestion[0].trim());
}
