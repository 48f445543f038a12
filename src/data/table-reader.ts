/**
 * Reads tables in CSV, TSV or NDJSON (a JSON object a line). The text arrives in pieces of any size, and only the columns that are asked
 * for are kept, so a file may be larger than the memory.
 */
import Papa from 'papaparse';
import { counted, describe, firstOf } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { leadingCount } from '../core/lists.js';
import { parseStrictJson } from '../files/json.js';
import type { CellReader, Table, WantedColumn } from './table.js';
import { addCell, addField, ColumnReader } from './table.js';

/** Objects in objects, in a line of NDJSON: only the outermost has columns. */
const MOST_NESTED = 1000;
/** Names of columns in a message. */
const MOST_SHOWN = 30;
/** In characters. A quotation mark that is never closed would make the rest of the file one cell. */
const LONGEST_ROW = 2 ** 20;

/** The separators of columns, the likeliest first. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Reads the rows of a table, whose text arrives in pieces, into readers of columns. */
export class RowReader<Reader extends CellReader = CellReader> {
  private pending = '';
  /** `pending` is read again when it is this long: twice the row that it began with, so no character is read often. */
  private readFrom = 0;
  private parse: ((text: string, isEnd: boolean) => number) | undefined;
  private isJson = false;
  private rows = 0;
  /** The line of the next row, from 1. */
  private line = 1;
  /** [row, line] where rows do not follow line after line. */
  private readonly jumps: [row: number, line: number][] = [];

  /** `columns`: what reads each column. `name` is for messages; `.tsv`, `.ndjson` and `.jsonl` decide the format. */
  constructor(
    private readonly name: string,
    protected readonly columns: ReadonlyMap<string, Reader>,
  ) {}

  /** Reads the next piece of the text. Throws a DataError that names the line. */
  add(text: string): void {
    this.pending += text;
    if (this.pending.length < this.readFrom) return;
    if (this.parse || this.pending.length > LONGEST_ROW) this.read(false); // else the rows that decide the format may not be whole
    this.readFrom = 2 * this.pending.length;
  }

  /** Reads the rest. Throws a DataError if the table has no rows, or that names the line. */
  end(): Omit<Table, 'columns'> {
    this.read(true);
    const { name, rows, jumps } = this;
    if (rows === 0) throw new DataError(`${name}: has no rows`);
    const whereIs = (row: number): string => `${name}, line ${lineAt(jumps, row)}`;
    const absent = [...this.columns].find(([, reader]) => this.isJson && !reader.isNamed);
    if (absent) throw new DataError(`${name}: no line has a column ${JSON.stringify(absent[0])}`);
    return { name, rows, whereIs };
  }

  private read(isEnd: boolean): void {
    this.parse ??= this.begin();
    const used = this.parse(this.pending, isEnd);
    this.pending = this.pending.slice(used);
    this.assertShort(this.pending.length);
  }

  /** `length`: that of a row, or of its beginning. */
  private assertShort(length: number): void {
    if (length <= LONGEST_ROW) return;
    throw this.fault(`a row of more than ${LONGEST_ROW} characters: is a quotation mark missing?`);
  }

  private fault(message: string): DataError {
    return new DataError(`${this.name}, line ${this.line}: ${message}`);
  }

  /** Chooses the format by the file's name, else by its first line. Returns what reads rows, and says how much of a text it has read. */
  private begin(): (text: string, isEnd: boolean) => number {
    this.pending = withoutMark(this.pending);
    const format = formatOf(this.name, this.pending, [...this.columns.keys()]);
    this.isJson = format === 'objects';
    if (format === 'objects') return (text, isEnd) => this.readJsonLines(text, isEnd);
    const parser = parserFor(format);
    let cellsOf: ((row: readonly string[]) => void) | undefined;
    return (text, isEnd) => {
      const { data, errors, meta } = parser.parse(text, 0, !isEnd) as Papa.ParseResult<string[]>;
      const fault = errors.at(0);
      for (const [n, row] of data.entries()) {
        this.assertShort(lengthOf(row));
        if (n === fault?.row) throw this.fault(fault.message);
        if (row.length > 1 || row[0].trim() !== '') {
          if (cellsOf) cellsOf(row);
          else cellsOf = this.header(row);
        }
        this.line += 1 + newlinesIn(row);
      }
      return isEnd ? text.length : meta.cursor;
    };
  }

  /** Finds the wanted columns. Returns what reads a row. */
  private header(names: readonly string[]): (row: readonly string[]) => void {
    const titles = names.map((title) => title.trim());
    const wanted = [...this.columns].map(([column, reader]): [number, string, CellReader] => {
      const at = titles.indexOf(column);
      if (at < 0) throw this.fault(`there is no column ${JSON.stringify(column)}: the columns are ${namesOf(titles)}`);
      if (titles.includes(column, at + 1)) throw this.fault(`two columns are called ${JSON.stringify(column)}`);
      return [at, column, reader];
    });
    return (row) => {
      if (row.length !== titles.length) {
        throw this.fault(`${counted(row.length, 'cell')}, but the header has ${titles.length}`);
      }
      this.beginRow();
      for (const [at, column, reader] of wanted) {
        const fault = addCell(column, reader, row[at].trim());
        if (fault !== undefined) throw this.fault(fault);
      }
    };
  }

  private readJsonLines(text: string, isEnd: boolean): number {
    const lines = text.split('\n');
    const last = isEnd ? '' : (lines.pop() ?? '');
    for (const line of lines) {
      this.assertShort(line.length);
      if (line.trim() !== '') this.readJson(line);
      this.line++;
    }
    return text.length - last.length;
  }

  private readJson(line: string): void {
    let record: unknown;
    try {
      record = parseStrictJson(line, { depth: MOST_NESTED });
    } catch (error) {
      throw this.fault(`not valid JSON (${error instanceof Error ? error.message : String(error)})`);
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw this.fault('is not a JSON object');
    this.beginRow();
    for (const [column, reader] of this.columns) {
      const fault = addField(record as Record<string, unknown>, column, reader);
      if (fault !== undefined) throw this.fault(fault);
    }
  }

  private beginRow(): void {
    if (this.line !== lineAt(this.jumps, this.rows)) this.jumps.push([this.rows, this.line]);
    this.rows++;
  }
}

/** Reads a table whose text arrives in pieces. */
export class TableReader extends RowReader<ColumnReader> {
  /** `wanted`: the kind and form of each column. `name` is as that of a `RowReader`. */
  constructor(name: string, wanted: Readonly<Record<string, WantedColumn>>) {
    super(name, new Map(Object.entries(wanted).map(([column, one]) => [column, new ColumnReader(one)])));
  }

  override end(): Table {
    const read = super.end();
    return { ...read, columns: new Map([...this.columns].map(([column, reader]) => [column, reader.end()])) };
  }
}

const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

/** How a table is written: a JSON object a line, or with a separator of columns. */
type TableFormat = 'objects' | (typeof DELIMITERS)[number];

/**
 * The format of a table, by its name, else by its first two rows, which `beginning` must hold. The best separator makes most of the
 * wanted titles; of several, the one with as many columns in both rows, then the one with most columns. A title or a text may hold other separators.
 */
function formatOf(name: string, beginning: string, wanted: readonly string[] = []): TableFormat {
  if (holdsObjects(name, beginning)) return 'objects';
  if (/\.tsv$/i.test(name)) return '\t';
  const [header = '', row = header] = beginningRows(beginning);
  const scores = DELIMITERS.map((delimiter) => {
    const titles = header.split(delimiter).map((title) => title.trim());
    const isSame = titles.length > 1 && row.split(delimiter).length === titles.length;
    return [wanted.filter((title) => titles.includes(title)).length, Number(isSame), titles.length];
  });
  return DELIMITERS[scores.indexOf(scores.reduce((best, one) => (isLarger(one, best) ? one : best)))];
}

/** Whether a list of numbers is larger than another: the first that differ decide. */
function isLarger(one: readonly number[], other: readonly number[]): boolean {
  const n = one.findIndex((value, k) => value !== other[k]);
  return n >= 0 && one[n] > other[n];
}

const holdsObjects = (name: string, text: string): boolean => /\.(ndjson|jsonl)$/i.test(name) || /^\s*\{/.test(text);

/** A quoted cell, which may hold separators and line breaks; the last one may have no end. Two quotation marks are one in the cell. */
const QUOTED_CELL = /(^|[,;\t|\n])("[^"]*("|$))+/g;

/** The first two rows that are not blank, with `x` in place of each quoted cell. */
const beginningRows = (text: string): string[] =>
  text
    .replace(QUOTED_CELL, '$1x')
    .split('\n')
    .filter((row) => row.trim() !== '')
    .slice(0, 2);

// cells lose the \r of \r\n
const parserFor = (delimiter: string): Papa.Parser => new Papa.Parser({ delimiter, newline: '\n' });

/** The beginning of a table, before it is known which columns are wanted. */
export interface FirstRows {
  readonly titles: readonly string[];
  /** A text for each title. */
  readonly rows: readonly (readonly string[])[];
}

/** The first rows of a table, at most `most`, from the beginning of its text. `isWhole`: the last line is complete. Faults are left to `TableReader`. */
export function firstRows(name: string, beginning: string, isWhole: boolean, most: number): FirstRows {
  const text = withoutMark(beginning);
  const format = formatOf(name, text);
  if (format === 'objects') return firstRecords(isWhole ? text : text.slice(0, text.lastIndexOf('\n') + 1), most);
  const { data } = parserFor(format).parse(text, 0, !isWhole) as Papa.ParseResult<string[]>;
  const [header = [], ...others] = data.filter((row) => row.length > 1 || row[0].trim() !== '');
  const titles = header.map((title) => title.trim());
  const cellsOf = (row: readonly string[]): string[] => titles.map((_, n) => (row[n] ?? '').trim());
  return { titles, rows: others.slice(0, most).map(cellsOf) };
}

function firstRecords(text: string, most: number): FirstRows {
  const records = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, most)
    .flatMap((line): Record<string, unknown>[] => {
      try {
        const record = parseStrictJson(line, { depth: MOST_NESTED });
        return typeof record === 'object' && record !== null ? [record as Record<string, unknown>] : [];
      } catch {
        return []; // `TableReader` names the line
      }
    });
  const titles = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const cellOf = (value: unknown): string =>
    typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
  return { titles, rows: records.map((record) => titles.map((title) => cellOf(record[title]))) };
}

/** Names of columns, for a message. */
const namesOf = (titles: readonly string[]): string =>
  firstOf(
    titles.map((title) => (/^[^\p{Cc}",]{1,40}$/u.test(title) ? title : describe(title))),
    MOST_SHOWN,
  );

/** The line of a row. */
function lineAt(jumps: readonly [row: number, line: number][], row: number): number {
  const [from, line] = jumps[leadingCount(jumps, ([one]) => one <= row) - 1] ?? [0, 1];
  return line + row - from;
}

/** Its characters, without the quotation marks around cells and in them. */
const lengthOf = (row: readonly string[]): number => row.reduce((sum, cell) => sum + cell.length, row.length - 1);

function newlinesIn(row: readonly string[]): number {
  let count = 0;
  for (const cell of row) for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++;
  return count;
}
