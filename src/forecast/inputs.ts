/**
 * What a network reads at step t to forecast step d = t + ahead: the past up to t, and what is known of d in advance. Every number of the
 * plan comes from the training part alone.
 */
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import { numberIn } from '../data/table.js';
import type { Calendar } from '../data/calendar.js';
import { naturalPeriods, timeAt } from '../data/calendar.js';
import { DAY, weekdayOf } from '../data/times.js';
import type { ColumnKind } from '../data/table.js';
import type { Scale } from '../data/scale.js';
import { scaled, scaleOf } from '../data/scale.js';
import type { InputColumn, WindowColumns } from '../trained-state.js';
import type { Holidays, KnownColumn, Series } from './series.js';
import { holidaysOn } from './series.js';

/** How a column that is known in advance is read: as a number, as categories, or as categories that repeat after `period` steps. */
export type KnownPlan = { readonly name: string } & (
  | { readonly kind: 'number'; readonly scale: Scale }
  | {
      readonly kind: 'categories';
      readonly categories: readonly (number | string)[];
      readonly repeats: readonly number[] | null;
    }
);

/** Whether the categories of a known column are texts. */
const hasWords = (plan: KnownPlan): boolean =>
  plan.kind === 'categories' && plan.categories.some((category) => typeof category === 'string');

/** What a known column of a later table must hold, so that the networks read what they were trained with. */
export const kindOf = (plan: KnownPlan): ColumnKind =>
  plan.kind === 'number' ? 'number' : hasWords(plan) ? 'text' : 'either';

/** How inputs are made from a series; the same for training and for forecasts. */
export interface InputPlan {
  readonly y: Scale;
  /**
   * 0, or in a file of version 1 the steps of its training part. Its networks read the time, which goes from -1 to 1 over these, and the levels of
   * `inputs`; both leave their range later. Other networks read only differences from a recent mean.
   */
  readonly steps: number;
  /** Whether numbers of the series are missing in the training part; a column then says so. */
  readonly hasMissing: boolean;
  readonly inputs: readonly Scale[];
  /** The seasons, the shortest first. */
  readonly seasons: readonly number[];
  /** Steps from the number of the longest season before; 0 for none. A multiple of the shortest season, and no horizon is longer. */
  readonly lag: number;
  readonly known: readonly KnownPlan[];
  /** Numbers are read as differences from the mean of the last `meanOver` ones, because a series may drift: four of the shortest seasons. */
  readonly meanOver: number;
  /** Holidays that have a column of their own, because at least two days of the training part have them. */
  readonly holidays: readonly string[];
  /** What tells networks of several series which one they read: the same numbers at each step. undefined: they read one series. */
  readonly code?: readonly number[] | undefined;
}

/** The columns of a network's inputs, in their order: of step t, which it reads, and of step d, which it forecasts. */
export type InputColumns = WindowColumns['columns'] & {
  /** The mean of the last `meanOver` numbers up to step t, scaled. */
  readonly meanAt: (t: number) => number;
};

/** Numbers of a known column with more different values than this are no categories. */
const MOST_CATEGORIES = 24;
/** Days before and after a holiday that differ from other days. */
const NEAR = [-2, -1, 0, 1, 2] as const;
/** So far after a day, a holiday is read. */
export const DAYS_READ_AFTER = NEAR[NEAR.length - 1];
const HARMONICS = [1, 2] as const;

/** Seasons of which a mean is taken; steps of it if there are no seasons. */
const RECENT = { seasons: 4, steps: 32 } as const;

/**
 * The plans for a series whose training part ends before step `end`, and for the others of its table: they differ in their scales and codes only.
 * `ahead`: the largest horizon. `inputNames`: of `series.inputs`.
 */
export function plansFor(
  series: Series,
  end: number,
  ahead: number,
  seasons: readonly number[],
  holidays: Holidays | undefined,
  inputNames: readonly string[],
): InputPlan[] {
  const [shortest = 1] = seasons;
  const longest = seasons.at(-1) ?? 0;
  // a whole number of short seasons, whose number is known at every horizon; at least half of the training part must have it
  const lag = Math.max(Math.round(longest / shortest), Math.ceil(ahead / shortest)) * shortest;
  const all = [series, ...(series.others ?? [])];
  const hasMissing = all.some(({ filled, first }) => filled.subarray(first, end).some(Number.isNaN));
  const common = {
    seasons,
    lag: longest > 0 && 2 * lag <= end ? lag : 0,
    known: series.known.map((column, n) =>
      series.others ? pooledPlan(all, n, end, seasons) : knownPlan(column, end, seasons),
    ),
    meanOver: seasons.length > 0 ? RECENT.seasons * shortest : RECENT.steps,
    holidays: holidays ? namesWithin(series.calendar, end, holidays) : [],
  };
  const codes = codesOf(all.length);
  return all.map(({ y, inputs, name }, k) => ({
    y: scaleOf(y.subarray(0, end)),
    ...{ steps: 0, hasMissing },
    inputs: inputs.map((values, n) => inputScale(inputNames[n], values.subarray(0, end), name)),
    ...common,
    ...(series.others && { code: codes[k] }),
  }));
}

/** So many series have an input each, which is 1 for its own series. */
const MOST_ONE_HOT = 32;

/** Whether the plan is that of one of more series than have an input each. */
export const isOfMany = ({ code }: InputPlan): boolean => code !== undefined && !code.includes(0);

/** For each of several series, numbers that no other has. Many series share as many inputs: each is -1 or 1 at random, which differs in about half of them. */
function codesOf(series: number): number[][] {
  const random = new Random(1);
  return Array.from({ length: series }, (_, n) =>
    Array.from({ length: Math.min(series, MOST_ONE_HOT) }, (__, k) =>
      series <= MOST_ONE_HOT ? Number(k === n) : random.uniform(-1, 1) < 0 ? -1 : 1,
    ),
  );
}

/**
 * How column `n` of the known ones is read in every series: its categories are those of all. It repeats only if it has the same values in all of
 * them, such as a day of the week.
 */
function pooledPlan(all: readonly Series[], n: number, end: number, seasons: readonly number[]): KnownPlan {
  const [{ known }] = all;
  const parts = all.map((one) => one.known[n].values.subarray(0, end));
  const common = parts[0].map((value, t) =>
    Number.isNaN(value) ? (parts.find((part) => !Number.isNaN(part[t]))?.[t] ?? NaN) : value,
  );
  if (parts.every((part) => part.every((value, t) => Number.isNaN(value) || value === common[t])))
    return knownPlan({ ...known[n], values: common }, end, seasons);
  const values = new Float64Array(parts.length * end);
  for (const [k, part] of parts.entries()) values.set(part, k * end);
  return knownPlan({ ...known[n], values }, values.length, []);
}

function inputScale(name: string, train: Float64Array, series: string | undefined): Scale {
  if (train.some((value) => !Number.isNaN(value))) return scaleOf(train);
  const where = series === undefined ? '' : ` of ${series}`;
  throw new DataError(`${name} has no number in the training part${where}: leave it out of --inputs, or fill it`);
}

/** A column whose cells in the training part, before step `end`, are numbers or missing: a text among the later cells decides nothing. */
function asInTraining(column: KnownColumn, end: number): KnownColumn {
  const { words, values } = column;
  const hasText =
    words && values.subarray(0, end).some((code) => !Number.isNaN(code) && Number.isNaN(numberIn(words[code])));
  return words && !hasText ? { ...column, values: numbersOf(column), words: undefined } : column;
}

/** The numbers of a column; NaN for a text that is none. */
const numbersOf = ({ values, words }: KnownColumn): Float64Array =>
  words ? values.map((code) => (Number.isNaN(code) ? NaN : numberIn(words[code]))) : values;

/** What a column holds before step `end`: as the networks read it, numbers or texts. */
export function* valuesOf(column: KnownColumn, end: number): Generator<number | string> {
  const { values, words } = asInTraining(column, end);
  for (const value of values.subarray(0, end)) yield Number.isNaN(value) ? NaN : (words?.[value] ?? value);
}

function knownPlan(column: KnownColumn, end: number, seasons: readonly number[]): KnownPlan {
  const { name, values, words } = asInTraining(column, end);
  const train = values.subarray(0, end);
  const different = new Set<number>();
  for (const value of train) if (different.size <= MOST_CATEGORIES && !Number.isNaN(value)) different.add(value);
  const isCategories =
    words !== undefined || (different.size <= MOST_CATEGORIES && [...different].every(Number.isInteger));
  if (different.size === 0) {
    throw new DataError(
      `${name}, which is known in advance, has no value in the training part: leave it out of --known, or fill it`,
    );
  }
  if (words && different.size > MOST_CATEGORIES) {
    throw new DataError(
      `${name}, which is known in advance, has more than ${MOST_CATEGORIES} different texts, such as ${describe(words[0])}: ` +
        'it must hold numbers, with a point before their decimals, or few categories',
    );
  }
  if (!isCategories) return { name, kind: 'number', scale: scaleOf(train) };
  const categories = [...different].sort((a, b) => a - b);
  const period = seasons.find((one) => repeatsAfter(train, one));
  const repeats =
    period === undefined ? null : Array.from(train.subarray(0, period), (value) => categories.indexOf(value));
  return { name, kind: 'categories', categories: categories.map((code) => words?.[code] ?? code), repeats };
}

function repeatsAfter(values: Float64Array, period: number): boolean {
  for (let t = period; t < values.length; t++) if (values[t] !== values[t - period]) return false;
  return values.length > period;
}

function namesWithin(calendar: Calendar, end: number, holidays: Holidays): string[] {
  const counts = new Map<string, number>();
  const days = new Set(Array.from({ length: end }, (_, t) => Math.floor(timeAt(calendar, t) / DAY)));
  for (const day of days) {
    for (const name of holidaysOn(holidays, day * DAY)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= 2).map(([name]) => name);
}

/**
 * The mean of the last `meanOver` numbers up to step t, scaled; missing ones do not count. Without any, the mean of the step before, and 0 at
 * the beginning.
 */
function recentMeans(scale: Scale, values: Float64Array, meanOver: number): (t: number) => number {
  const means = new Float64Array(values.length);
  let [sum, count] = [0, 0];
  const include = (value: number | undefined, sign: 1 | -1): void => {
    if (value === undefined || Number.isNaN(value)) return;
    sum += sign * scaled(scale, value);
    count += sign;
  };
  for (let t = 0; t < values.length; t++) {
    if (t % meanOver === 0) {
      [sum, count] = [0, 0]; // summed anew, so that the rounding of numbers long ago has no effect
      for (let k = Math.max(0, t - meanOver + 1); k <= t; k++) include(values[k], 1);
    } else {
      include(values[t - meanOver], -1);
      include(values[t], 1);
    }
    means[t] = count > 0 ? sum / count : (means[t - 1] ?? 0);
  }
  return (t) => (t < 0 ? 0 : means[Math.min(t, means.length - 1)]);
}

/** The columns of a series' inputs. */
export function inputColumns(plan: InputPlan, series: Series, holidays: Holidays | undefined): InputColumns {
  const { filled, calendar } = series;
  const { steps, meanOver } = plan;
  const meanAt = recentMeans(plan.y, filled, meanOver);
  /** The difference of the number at step t from the mean up to there; 0 if it is missing. */
  const differenceAt = (t: number): number =>
    t < 0 || Number.isNaN(filled[t]) ? 0 : scaled(plan.y, filled[t]) - meanAt(t);
  const past: InputColumn[] = [{ name: 'value', at: differenceAt }];
  if (plan.hasMissing) past.push({ name: 'value is missing', at: (t) => Number(Number.isNaN(filled[t])) });
  const others = series.inputs.map((values, n): InputColumn => {
    const meanBefore = steps > 0 ? () => 0 : recentMeans(plan.inputs[n], values, meanOver);
    return {
      name: `input ${n + 1}`,
      at: (t) => (Number.isNaN(values[t]) ? 0 : scaled(plan.inputs[n], values[t]) - meanBefore(t)),
    };
  });
  const { lag } = plan;
  const base: InputColumn[] = lag > 0 ? [{ name: `value ${lag} steps before`, at: (d) => differenceAt(d - lag) }] : [];
  return {
    meanAt,
    past: [...past, ...others],
    future: [
      ...base,
      ...(steps > 0 ? [{ name: 'time', at: (d: number) => (2 * d) / steps - 1 }] : []),
      ...calendarColumns(calendar, plan.seasons),
      ...plan.known.flatMap((known, n) => knownColumns(known, series.known[n])),
      ...(holidays ? holidayColumns(plan, calendar, holidays) : []),
    ],
  };
}

/** The weekday, the hour, the time of the year, and the phase of every other season. */
function calendarColumns(calendar: Calendar, seasons: readonly number[]): InputColumn[] {
  const { day, week, year } = naturalPeriods(calendar);
  const columns: InputColumn[] = [];
  if (calendar.workdays || (week !== undefined && week >= 7)) {
    for (const k of calendar.workdays?.weekdays ?? [0, 1, 2, 3, 4, 5, 6]) {
      columns.push({ name: `weekday ${k}`, at: (d) => Number(weekdayOf(timeAt(calendar, d)) === k) });
    }
  }
  if (day !== undefined) columns.push(...waves('day', day, (d) => timeAt(calendar, d) / DAY));
  if (year !== undefined && year >= 2) columns.push(...waves('year', year, (d) => yearOf(timeAt(calendar, d))));
  const natural = [day, week, year].map((period) => Math.round(period ?? 0));
  for (const period of seasons.filter((one) => !natural.includes(one))) {
    columns.push(...waves(`season of ${period}`, period, (d) => d / period));
  }
  return columns;
}

const yearOf = (time: number): number => time / (365.2425 * DAY);

/**
 * sin and cos of the phase, once and twice in a period; what the steps are too far apart for is left out. In f32, as the networks read them: the last
 * digits of f64 depend on the version of V8, and ridge regression would carry them into the file.
 */
const waves = (name: string, period: number, phaseOf: (d: number) => number): InputColumn[] =>
  HARMONICS.filter((k) => 2 * k <= period).flatMap((k): InputColumn[] => [
    { name: `${name}: sin ${k}`, at: (d) => Math.fround(Math.sin(2 * Math.PI * k * phaseOf(d))) },
    { name: `${name}: cos ${k}`, at: (d) => Math.fround(Math.cos(2 * Math.PI * k * phaseOf(d))) },
  ]);

function knownColumns(plan: KnownPlan, column: KnownColumn): InputColumn[] {
  if (plan.kind === 'number') {
    const numbers = numbersOf(column);
    return [{ name: plan.name, at: (d) => scaled(plan.scale, numbers[d] ?? NaN) }];
  }
  const codeAt = categoryCodes(plan, column);
  return plan.categories.map((category, n) => ({
    name: `${plan.name} ${category}`,
    at: (d) => Number(codeAt(d) === n),
  }));
}

/** The index of the category at a step, also where it only repeats; undefined for another value, and for a missing one. */
function categoryCodes(
  plan: Extract<KnownPlan, { readonly kind: 'categories' }>,
  { values, words }: KnownColumn,
): (d: number) => number | undefined {
  const { categories, repeats } = plan;
  const codes = new Map(categories.map((category, n) => [category, n]));
  // numbers were the categories in training; one text in a later table makes texts of all its cells
  const category = hasWords(plan) ? (word: string) => word : decimalFrom;
  const codesOfWords = words?.map((word) => codes.get(category(word)));
  return (d) => {
    const value = values[d] ?? NaN;
    if (Number.isNaN(value)) return repeats?.[d % repeats.length];
    return codesOfWords ? codesOfWords[value] : codes.get(value);
  };
}

/** The first step whose value the networks would read as none, although the table has one: a new category, or a text among numbers. -1: none. */
export function unreadStep(plan: KnownPlan, column: KnownColumn): number {
  const { values } = column;
  const read = plan.kind === 'number' ? numbersOf(column) : undefined;
  const codeAt = plan.kind === 'categories' ? categoryCodes(plan, column) : undefined;
  return values.findIndex(
    (value, d) => !Number.isNaN(value) && (codeAt ? codeAt(d) === undefined : Number.isNaN(read?.[d])),
  );
}

/** Whether the values before step `d` repeat as in the training part. */
export function stillRepeats(plan: KnownPlan, column: KnownColumn, d: number): boolean {
  if (plan.kind !== 'categories' || plan.repeats === null) return false;
  const { repeats } = plan;
  const codeAt = categoryCodes(plan, column);
  return repeats.every((_, k) => {
    const before = d - 1 - k;
    return before < 0 || Number.isNaN(column.values[before]) || codeAt(before) === repeats[before % repeats.length];
  });
}

/** A column for each holiday of the plan, and one for each day near any of them. */
function holidayColumns(plan: InputPlan, calendar: Calendar, holidays: Holidays): InputColumn[] {
  const { lag } = plan;
  const names = new Set(plan.holidays);
  const has = (d: number, name: string): boolean => holidaysOn(holidays, timeAt(calendar, d)).includes(name);
  const hasAny = (time: number): number => Number(holidaysOn(holidays, time).some((name) => names.has(name)));
  return [
    ...plan.holidays.map((name): InputColumn => ({ name, at: (d) => Number(has(d, name)) })),
    ...NEAR.map((near): InputColumn => ({
      name: `a holiday ${-near} days before`,
      at: (d) => hasAny(timeAt(calendar, d) + near * DAY),
    })),
    ...(lag > 0
      ? [{ name: `a holiday ${lag} steps before`, at: (d: number) => hasAny(timeAt(calendar, d - lag)) }]
      : []),
  ];
}
