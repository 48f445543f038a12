/** Whether a table suits a forecaster: it has the values of the training, and what the networks read is known. */
import { counted, describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { timeAt, timeName } from '../data/calendar.js';
import { bytesOfNumbers, bytesOfValues } from '../data/scale.js';
import type { WantedColumn } from '../data/table.js';
import { DAY, formatTime } from '../data/times.js';
import { sha256Of } from '../files/sha256.js';
import { DAYS_READ_AFTER, kindOf, unreadStep, valuesOf } from './inputs.js';
import type { ForecastPlan } from './plan.js';
import { span } from './plan.js';
import type { Series } from './series.js';
import { wantedColumns } from './series.js';

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
  if (first > (plan.first ?? 0)) {
    throw new DataError(
      `${name}: begins at ${timeName(plan.calendar, first)}, but the training part at ${timeName(plan.calendar, plan.first ?? 0)}: the errors ` +
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
export const digestsOf = ({ y, inputs, known }: Series, end: number): string[] => [
  ...[y, ...inputs].map((values) => sha256Of([bytesOfNumbers(values.subarray(0, end))])),
  ...known.map((column) => sha256Of(bytesOfValues(valuesOf(column, end)))),
];
