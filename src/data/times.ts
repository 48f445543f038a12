/**
 * Times as texts. A time is a number of milliseconds since 1970 in UTC; a time without a zone is read as one in UTC, so no day has 23 hours.
 */
import { decimalFrom } from '../core/numbers.js';

export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;

const ISO = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** What `timeFrom` reads, for messages. */
export const TIME_RULE =
  'must be a day that exists, in the form 1987, 1987-02, 1987-02-28, 1987-02-28T12:30, 1987Q1 or 1987-W09';

/** Times that are named by their year and a number in it. `ms` and `months`: how long one lasts. */
const FORMS = {
  quarter: {
    pattern: /^(\d{4})[- ]?Q([1-4])$/i,
    read: (year: number, quarter: number) => timeOfParts(year, 3 * quarter - 2),
    write: (time: number) => `${yearOf(time)}Q${Math.floor(new Date(time).getUTCMonth() / 3) + 1}`,
    ...{ months: 3, ms: 0 },
  },
  /** Of ISO 8601: the first week of a year has its first Thursday; a week begins on a Monday. */
  week: {
    pattern: /^(\d{4})-?W(\d\d)$/i,
    read(year: number, week: number) {
      const monday = firstMonday(year) + (week - 1) * WEEK;
      return week >= 1 && monday < firstMonday(year + 1) ? monday : NaN;
    },
    write(time: number) {
      const year = yearOf(time + 3 * DAY); // that of the Thursday
      const week = Math.floor((time - firstMonday(Number(year))) / WEEK) + 1;
      return `${year}-W${String(week).padStart(2, '0')}`;
    },
    ...{ months: 0, ms: 7 * DAY },
  },
} as const;
export type TimeForm = keyof typeof FORMS;
export const TIME_FORM_NAMES = Object.keys(FORMS) as TimeForm[];

const WEEK = 7 * DAY;
const yearOf = (time: number): string => new Date(time).toISOString().slice(0, 4);

function firstMonday(year: number): number {
  const fourth = new Date(0).setUTCFullYear(year, 0, 4); // is always in the first week
  return fourth - ((weekdayOf(fourth) + 6) % 7) * DAY;
}

/** Sunday is 0. */
export const weekdayOf = (time: number): number => (((Math.floor(time / DAY) + 4) % 7) + 7) % 7;

/** The form of a text that names a quarter or a week; undefined for another one. */
export const formOf = (text: string): TimeForm | undefined =>
  TIME_FORM_NAMES.find((name) => FORMS[name].pattern.test(text));

/** The name of the quarter or week that begins at a time: `1987Q1`, `1987-W09`. */
export const timeInForm = (form: TimeForm, time: number): string => FORMS[form].write(time);

/**
 * The time in a text of ISO 8601, a year, month, day, minute or second, or the beginning of a quarter or a week. NaN for another text, and for
 * a day that does not exist.
 */
export function timeFrom(text: string): number {
  const form = formOf(text);
  if (form) {
    const [, year, number] = FORMS[form].pattern.exec(text) ?? [];
    return FORMS[form].read(Number(year), Number(number));
  }
  const found = ISO.exec(text);
  if (!found) return NaN;
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  const zone = found[8] as string | undefined;
  if (zone !== undefined && (found[4] as string | undefined) === undefined) return NaN;
  const ms = Math.floor(Number(`0.${(found[7] as string | undefined) ?? 0}`) * SECOND);
  const time = timeOfParts(year ?? NaN, month, day, hour, minute, second) + ms - offsetOf(zone);
  return withinYears(time); // a zone can carry it into the year before or after
}

/** How long the time lasts that a text names, in months and milliseconds: the first pattern that it has decides. */
const LENGTHS: readonly (readonly [pattern: RegExp, months: number, ms: number])[] = [
  [/^\d{4}$/, 12, 0],
  [/^\d{4}-\d\d$/, 1, 0],
  ...Object.values(FORMS).map(({ pattern, months, ms }) => [pattern, months, ms] as const),
  [/^.{10}$/, 0, DAY],
  [/^/, 0, 1],
];

/** The last millisecond of the year, quarter, month, week or day that a text names; a time of day is itself. NaN as `timeFrom`. */
export function lastTimeFrom(text: string): number {
  const [, months, ms] = LENGTHS.find(([pattern]) => pattern.test(text)) ?? LENGTHS[0];
  return monthsLater(timeFrom(text), months) + ms - 1;
}

/** The same time of day some months later, on `day`, or on the last day of a shorter month. Default: the same day. */
export function monthsLater(time: number, months: number, day = dayOf(time)): number {
  const date = new Date(time);
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.setUTCDate(Math.min(day, monthLength(date.getTime())));
}

/** The day of its month. */
export const dayOf = (time: number): number => new Date(time).getUTCDate();

/** How many days its month has. */
export function monthLength(time: number): number {
  const date = new Date(time);
  date.setUTCMonth(date.getUTCMonth() + 1, 0);
  return date.getUTCDate();
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

/** The ends of `101..200`, numbers of rows, as `timeRangeFrom` has them. */
export function rowRangeFrom(text: string): readonly [from: number | null, to: number | null] | undefined {
  if (!/^(\d{1,15}\.\.\d{0,15}|\.\.\d{1,15})$/.test(text)) return undefined;
  const [from, to] = text.split('..').map((end) => (end === '' ? null : Number(end)));
  return [from, to];
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

/** `1987-02-28`; with the time of day unless it is midnight. */
export function formatTime(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return 'no time'; // NaN, or beyond the years that JavaScript has
  const [day, clock] = date.toISOString().split('T'); // a year beyond 9999 has a sign and six digits
  if (time % DAY === 0) return day;
  return `${day}T${clock.slice(0, time % SECOND === 0 ? 8 : 12)}`;
}

/** The parts of a time in `--time-format`, the largest first. */
const TOKENS = ['YYYY', 'MM', 'DD', 'HH', 'mm', 'ss'];
/** Counts since 1970, by the name of their format: milliseconds in one. */
const EPOCHS: Readonly<Record<string, number>> = { unix: SECOND, 'unix-ms': 1 };

/** What `timeReader` accepts, for messages. */
export const FORMAT_RULE = `must be as DD/MM/YYYY, MM/DD/YYYY HH:mm, DD.MM.YYYY, YYYYMMDD, ${Object.keys(EPOCHS).join(' or ')}`;

/**
 * Reads texts in a format: `YYYY` and perhaps `MM`, `DD`, `HH`, `mm` and `ss`, in any order, with marks between them; or `unix` for seconds since
 * 1970, `unix-ms` for milliseconds. Other texts are NaN. undefined for no such format. Without a format: `timeFrom`.
 */
export function timeReader(format: string | undefined): ((text: string) => number) | undefined {
  if (format === undefined) return timeFrom;
  if (Object.hasOwn(EPOCHS, format)) return (text) => withinYears(Math.round(decimalFrom(text) * EPOCHS[format]));
  const tokens: readonly string[] = format.match(/YYYY|MM|DD|HH|mm|ss/g) ?? [];
  const needed = TOKENS.slice(0, tokens.length);
  const marks = format.replace(/YYYY|MM|DD|HH|mm|ss/g, ' ');
  if (tokens.length === 0 || !needed.every((token) => tokens.includes(token)) || /[^\WT]/.test(marks)) return undefined;
  const digits = marks.trim() === '' && !format.includes(' ') ? '\\d\\d' : '\\d{1,2}'; // without marks, no digit may be left out
  const partOf = (part: string): string => (part === 'YYYY' ? '(\\d{4})' : `(${digits})`);
  const escaped = (mark: string): string => (mark === 'T' ? mark : `\\${mark}`);
  const source = format.replace(/YYYY|MM|DD|HH|mm|ss|[^]/g, (part) => (part.length > 1 ? partOf(part) : escaped(part)));
  const pattern = new RegExp(`^${source}$`);
  return (text) => {
    const found = pattern.exec(text);
    const [year = NaN, ...others] = needed.map((token) => Number(found?.[tokens.indexOf(token) + 1]));
    return timeOfParts(year, ...others);
  };
}

const withinYears = (time: number): number => (time >= FIRST_TIME && time <= LAST_TIME ? time : NaN);

/** Why a text is no time, for messages. Dates whose day or month may come first are refused: `format` says which. */
export function timeFault(text: string, format: string | undefined): string {
  if (format !== undefined) return `must be a time that exists, in the form ${format}, as --time-format says`;
  const mark = /^\d{1,2}([./-])\d{1,2}\1\d{4}/.exec(text)?.[1];
  if (mark !== undefined) {
    const [dayFirst, monthFirst] = ['DD MM YYYY', 'MM DD YYYY'].map((order) => order.replaceAll(' ', mark));
    return `does the day or the month come first? Add --time-format ${dayFirst} or --time-format ${monthFirst}`;
  }
  if (/^\d{9,10}(\.\d*)?$/.test(text)) return 'seconds since 1970? Add --time-format unix';
  if (/^\d{12,13}$/.test(text)) return 'milliseconds since 1970? Add --time-format unix-ms';
  return `${TIME_RULE}; --time-format describes another form`;
}
