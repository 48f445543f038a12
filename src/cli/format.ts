/** Numbers and tables as text. The tutorial's lines were written by Python, so numbers are rounded as Python rounds. */
import type { Line, Validation } from '../training/run.js';

/**
 * Python's `"{:.Nf}".format(value)`. It differs from `toFixed` where a value lies exactly between two results
 * (0.515625 with 5 digits): Python takes the even last digit, `toFixed` the larger value.
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

/** How NumPy prints a float32 share between 0 and 1: 6 digits from the first that is not 0, no zeros at the end. */
export function numpyShare(value: number): string {
  const leadingZeros = value > 0 && value < 1 ? Math.ceil(-Math.log10(value)) - 1 : 0;
  return pythonFixed(value, 6 + leadingZeros).replace(/(\.\d+?)0+$/, '$1');
}

export function tutorialLine({ iter, loss, accuracy }: Line): string {
  return `Iter ${iter}, Minibatch Loss= ${pythonFixed(loss, 6)}, Training Accuracy= ${pythonFixed(accuracy, 5)}`;
}

export function validationLine({ step, loss, accuracy }: Validation): string {
  return `Step ${step}, Validation Loss= ${pythonFixed(loss, 6)}, Validation Accuracy= ${pythonFixed(accuracy, 5)}`;
}

/** Rows of cells in columns as wide as their widest cell, the first row being the head. Cells are made `printable`. */
export function table(rows: readonly (readonly string[])[]): string {
  return padded(rows, (cell, width) => cell.padEnd(width));
}

/** The same for columns of numbers. */
export function alignedRight(rows: readonly (readonly string[])[]): string {
  return padded(rows, (cell, width) => cell.padStart(width));
}

function padded(texts: readonly (readonly string[])[], pad: (cell: string, width: number) => string): string {
  const rows = texts.map((row) => row.map(printable));
  const widths = rows[0].map((_, column) => rows.reduce((most, row) => Math.max(most, row[column].length), 0));
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * C0 and C1 controls, line breaks, halves of surrogate pairs, and what is invisible or turns the direction of the text.
 * The two joiners (U+200C, U+200D) pass: Persian words and emoji need them.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Names and texts from files or arguments on one line: what a terminal would obey becomes an escape, as in JSON. */
export function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text; // most are, and a table can have millions of cells
  return text.replace(UNPRINTABLE, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1); // JSON escapes some of them only
    return escaped.startsWith('\\') ? escaped : character.split('').map(escapedUnit).join('');
  });
}

const escapedUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
