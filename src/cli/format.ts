/** Numbers and tables as text. The tutorial's lines were written by Python, so numbers are rounded as Python rounds. */
import type { Line, Validation } from '../training.js';

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

/** Rows of cells in columns as wide as their widest cell, the first row being the head. */
export function table(rows: readonly (readonly string[])[]): string {
  return padded(rows, (cell, width) => cell.padEnd(width));
}

/** The same for columns of numbers. */
export function alignedRight(rows: readonly (readonly string[])[]): string {
  return padded(rows, (cell, width) => cell.padStart(width));
}

function padded(rows: readonly (readonly string[])[], pad: (cell: string, width: number) => string): string {
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

/** Names and texts in files come from strangers: without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => (character === '\n' ? character : '�'));
}
