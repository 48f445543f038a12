/** Holidays by their day: the names of the holidays that fall on it. */
import { DataError } from '../core/errors.js';
import type { ColumnKind, Table } from '../data/table.js';
import { formatTime } from '../data/calendar.js';

const DAY = 86_400_000;

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

/** `1988-12-25,Christmas Day` for each holiday, in order, for a file. */
export const holidayList = (holidays: Holidays): [date: string, name: string][] =>
  [...holidays]
    .sort(([a], [b]) => a - b)
    .flatMap(([day, names]) => names.map((name): [string, string] => [formatTime(day * DAY), name]));
