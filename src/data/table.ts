/**
 * Tables of one's own data in CSV, TSV or NDJSON (a JSON object a line). The text arrives in pieces of any size, and only the columns that
 * are asked for are kept, so a file may be larger than the memory.
 */
import Papa from 'papaparse';
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom, F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { TIME_FORMS, timeFrom } from './calendar.js';

/** What a column holds. `either`: numbers, or texts if a cell is neither a number nor missing. */
export type ColumnKind = 'number' | 'time' | 'text' | 'either';

/** A column of numbers or of times. */
export interface NumberColumn {
  readonly kind: 'number' | 'time';
  /** A number for each row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of texts. */
export interface TextColumn {
  readonly kind: 'text';
  /** For each row the index of its text in `words`; -1 where it is missing. */
  readonly values: Int32Array;
  /** Each different text, in the order in which they occur. */
  readonly words: readonly string[];
}

/** The columns that were asked for. */
export interface Table {
  /** The file's name, for messages. */
  readonly name: string;
  readonly rows: number;
  /** Where a row is, for messages: `births.csv, line 17`. */
  readonly whereIs: (row: number) => string;
  readonly columns: ReadonlyMap<string, NumberColumn | TextColumn>;
}

/** Cells that say that there is no value, besides empty ones. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);
/** No row of a table is nearly as long; a quotation mark that is never closed would make the rest of the file one cell. */
const LONGEST_ROW = 2 ** 24;
/** More different texts than this are no categories: the memory would hold each of them. */
const MOST_WORDS = 100_000;

/** The separators of columns, the likeliest first. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Reads a table whose text arrives in pieces. */
export class TableReader {
  private readonly columns: Map<string, ColumnReader>;
  private pending = '';
  private parse: ((text: string, isEnd: boolean) => number) | undefined;
  private rows = 0;
  /** The line of the next row, from 1. */
  private line = 1;
  /** [row, line] where rows do not follow line after line. */
  private readonly jumps: [row: number, line: number][] = [];

  /** `wanted`: the kind of each column. `name` is for messages; `.tsv`, `.ndjson` and `.jsonl` decide the format. */
  constructor(
    private readonly name: string,
    wanted: Readonly<Record<string, ColumnKind>>,
  ) {
    this.columns = new Map(Object.entries(wanted).map(([column, kind]) => [column, new ColumnReader(kind)]));
  }

  /** Reads the next piece of the text. Throws a DataError that names the line. */
  add(text: string): void {
    this.pending += text;
    if (this.parse || this.pending.trimStart().includes('\n')) this.read(false);
    else this.assertShort();
  }

  /** The table. Throws a DataError if it has no rows, or that names the line. */
  end(): Table {
    this.read(true);
    const { name, rows, jumps } = this;
    if (rows === 0) throw new DataError(`${name}: has no rows`);
    const whereIs = (row: number): string => `${name}, line ${lineAt(jumps, row)}`;
    const columns = new Map([...this.columns].map(([column, reader]) => [column, reader.end()]));
    return { name, rows, whereIs, columns };
  }

  private read(isEnd: boolean): void {
    this.parse ??= this.begin();
    const used = this.parse(this.pending, isEnd);
    this.pending = this.pending.slice(used);
    this.assertShort();
  }

  private assertShort(): void {
    if (this.pending.length <= LONGEST_ROW) return;
    throw this.fault(`a row of more than ${LONGEST_ROW} characters: is a quotation mark missing?`);
  }

  private fault(message: string): DataError {
    return new DataError(`${this.name}, line ${this.line}: ${message}`);
  }

  /** Chooses the format by the file's name, else by its first line. Returns what reads rows, and says how much of a text it has read. */
  private begin(): (text: string, isEnd: boolean) => number {
    this.pending = this.pending.replace(/^\uFEFF/, '');
    const isJson = /\.(ndjson|jsonl)$/i.test(this.name) || /^\s*\{/.test(this.pending);
    if (isJson) return (text, isEnd) => this.readJsonLines(text, isEnd);
    const [first] = /^.*\S.*/m.exec(this.pending) ?? [''];
    const parser = new Papa.Parser({ delimiter: this.delimiterIn(first), newline: '\n' }); // cells lose the \r of \r\n
    let cellsOf: ((row: readonly string[]) => void) | undefined;
    return (text, isEnd) => {
      const { data, errors, meta } = parser.parse(text, 0, !isEnd) as Papa.ParseResult<string[]>;
      const fault = errors.at(0);
      for (const [n, row] of data.entries()) {
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

  private delimiterIn(header: string): string {
    if (/\.tsv$/i.test(this.name)) return '\t';
    const bare = header.replace(/"[^"]*"/g, '');
    const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
    return DELIMITERS[counts.indexOf(Math.max(...counts))];
  }

  /** Finds the wanted columns. Returns what reads a row. */
  private header(names: readonly string[]): (row: readonly string[]) => void {
    const titles = names.map((title) => title.trim());
    const wanted = [...this.columns].map(([column, reader]): [number, string, ColumnReader] => {
      const at = titles.indexOf(column);
      if (at < 0)
        throw this.fault(`there is no column ${JSON.stringify(column)}: the columns are ${titles.join(', ')}`);
      if (titles.includes(column, at + 1)) throw this.fault(`two columns are called ${JSON.stringify(column)}`);
      return [at, column, reader];
    });
    return (row) => {
      if (row.length !== titles.length) {
        throw this.fault(`${row.length} cells, but the header has ${titles.length}`);
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
      if (line.trim() !== '') this.readJson(line);
      this.line++;
    }
    return text.length - last.length;
  }

  private readJson(line: string): void {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      throw this.fault('is not a JSON object');
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

/** Adds a cell to its column. Returns what is wrong with it. */
function addCell(column: string, reader: ColumnReader, cell: string): string | undefined {
  const fault = reader.add(cell);
  return fault === undefined ? undefined : `${column} is ${JSON.stringify(cell)}: ${fault}`;
}

/** The line of a row. */
function lineAt(jumps: readonly [row: number, line: number][], row: number): number {
  const [from, line] = jumps[lastJumpBefore(jumps, row)] ?? [0, 1];
  return line + row - from;
}

function lastJumpBefore(jumps: readonly [row: number, line: number][], row: number): number {
  let [low, high] = [0, jumps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (jumps[middle][0] <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function newlinesIn(row: readonly string[]): number {
  let count = 0;
  for (const cell of row) for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++;
  return count;
}

/** `addCell` of a value of an object; a name that the object does not have is missing. */
function addField(record: Readonly<Record<string, unknown>>, column: string, reader: ColumnReader): string | undefined {
  const value = (Object.hasOwn(record, column) ? record[column] : null) ?? '';
  if (typeof value === 'string') return addCell(column, reader, value.trim());
  if (typeof value === 'number' || typeof value === 'boolean') return addCell(column, reader, String(value));
  return `${column} is ${describe(value)}: must be a number or a text`;
}

/** A table of rows in memory, as `TableReader` reads it from a file. Throws a DataError that names the row, from 0. */
export function tableOf(
  name: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  wanted: Readonly<Record<string, ColumnKind>>,
): Table {
  const whereIs = (row: number): string => `${name}[${row}]`;
  const columns = Object.entries(wanted).map(([column, kind]): [string, NumberColumn | TextColumn] => {
    const reader = new ColumnReader(kind);
    for (const [n, row] of rows.entries()) {
      const fault = addField(row, column, reader);
      if (fault !== undefined) throw new DataError(`${whereIs(n)}: ${fault}`);
    }
    return [column, reader.end()];
  });
  return { name, rows: rows.length, whereIs, columns: new Map(columns) };
}

/** A column while it is read. */
class ColumnReader {
  private values = new Float64Array(1024);
  private codes: Int32Array<ArrayBuffer> | undefined;
  private readonly words = new Map<string, number>();
  private count = 0;
  /** Whether every cell is a number or missing. */
  private isNumeric = true;

  constructor(private readonly kind: ColumnKind) {
    if (kind === 'text' || kind === 'either') this.codes = new Int32Array(1024);
  }

  /** Adds a cell. Returns what is wrong with it. */
  add(cell: string): string | undefined {
    if (this.count === this.values.length) this.grow();
    const isMissing = cell.length <= 4 && MISSING.has(cell.toLowerCase());
    const value = isMissing ? NaN : this.kind === 'time' ? timeFrom(cell) : decimalFrom(cell);
    const isNumber = isMissing || (this.kind === 'time' ? !Number.isNaN(value) : isWithinF32(value));
    this.values[this.count] = value;
    if (!isNumber) {
      if (this.kind === 'number') return `must be a number within f32 (${F32_RANGE}), with a point before its decimals`;
      if (this.kind === 'time') return `must be a day that exists, in the form ${TIME_FORMS}`;
      if (!this.codes) return `must be a number, because the column has more than ${MOST_WORDS} different cells`;
      this.isNumeric = false;
    }
    const fault = this.addWord(isMissing ? undefined : cell);
    this.count++;
    return fault;
  }

  private addWord(cell: string | undefined): string | undefined {
    if (!this.codes) return undefined;
    const code = cell === undefined ? -1 : (this.words.get(cell) ?? this.words.size);
    if (code < MOST_WORDS) {
      if (cell !== undefined && code === this.words.size) this.words.set(cell, code);
      this.codes[this.count] = code;
    } else if (this.kind === 'text' || !this.isNumeric) {
      return `the column has more than ${MOST_WORDS} different texts`;
    } else {
      this.codes = undefined; // the column holds numbers
    }
    return undefined;
  }

  private grow(): void {
    const { values, codes } = this;
    this.values = new Float64Array(2 * values.length);
    this.values.set(values);
    if (!codes) return;
    this.codes = new Int32Array(2 * codes.length);
    this.codes.set(codes);
  }

  end(): NumberColumn | TextColumn {
    const { kind, codes, count } = this;
    if (codes && (kind === 'text' || !this.isNumeric)) {
      return { kind: 'text', values: codes.slice(0, count), words: [...this.words.keys()] };
    }
    return { kind: kind === 'time' ? 'time' : 'number', values: this.values.slice(0, count) };
  }
}
