/** Tables from files, read piece by piece; needs the package papaparse. Node only. */
import { DataError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { filePieces } from '../files/disk.js';
import type { Table, WantedColumn } from './table.js';
import type { RowReader } from './table-reader.js';
import { TableReader } from './table-reader.js';

/** The wanted columns of a CSV, TSV or NDJSON file. Throws a DataError that names the line. */
export async function loadTable(
  file: string,
  wanted: Readonly<Record<string, WantedColumn>>,
  signal?: AbortSignal,
): Promise<Table> {
  const reader = new TableReader(file, wanted);
  await readInto(reader, file, signal);
  return reader.end();
}

/** Gives `reader` the text of a file in pieces. Throws a DataError unless it is UTF-8. */
export async function readInto(reader: Pick<RowReader, 'add'>, file: string, signal?: AbortSignal): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const piece of filePieces(file)) {
    reader.add(decoded(decoder, piece, file));
    await yieldToEventLoop(signal);
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
