#!/usr/bin/env node
/** The `longhand` command. Exit codes: 0 done, 1 the data or the machine failed, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { BackendUnavailableError } from '../backend.js';
import { DataError } from '../data-error.js';
import { NonFiniteError } from '../model.js';
import { OutOfMemoryError } from '../tensor.js';
import { compareCommand } from './compare.js';
import { completionCommand } from './completion.js';
import { evalCommand } from './eval.js';
import { exportCommand, importCommand } from './export.js';
import { printable } from './format.js';
import { gradcheckCommand } from './gradcheck.js';
import { inspectCommand } from './inspect.js';
import { pageCommand } from './page.js';
import { predictCommand } from './predict.js';
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

for (const command of [program, ...program.commands]) command.exitOverride().showSuggestionAfterError();

// A reader that has seen enough (`longhand train | head`) ends the run quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** Longer ones quote a hostile file. */
const LONGEST_MESSAGE = 2000;

/** What can go wrong without a mistake in this program: one line tells it all. */
const EXPECTED = [DataError, NonFiniteError, BackendUnavailableError, OutOfMemoryError];

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // its message has been printed
  if (error instanceof Interrupted) {
    console.error(`longhand: ${error.message}`);
    return error.exitCode;
  }
  console.error(
    error instanceof Error && EXPECTED.some((expected) => error instanceof expected)
      ? `longhand: ${printable(error.message).slice(0, LONGEST_MESSAGE)}`
      : error,
  );
  return 1;
}
