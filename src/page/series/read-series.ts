/** Reads a table, a visitor's file or the page's example, piece by piece in the worker. */
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { yieldToEventLoop } from '../../core/event-loop.js';
import type { Table, WantedColumn } from '../../data/table.js';
import type { FirstRows } from '../../data/table-reader.js';
import { firstRows, RowReader, TableReader } from '../../data/table-reader.js';

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

/** The header and the first rows. Rejects with a DataError if the file is no table; the message is the command's, and names the line. */
export async function readBeginning(source: Source): Promise<FirstRows> {
  const { name, file } = source;
  let first = await firstOf(source, BEGINNING);
  if (first.titles.length > MOST_COLUMNS)
    throw new DataError(`${name}: has ${first.titles.length} columns: at most ${MOST_COLUMNS}`);
  if (first.rows.length < FIRST_ROWS || file.size <= BEGINNING) {
    // a fault among these rows would mislead the guesses; otherwise the rows are few, or long
    await readInto(new RowReader(name, new Map()), source);
    for (let size = 2 * BEGINNING; first.rows.length < 2 && size < 2 * file.size; size *= 2)
      first = await firstOf(source, size);
  }
  const { titles } = first;
  const long = titles.find((title) => title.length > LONGEST_TITLE);
  if (long !== undefined) {
    throw new DataError(
      `${name}, line 1: the name of a column has ${counted(long.length, 'character')}: is this a table?`,
    );
  }
  return first;
}

/** The first rows in this many bytes. */
async function firstOf({ name, file }: Source, bytes: number): Promise<FirstRows> {
  const isWhole = file.size <= bytes;
  const text = await decoded(new TextDecoder('utf-8', { fatal: true }), file.slice(0, bytes), name, isWhole);
  return firstRows(name, text, isWhole, FIRST_ROWS);
}

/** The wanted columns of the whole file. Rejects with a DataError that names the line. */
export const readTable = (
  source: Source,
  wanted: Readonly<Record<string, WantedColumn>>,
  signal: AbortSignal,
): Promise<Table> => readInto(new TableReader(source.name, wanted), source, signal);

interface Reader<Result> {
  add(text: string): void;
  end(): Result;
}

/** What a reader makes of the whole file. */
async function readInto<Result>(reader: Reader<Result>, { name, file }: Source, signal?: AbortSignal): Promise<Result> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0; start < file.size; start += PIECE) {
    const end = start + PIECE;
    reader.add(await decoded(decoder, file.slice(start, end), name, end >= file.size));
    await yieldToEventLoop();
    signal?.throwIfAborted();
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
