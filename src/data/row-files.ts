/** `longhand/tables`: the rows of a file; needs the package papaparse. Node only. */
import { assertList, assertString } from '../core/arguments.js';
import { readInto } from './table-files.js';
import type { CellReader } from './table.js';
import { RowReader } from './table-reader.js';

/**
 * The rows of a CSV, TSV or NDJSON file, with these columns, as `longhand train` reads them: for `trainForecaster`, and for what
 * `loadForecaster` returns. Cells are texts; a number of NDJSON is a number. Rejects with a DataError that names the line, as for a row with too many cells.
 */
export async function loadRows(file: string, columns: readonly string[]): Promise<Record<string, string | number>[]> {
  assertString('loadRows: file', file);
  assertList('loadRows: columns', columns, 'names of columns');
  for (const column of columns) assertString('loadRows: columns: a column', column);
  const readers = new Map(columns.map((column) => [column, new Cells()]));
  const reader = new RowReader(file, readers);
  await readInto(reader, file);
  const { rows } = reader.end();
  const all = [...readers];
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(all.map(([column, { values }]) => [column, values[row]])),
  );
}

class Cells implements CellReader {
  readonly values: (string | number)[] = [];
  isNamed = false;

  add(cell: string): undefined {
    this.values.push(cell);
  }

  keepNumber(value: number): void {
    this.values.push(value);
  }
}
