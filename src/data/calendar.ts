/**
 * Calendars: regular series of times, so many milliseconds, months or workdays apart. A time is a number of milliseconds since 1970 in UTC.
 * `times.ts` reads and writes times.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { leadingCount } from '../core/lists.js';
import type { TimeForm } from './times.js';
import { DAY, dayOf, formatTime, HOUR, monthLength, monthsLater, SECOND, timeInForm, weekdayOf } from './times.js';

/** The time at `index` is index·step milliseconds, months or workdays after the start. Of rows without a time it is the row's number. */
export interface Calendar {
  /** The time at index 0. */
  readonly start: number;
  readonly unit: (typeof CALENDAR_UNITS)[number];
  readonly step: number;
  /** Of months: the day of each, or the last one of a shorter month. Default: the day of `start`. */
  readonly day?: number | undefined;
  /** Of workdays. */
  readonly workdays?: Workdays | undefined;
  /** How its times are written. Default: as ISO 8601. */
  readonly form?: TimeForm | undefined;
}

export const CALENDAR_UNITS = ['ms', 'month', 'workday', 'row'] as const;

/** The weekdays on which there are rows, and the days among them that have none, such as holidays: no step is made for these. */
export interface Workdays {
  /** They rise; Sunday is 0. */
  readonly weekdays: readonly number[];
  /** Numbers of days as `workdayNumber` counts them; they rise. */
  readonly closed: readonly number[];
  /** The number of the last day of the table that the calendar was found in. */
  readonly until: number;
}

/** Rows without a time: the time of a row is its number, from 1. */
export const ROWS: Calendar = { start: 1, unit: 'row', step: 1 };

/** Workdays one after another that may have no row, such as those of a new year's week. */
const MOST_CLOSED = 10;
/** The share of workdays that may have none: with more, the table has other steps. */
const MOST_CLOSED_SHARE = 0.2;
/** Milliseconds in which a table shows which weekdays never occur. */
const LEAST_SPAN = 14 * DAY;

/**
 * The calendar of times that rise, with gaps perhaps: its step is the smallest distance that occurs. Times that are all on the same day of a
 * month, or on its last day, are a calendar of months. Days that leave out the same weekdays are workdays; unless `isFilled`, days without a row are
 * closed. Throws a DataError that names the row of a time between two steps. `whereOf` names a row.
 */
export function calendarOf(times: Float64Array, whereOf: (row: number) => string, isFilled = false): Calendar {
  const calendar = monthsOf(times) ?? workdaysOf(times, isFilled) ?? { start: times[0], unit: 'ms', step: 1 };
  const counts = times.map((time) => UNITS[calendar.unit].count(calendar, time));
  const step = counts.reduce(
    (least, count, row) => (row > 0 ? Math.min(least, count - counts[row - 1]) : least),
    Infinity,
  );
  const found: Calendar = calendar.unit === 'workday' ? calendar : { ...calendar, step };
  for (let row = 1; row < times.length; row++) {
    if (Number.isInteger(indexOfTime(found, times[row]))) continue;
    throw new DataError(
      `${whereOf(row)}: ${formatTime(times[row])} is between two steps: the rows are ${formatStep(found)} apart, from ${formatTime(found.start)}`,
    );
  }
  return found;
}

/** Months, if each time is on the same day of its month, or on the last day of a shorter one, at the same time of day. */
function monthsOf(times: Float64Array): Calendar | undefined {
  const [start] = times;
  if (monthsBetween(start, times[1]) === 0) return undefined;
  const days = times.map(dayOf);
  const isEnd = times.every((time, row) => days[row] === monthLength(time));
  const day = isEnd ? LONGEST_MONTH : days.reduce((a, b) => Math.max(a, b));
  const isOnDay = (time: number): boolean =>
    (time - start) % DAY === 0 && dayOf(time) === Math.min(day, monthLength(time));
  return times.every(isOnDay) ? { start, unit: 'month', step: 1, day: day === days[0] ? undefined : day } : undefined;
}

const LONGEST_MONTH = 31;

/** Workdays, if the times are days that are not equally far apart, and some weekdays never occur. */
function workdaysOf(times: Float64Array, isFilled: boolean): Calendar | undefined {
  const [start, last] = [times[0], times[times.length - 1]];
  if (times.every((time, row) => row < 2 || time - times[row - 1] === times[1] - start)) return undefined;
  if (!times.every((time) => (time - start) % DAY === 0)) return undefined;
  const weekdays = [...new Set(times.map(weekdayOf))].sort();
  const isShown = last - start >= LEAST_SPAN || weekdays.join() === '1,2,3,4,5';
  if (!isShown || weekdays.length < 2 || weekdays.length === 7) return undefined;
  const unknown = { start, unit: 'workday', step: 1, workdays: { weekdays, closed: [], until: -Infinity } } as const;
  const { workdays: { closed } = NO_DAYS } = closedBetween(unknown, times, false);
  const isSparse = closed.length > MOST_CLOSED_SHARE * (times.length + closed.length);
  return isSparse ? undefined : closedBetween(unknown, times, isFilled);
}

/** The calendar in which the workdays after `until` that have no row between two of `times` are closed, unless they are many, or filled. */
export function closedBetween(calendar: Calendar, times: Float64Array, isFilled: boolean): Calendar {
  const { workdays } = calendar;
  if (!workdays) return calendar;
  const { weekdays, until } = workdays;
  const numbers = times.map((time) => workdayNumber(weekdays, time));
  const closed = [...workdays.closed];
  for (let row = 1; row < numbers.length && !isFilled; row++) {
    if (numbers[row] - numbers[row - 1] - 1 > MOST_CLOSED) continue;
    for (let day = Math.max(until, numbers[row - 1]) + 1; day < numbers[row]; day++) closed.push(day);
  }
  return { ...calendar, workdays: { weekdays, closed, until: Math.max(until, numbers[numbers.length - 1]) } };
}

/** How many days with these weekdays lie between 1970 and a time, which counts too; negative before 1970. */
function workdayNumber(weekdays: readonly number[], time: number): number {
  const sunday = Math.floor(time / DAY) - weekdayOf(time);
  return ((sunday - 3) / 7) * weekdays.length + weekdays.filter((day) => day <= weekdayOf(time)).length - 1;
}

/** The workdays up to a number that are not closed. */
const openUpTo = ({ closed }: Workdays, number: number): number =>
  number - leadingCount(closed, (day) => day <= number);

function monthsBetween(from: number, to: number): number {
  const [a, b] = [new Date(from), new Date(to)];
  return 12 * (b.getUTCFullYear() - a.getUTCFullYear()) + b.getUTCMonth() - a.getUTCMonth();
}

/** For each unit how many of it lie between the start and a time, and the time so many units after the start. */
const UNITS: Readonly<
  Record<
    Calendar['unit'],
    { count: (calendar: Calendar, time: number) => number; time: (calendar: Calendar, count: number) => number }
  >
> = {
  ms: { count: ({ start }, time) => time - start, time: ({ start }, count) => start + count },
  row: { count: ({ start }, time) => time - start, time: ({ start }, count) => start + count },
  month: {
    count: ({ start }, time) => monthsBetween(start, time),
    time: ({ start, day }, count) => monthsLater(start, count, day),
  },
  workday: {
    count({ start, workdays = NO_DAYS }, time) {
      const [from, to] = [start, time].map((one) => openUpTo(workdays, workdayNumber(workdays.weekdays, one)));
      return to - from;
    },
    time({ start, workdays = NO_DAYS }, count) {
      const { weekdays, closed } = workdays;
      const open = openUpTo(workdays, workdayNumber(weekdays, start)) + count;
      const number = open + leadingCount(closed, (day, n) => day - n <= open);
      const week = Math.floor(number / weekdays.length);
      const day = 7 * week + 3 + weekdays[number - week * weekdays.length];
      return start + (day - Math.floor(start / DAY)) * DAY;
    },
  },
};
const NO_DAYS: Workdays = { weekdays: [0, 1, 2, 3, 4, 5, 6], closed: [], until: 0 };

/** The time at `index`, a whole number that may be negative. */
export const timeAt = (calendar: Calendar, index: number): number =>
  UNITS[calendar.unit].time(calendar, index * calendar.step);

/** The index of a time; not a whole number if the time is between two steps. */
export function indexOfTime(calendar: Calendar, time: number): number {
  const count = UNITS[calendar.unit].count(calendar, time);
  return UNITS[calendar.unit].time(calendar, count) === time ? count / calendar.step : NaN;
}

/** The first index whose time is `time` or later. */
export function firstIndexFrom(calendar: Calendar, time: number): number {
  const near = Math.floor(UNITS[calendar.unit].count(calendar, time) / calendar.step);
  return timeAt(calendar, near) >= time ? near : near + 1;
}

/** The time at `index` as people write it: `1987-02-28`, `1987Q1`, or the number of a row. */
export function timeName(calendar: Calendar, index: number): string {
  const { unit, form } = calendar;
  const time = timeAt(calendar, index);
  if (unit === 'row') return String(time);
  return form ? timeInForm(form, time) : formatTime(time);
}

const LENGTHS = [
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', 60 * SECOND],
  ['second', SECOND],
  ['millisecond', 1],
] as const;

/** `1 day`, `15 minutes`, `1 month`, `1 workday` */
export function formatStep({ unit, step }: Pick<Calendar, 'unit' | 'step'>): string {
  if (unit === 'workday' || unit === 'row') return counted(step, unit);
  const [name, size] =
    unit === 'month' ? stepInMonths(step) : (LENGTHS.find(([, ms]) => step % ms === 0) ?? ['millisecond', 1]);
  return counted(step / size, name);
}

const stepInMonths = (step: number): [string, number] => (step % 12 === 0 ? ['year', 12] : ['month', 1]);

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The days of a calendar of workdays, for people: `Monday to Friday`, `Sunday, Monday, Wednesday`. */
export function weekdayNames({ weekdays }: Workdays): string {
  const [first, last] = [weekdays[0], weekdays[weekdays.length - 1]];
  if (weekdays.length > 2 && last - first === weekdays.length - 1) return `${WEEKDAYS[first]} to ${WEEKDAYS[last]}`;
  return weekdays.map((day) => WEEKDAYS[day]).join(', ');
}

const DAYS_OF_YEAR = 365.2425;

/** How many steps are a day, a week and a year: the periods that people's lives have. Days and weeks of less than two steps are left out. */
export function naturalPeriods({ unit, step, workdays }: Calendar): { day?: number; week?: number; year?: number } {
  if (unit === 'row') return {};
  if (unit === 'month') return { year: 12 / step };
  if (workdays) return { week: workdays.weekdays.length, year: (DAYS_OF_YEAR * workdays.weekdays.length) / 7 };
  const [day, week] = [DAY / step, (7 * DAY) / step];
  return { ...(day >= 2 && { day }), ...(week >= 2 && { week }), year: (DAYS_OF_YEAR * DAY) / step };
}
