#!/usr/bin/env node
/** The `longhand` command: one run with the process's own streams, signals and exit code. */
import path from 'node:path';
import { startedAs } from '../core/errors.js';
import { run } from './commands.js';

/** After a signal, the process waits at most this long until its output has been read. */
const LONGEST_FAREWELL_MS = 1000;

const { npm_lifecycle_event: script } = process.env; // undefined: npm has not started it
if (path.basename(process.argv[1]) === 'longhand') {
  if (script === 'npx') startedAs('npx --no-install longhand');
  else if (script === undefined) startedAs('longhand');
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  onInterrupted: (exitCode) => setTimeout(() => process.exit(exitCode), LONGEST_FAREWELL_MS).unref(),
});
