/** Rows of texts in columns, and texts without control characters. */

/** Aligns rows of cells, of which the first is the head, in columns. Makes the cells `printable`. */
export function table(rows: readonly (readonly string[])[]): string {
  return padded(rows, (cell, width) => cell.padEnd(width));
}

/** As `table`, but aligned right, for numbers. */
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
 * C0 and C1 controls, line breaks, unpaired surrogates, and characters that are invisible or change the direction of the
 * text. The two joiners (U+200C, U+200D) stay: Persian words and emoji need them.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text from a file or an argument, on one line: control characters become escapes, as in JSON. */
export function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text; // the usual case, tested first: a table can have millions of cells
  return text.replace(UNPRINTABLE, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1); // JSON escapes only some of them
    return escaped.startsWith('\\') ? escaped : character.split('').map(escapedUnit).join('');
  });
}

const escapedUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
