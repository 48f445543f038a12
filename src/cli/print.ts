/**
 * Printing: results go to standard output, all other lines to standard error. Control characters are escaped.
 *
 * Writes to a pipe are asynchronous. A write that fails aborts `outputLost`, some time after the call.
 */
import { failure } from '../files/disk.js';
import { printable } from './format.js';

/** The reader of standard output has closed it, as `head` does. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';

  constructor() {
    super('stopped: the reader of standard output has closed it');
  }
}

const lost = new AbortController();

/** Aborted when standard output cannot be written. Its reason is a ReaderGone, or a DataError if results were lost. */
export const outputLost = lost.signal;

/** Call this before printing: an 'error' event without a listener ends the process with a stack trace. */
export function watchOutput(): void {
  process.stdout.on('error', noteFailure);
  process.stderr.on('error', () => {}); // there is no place left to report it
}

const READER_GONE = ['EPIPE', 'ECONNRESET'];

function noteFailure(error: NodeJS.ErrnoException | null | undefined): void {
  if (!error || lost.signal.aborted) return;
  const isReaderGone = READER_GONE.includes(error.code ?? '');
  lost.abort(isReaderGone ? new ReaderGone() : failure('standard output', 'cannot be written', error));
}

let lastWritten = Promise.resolve();

/** Resolves when everything printed so far has been written to standard output, or the write has failed. */
export const outputWritten = (): Promise<void> => lastWritten;

/** One line of a result. */
export function print(line: string): void {
  printText(`${printable(line)}\n`);
}

/** A result of several lines, such as a table. Texts in it that come from files or arguments must be `printable` already. */
export function printLines(lines: string): void {
  printText(`${lines}\n`);
}

/** Prints a result as it is; it should end with a line break. */
export function printText(text: string): void {
  lastWritten = new Promise((resolve) => {
    process.stdout.write(printableLines(text), (error) => {
      noteFailure(error);
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
  process.stderr.write(`${printableLines(text)}\n`);
}

const printableLines = (text: string): string => text.replace(/[^\n\t]+/g, printable);
