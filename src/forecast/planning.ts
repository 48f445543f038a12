/** How a forecaster is planned: the parts of its series, the seasons and the windows; every number comes from what is before the validation part. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Calendar } from '../data/calendar.js';
import { firstIndexFrom, timeName } from '../data/calendar.js';
import { DAY, formatTime } from '../data/times.js';
import { plansFor } from './inputs.js';
import { assertHolidaysReach, assertReadable, digestsOf, lastRead } from './plan-checks.js';
import type { ForecastPlan, Parts } from './plan.js';
import { joined, membersOf, span, STAGES, trainEnd } from './plan.js';
import { seasonsIn } from './seasons.js';
import type { Holidays, Series } from './series.js';
import { nameIn, seriesIn } from './several.js';
import { windowsBefore } from './windows.js';

/** What the user chose. */
export interface ForecastChoices extends Pick<ForecastPlan, 'columns' | 'ahead' | 'isTogether' | 'seeds' | 'coverage'> {
  /** The test part, in time, `to` included; null for the last tenth, at most 10,000 steps, of the whole series or of what is before `to`. */
  readonly test: { readonly from: number | null; readonly to: number | null } | null;
  /** Seasons in steps; null to look for them. */
  readonly seasons: readonly number[] | null;
  /** As `Rules.method`. */
  readonly method: string;
  /** Whether forecasts may be below 0 although no number is. */
  readonly isNegative: boolean;
}

/** A window is four of the shortest seasons, or fewer in a short series, within these limits. */
const WINDOW = { seasons: 4, withoutSeasons: 64, least: 8, most: 64 } as const;
/** The share of the series that is the test part, and that before it the validation part, unless the user chose. */
const TEST_SHARE = 0.1;
/** More steps would not measure better. */
const MOST_TEST = 10_000;

/** Smaller numbers of f64 have fewer digits, and no drawing has an axis for them. */
const LEAST_SCALE = 2 ** -1022;

/**
 * The plan for a series, and for the others of its table; `parts`: if not those of the choices. Throws a DataError that names a series which is too
 * short for its parts.
 */
export function planOf(
  name: string,
  series: Series,
  choices: ForecastChoices,
  holidays: Holidays | undefined,
  parts = partsOf(name, series, choices),
): ForecastPlan {
  if (holidays) assertDays(name, series.calendar);
  const all = seriesIn(series);
  const trainEnd = parts.validation.from;
  const seasons = choices.seasons
    ? [...new Set(choices.seasons)].sort((a, b) => a - b)
    : commonSeasons(
        evenly(all, MOST_SEARCHED).map(({ calendar, y, first }) => seasonsIn(calendar, y.subarray(first, trainEnd))),
      );
  const tooLong = seasons.find((season) => 2 * season > trainEnd);
  if (tooLong !== undefined) {
    throw new DataError(
      `${name}: the season of ${counted(tooLong, 'step')} is longer than half of the training part, which has ${counted(trainEnd, 'step')}: choose shorter seasons, ` +
        'or a shorter test part',
    );
  }
  const { columns, ahead, isTogether, seeds, coverage } = choices;
  const largest = ahead[ahead.length - 1];
  const half = Math.floor((trainEnd - 2 * largest) / 2); // so that there are as many windows
  const wanted = seasons.length > 0 ? WINDOW.seasons * seasons[0] : WINDOW.withoutSeasons;
  const T = Math.min(WINDOW.most, Math.max(WINDOW.least, Math.min(wanted, half)));
  for (const one of all)
    assertLongEnough(nameIn(name, choices, one.name), trainEnd - one.first, T + 2 * largest, largest);
  const inputs = plansFor(series, trainEnd, largest, seasons, holidays, columns.inputs);
  const common = { columns, ahead, isTogether, seeds, coverage, calendar: series.calendar, parts };
  const days = holidays
    ? [...holidays].flatMap(([day, names]) => names.map((one): [number, string] => [day, one]))
    : null;
  const plans = all.map((one, n): ForecastPlan => ({
    ...common,
    ...{ inputs: inputs[n], T, holidays: days },
    digests: digestsOf(one, parts.test.from),
    scores: null,
    rules: {
      method: choices.method,
      isNonNegative:
        !choices.isNegative && !one.y.subarray(0, parts.test.from - largest + 1).some((value) => value < 0),
      ...{ looks: 0, corrections: null, later: null },
    },
    ...(one.name !== undefined && { name: one.name, first: one.first }),
  }));
  for (const [n, plan] of plans.entries()) {
    const one = nameIn(name, plan, all[n].name);
    assertNumbers(plan, all[n], one);
    assertReadable(plan, all[n], one);
    assertLearnable(plan, all[n], one);
  }
  const [plan] = plans;
  assertHolidaysReach(plan, lastRead(plan, parts.test.to), name);
  if (holidays && plan.inputs.holidays.length === 0) {
    throw new DataError(
      `${name}: no holiday occurs on two days of the training part, ${span(plan, { from: 0, to: trainEnd })}: leave out --holidays, or use another file`,
    );
  }
  return joined(plans);
}

/** The most series that are searched for seasons. Of more, those are searched that stand at equal distances in the table. */
const MOST_SEARCHED = 100;

const evenly = <One>(all: readonly One[], most: number): One[] => {
  const every = Math.ceil(all.length / most);
  return all.filter((_, n) => n % every === 0);
};

/** The seasons that at least half of the series have. */
function commonSeasons(all: readonly (readonly number[])[]): number[] {
  const counts = new Map<number, number>();
  for (const season of all.flat()) counts.set(season, (counts.get(season) ?? 0) + 1);
  const common = [...counts].filter(([, count]) => 2 * count >= all.length).map(([season]) => season);
  return common.sort((a, b) => a - b);
}

function assertLongEnough(name: string, steps: number, needed: number, ahead: number): void {
  if (steps >= needed) return;
  throw new DataError(
    `${name}: ${counted(Math.max(0, steps), 'step')} before the validation part: a forecast of ${counted(ahead, 'step')} ahead needs ${needed}: choose fewer ahead, or a shorter test part`,
  );
}

/** Throws a DataError unless a series has a number in each part, and numbers that differ enough. */
function assertNumbers({ parts, columns, inputs }: ForecastPlan, { y, first, calendar }: Series, name: string): void {
  for (const [part, { from, to }] of Object.entries({
    training: { from: first, to: parts.validation.from },
    ...parts,
  })) {
    if (y.subarray(from, to).some((value) => !Number.isNaN(value))) continue;
    throw new DataError(
      `${name}: ${columns.predict} has no number in the ${part} part, ${span({ calendar }, { from, to })}`,
    );
  }
  if (inputs.y.scale < LEAST_SCALE) {
    throw new DataError(
      `${name}: ${columns.predict} varies by ${inputs.y.scale.toPrecision(2)}, and numbers below 2.3e-308 have too few digits: multiply the column`,
    );
  }
}

/** Throws a DataError if a network would learn from no number: it forecasts those from its first window to the end of what it is trained on. */
function assertLearnable(plan: ForecastPlan, { y }: Series, name: string): void {
  const members = STAGES.flatMap((stage) => membersOf(plan, stage).map(({ ahead }) => ({ stage, ahead })));
  for (const { stage, ahead } of members) {
    const end = trainEnd(plan, ahead, stage);
    const from = windowsBefore(plan.inputs, ahead, plan.T, end, plan.first).first + ahead[0];
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

/** The test part, and before it a validation part of the same length. */
function partsOf(name: string, series: Series, { test }: ForecastChoices): Parts {
  const { calendar } = series;
  const end = seriesIn(series).reduce((last, one) => Math.max(last, one.end), 0);
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
