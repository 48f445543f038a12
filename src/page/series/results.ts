/** What the page shows of a series, its plan and its forecasts. */
import { stepsIn } from '../../core/numbers.js';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import type { Range } from '../../core/numbers.js';
import { formatStep, naturalPeriods, timeAt } from '../../data/calendar.js';
import type { Forecaster } from '../../forecast/forecaster.js';
import { futureOf } from '../../forecast/future.js';
import { inputColumns } from '../../forecast/inputs.js';
import type { Band } from '../../forecast/intervals.js';
import type { ForecastPlan } from '../../forecast/plan.js';
import { holidaysIn, span } from '../../forecast/plan.js';
import { reportOf } from '../../forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../../forecast/report-words.js';
import type { Series } from '../../forecast/series.js';
import { drawn, withNulls } from './drawn.js';

/** A line over time. */
export interface TimeLine {
  /** Milliseconds since 1970, or numbers of rows. */
  readonly times: readonly number[];
  /** null is missing. */
  readonly values: readonly (number | null)[];
}

/** A part of the series. */
export interface PartFacts {
  readonly name: 'training' | 'validation' | 'test';
  /** The first and the last time, in words. */
  readonly span: string;
  /** As the times of `line`; `to` is the first time after it. */
  readonly from: number;
  readonly to: number;
}

/** What the page shows of a series before training. */
export interface SeriesFacts {
  readonly name: string;
  readonly predict: string;
  /** `7305 steps of 1 day, 1969-01-01 … 1988-12-31` */
  readonly words: string;
  /** `seasons of 7 steps (a week) and 365 steps (a year)` */
  readonly seasons: string;
  /** The columns that the networks read. */
  readonly inputs: readonly string[];
  readonly parts: readonly PartFacts[];
  readonly line: TimeLine;
  /** The table has no time: its rows are steps. */
  readonly isRows: boolean;
}

/** Wider than any window, in pixels. */
const BINS = 4096;

/** `name`: that of the file. */
export function factsOf(name: string, series: Series, plan: ForecastPlan): SeriesFacts {
  const { calendar, parts, columns } = plan;
  const isRows = calendar.unit === 'row';
  const timeOf = (step: number): number => timeAt(calendar, step);
  const { validation, test } = parts;
  const ranges = { training: { from: 0, to: validation.from }, validation, test };
  const { at, values } = drawn(series.y.subarray(0, series.end), BINS);
  const { past, future } = inputColumns(plan.inputs, series, holidaysIn(plan));
  return {
    name,
    predict: columns.predict,
    words: [
      `${counted(series.end, 'step')} of ${formatStep(calendar)}, ${span(plan, { from: 0, to: series.end })}`,
      ...(isRows ? ['each row is a step, because no column is the time'] : []),
      ...series.notes,
    ].join('; '),
    seasons: seasonWords(plan),
    inputs: [...past, ...future].map(({ name: column }) => inputName(column, columns.inputs)),
    parts: Object.entries(ranges).map(([part, range]) => ({
      name: part as PartFacts['name'],
      span: span(plan, range),
      from: timeOf(range.from),
      to: timeOf(range.to),
    })),
    line: { times: at.map(timeOf), values },
    isRows,
  };
}

/** The name of a column that the networks read; that of `input 1` is the one in the file. */
export function inputName(name: string, inputs: readonly string[]): string {
  const [, number] = /^input (\d+)$/.exec(name) ?? [];
  return inputs[Number(number) - 1] ?? name;
}

function seasonWords({ calendar, inputs: { seasons } }: ForecastPlan): string {
  if (seasons.length === 0) return 'no seasons';
  const natural = Object.entries(naturalPeriods(calendar));
  const words = seasons.map((season) => {
    const named = natural.find(([, period]) => Math.round(period) === season);
    return `${counted(season, 'step')}${named ? ` (a ${named[0]})` : ''}`;
  });
  return `seasons of ${words.join(' and ')}`;
}

/** The forecasts of one horizon on the test part. */
export interface HorizonResults {
  readonly ahead: number;
  /** The mean absolute error of the forecasts. */
  readonly error: number;
  readonly bands: readonly Band[];
  readonly baselines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** A step after the last row. */
export interface FutureResult extends Band {
  readonly time: number;
  readonly ahead: number;
}

/** What the page shows of a forecaster. */
export interface Results {
  /** `1985-01-01 … 1986-12-31, 730 steps` */
  readonly test: string;
  /** The numbers of the test part. */
  readonly truth: TimeLine;
  readonly horizons: readonly HorizonResults[];
  /** See `errorTable`. */
  readonly table: readonly (readonly string[])[];
  /** See `verdictsOf` and `warningsOf`. */
  readonly verdicts: readonly string[];
  readonly warnings: readonly string[];
  /** The last numbers before the forecasts after the last row. */
  readonly recent: TimeLine;
  /** A text: why there are none. */
  readonly future: readonly FutureResult[] | string;
  /** As in `SeriesFacts`. */
  readonly isRows: boolean;
}

/** Steps before the last row that are shown beside the forecasts after it: `times` as many as there are forecasts, but at least `least`. */
const RECENT = { times: 3, least: 30 } as const;

/** `name`: that of the file. */
export async function resultsOf(
  forecaster: Forecaster,
  series: Series,
  name: string,
  signal: AbortSignal,
): Promise<Results> {
  const { plan } = forecaster;
  const { test } = plan.parts;
  const reports = await reportOf(forecaster, series, 'test', signal);
  const steps = stepsIn(test);
  const largest = plan.ahead[plan.ahead.length - 1];
  const recent = Math.max(RECENT.least, RECENT.times * largest);
  return {
    test: `${span(plan, test)}, ${counted(steps.length, 'step')}`,
    truth: lineOf(series, plan, test),
    horizons: reports.map(({ ahead, error, bands, baselines }) => ({
      ...{ ahead, error, bands },
      baselines: baselines.map(({ name, values }) => ({ name, values: withNulls(values) })),
    })),
    table: errorTable(plan, reports),
    verdicts: verdictsOf(reports),
    warnings: warningsOf(plan, reports),
    recent: lineOf(series, plan, { from: Math.max(0, series.end - recent), to: series.end }),
    future: await futureResults(forecaster, series, largest, name, signal),
    isRows: plan.calendar.unit === 'row',
  };
}

async function futureResults(
  forecaster: Forecaster,
  series: Series,
  count: number,
  name: string,
  signal: AbortSignal,
): Promise<FutureResult[] | string> {
  try {
    const found = await futureOf(forecaster, series, count, name, signal);
    return found.map(({ time, ahead, band }) => ({ time, ahead, ...band }));
  } catch (error) {
    if (error instanceof DataError) return error.message; // columns that are known in advance end too early
    throw error;
  }
}

function lineOf({ y }: Series, { calendar }: ForecastPlan, { from, to }: Range): TimeLine {
  const steps = stepsIn({ from, to });
  return { times: steps.map((step) => timeAt(calendar, step)), values: withNulls(y.subarray(from, to)) };
}
