/** Reads a visitor's file, or the page's example, piece by piece in the worker. */
import seriesFile from 'virtual:series-file';
import { DataError } from '../../core/errors.js';
import { yieldToEventLoop } from '../../core/event-loop.js';
import type { ColumnKind, Table } from '../../data/table.js';
import type { FirstRows } from '../../data/table-reader.js';
import { firstRows, TableReader } from '../../data/table-reader.js';
import { fetchFiles } from '../fetch-data.js';

/** Bytes from which the columns and their kinds are guessed. */
const BEGINNING = 2 ** 18;
const FIRST_ROWS = 50;
/** Bytes that are read at once. */
const PIECE = 2 ** 22;
/** Larger tables are none: the page would have a field for each of their columns. */
const MOST_COLUMNS = 1000;
const LONGEST_TITLE = 200;

/** A file of the visitor, or the example. */
export interface Source {
  readonly name: string;
  readonly file: Blob;
}

/** The example. The arguments and the errors are those of `fetchMnist`. */
export async function fetchExample(
  folder: URL,
  bypassCache: boolean,
  progress: (share: number) => void,
): Promise<Source> {
  const [{ name, bytes }] = await fetchFiles([seriesFile], folder, bypassCache, progress);
  return { name, file: new Blob([bytes as Uint8Array<ArrayBuffer>]) };
}

/** The header and the first rows. Rejects with a DataError if the file is no table. */
export async function readBeginning({ name, file }: Source): Promise<FirstRows> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const isWhole = file.size <= BEGINNING;
  const text = await decoded(decoder, file.slice(0, BEGINNING), name, isWhole);
  const first = firstRows(name, text, isWhole, FIRST_ROWS);
  const { titles, rows } = first;
  if (titles.length > MOST_COLUMNS)
    throw new DataError(`${name}: has ${titles.length} columns: at most ${MOST_COLUMNS}`);
  const long = titles.find((title) => title.length > LONGEST_TITLE);
  if (long !== undefined) {
    throw new DataError(`${name}, line 1: the name of a column has ${long.length} characters: is this a table?`);
  }
  if (rows.length === 0) throw new DataError(`${name}: has no rows`);
  return first;
}

/** The wanted columns of the whole file. Rejects with a DataError that names the line. */
export async function readTable(
  { name, file }: Source,
  wanted: Readonly<Record<string, ColumnKind>>,
  signal: AbortSignal,
): Promise<Table> {
  const reader = new TableReader(name, wanted);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0; start < file.size; start += PIECE) {
    const end = start + PIECE;
    reader.add(await decoded(decoder, file.slice(start, end), name, end >= file.size));
    await yieldToEventLoop();
    signal.throwIfAborted();
  }
  return reader.end();
}

async function decoded(decoder: TextDecoder, piece: Blob, name: string, isEnd: boolean): Promise<string> {
  let bytes: ArrayBuffer;
  try {
    bytes = await piece.arrayBuffer();
  } catch {
    throw new DataError(`${name}: cannot be read`);
  }
  try {
    return decoder.decode(bytes, { stream: !isEnd });
  } catch {
    throw new DataError(`${name}: is not a text in UTF-8`);
  }
}
