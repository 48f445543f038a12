/**
 * Printing: results go to standard output, all other lines to standard error. Control characters are escaped, except in what
 * `longhand sample` writes into files and pipes.
 *
 * Writes to a pipe are asynchronous. A write that fails aborts the run's `outputLost`, some time after the call.
 */
import { failure } from '../files/disk.js';
import { currentRun } from './current-run.js';
import { printable } from './format.js';

/** The reader of standard output has closed it, as `head` does. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';

  constructor() {
    super('stopped: the reader of standard output has closed it');
  }
}

/** Call this before printing: an 'error' event without a listener ends the process with a stack trace. */
export function watchOutput(): void {
  const { stdout, stderr, outputLost } = currentRun();
  stdout.on('error', (error: Error) => noteFailure(outputLost, error));
  stderr.on('error', () => {}); // there is no place left to report it
}

const READER_GONE = ['EPIPE', 'ECONNRESET'];

function noteFailure(outputLost: AbortController, error: NodeJS.ErrnoException | null | undefined): void {
  if (!error || outputLost.signal.aborted) return;
  const isReaderGone = READER_GONE.includes(error.code ?? '');
  outputLost.abort(isReaderGone ? new ReaderGone() : failure('standard output', 'cannot be written', error));
}

/** One line of a result. */
export function print(line: string): void {
  printText(`${printable(line)}\n`);
}

/** A result of several lines, such as a table. Texts in it that come from files or arguments must be `printable` already. */
export function printLines(lines: string): void {
  printText(`${lines}\n`);
}

/** Prints a result, with control characters escaped; it should end with a line break. */
export function printText(text: string): void {
  write(printableLines(text));
}

/** A text that a program may read: into files and pipes byte for byte. On a terminal, control characters are escaped. */
export function printContents(text: string): void {
  write(currentRun().stdout.isTTY ? printableLines(text) : text);
}

/** A line break after contents on a terminal, where the next line would continue theirs. Files and pipes get the contents alone. */
export function endContents(): void {
  if (currentRun().stdout.isTTY) write('\n');
}

function write(text: string): void {
  const run = currentRun();
  run.outputWritten = new Promise((resolve) => {
    run.stdout.write(text, (error) => {
      noteFailure(run.outputLost, error);
      resolve();
    });
  });
}

/** One line of JSON. JSON has control characters only in strings, where their escapes mean the same. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** One line for the person at the terminal. */
export function inform(line: string): void {
  informLines(printable(line));
}

/** A message of several lines. */
export function informLines(text: string): void {
  currentRun().stderr.write(`${printableLines(text)}\n`);
}

const printableLines = (text: string): string => text.replace(/[^\n\t]+/g, printable);
