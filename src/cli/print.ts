/**
 * Printing: results go to standard output, all other lines to standard error. Control characters are escaped, except in what
 * `longhand sample` writes into files and pipes.
 *
 * Numbers and tables as text come last. The tutorial's lines were written by Python, so numbers are rounded as Python rounds.
 *
 * Writes to a pipe are asynchronous. A write that fails aborts the run's `outputLost`, some time after the call.
 */
import { alignedRight, printable } from '../core/text-table.js';
import { failure } from '../files/disk.js';
import type { CompleteConfig } from '../network/config.js';
import type { TARGET_LOSSES } from '../training/option-table.js';
import type { Line, Validation } from '../training/training.js';
import { currentRun } from './current-run.js';

export { alignedRight, printable, table } from '../core/text-table.js';

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

/**
 * Python's `"{:.Nf}".format(value)`. It differs from `toFixed` only if a value lies exactly between two results, as 0.515625
 * with 5 digits. Python then rounds to the even last digit; `toFixed` rounds up.
 */
export function pythonFixed(value: number, digits: number): string {
  const up = value.toFixed(digits);
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) return up;
  const beyond = value.toFixed(100).split('.')[1].slice(digits);
  const isTie = /^50*$/.test(beyond);
  const lastDigitIsOdd = Number(up.at(-1)) % 2 === 1;
  if (!isTie || !lastDigitIsOdd) return up;
  return value.toFixed(100).slice(0, up.length);
}

/** A share between 0 and 1 as NumPy prints a float32: 6 digits from the first one that is not 0, no trailing zeros. */
export function numpyShare(value: number): string {
  const leadingZeros = value > 0 && value < 1 ? Math.ceil(-Math.log10(value)) - 1 : 0;
  return pythonFixed(value, 6 + leadingZeros).replace(/(\.\d+?)0+$/, '$1');
}

/** Targets have no accuracy. */
export function tutorialLine({ iter, loss, accuracy }: Line): string {
  const share = Number.isNaN(accuracy) ? '' : `, Training Accuracy= ${pythonFixed(accuracy, 5)}`;
  return `Iter ${iter}, Minibatch Loss= ${pythonFixed(loss, 6)}${share}`;
}

export function validationLine({ step, loss, accuracy }: Validation): string {
  const share = Number.isNaN(accuracy) ? '' : `, Validation Accuracy= ${pythonFixed(accuracy, 5)}`;
  return `Step ${step}, Validation Loss= ${pythonFixed(loss, 6)}${share}`;
}

/** A line about a text. */
export function characterLine({ iter, loss }: Line): string {
  return `Iter ${iter}, Minibatch Loss= ${pythonFixed(loss, 6)}, Bits per Character= ${bits(loss)}`;
}

export function characterValidationLine({ step, loss }: Validation): string {
  return `Step ${step}, Validation Loss= ${pythonFixed(loss, 6)}, Bits per Character= ${bits(loss)}`;
}

/** The losses of targets, as reports name them. */
const LOSS_NAMES: Readonly<Record<string, string>> = {
  squaredError: 'mean squared error',
  absoluteError: 'mean absolute error',
  huber: 'mean Huber loss',
  pinball: 'mean pinball loss',
} satisfies Record<(typeof TARGET_LOSSES)[number], string>;

/** `mean squared error` */
export const lossName = ({ loss }: Pick<CompleteConfig, 'loss'>): string => LOSS_NAMES[loss] ?? loss;

/** A loss in nats, in bits. */
export const bits = (loss: number): string => pythonFixed(loss / Math.LN2, 4);

/** How often each class, a row, was predicted as each class, a column. */
export function confusionTable(names: readonly string[], confusion: readonly (readonly number[])[]): string {
  const rows = confusion.map((row, k) => [names[k], ...row.map((count) => (count === 0 ? '·' : String(count)))]);
  return alignedRight([['', ...names], ...rows]);
}
