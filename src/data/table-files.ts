/** Tables from files, read piece by piece; needs the package papaparse. Node only. */
import { assertList, assertString } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { filePieces } from '../files/disk.js';
import type { CellReader, ColumnKind, Table } from './table.js';
import { RowReader, TableReader } from './table-reader.js';

/** The wanted columns of a CSV, TSV or NDJSON file. Throws a DataError that names the line. */
export async function loadTable(
  file: string,
  wanted: Readonly<Record<string, ColumnKind>>,
  signal?: AbortSignal,
): Promise<Table> {
  const reader = new TableReader(file, wanted);
  await readInto(reader, file, signal);
  return reader.end();
}

/**
 * The rows of a CSV, TSV or NDJSON file, with these columns, as `longhand train` reads them: for `trainForecaster`, and for what
 * `loadForecaster` returns. Rejects with a DataError that names the line, as for a row with too many cells.
 */
export async function loadRows(file: string, columns: readonly string[]): Promise<Record<string, string>[]> {
  assertString('loadRows: file', file);
  assertList('loadRows: columns', columns, 'names of columns');
  for (const column of columns) assertString('loadRows: columns: a column', column);
  const readers = new Map(columns.map((column) => [column, new TextReader()]));
  const reader = new RowReader(file, readers);
  await readInto(reader, file);
  const { rows } = reader.end();
  const all = [...readers];
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(all.map(([column, { texts }]) => [column, texts[row]])),
  );
}

/** Keeps the cells. */
class TextReader implements CellReader {
  readonly texts: string[] = [];
  isNamed = false;

  add(cell: string): undefined {
    this.texts.push(cell);
  }
}

async function readInto(reader: Pick<RowReader, 'add'>, file: string, signal?: AbortSignal): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const piece of filePieces(file)) {
    reader.add(decoded(decoder, piece, file));
    await yieldToEventLoop();
    signal?.throwIfAborted();
  }
  reader.add(decoded(decoder, undefined, file));
}

function decoded(decoder: TextDecoder, piece: Uint8Array | undefined, file: string): string {
  try {
    return decoder.decode(piece, { stream: piece !== undefined });
  } catch {
    throw new DataError(`${file}: is not a text in UTF-8`);
  }
}
