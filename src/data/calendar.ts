/**
 * Times in tables. A time is a number of milliseconds since 1970 in UTC; a time without a zone is read as one in UTC, so no day has 23
 * hours. A calendar is a regular series of times: so many milliseconds apart, or so many months.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** The time at `index` is start + index·step milliseconds, or that many months later. */
export interface Calendar {
  /** The time at index 0. */
  readonly start: number;
  readonly unit: 'ms' | 'month';
  readonly step: number;
}

const ISO = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** What `timeFrom` reads, for messages. */
export const TIME_FORMS = '1987, 1987-02, 1987-02-28 or 1987-02-28T12:30';

/** The time in a text of ISO 8601: a year, month, day, minute or second. NaN for another text, and for a day that does not exist. */
export function timeFrom(text: string): number {
  const found = ISO.exec(text);
  if (!found) return NaN;
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  const zone = found[8] as string | undefined;
  if (zone !== undefined && (found[4] as string | undefined) === undefined) return NaN;
  const ms = Math.floor(Number(`0.${(found[7] as string | undefined) ?? 0}`) * SECOND);
  const time = timeOfParts(year ?? NaN, month, day, hour, minute, second) + ms - offsetOf(zone);
  return time >= FIRST_TIME && time <= LAST_TIME ? time : NaN; // a zone can carry it into the year before or after
}

/** The last millisecond of the year, month or day that a text names; a time of day is itself. NaN as `timeFrom`. */
export function lastTimeFrom(text: string): number {
  const date = new Date(timeFrom(text));
  if (/^\d{4}$/.test(text)) date.setUTCFullYear(date.getUTCFullYear() + 1);
  else if (/^\d{4}-\d\d$/.test(text)) date.setUTCMonth(date.getUTCMonth() + 1);
  else date.setTime(date.getTime() + (text.length === 10 ? DAY : 1));
  return date.getTime() - 1;
}

/**
 * The ends of `1987-01-01..1988-12-31`, `1987..1988`, `1987`, or of one with a single end; null for an end that is left out. The last day, month or
 * year is a part of it. undefined for another text.
 */
export function timeRangeFrom(text: string): readonly [from: number | null, to: number | null] | undefined {
  if (!text.includes('..')) return Number.isNaN(timeFrom(text)) ? undefined : [timeFrom(text), lastTimeFrom(text)];
  const ends = text.split('..').map((end, n) => (end === '' ? null : n === 0 ? timeFrom(end) : lastTimeFrom(end)));
  const isRange = ends.length === 2 && !ends.some(Number.isNaN) && ends.some((end) => end !== null);
  return isRange ? [ends[0], ends[1]] : undefined;
}

/** Milliseconds before UTC: `+01:30` is 5,400,000. */
function offsetOf(zone = 'Z'): number {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? NaN : (zone.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * 60 * SECOND);
}

/** The last year that ISO 8601 writes in four digits. */
const LAST_YEAR = 9999;
/** The first millisecond of year 0, and the last one of year 9999. */
const FIRST_TIME = Date.parse('0000-01-01T00:00:00Z');
export const LAST_TIME = Date.UTC(LAST_YEAR + 1, 0) - 1;

/** The time of a year up to 9999, a month from 1, and so on. NaN if a part is none, or if the month has no such day. */
export function timeOfParts(year: number, month = 1, day = 1, hour = 0, minute = 0, second = 0): number {
  const parts = [year, month, day, hour, minute, second];
  if (!parts.every((part) => Number.isInteger(part) && part >= 0) || hour > 23 || minute > 59 || second > 59)
    return NaN;
  if (year > LAST_YEAR) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.setUTCHours(hour, minute, second) : NaN;
}

/**
 * The calendar of times that rise, with gaps perhaps: its step is the smallest distance that occurs. Times that are all on the same day
 * of a month are a calendar of months. Throws a DataError that names the row of a time between two steps. `whereOf` names a row.
 */
export function calendarOf(times: ArrayLike<number>, whereOf: (row: number) => string): Calendar {
  const [start, second] = [times[0], times[1]];
  const isMonthly = allTimes(times, (time) => onSameDay(time, start)) && monthsBetween(start, second) > 0;
  const distance = (row: number): number =>
    isMonthly ? monthsBetween(times[row - 1], times[row]) : times[row] - times[row - 1];
  let step = Infinity;
  for (let row = 1; row < times.length; row++) step = Math.min(step, distance(row));
  const calendar: Calendar = { start, unit: isMonthly ? 'month' : 'ms', step };
  for (let row = 1; row < times.length; row++) {
    if (distance(row) % step === 0) continue;
    throw new DataError(
      `${whereOf(row)}: ${formatTime(times[row])} is between two steps: the rows are ${formatStep(calendar)} apart, from ${formatTime(start)}`,
    );
  }
  return calendar;
}

function allTimes(times: ArrayLike<number>, is: (time: number) => boolean): boolean {
  let n = 0;
  while (n < times.length && is(times[n])) n++;
  return n === times.length;
}

function onSameDay(a: number, b: number): boolean {
  const [one, other] = [new Date(a), new Date(b)];
  return one.getUTCDate() === other.getUTCDate() && (a - b) % DAY === 0;
}

function monthsBetween(from: number, to: number): number {
  const [a, b] = [new Date(from), new Date(to)];
  return 12 * (b.getUTCFullYear() - a.getUTCFullYear()) + b.getUTCMonth() - a.getUTCMonth();
}

/** The time at `index`, a whole number that may be negative. */
export function timeAt({ start, unit, step }: Calendar, index: number): number {
  if (unit === 'ms') return start + index * step;
  const date = new Date(start);
  date.setUTCMonth(date.getUTCMonth() + index * step);
  if (date.getUTCDate() !== new Date(start).getUTCDate()) date.setUTCDate(0); // a shorter month: its last day
  return date.getTime();
}

/** The index of a time; not a whole number if the time is between two steps. */
export function indexOfTime({ start, unit, step }: Calendar, time: number): number {
  if (unit === 'ms') return (time - start) / step;
  return onSameDay(time, start) ? monthsBetween(start, time) / step : NaN;
}

/** The first index whose time is `time` or later. */
export function firstIndexFrom(calendar: Calendar, time: number): number {
  const { start, unit, step } = calendar;
  if (unit === 'ms') return Math.ceil((time - start) / step);
  const near = Math.floor(monthsBetween(start, time) / step);
  return timeAt(calendar, near) >= time ? near : near + 1;
}

/** `1987-02-28`; with the time of day unless it is midnight. */
export function formatTime(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return 'no time'; // NaN, or beyond the years that JavaScript has
  const [day, clock] = date.toISOString().split('T'); // a year beyond 9999 has a sign and six digits
  if (time % DAY === 0) return day;
  return `${day}T${clock.slice(0, time % SECOND === 0 ? 8 : 12)}`;
}

const UNITS = [
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', 60 * SECOND],
  ['second', SECOND],
  ['millisecond', 1],
] as const;

/** `1 day`, `15 minutes`, `1 month` */
export function formatStep({ unit, step }: Pick<Calendar, 'unit' | 'step'>): string {
  const [name, size] =
    unit === 'month' ? stepInMonths(step) : (UNITS.find(([, ms]) => step % ms === 0) ?? ['millisecond', 1]);
  const count = step / size;
  return counted(count, name);
}

const stepInMonths = (step: number): [string, number] => (step % 12 === 0 ? ['year', 12] : ['month', 1]);

/** How many steps are a day, a week and a year: the periods that people's lives have. Days and weeks of less than two steps are left out. */
export function naturalPeriods({ unit, step }: Calendar): { day?: number; week?: number; year?: number } {
  if (unit === 'month') return { year: 12 / step };
  const [day, week] = [DAY / step, (7 * DAY) / step];
  return { ...(day >= 2 && { day }), ...(week >= 2 && { week }), year: (365.2425 * DAY) / step };
}
