/** Forecasts beyond the last row of a series. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { formatStep, timeAt, timeName } from '../data/calendar.js';
import { LAST_TIME } from '../data/times.js';
import { correctionsOf } from './corrected-methods.js';
import type { Forecaster } from './forecaster.js';
import { stepsIn } from '../core/numbers.js';
import { stillRepeats } from './inputs.js';
import type { Band } from './intervals.js';
import type { ForecastPlan } from './plan.js';
import { membersOf } from './plan.js';
import { assertHolidaysReach, assertReadable } from './plan-checks.js';
import type { Series } from './series.js';
import { extended } from './series.js';

/** The most steps that can be asked for: more would all be forecasts of forecasts. */
export const MOST_STEPS = 100_000;

/** A step after the last row. */
export interface FutureStep {
  readonly step: number;
  /** In milliseconds since 1970; and as people write it, `1989-01-01` for example. */
  readonly time: number;
  readonly date: string;
  /** Steps after the last number of the series. */
  readonly ahead: number;
  readonly band: Band;
  /** The horizon of its network. */
  readonly horizon: number;
  /** How many errors of earlier forecasts correct its interval. */
  readonly scores: number;
}

/** A forecast, with the interval that should contain the number. */
export interface ForecastRow extends Band {
  /** The series' name, in a table of several. Default: a table of one has none. */
  readonly series?: string;
  /** The time of the number, as `2024-02-29`. */
  readonly date: string;
  /** Steps from the last number that was known. */
  readonly ahead: number;
}

/** Forecasts as users read them. */
export const rowsOf = (
  { name }: Pick<ForecastPlan, 'name'>,
  steps: readonly Pick<FutureStep, 'date' | 'ahead' | 'band'>[],
): ForecastRow[] =>
  steps.map(({ date, ahead, band }) => ({ ...(name !== undefined && { series: name }), date, ahead, ...band }));

/**
 * The `count` steps after the last number. The network of the smallest horizon that reaches a step forecasts it. Beyond the largest horizon,
 * the networks read the forecasts before as if they were known, so intervals there are too narrow. `name` is for messages. Throws a DataError
 * if a column that is known in advance, or the holidays, end too early. What lies beyond the steps that the networks need has no effect.
 */
export async function futureOf(
  forecaster: Forecaster,
  series: Series,
  count: number,
  name: string,
  signal?: AbortSignal,
): Promise<FutureStep[]> {
  const { plan } = forecaster;
  const { end } = series;
  const largest = plan.ahead[plan.ahead.length - 1];
  // a network of several horizons reads what is known up to its largest one, whichever step is asked for
  const read = plan.isTogether ? Math.ceil(count / largest) * largest : count;
  assertNotTooLate(series, count, name);
  assertKnown(plan, series, end + read, name);
  assertHolidaysReach(plan, end + read, name);
  const longer = extended(series, Math.max(end + read, series.length));
  const found: FutureStep[] = [];
  for (let from = 0; from < count; from += largest) {
    const block = Math.min(largest, count - from);
    let done = 0;
    for (const ahead of plan.ahead) {
      const steps = stepsIn({ from: end + from + done, to: end + from + Math.min(ahead, block) });
      if (steps.length === 0) break;
      const { bands, scores } = await forecaster.forecasts(longer, ahead, steps, signal);
      if (bands.some(({ forecast }) => Number.isNaN(forecast)))
        throw new DataError(`${name}: has too few rows for a forecast ${ahead} ahead: add earlier ones`);
      for (const [n, band] of bands.entries()) {
        const step = steps[n];
        const [time, date] = [timeAt(series.calendar, step), timeName(series.calendar, step)];
        found.push({ step, time, date, ahead: step - end + 1, band, horizon: ahead, scores: scores[n] });
      }
      done += steps.length;
    }
    for (const { step, band } of found.slice(from)) longer.filled[step] = band.forecast;
  }
  return found;
}

/**
 * The first step whose number the forecasts of the `count` steps after `end` - 1 read. Networks that correct methods read these methods' errors in
 * their whole window.
 */
export function firstRead(plan: ForecastPlan, end: number, count: number): number {
  const { ahead, isTogether, inputs, T } = plan;
  const { lag, meanOver } = inputs;
  const corrections = correctionsOf(plan);
  const hasNetworks = membersOf(plan).length > 0;
  const firsts = ahead.flatMap((horizon, n) => {
    const done = ahead[n - 1] ?? 0; // a network of a smaller horizon forecasts these steps
    if (done >= count) return [];
    const window = end + done - horizon - (hasNetworks ? 2 * T - 1 : 0);
    const group = isTogether ? ahead : [horizon]; // a network of several horizons reads what belongs to each
    const ofMethods = group.flatMap((one) => {
      const made = hasNetworks ? window - one : window;
      return (corrections?.[ahead.indexOf(one)].fits ?? []).map(({ fitted }) => fitted.readsFrom(made, inputs));
    });
    return [window, ...(lag > 0 && hasNetworks ? [window + group[0] - lag] : []), ...ofMethods];
  });
  return Math.max(0, Math.min(...firsts) - meanOver + 1);
}

function assertNotTooLate({ calendar, end }: Series, count: number, name: string): void {
  const last = timeAt(calendar, end + count - 1);
  if (last <= LAST_TIME) return;
  throw new DataError(
    `${name}: ${counted(count, 'step')} of ${formatStep(calendar)} after ${timeName(calendar, end - 1)} reach beyond the year 9999: ask for fewer`,
  );
}

function assertKnown(plan: ForecastPlan, series: Series, length: number, name: string): void {
  assertReadable(plan, series, name);
  const { inputs } = plan;
  const { calendar } = series;
  const last = timeName(calendar, length - 1);
  for (const [n, known] of inputs.known.entries()) {
    const { values } = series.known[n];
    const d = stepsIn({ from: series.end, to: length }).find((step) => Number.isNaN(values[step] ?? NaN));
    if (d === undefined || stillRepeats(known, series.known[n], d)) continue;
    throw new DataError(
      `${name}: ${known.name} is not known on ${timeName(calendar, d)}: add rows up to ${last}, with ${known.name} but without the column to forecast`,
    );
  }
}
