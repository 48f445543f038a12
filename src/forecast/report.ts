/** How good the forecasts of a part are, beside what they must beat. */
import { NonFiniteError } from '../core/errors.js';
import { timeName } from '../data/calendar.js';
import { bandLoss, coverageOf, errorUnit, meanAbsoluteError, rootMeanSquaredError } from './intervals.js';
import type { Forecaster } from './forecaster.js';
import { stepsIn } from '../core/numbers.js';
import type { Band } from './intervals.js';
import { fitInput, fitMethods, METHOD_NAMES } from './methods/methods.js';
import { lastValue } from './methods/naive.js';
import type { ForecastPlan } from './plan.js';
import { isVersion1, rulesOf } from './plan.js';
import type { Series } from './series.js';

/** How large the errors of forecasts are on a part. */
export interface Errors {
  /** The mean absolute error. */
  readonly error: number;
  /** The root of the mean squared error. */
  readonly rmse: number;
  /** `error` in units of the mean difference of numbers a season apart before the test part; null if that is 0. */
  readonly mase: number | null;
}

/** A method on a part. */
export interface MethodReport extends Errors {
  /** What the method is, for people. */
  readonly name: string;
  /** Its forecasts, one for each step of the part. */
  readonly values: readonly number[];
}

/** A forecast that was far from its number. */
export interface WorstForecast extends Band {
  /** The time of the number, as `1988-02-29`. */
  readonly date: string;
  /** The number. */
  readonly truth: number;
}

/** The forecasts of one horizon on a part. */
export interface HorizonReport extends Errors {
  /** The series' name, in a table of several. Default: a table of one has none. */
  readonly series?: string;
  /** Steps from the last known number to those that are forecast. */
  readonly ahead: number;
  /** The methods whose mean the networks correct; none in a file of 1.0.0. */
  readonly methods: readonly string[];
  /** The share of the networks' corrections that is added; 0 without networks. */
  readonly share: number;
  /** What the networks must beat. */
  readonly baselines: readonly MethodReport[];
  /** The mean absolute error of the forecasts with each network alone. */
  readonly networks: readonly number[];
  /** The pinball loss of the forecasts and of both ends of their intervals. */
  readonly pinball: number;
  /** How many numbers of the part the errors are means over. */
  readonly numbers: number;
  /** `error` as a share of the mean absolute number; null if that is 0. */
  readonly relative: number | null;
  /** The forecasts with the largest errors, the largest first; at most five. */
  readonly worst: readonly WorstForecast[];
  /** How many errors of earlier forecasts correct the interval of the first step. */
  readonly scores: number;
  /** The share of numbers that lie in the interval. */
  readonly coverage: number;
  /** The baseline with a smaller error, if there is one. */
  readonly beatenBy: string | null;
  /** Whether the forecasts are nearer to the last known number than to the right one by far: they repeat it. */
  readonly echoes: boolean;
  /** The forecasts, one for each step of the part. */
  readonly bands: readonly Band[];
}

/** The methods beside the networks of a file of 1.0.0, which it printed too. */
const BESIDE_VERSION_1 = ['last', 'season', 'ridge'] as const;
/** Forecasts that are this much nearer to the last number than to the right one are an echo. */
const ECHO = 0.5;

/** Without what the table knows in advance from step `end` on: a network of several horizons would read it, so later rows would change its errors. */
function withoutLater(series: Series, end: number): Series {
  const known = series.known.map((column) => ({
    ...column,
    values: column.values.map((value, d) => (d < end ? value : NaN)),
  }));
  return { ...series, known };
}

/** Every horizon on the steps of `part`. */
export async function reportOf(
  forecaster: Forecaster,
  table: Series,
  part: keyof ForecastPlan['parts'],
  signal?: AbortSignal,
): Promise<HorizonReport[]> {
  const { plan } = forecaster;
  const series = withoutLater(table, plan.parts[part].to);
  const steps = stepsIn(plan.parts[part]);
  const y = steps.map((d) => series.y[d]);
  const reports: HorizonReport[] = [];
  for (const ahead of plan.ahead) {
    const { bands, networks: own, scores } = await forecaster.forecasts(series, ahead, steps, signal);
    const correction = forecaster.corrections?.at(plan.ahead.indexOf(ahead));
    const unit = errorUnit(series.y, plan.parts.test.from, plan.inputs.seasons.at(0) ?? 1);
    const errorsOf = (name: string, values: readonly number[]): Errors => {
      const error = errorOf(name, values, y);
      return { error, rmse: rootMeanSquaredError(values, y), mase: unit > 0 ? error / unit : null };
    };
    const forecasts = forecastsIn(bands);
    const networks = own.map((all, n) => errorOf(`network ${n + 1} for ${ahead} ahead`, forecastsIn(all), y));
    const baselines = baselinesOf(forecaster, series, ahead, steps).map(({ name, values }) => ({
      ...{ name, values },
      ...errorsOf(name, values),
    }));
    const best = bestOf(baselines);
    const errors = errorsOf('the forecasts', forecasts);
    const last = steps.map((d) => lastValue(series.filled, d - ahead));
    const numbers = y.filter((value) => !Number.isNaN(value));
    const size = numbers.reduce((sum, value) => sum + Math.abs(value), 0) / numbers.length;
    reports.push({
      ...(plan.name !== undefined && { series: plan.name }),
      ...{ ahead, baselines, networks, ...errors, bands, numbers: numbers.length },
      methods: correction?.fits.map(({ fitted }) => fitted.name) ?? [],
      share: correction?.share ?? 1,
      pinball: bandLoss(bands, y, plan.coverage),
      relative: size > 0 ? errors.error / size : null,
      worst: worstOf(plan, steps, y, bands),
      scores: scores[0],
      coverage: coverageOf(bands, y),
      beatenBy: best.error < errors.error ? best.name : null,
      echoes: own.length > 0 && meanAbsoluteError(forecasts, last) < ECHO * errors.error,
    });
  }
  return reports;
}

const forecastsIn = (bands: readonly Band[]): number[] => bands.map(({ forecast }) => forecast);

export const bestOf = <Method extends { readonly error: number }>(methods: readonly Method[]): Method =>
  methods.reduce((a, b) => (b.error < a.error ? b : a));

/** The reports of each series of a table, in its order; of one series all. */
export function bySeries(reports: readonly HorizonReport[]): HorizonReport[][] {
  const groups = new Map<string | undefined, HorizonReport[]>();
  for (const report of reports) groups.set(report.series, [...(groups.get(report.series) ?? []), report]);
  return [...groups.values()];
}

/** A report as JSON holds it: without the forecasts. */
export const figuresOf = ({ bands: _, baselines, ...figures }: HorizonReport): object => ({
  ...figures,
  baselines: baselines.map(({ values: __, ...others }) => others),
});

/** The mean absolute error of a method. Throws a NonFiniteError if it is too large for a number, which JSON could not hold. */
function errorOf(method: string, forecasts: readonly number[], y: readonly number[]): number {
  const error = meanAbsoluteError(forecasts, y);
  if (!Number.isFinite(error)) throw new NonFiniteError(`forecast: the mean error of ${method}`, error);
  return error;
}

const WORST = 5;

function worstOf(
  { calendar }: ForecastPlan,
  steps: readonly number[],
  y: readonly number[],
  bands: readonly Band[],
): WorstForecast[] {
  const errors = bands.map(({ forecast }, n) => Math.abs(forecast - y[n]));
  const known = [...errors.keys()].filter((n) => !Number.isNaN(y[n]));
  return known
    .sort((a, b) => errors[b] - errors[a])
    .slice(0, WORST)
    .map((n) => ({ date: timeName(calendar, steps[n]), truth: y[n], ...bands[n] }));
}

/**
 * The forecasts of each baseline, made `ahead` steps before each of `steps`. Without an earlier number of the season, the last value stands for
 * it. A baseline that lacks the forecast of a step even so is left out.
 */
export function baselinesOf(
  forecaster: Pick<Forecaster, 'plan' | 'readingOf'>,
  series: Series,
  ahead: number,
  steps: readonly number[],
): { name: string; values: number[] }[] {
  const reading = forecaster.readingOf(series, [ahead]);
  const names = isVersion1(forecaster.plan) ? BESIDE_VERSION_1 : METHOD_NAMES;
  const { fits } = fitMethods(fitInput(forecaster.plan, reading, 'final'), names);
  const { isNonNegative } = rulesOf(forecaster.plan);
  const possible = (value: number): number => (isNonNegative ? Math.max(0, value) : value);
  return fits
    .map(({ fitted }) => ({ name: fitted.name, values: fitted.forecasts(reading, ahead, steps).map(possible) }))
    .filter(({ values }) => !values.some(Number.isNaN));
}
