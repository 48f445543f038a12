/** Holidays from a file, or of a country. */
import { BackendUnavailableError, DataError } from '../core/errors.js';
import { tableOf } from '../data/table.js';
import { loadTable } from '../data/table-files.js';
import type { Holidays } from '../forecast/series.js';
import { HOLIDAY_COLUMNS, holidaysOf } from '../forecast/series.js';

/** Whether `--holidays` names a country, such as US or DE-BY, and no file. */
export const isCountry = (holidays: string): boolean => /^[A-Z]{2}(-[A-Z\d]{1,3})*$/.test(holidays);

/** Holidays of a file with the columns date and name; or of a country, if the package date-holidays is installed. */
export async function loadHolidays(from: string, years: readonly [first: number, last: number]): Promise<Holidays> {
  if (!isCountry(from)) return holidaysOf(await loadTable(from, HOLIDAY_COLUMNS));
  const { default: Calendar } = await dateHolidays();
  const calendar = new Calendar(...from.split('-'));
  const rows: { date: string; name: string }[] = [];
  for (let year = years[0]; year <= years[1]; year++) {
    // undefined for a country that the package does not know
    for (const { date, name, type } of calendar.getHolidays(year) ?? []) {
      if (HOLIDAY_KINDS.includes(type)) rows.push({ date: date.slice(0, 10), name });
    }
  }
  if (rows.length === 0) throw new DataError(`--holidays ${from}: the package date-holidays knows no such country`);
  return holidaysOf(tableOf(from, rows, HOLIDAY_COLUMNS));
}

/** Days on which life is different; the package has others, such as the day of the secretaries. */
export const HOLIDAY_KINDS: readonly string[] = ['public', 'bank', 'observance'];

interface DateHolidays {
  readonly default: new (...place: string[]) => {
    getHolidays(
      year: number,
    ): readonly { readonly date: string; readonly name: string; readonly type: string }[] | undefined;
  };
}

async function dateHolidays(): Promise<DateHolidays> {
  try {
    const name = 'date-holidays' as string; // not a literal, so that the bundle does not contain it
    return (await import(name)) as DateHolidays;
  } catch {
    throw new BackendUnavailableError(
      'holidays of a country need the package date-holidays: npm install date-holidays (12 MB); or name a file with the columns date and name',
    );
  }
}
