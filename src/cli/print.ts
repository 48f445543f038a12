/**
 * Everything that the command prints, without characters that a terminal would obey: results go to standard output, all
 * other lines to standard error.
 *
 * A pipe is written asynchronously, so a failed write is known later: `outputLost` is then aborted.
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

/** Aborted when standard output cannot be written; its reason is a ReaderGone, or a DataError if results were lost. */
export const outputLost = lost.signal;

/** Call it before anything is printed: an 'error' event that has no listener ends the process with a stack trace. */
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

/** Resolves when the reader of standard output has accepted everything printed so far, or cannot. */
export const outputWritten = (): Promise<void> => lastWritten;

/** One line of a result. */
export function print(line: string): void {
  printText(`${printable(line)}\n`);
}

/** A result that has lines of its own, such as a table. Texts from files or arguments in it must be `printable` already. */
export function printLines(lines: string): void {
  printText(`${lines}\n`);
}

/** The same with its last line's end. */
export function printText(text: string): void {
  lastWritten = new Promise((resolve) => {
    process.stdout.write(printableLines(text), (error) => {
      noteFailure(error);
      resolve();
    });
  });
}

/** One line of JSON. A JSON text has such characters only in its strings, where an escape means the same. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** One line for the person at the terminal. */
export function inform(line: string): void {
  informLines(printable(line));
}

/** A message that has lines of its own. */
export function informLines(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

const printableLines = (text: string): string => text.replace(/[^\n\t]+/g, printable);
