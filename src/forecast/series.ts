/** From tables: a regular series, which has a number to forecast for each step of a calendar, and the columns beside it; and holidays. */
import { counted, definedFields } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { stepsIn } from '../core/numbers.js';
import type { Calendar } from '../data/calendar.js';
import { calendarOf, closedBetween, formatStep, indexOfTime, ROWS, timeAt, weekdayNames } from '../data/calendar.js';
import { DAY, formatTime } from '../data/times.js';
import type { CellForms, ColumnKind, Table, WantedColumn } from '../data/table.js';
import { assertLater, columnOf, selected, timesOf } from '../data/table.js';

/**
 * How steps without a value are filled for the network's inputs: not at all, or by the value before. (A line to the next value would show
 * the network a value that it cannot know yet.)
 */
export const FILLS = ['missing', 'previous'] as const;

/** Which columns of a table a forecast uses, and how the table writes them. */
export interface SeriesColumns extends CellForms {
  /** The column of the time; or those of its year, month, day, hour, minute and second. Empty: each row is a step. */
  readonly time: readonly string[];
  /** The column to forecast. */
  readonly predict: string;
  /** Columns whose past the network reads. */
  readonly inputs: readonly string[];
  /** Columns that are known in advance. */
  readonly known: readonly string[];
  /** Default: null, a step without a row is an error. */
  readonly fill: (typeof FILLS)[number] | null;
  /** The column that names the series of a row. undefined: the table is one series. */
  readonly series?: string | undefined;
}

/** A column that is known in advance: a number or a category for each step. */
export interface KnownColumn {
  readonly name: string;
  /** A number for each step, or the index of its category; NaN where it is missing. */
  readonly values: Float64Array;
  /** The categories; undefined for numbers. */
  readonly words: readonly string[] | undefined;
}

/** A regular series. Every array has `length` numbers, one for each step of the calendar; NaN is missing. */
export interface Series {
  readonly calendar: Calendar;
  readonly length: number;
  /** The step of the table's first row. It is not 0 in a table that begins later than the calendar. */
  readonly first: number;
  /** Steps up to the last one with a number to forecast; the rows after it hold only what is known in advance. */
  readonly end: number;
  /** The numbers of the file. */
  readonly y: Float64Array;
  /** What the network reads: `y`, filled as `SeriesColumns.fill` says. */
  readonly filled: Float64Array;
  /** The columns of `SeriesColumns.inputs`, filled. */
  readonly inputs: readonly Float64Array[];
  readonly known: readonly KnownColumn[];
  /** What people should know of how the table was read. */
  readonly notes: readonly string[];
  /** Its name in the column `SeriesColumns.series`. */
  readonly name?: string;
  /** The other series of the table: they have the same calendar and length. */
  readonly others?: readonly Series[];
}

/** With more steps for each row, a series has hardly any numbers. */
const MOST_STEPS_PER_ROW = 100;
/** Steps before a table that may be empty: with more, their arrays would not fit into the memory. */
const MOST_STEPS = 10_000_000;

/** A column that is named more than once: one cannot be known in advance and be forecast, for example. */
export function repeatedColumn({ time, predict, inputs, known, series }: SeriesColumns): string | undefined {
  const all = [...time, predict, ...inputs, ...known, ...(series === undefined ? [] : [series])];
  return all.find((name, n) => all.indexOf(name) < n);
}

/** The kind of each column and the form of its cells, for `TableReader` and `tableOf`. `kinds`: those of the columns of `known`. */
export function wantedColumns(
  { time, predict, inputs, known, fill: _, series, ...forms }: SeriesColumns,
  kinds: readonly ColumnKind[] = known.map(() => 'either'),
): Record<string, WantedColumn> {
  const numbers = [predict, ...inputs].map((name) => [name, 'number'] as const);
  const times = time.map((name) => [name, time.length === 1 ? 'time' : 'number'] as const);
  const others = known.map((name, n) => [name, kinds[n]] as const);
  const names = series === undefined ? [] : [[series, 'text'] as const];
  return Object.fromEntries(
    [...times, ...numbers, ...others, ...names].map(([name, kind]) => [name, { kind, ...forms }]),
  );
}

/**
 * The series of a table, whose rows are in the order of time, or the newest first. Throws a DataError that names the line of a time that does not
 * exist, is not later than the one before, or of a gap. `known`: the calendar of the training, whose steps a later table has, also if few of its
 * rows follow one another; the steps before its first row are missing.
 */
export function seriesOf(given: Table, columns: SeriesColumns, known?: Calendar): Series {
  const { table, times, isTurned } = risingTimes(given, columns.time, known ? 1 : 2);
  const calendar = calendarFor(table, times, columns, known);
  const at = indicesOf(table, times, calendar, columns.fill, known);
  const [first] = at;
  const length = at[at.length - 1] + 1;
  assertFewSteps(table, calendar, first, length);
  const placed = (name: string): Float64Array => {
    const values = new Float64Array(length).fill(NaN);
    const column = columnOf(table, name);
    for (const [row, index] of at.entries()) {
      values[index] = column.kind === 'text' && column.values[row] < 0 ? NaN : column.values[row];
    }
    return values;
  };
  const y = placed(columns.predict);
  const end = lastNumber(y) + 1;
  if (end === 0) throw new DataError(`${table.name}: ${columns.predict} has no number in any row`);
  return {
    calendar,
    length,
    first,
    end,
    y,
    filled: filledBy(columns.fill, y),
    notes: [
      ...(isTurned ? ['the newest row comes first, so the rows are read from the last to the first'] : []),
      ...closedNotes(calendar, known),
      ...missingNotes(table, columns, at.filter((index) => index < end).length),
    ],
    inputs: columns.inputs.map((name) => filledBy(columns.fill, placed(name))),
    known: columns.known.map((name) => {
      const column = columnOf(table, name);
      return { name, values: placed(name), words: column.kind === 'text' ? column.words : undefined };
    }),
  };
}

/** Throws a DataError if the steps would not fit into the memory: of the table, or of those before it. */
function assertFewSteps({ name, rows }: Table, calendar: Calendar, first: number, length: number): void {
  const own = length - first;
  if (own > MOST_STEPS_PER_ROW * rows) {
    throw new DataError(
      `${name}: has ${counted(rows, 'row')}, but ${counted(own, 'step')} of ${formatStep(calendar)} from the first row to the last: which times are wrong?`,
    );
  }
  if (first > MOST_STEPS_PER_ROW * own && length > MOST_STEPS) {
    throw new DataError(
      `${name}: has ${counted(own, 'step')} of ${formatStep(calendar)} from ${formatTime(timeAt(calendar, first))}, but ${counted(first, 'step')} come before them, from ` +
        `${formatTime(calendar.start)}, where the training began: add rows before them`,
    );
  }
}

/** The table with its rows in the order of time, and the time of each. Without a column of the time, that is the row's number. */
function risingTimes(table: Table, names: readonly string[], least: number) {
  if (table.rows < least) throw new DataError(`${table.name}: has ${table.rows} row: a series needs more`);
  const times =
    names.length > 0 ? timesOf(table, names) : Float64Array.from({ length: table.rows }, (_, row) => row + 1);
  const isTurned = times.length > 1 && times.every((time, row) => row === 0 || time < times[row - 1]);
  if (isTurned) {
    const rows = stepsIn({ from: 0, to: table.rows }).reverse();
    return { table: selected(table, table.name, rows), times: times.reverse(), isTurned };
  }
  for (let row = 1; row < table.rows; row++) assertLater(table, row, times[row - 1], times[row]);
  return { table, times, isTurned };
}

/** The calendar of a table; for a later table that of the training. */
export function calendarFor(
  table: Table,
  times: Float64Array,
  columns: SeriesColumns,
  known: Calendar | undefined,
): Calendar {
  const isFilled = columns.fill !== null;
  if (known && !isTimeOf(known, times[0]))
    throw new DataError(`${table.name}: begins at ${formatTime(times[0])}, but ${trainedOn(known)}`);
  if (known) return closedBetween(known, times, isFilled);
  if (columns.time.length === 0) return ROWS;
  const column = columnOf(table, columns.time[0]);
  const form = column.kind === 'time' ? column.form : undefined;
  return definedFields({ ...calendarOf(times, table.whereIs, isFilled), form });
}

/** Which days have no step, although their weekdays have one. `known`: without those of this calendar. */
export function closedNotes({ workdays }: Calendar, known: Calendar | undefined): string[] {
  if (!workdays) return [];
  const count = workdays.closed.length - (known?.workdays?.closed.length ?? 0);
  if (known && count === 0) return [];
  const without =
    count === 0 ? '' : `; ${counted(count, 'of these days has', 'of these days have')} no row, and so no step`;
  return [`its rows are on ${weekdayNames(workdays)} only${without}`];
}

/** How many cells have no number or text. `rows`: those up to the last one with a number to forecast. */
function missingNotes(table: Table, { predict, inputs, known }: SeriesColumns, rows: number): string[] {
  return [predict, ...inputs, ...known].flatMap((name) => {
    const { kind, values } = columnOf(table, name);
    let missing = 0;
    for (let row = 0; row < rows; row++)
      missing += Number(kind === 'text' ? values[row] < 0 : Number.isNaN(values[row]));
    return missing === 0 ? [] : [`${name} is missing in ${missing} of ${counted(rows, 'row')}: empty, NA or the like`];
  });
}

const trainedOn = (calendar: Calendar): string =>
  `the forecaster was trained on rows from ${formatTime(calendar.start)} with steps of ${formatStep(calendar)}`;

/** Whether a time is a step of the calendar, at its beginning or later. */
function isTimeOf(calendar: Calendar, time: number): boolean {
  const index = indexOfTime(calendar, time);
  return Number.isInteger(index) && index >= 0;
}

/** The index of each row in the calendar. `known`: that of the training, so rows may lie between its steps. */
function indicesOf(
  table: Table,
  times: Float64Array,
  calendar: Calendar,
  fill: SeriesColumns['fill'],
  known: Calendar | undefined,
): Float64Array {
  const between = known ? times.findIndex((time) => !isTimeOf(known, time)) : -1;
  if (known && between >= 0) {
    throw new DataError(
      `${table.whereIs(between)}: ${formatTime(times[between])} is between two steps: ${trainedOn(known)}`,
    );
  }
  const at = Float64Array.from(times, (time) => Math.round(indexOfTime(calendar, time)));
  const gap = fill !== null ? -1 : at.findIndex((index, row) => row > 0 && index !== at[row - 1] + 1);
  if (gap < 0) return at;
  const advice = known ? '' : `, or fill them (--fill ${FILLS.join(' or --fill ')})`;
  throw new DataError(
    `${table.whereIs(gap)}: ${formatTime(times[gap])} comes after ${formatTime(times[gap - 1])}, but the rows are ` +
      `${formatStep(calendar)} apart: add the rows between them${advice}`,
  );
}

function lastNumber(values: Float64Array): number {
  let at = values.length - 1;
  while (at >= 0 && Number.isNaN(values[at])) at--;
  return at;
}

/** The series with `length` steps: its own, and missing ones after them. */
export function extended(series: Series, length: number): Series {
  const longer = (values: Float64Array): Float64Array => {
    const result = new Float64Array(length).fill(NaN);
    result.set(values);
    return result;
  };
  const known = series.known.map((column) => ({ ...column, values: longer(column.values) }));
  const inputs = series.inputs.map(longer);
  return { ...series, length, y: longer(series.y), filled: longer(series.filled), inputs, known };
}

/** Whether no number is 0 or less; missing ones do not count. */
export const arePositive = (values: Float64Array): boolean => values.every((value) => Number.isNaN(value) || value > 0);

/** `values` with missing numbers filled. What a step reads must not depend on whether later steps have numbers, so the last ones are filled too. */
export function filledBy(fill: SeriesColumns['fill'], values: Float64Array): Float64Array {
  if (fill !== 'previous') return values;
  const filled = values.slice();
  for (let t = 1; t < filled.length; t++) if (Number.isNaN(filled[t])) filled[t] = filled[t - 1];
  return filled;
}

/** The names by the number of the day since 1970. */
export type Holidays = ReadonlyMap<number, readonly string[]>;

const NONE: readonly string[] = [];

export const holidaysOn = (holidays: Holidays, time: number): readonly string[] =>
  holidays.get(Math.floor(time / DAY)) ?? NONE;

/** The columns of a table of holidays: a day, and its name. */
export const HOLIDAY_COLUMNS: Readonly<Record<string, ColumnKind>> = { date: 'time', name: 'text' };

/** The holidays of a table. Throws a DataError that names the line of a day or name that is missing. */
export function holidaysOf(table: Table): Holidays {
  const [dates, names] = ['date', 'name'].map((column) => table.columns.get(column));
  if (dates?.kind !== 'time' || names?.kind !== 'text') throw new Error('date and name were not read');
  const days = new Map<number, string[]>();
  for (let row = 0; row < table.rows; row++) {
    if (Number.isNaN(dates.values[row]) || names.values[row] < 0) {
      throw new DataError(`${table.whereIs(row)}: a holiday needs a date and a name`);
    }
    if (dates.values[row] % DAY !== 0)
      throw new DataError(`${table.whereIs(row)}: a holiday is a day, such as 1987-12-25, without a time and its zone`);
    const day = dates.values[row] / DAY;
    const name = names.words[names.values[row]];
    const others = days.get(day) ?? [];
    if (!others.includes(name)) days.set(day, [...others, name]);
  }
  return days;
}
