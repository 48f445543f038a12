/** What a forecaster is besides its networks: the columns it reads, how their numbers become inputs, and how its intervals were corrected. */
import { counted, describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import type { Calendar } from '../data/calendar.js';
import type { JsonObject } from '../files/json.js';
import { firstIndexFrom, timeAt, timeName } from '../data/calendar.js';
import { formatTime } from '../data/times.js';
import { sha256Of } from '../files/sha256.js';
import { bytesOfNumbers, bytesOfValues } from '../data/scale.js';
import type { WantedColumn } from '../data/table.js';
import type { InputPlan } from './inputs.js';
import { DAYS_READ_AFTER, kindOf, planFor, unreadStep, valuesOf } from './inputs.js';
import type { Holidays, Series, SeriesColumns } from './series.js';
import { wantedColumns } from './series.js';
import { seasonsIn } from './seasons.js';
import { windowsBefore } from './windows.js';

/** The parts of a series, in the order of time. */
export interface Parts {
  /** What the intervals are corrected with; the networks are trained on what is before it. */
  readonly validation: Range;
  readonly test: Range;
}

/** What a file of 1.0.0 does not say; there the networks forecast, below 0 too. */
export interface Rules {
  /**
   * What may forecast. `auto`: the methods that are the best on the validation part, and networks if they improve these. `network`: always with
   * networks. Or one method of `METHODS`, without networks.
   */
  readonly method: string;
  /** Whether no forecast is below 0, because no number is that is known at the first forecast of the test part. */
  readonly isNonNegative: boolean;
  /** How often the test part has been measured. */
  readonly looks: number;
  /** For each of `ahead`, what its forecasts are made of; null before the calibration, and in version 1, whose networks correct no method. */
  readonly corrections: readonly StoredCorrection[] | null;
  /**
   * The same corrections with the methods fitted to the validation part too, which replace them after the calibration; else null. They are in the file
   * from the beginning, because another computer that continues the run may fit other last digits.
   */
  readonly later: readonly StoredCorrection[] | null;
}

/** A correction as a file holds it: see `Correction`. */
export interface StoredCorrection {
  readonly fits: readonly JsonObject[];
  readonly unit: number;
  readonly isRelative: boolean;
  readonly share: number | null;
}

const RULES_OF_1_0: Rules = { method: 'network', isNonNegative: false, looks: 0, corrections: null, later: null };

export const rulesOf = ({ rules }: Pick<ForecastPlan, 'rules'>): Rules => rules ?? RULES_OF_1_0;

/**
 * The plan after a run has measured its test part from `count` origins; an earlier report knows of `before` evaluations. A run that was killed
 * after it counted, and is resumed, does not count again.
 */
export const withLooksOfRun = (plan: ForecastPlan, count: number, before = 0): ForecastPlan =>
  rulesOf(plan).looks > 0 ? plan : withLooks(plan, count, before);

/** The plan after `count` more evaluations on its test part, of which an earlier report knows `before`. */
export function withLooks(plan: ForecastPlan, count: number, before = 0): ForecastPlan {
  const rules = rulesOf(plan);
  return { ...plan, rules: { ...rules, looks: Math.max(rules.looks, before) + count } };
}

/** What the user chose. */
export interface ForecastChoices {
  readonly columns: SeriesColumns;
  /** Steps from the last known number to those that are forecast; they rise. */
  readonly ahead: readonly number[];
  /** Whether one network forecasts all of `ahead`. */
  readonly isTogether: boolean;
  /** Networks for each horizon. */
  readonly seeds: number;
  /** The share of numbers that an interval should contain. */
  readonly coverage: number;
  /** The test part, in time, `to` included; null for the last tenth, at most 10,000 steps, of the whole series or of what is before `to`. */
  readonly test: { readonly from: number | null; readonly to: number | null } | null;
  /** Seasons in steps; null to look for them. */
  readonly seasons: readonly number[] | null;
  /** As `Rules.method`. */
  readonly method: string;
  /** Whether forecasts may be below 0 although no number is. */
  readonly isNegative: boolean;
}

/** A forecaster without its networks. */
export interface ForecastPlan {
  readonly columns: SeriesColumns;
  readonly ahead: readonly number[];
  readonly isTogether: boolean;
  readonly seeds: number;
  readonly coverage: number;
  readonly calendar: Calendar;
  readonly parts: Parts;
  readonly inputs: InputPlan;
  /** T: steps of a window. */
  readonly T: number;
  /** [day since 1970, name] of each holiday; null if there are none. */
  readonly holidays: readonly (readonly [number, string])[] | null;
  /** A digest of what each column holds before the test part: of `predict`, `inputs` and `known`. */
  readonly digests: readonly string[];
  /**
   * For each of `ahead` the scores of the steps `scoredSteps`, by networks that do not know them: how far an interval's ends would have had to
   * move outwards. null where the number is missing; null before the validation.
   */
  readonly scores: readonly (readonly (number | null)[])[] | null;
  /** undefined: those of 1.0.0. */
  readonly rules?: Rules;
}

/** A window is four of the shortest seasons, or fewer in a short series, within these limits. */
const WINDOW = { seasons: 4, withoutSeasons: 64, least: 8, most: 64 } as const;
/** The share of the series that is the test part, and that before it the validation part, unless the user chose. */
const TEST_SHARE = 0.1;
/** More steps would not measure better. */
const MOST_TEST = 10_000;
const DAY = 86_400_000;

/** Smaller numbers of f64 have fewer digits, and no drawing has an axis for them. */
const LEAST_SCALE = 2 ** -1022;

/** The plan for a series; `parts`: if not those of the choices. Throws a DataError if it is too short for its parts. */
export function planOf(
  name: string,
  series: Series,
  choices: ForecastChoices,
  holidays: Holidays | undefined,
  parts = partsOf(name, series, choices),
): ForecastPlan {
  if (holidays) assertDays(name, series.calendar);
  const trainEnd = parts.validation.from;
  const seasons = choices.seasons
    ? [...new Set(choices.seasons)].sort((a, b) => a - b)
    : seasonsIn(series.calendar, series.y.subarray(0, trainEnd));
  const tooLong = seasons.find((season) => 2 * season > trainEnd);
  if (tooLong !== undefined) {
    throw new DataError(
      `${name}: the season of ${counted(tooLong, 'step')} is longer than half of the training part, which has ${counted(trainEnd, 'step')}: choose shorter seasons, ` +
        'or a shorter test part',
    );
  }
  const { columns, ahead, isTogether, seeds, coverage } = choices;
  const largest = ahead[ahead.length - 1];
  const inputs = planFor(series, trainEnd, largest, seasons, holidays, columns.inputs);
  const half = Math.floor((trainEnd - 2 * largest) / 2); // so that there are as many windows
  const wanted = seasons.length > 0 ? WINDOW.seasons * seasons[0] : WINDOW.withoutSeasons;
  const T = Math.min(WINDOW.most, Math.max(WINDOW.least, Math.min(wanted, half)));
  if (trainEnd < T + 2 * largest) {
    throw new DataError(
      `${name}: ${counted(trainEnd, 'step')} before the validation part: a forecast of ${counted(largest, 'step')} ahead needs ${T + 2 * largest}: choose fewer ahead, or a shorter test part`,
    );
  }
  for (const [part, { from, to }] of Object.entries({ training: { from: 0, to: trainEnd }, ...parts })) {
    if (series.y.subarray(from, to).some((value) => !Number.isNaN(value))) continue;
    const [first, last] = [from, to - 1].map((step) => timeName(series.calendar, step));
    throw new DataError(`${name}: ${columns.predict} has no number in the ${part} part, ${first} … ${last}`);
  }
  if (inputs.y.scale < LEAST_SCALE) {
    throw new DataError(
      `${name}: ${columns.predict} varies by ${inputs.y.scale.toPrecision(2)}, and numbers below 2.3e-308 have too few digits: multiply the column`,
    );
  }
  const plan: ForecastPlan = {
    ...{ columns, ahead, isTogether, seeds, coverage, calendar: series.calendar, parts },
    inputs,
    T,
    holidays: holidays
      ? [...holidays].flatMap(([day, names]) => names.map((one): [number, string] => [day, one]))
      : null,
    digests: digestsOf(series, parts.test.from),
    scores: null,
    rules: {
      method: choices.method,
      isNonNegative:
        !choices.isNegative && !series.y.subarray(0, parts.test.from - largest + 1).some((value) => value < 0),
      ...{ looks: 0, corrections: null, later: null },
    },
  };
  assertHolidaysReach(plan, lastRead(plan, parts.test.to), name);
  if (holidays && inputs.holidays.length === 0) {
    throw new DataError(
      `${name}: no holiday occurs on two days of the training part, ${span(plan, { from: 0, to: trainEnd })}: leave out --holidays, or use another file`,
    );
  }
  assertReadable(plan, series, name);
  assertLearnable(plan, series, name);
  return plan;
}

/** Throws a DataError if a network would learn from no number: it forecasts those from its first window to the end of what it is trained on. */
function assertLearnable(plan: ForecastPlan, { y }: Series, name: string): void {
  const members = STAGES.flatMap((stage) => membersOf(plan, stage).map(({ ahead }) => ({ stage, ahead })));
  for (const { stage, ahead } of members) {
    const end = trainEnd(plan, ahead, stage);
    const from = windowsBefore(plan.inputs, ahead, plan.T, end).first + ahead[0];
    if (y.subarray(from, end).some(Number.isFinite)) continue;
    throw new DataError(
      `${name}: ${plan.columns.predict} has no number that the network for ${ahead.join(', ')} ahead could learn from, ` +
        `${span(plan, { from, to: end })}: choose fewer ahead, or a shorter test part`,
    );
  }
}

/** Throws a DataError for steps of days that begin at another time than midnight: a zone can move it to the day before, where no holiday is. */
function assertDays(name: string, { start, unit, step }: Calendar): void {
  if (unit === 'row') throw new DataError(`${name}: holidays are days, so they need the column of the time (--time)`);
  if (start % DAY === 0 || (unit === 'ms' && step % DAY !== 0)) return;
  throw new DataError(
    `${name}: begins at ${formatTime(start)} in UTC, so a holiday may lie on the day before: write days, such as 1987-02-28, without a time ` +
      'and its zone',
  );
}

/**
 * Throws a DataError for a value of a known column that the networks would read as none, without a word; and for rows without a time that do not
 * begin as those of the training, because their numbers would then be wrong.
 */
export function assertReadable({ inputs, parts, digests, calendar }: ForecastPlan, series: Series, name: string): void {
  if (calendar.unit === 'row' && digestsOf(series, parts.test.from).some((digest, n) => digest !== digests[n])) {
    throw new DataError(
      `${name}: must begin with the ${counted(parts.test.from, 'row')} of the training, with the same values, because its rows have no time`,
    );
  }
  for (const [n, plan] of inputs.known.entries()) {
    const { values, words } = series.known[n];
    const d = unreadStep(plan, series.known[n]);
    if (d < 0) continue;
    const known = plan.kind === 'categories' ? `only has ${plan.categories.join(', ')}` : 'has numbers';
    throw new DataError(
      `${name}: ${plan.name} is ${describe(words?.[values[d]] ?? values[d])} on ${timeName(series.calendar, d)}, but the training part ${known}: ` +
        'write one of these, or train on rows that have it',
    );
  }
}

/** As `wantedColumns`; the columns that are known in advance stay what they were in training. */
export const plannedColumns = ({ columns, inputs }: ForecastPlan): Record<string, WantedColumn> =>
  wantedColumns(columns, inputs.known.map(kindOf));

/** The end of the steps whose days are read to forecast those before `end`: a network of several horizons reads the days of each. */
export const lastRead = ({ ahead, isTogether }: Pick<ForecastPlan, 'ahead' | 'isTogether'>, end: number): number =>
  isTogether ? end + ahead[ahead.length - 1] - ahead[0] : end;

/**
 * Throws a DataError unless the holidays of a plan reach the year of the days after the last step before `end`, because a day before a holiday
 * differs from others. Without any holidays, none can be missing.
 */
export function assertHolidaysReach(
  { calendar, holidays }: Pick<ForecastPlan, 'calendar' | 'holidays'>,
  end: number,
  name: string,
): void {
  if (!holidays || holidays.length === 0) return;
  const lastDay = holidays.reduce((last, [day]) => Math.max(last, day), -Infinity);
  const time = timeAt(calendar, end - 1);
  const [lastYear, needed] = [lastDay * DAY, time + DAYS_READ_AFTER * DAY].map((one) => new Date(one).getUTCFullYear());
  if (lastYear >= needed) return;
  throw new DataError(
    `${name}: the forecaster knows holidays up to ${lastYear}, but reads those of ${formatTime(time)} and of the ${DAYS_READ_AFTER} days ` +
      'after it: train it with later holidays',
  );
}

/**
 * Throws a DataError unless a series begins with the training part, has numbers in the test part and before it, and the holidays reach it.
 * `name` is for messages.
 */
export function assertHoldsTest(plan: ForecastPlan, series: Series, name: string): void {
  const { test } = plan.parts;
  const { y, end, first } = series;
  const hasNumber = (from: number, to: number): boolean => y.subarray(from, to).some((value) => !Number.isNaN(value));
  if (!hasNumber(0, test.from) || !hasNumber(test.from, test.to) || end < test.to)
    throw new DataError(`${name}: does not hold the test part, ${span(plan, test)}, and numbers before it`);
  if (first > 0) {
    throw new DataError(
      `${name}: begins at ${timeName(plan.calendar, first)}, but the training part at ${timeName(plan.calendar, 0)}: the errors ` +
        'of the test part need the whole series, because ridge regression learns from the training part',
    );
  }
  assertHolidaysReach(plan, lastRead(plan, test.to), name);
  assertReadable(plan, series, name);
}

/**
 * Throws a DataError unless a series has the values from which the networks and the baselines of a plan learn: those before the test part.
 * `name` is for messages.
 */
export function assertOfTraining(plan: ForecastPlan, series: Series, name: string): void {
  assertHoldsTest(plan, series, name);
  const { from } = plan.parts.test;
  const other = digestsOf(series, from).findIndex((digest, n) => digest !== plan.digests[n]);
  if (other < 0) return;
  const { predict, inputs, known } = plan.columns;
  throw new DataError(
    `${name}: is not the series of the training: ${[predict, ...inputs, ...known][other]} has other values before the test part, up to ` +
      timeName(plan.calendar, from - 1),
  );
}

/** The digest of each column before step `end`. */
const digestsOf = ({ y, inputs, known }: Series, end: number): string[] => [
  ...[y, ...inputs].map((values) => sha256Of([bytesOfNumbers(values.subarray(0, end))])),
  ...known.map((column) => sha256Of(bytesOfValues(valuesOf(column, end)))),
];

/** The first and the last time of a range: `1987-01-01 … 1988-12-31`. */
export const span = ({ calendar }: Pick<ForecastPlan, 'calendar'>, { from, to }: Range): string =>
  `${timeName(calendar, from)} … ${timeName(calendar, to - 1)}`;

/** The test part, and before it a validation part of the same length. */
function partsOf(name: string, { calendar, end }: Series, { test }: ForecastChoices): Parts {
  const to = test?.to == null ? end : Math.min(end, firstIndexFrom(calendar, test.to + 1));
  const share = Math.max(1, Math.min(MOST_TEST, Math.round(TEST_SHARE * to)));
  const from = test?.from == null ? to - share : firstIndexFrom(calendar, test.from);
  const span = `${name}: from ${timeName(calendar, 0)} to ${timeName(calendar, end - 1)}`;
  if (from >= to || from < 0) throw new DataError(`${span}: the test part is empty`);
  const validation = { from: from - (to - from), to: from };
  if (validation.from <= 0) {
    throw new DataError(
      `${span}: the test part has ${counted(to - from, 'step')}, and the validation part before it as many: nothing is left to train on`,
    );
  }
  return { validation, test: { from, to } };
}

/** More scores would not move an interval's ends. */
const MOST_SCORES = 10_000;

/** The steps of the validation part that have scores. */
export const scoredSteps = ({ validation: { from, to } }: Parts): Range => ({
  from: Math.max(from, to - MOST_SCORES),
  to,
});

/** The holidays of a plan. */
export function holidaysIn({ holidays }: ForecastPlan): Holidays | undefined {
  if (!holidays) return undefined;
  const days = new Map<number, string[]>();
  for (const [day, name] of holidays) days.set(day, [...(days.get(day) ?? []), name]);
  return days;
}

/** A network of a plan. */
export interface Member {
  readonly name: string;
  /** Its horizons. */
  readonly ahead: readonly number[];
  /** From 1. */
  readonly seed: number;
}

/**
 * Every network is trained twice. Those of `calibration` know nothing of the validation part: their errors there correct the intervals.
 * Those of `final` are also trained on the validation part, because the latest numbers matter most; these forecast.
 */
export const STAGES = ['calibration', 'final'] as const;
/** One of them. */
export type Stage = (typeof STAGES)[number];

/** A network of a run, for people. `number` counts from 1, over both stages. */
export function networkWords({ ahead, seed }: Member, stage: Stage, number: number, count: number): string {
  const why = stage === 'calibration' ? 'intervals' : 'forecasts';
  return `network ${number} of ${count}, for the ${why}: ${ahead.join(', ')} ahead, seed ${seed}`;
}

/** Whether the networks of a plan forecast without methods, and read the time: those of a file of 1.0.0. */
export const isVersion1 = ({ inputs }: Pick<ForecastPlan, 'inputs'>): boolean => inputs.steps > 0;

/** The networks of a stage: those of the horizons whose forecasts use networks. */
export function membersOf(plan: ForecastPlan, stage: Stage = 'final'): Member[] {
  const { ahead, isTogether, seeds } = plan;
  const { method, corrections } = rulesOf(plan);
  const isAllowed = method === 'auto' || method === 'network';
  const used = ahead.filter((_, n) => isAllowed && (stage === 'calibration' || corrections?.[n].share !== 0));
  const groups = !isTogether ? used.map((one) => [one]) : used.length > 0 ? [ahead] : [];
  const beginning = stage === 'final' ? '' : `${stage}-`;
  return groups.flatMap((group) =>
    Array.from({ length: seeds }, (_, n) => ({
      name: `${beginning}${isTogether ? 'together' : `ahead-${group[0]}`}-seed-${n + 1}`,
      ahead: group,
      seed: n + 1,
    })),
  );
}

/** The step before which all numbers that a network learns to forecast lie, so that none is unknown at the first forecast of the next part. */
export const trainEnd = ({ parts }: ForecastPlan, ahead: readonly number[], stage: Stage): number =>
  (stage === 'calibration' ? parts.validation.from : parts.test.from) - ahead[ahead.length - 1] + 1;
