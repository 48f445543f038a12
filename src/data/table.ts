/** Tables of one's own data: columns of numbers, times or texts. `table-reader.ts` reads them from files. */
import { assertList, assertObject, describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom, F32_RANGE, isWithinF32 } from '../core/numbers.js';
import type { TimeForm } from './times.js';
import { formatTime, formOf, TIME_RULE, timeFault, timeFrom, timeOfParts, timeReader } from './times.js';

/**
 * What a column holds. `either`: numbers, or texts if a cell is neither a number nor missing. `moment`: times, or numbers that count seconds,
 * samples or the like; the first cell that is not missing decides.
 */
export type ColumnKind = 'number' | 'time' | 'text' | 'either' | 'moment';

/** The signs that can stand before decimals, and between thousands. */
export const DECIMALS = ['.', ','] as const;
export const THOUSANDS = [',', '.', ' ', "'"] as const;

/** How the texts of a table write times and numbers. */
export interface CellForms {
  /**
   * Of a time in one column: `YYYY` and perhaps `MM`, `DD`, `HH`, `mm` and `ss` in any order, such as `DD.MM.YYYY`; or `unix` for seconds since
   * 1970, `unix-ms` for milliseconds. Default: 1987, 1987-02, 1987-02-28, 1987-02-28T12:30, 1987Q1 or 1987-W09.
   */
  readonly timeFormat?: string | undefined;
  /** The sign before decimals. Default: a point. */
  readonly decimal?: (typeof DECIMALS)[number] | undefined;
  /** The sign between thousands; a space is also one that does not break. Default: none. */
  readonly thousands?: (typeof THOUSANDS)[number] | undefined;
}

/** A column that is asked for: its kind, and how its cells are written. */
export type WantedColumn = ColumnKind | (CellForms & { readonly kind: ColumnKind });

/** A column of numbers or of times. */
export interface NumberColumn {
  /** `time`: the numbers are milliseconds since 1970, in UTC. */
  readonly kind: 'number' | 'time';
  /** Of times: how the first one is written, unless as ISO 8601. */
  readonly form?: TimeForm | undefined;
  /** A number for each row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of texts. */
export interface TextColumn {
  /** Always `text`. */
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
  /** How many rows it has, without the header. */
  readonly rows: number;
  /** Where a row is, for messages: `births.csv, line 17`. */
  readonly whereIs: (row: number) => string;
  /** Each column by its name. */
  readonly columns: ReadonlyMap<string, NumberColumn | TextColumn>;
}

/** Cells that say that there is no value, besides empty ones. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);
/** More different texts than this are no categories: the memory would hold each of them. */
const MOST_WORDS = 100_000;

/** What reads the cells of a column. */
export interface CellReader {
  /** Whether any object had this name. */
  isNamed: boolean;
  /** Whether two cells are different if their texts are. */
  readonly holdsTexts?: boolean;
  /** Keeps a number of an object as it is. Default: `add` of its text. */
  keepNumber?(value: number): void;
  /** Adds a cell. Returns what is wrong with it. `isPlain`: it is written as JavaScript does, not in the form of the table. */
  add(cell: string, isPlain?: boolean): string | undefined;
}

/** Adds a cell to its column. Returns what is wrong with it. */
export function addCell(column: string, reader: CellReader, cell: string, isPlain = false): string | undefined {
  const fault = reader.add(cell, isPlain);
  return fault === undefined ? undefined : `${column} is ${describe(cell)}: ${fault}`;
}

/** `addCell` of a value of an object; a name that the object does not have is missing. */
export function addField(
  record: Readonly<Record<string, unknown>>,
  column: string,
  reader: CellReader,
): string | undefined {
  const isNamed = Object.hasOwn(record, column);
  reader.isNamed ||= isNamed;
  const value = (isNamed ? record[column] : null) ?? '';
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return addCell(column, reader, value.toISOString(), true);
  if (typeof value === 'string') return addCell(column, reader, value.trim());
  if (Math.abs(Number(value)) === Infinity && typeof value === 'number')
    return `${column} is ${describe(value)}: a number beyond f64`;
  if (typeof value === 'number' && reader.keepNumber) {
    reader.keepNumber(value);
    return undefined;
  }
  if (reader.holdsTexts && Number.isInteger(value) && !Number.isSafeInteger(value))
    return `${column} is ${describe(value)}: a number beyond 2^53 is rounded: write it as a text, in quotation marks`;
  if (typeof value === 'number' || typeof value === 'boolean') return addCell(column, reader, String(value), true);
  return `${column} is ${describe(value)}: must be a number, a text or a date`;
}

/** A table of rows in memory, as `TableReader` reads it from a file. Throws a TypeError or a DataError that names the row, from 0. */
export function tableOf(
  name: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  wanted: Readonly<Record<string, WantedColumn>>,
): Table {
  const whereIs = (row: number): string => `${name}[${row}]`;
  assertList(name, rows, 'objects');
  for (const [n, row] of rows.entries()) assertObject(whereIs(n), row);
  const columns = Object.entries(wanted).map(([column, one]): [string, NumberColumn | TextColumn] => {
    const reader = new ColumnReader(one);
    for (const [n, row] of rows.entries()) {
      const fault = addField(row, column, reader);
      if (fault !== undefined) throw new DataError(`${whereIs(n)}: ${fault}`);
    }
    if (!reader.isNamed) throw new DataError(`${name}: no row has a column ${JSON.stringify(column)}`);
    return [column, reader.end()];
  });
  return { name, rows: rows.length, whereIs, columns: new Map(columns) };
}

/** A column that was asked for. */
export function columnOf({ columns }: Table, name: string): NumberColumn | TextColumn {
  const column = columns.get(name);
  if (!column) throw new Error(`column ${name} was not read`);
  return column;
}

/** What the columns of a time hold if there are several. */
export const PARTS_OF_TIME = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/**
 * The time of each row, from the column of the time, or from those of its year, month, day and so on. Throws a DataError that names the line
 * of a row without a time, or with a day that does not exist.
 */
export function timesOf(table: Table, names: readonly string[]): Float64Array {
  const parts = names.map((name) => columnOf(table, name).values);
  const times = names.length === 1 ? Float64Array.from(parts[0]) : new Float64Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    if (names.length > 1) {
      const [year, ...others] = parts.map((values) => values[row]);
      times[row] = timeOfParts(year, ...others);
    }
    if (!Number.isNaN(times[row])) continue;
    const given = names.map((name, n) => `${name} ${Number.isNaN(parts[n][row]) ? 'missing' : parts[n][row]}`);
    const rule =
      names.length === 1
        ? 'every row needs a time'
        : `there is no such ${PARTS_OF_TIME.slice(0, names.length).join(', ')}`;
    throw new DataError(`${table.whereIs(row)}: ${given.join(', ')}: ${rule}`);
  }
  return times;
}

/** Some rows of a table, or all in another order. */
export function selected({ whereIs, columns }: Table, name: string, rows: ArrayLike<number>): Table {
  const column = (one: NumberColumn | TextColumn): NumberColumn | TextColumn =>
    one.kind === 'text'
      ? { ...one, values: Int32Array.from(rows, (row) => one.values[row]) }
      : { ...one, values: Float64Array.from(rows, (row) => one.values[row]) };
  return {
    ...{ name, rows: rows.length, whereIs: (row) => whereIs(rows[row]) },
    columns: new Map([...columns].map(([title, one]) => [title, column(one)])),
  };
}

/** Throws a DataError unless the time of `row` is later than `before`. `show`: a time, for the message. */
export function assertLater(
  { whereIs }: Pick<Table, 'whereIs'>,
  row: number,
  before: number,
  time: number,
  show: (time: number) => string = formatTime,
): void {
  if (time > before) return;
  const fault = time === before ? 'occurs twice' : `comes after ${show(before)}`;
  throw new DataError(`${whereIs(row)}: ${show(time)} ${fault}: the rows must be in the order of time`);
}

/** The number of a cell that may also be a text. NaN for a text, and for a number that f64 would round: two of them could be one. */
export function numberIn(cell: string, read = decimalFrom): number {
  const value = read(cell);
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isWithinF32(value) && !isRounded ? value : NaN;
}

/** Reads numbers as a table writes them; NaN for another text. */
function numberReader({ decimal = '.', thousands }: CellForms): (cell: string) => number {
  if (decimal === '.' && thousands === undefined) return decimalFrom;
  const group = thousands === ' ' ? '[ \u00a0\u202f]' : `[${thousands ?? ''}]`;
  const grouped = new RegExp(`^-?\\d{1,3}(${group}\\d{3})+(\\${decimal}\\d*)?$`);
  const separators = new RegExp(group, 'g');
  return (cell) => {
    const whole = thousands !== undefined && grouped.test(cell) ? cell.replace(separators, '') : cell;
    if (decimal === '.') return decimalFrom(whole);
    return whole.includes('.') ? NaN : decimalFrom(whole.replace(',', '.'));
  };
}

/** A column while it is read. */
export class ColumnReader implements CellReader {
  private values = new Float64Array(1024);
  private codes: Int32Array<ArrayBuffer> | undefined;
  private readonly words = new Map<string, number>();
  private count = 0;
  isNamed = false;
  readonly holdsTexts: boolean;
  /** Whether every cell is a number or missing. */
  private isNumeric = true;

  private kind: ColumnKind;
  /** undefined: the table is always written in the default forms. */
  private readonly forms: CellForms | undefined;
  private readonly numberFrom: (cell: string) => number;
  private readonly timeFrom: (cell: string) => number;
  private form: TimeForm | undefined;

  constructor(wanted: WantedColumn) {
    const kind = typeof wanted === 'string' ? wanted : wanted.kind;
    this.kind = kind;
    this.forms = typeof wanted === 'string' ? undefined : wanted;
    this.numberFrom = numberReader(this.forms ?? {});
    this.timeFrom = timeReader(this.forms?.timeFormat) ?? timeFrom;
    this.holdsTexts = kind === 'text' || kind === 'either';
    if (kind === 'text' || kind === 'either') this.codes = new Int32Array(1024);
  }

  add(cell: string, isPlain = false): string | undefined {
    if (this.count === this.values.length) this.grow();
    const isMissing = cell.length <= 4 && MISSING.has(cell.toLowerCase());
    if (this.kind === 'moment' && !isMissing) this.kind = Number.isNaN(decimalFrom(cell)) ? 'time' : 'number';
    const value = isMissing ? NaN : this.valueOf(cell, isPlain);
    const isNumber = isMissing || (this.kind === 'time' ? !Number.isNaN(value) : isWithinF32(value));
    this.values[this.count] = value;
    if (!isNumber) {
      if (this.kind === 'number') return this.numberFault(cell);
      if (this.kind === 'time') return this.forms ? timeFault(cell, this.forms.timeFormat) : TIME_RULE;
      if (!this.codes) return `must be a number, because the column has more than ${MOST_WORDS} different cells`;
      this.isNumeric = false;
    }
    if (this.kind === 'time' && !isMissing) this.form ??= formOf(cell);
    const fault = this.addWord(isMissing ? undefined : cell);
    this.count++;
    return fault;
  }

  private valueOf(cell: string, isPlain: boolean): number {
    if (this.kind === 'time') return isPlain && /^\d{4}-/.test(cell) ? timeFrom(cell) : this.timeFrom(cell);
    const read = isPlain ? decimalFrom : this.numberFrom;
    return this.kind === 'either' ? numberIn(cell, read) : read(cell);
  }

  private numberFault(cell: string): string {
    const { decimal = '.', thousands } = this.forms ?? {};
    const rule = `must be a number within f32 (${F32_RANGE}), with a ${decimal === '.' ? 'point' : 'comma'} before its decimals`;
    if (!this.forms || !/^-?\d[\d.,' \u00a0\u202f]*$/.test(cell)) return rule;
    const signs = thousands === undefined ? 'nothing' : JSON.stringify(thousands);
    return `${rule} and ${signs} between its thousands, unless --decimal and --thousands say otherwise`;
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
    const values = this.values.slice(0, count);
    return kind === 'time' ? { kind, values, form: this.form } : { kind: 'number', values };
  }
}
