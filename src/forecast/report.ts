/** How good the forecasts of a part are, beside what they must beat. */
import { counted } from '../core/arguments.js';
import { NonFiniteError } from '../core/errors.js';
import { timeName } from '../data/calendar.js';
import {
  bandLoss,
  chanceOf,
  coverageOf,
  errorUnit,
  meanAbsoluteError,
  rootMeanSquaredError,
  scoresNeeded,
} from './intervals.js';
import type { Forecaster } from './forecaster.js';
import { stepsIn } from './forecaster.js';
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

/** The errors of every method as the lines of a table: its name, and a cell for each horizon. */
export function errorTable(
  { seeds, coverage }: Pick<ForecastPlan, 'seeds' | 'coverage'>,
  reports: readonly HorizonReport[],
): string[][] {
  const show = shownFor(Math.min(...reports.map(({ error }) => error)));
  const range = ({ networks }: HorizonReport): string =>
    networks.length === 0
      ? '–'
      : `${show(networks.reduce((sum, one) => sum + one, 0) / networks.length)} (${show(Math.min(...networks))} … ${show(Math.max(...networks))})`;
  const names = new Set(reports.flatMap(({ baselines }) => baselines.map(({ name }) => name)));
  /** A horizon may lack a baseline: numbers that are missing. */
  const errorAt = ({ baselines }: HorizonReport, name: string): string => {
    const found = baselines.find((one) => one.name === name);
    return found ? show(found.error) : '–';
  };
  const line = (name: string, cellOf: (report: HorizonReport) => string): string[] => [name, ...reports.map(cellOf)];
  return [
    line('steps ahead', ({ ahead }) => String(ahead)),
    ...[...names].map((name) => line(name, (one) => errorAt(one, name))),
    ...(reports.some(({ networks }) => networks.length > 0) ? [line(`with an LSTM, each of ${seeds}`, range)] : []),
    line('the forecast', ({ error }) => show(error)),
    line('its RMSE', ({ rmse }) => show(rmse)),
    line('its MASE', ({ mase }) => mase?.toFixed(3) ?? '–'),
    line('its pinball loss', ({ pinball }) => show(pinball)),
    line(`in the ${exactPercent(coverage)} interval`, (one) => percent(one.coverage, 1)),
  ];
}

/** Smaller and larger errors are written with an exponent. */
const [SMALL, LARGE] = [1e-9, 1e15];
const F64_DIGITS = 16;

/** How numbers up to `largest` are written beside an error of this size: four of its digits. */
function shownFor(error: number, largest = error): (value: number) => string {
  if ((error > 0 && error < SMALL) || error >= LARGE) {
    const more = Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(error)));
    return (value) => value.toExponential(Math.min(3 + more, F64_DIGITS - 1));
  }
  const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.max(error, SMALL))));
  return (value) => value.toFixed(digits);
}

const percent = (share: number, digits: number): string => `${(100 * share).toFixed(digits)}%`;

/** 99.9% for 0.999. */
const exactPercent = (share: number): string => `${Number((100 * share).toPrecision(12))}%`;

/** What the forecasts of a horizon are. */
function sourceOf({ methods, share, networks }: HorizonReport): string {
  if (methods.length === 0) return 'the mean of the LSTMs';
  const base = methods.length === 1 ? `that of ${methods[0]}` : `the mean of ${listed(methods)}`;
  if (share === 0) return `${base}, without an LSTM`;
  const part = share === 1 ? '' : `${percent(share, 0)} of `;
  return `${base}, plus ${part}${networks.length === 1 ? 'the correction of an LSTM' : `the mean correction of ${networks.length} LSTMs`}`;
}

/** `a, b and c` */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** What the errors of each horizon mean, in sentences. */
export const verdictsOf = (reports: readonly HorizonReport[]): string[] =>
  reports.map((report) => {
    const { ahead, baselines, error, relative, worst } = report;
    const [{ forecast, truth, date }] = worst;
    const show = shownFor(error, Math.max(Math.abs(forecast), Math.abs(truth)));
    const size = relative === null ? '' : `${percent(relative, 1)} of the mean number, `;
    return (
      `${ahead} ahead, the forecast is ${sourceOf(report)}. Its mean error is ${size}${besides(error, bestOf(baselines))}. ` +
      `The largest error is that of ${date}: ${show(forecast)} in place of ${show(truth)}.`
    );
  });

/** `25% smaller than that of ridge regression, the best simple method` */
function besides(error: number, best: MethodReport): string {
  const difference = Math.abs(error / best.error - 1);
  const percentage = best.error > 0 ? `${percent(difference, 0)} ` : '';
  const isSame = error === best.error || difference < 0.005; // 0% as shown
  const beside = isSame ? 'as large as' : `${percentage}${error < best.error ? 'smaller' : 'larger'} than`;
  return `${beside} that of ${best.name}, the best simple method`;
}

/** Errors over fewer numbers say little. */
const FEW_NUMBERS = 30;
/** A share of numbers in the interval is wrong if it differs by more than this, and if chance gives such a share more rarely than this. */
const [WRONG_COVERAGE, RARE] = [0.05, 0.001];

/** Whether an interval is corrected by too few scores for its coverage, in a sentence. */
export function fewScores(coverage: number, ahead: number, scores: number): string[] {
  const needed = scoresNeeded(coverage);
  if (scores >= needed) return [];
  const level = scores === 0 ? 'none' : `at most ${exactPercent(Math.floor((1000 * scores) / (scores + 1)) / 1000)}`;
  return [
    `${ahead} ahead, the ${exactPercent(coverage)} interval needs ${needed} errors of earlier forecasts, but ${scores} ${scores === 1 ? 'is' : 'are'} known, ` +
      `which allow ${level}: choose a smaller --interval, or a longer test part, because the errors come from a part before it that is as long`,
  ];
}

/** What the errors warn of, in sentences. */
export function warningsOf(
  { coverage: wanted }: Pick<ForecastPlan, 'coverage'>,
  reports: readonly HorizonReport[],
): string[] {
  const { numbers } = reports[0];
  const isWrong = (coverage: number): boolean =>
    Math.abs(coverage - wanted) > WRONG_COVERAGE && chanceOf(Math.round(coverage * numbers), numbers, wanted) < RARE;
  const ofHorizon = ({ ahead, beatenBy, echoes, coverage, scores }: HorizonReport): string[] => [
    ...fewScores(wanted, ahead, scores),
    ...(beatenBy === null
      ? []
      : [
          `${ahead} ahead, the forecast loses against ${beatenBy}: compare them on other parts, with --test or --origins, and choose with --method`,
        ]),
    ...(echoes ? [`${ahead} ahead, the forecast repeats the last known number`] : []),
    ...(isWrong(coverage)
      ? [
          `${ahead} ahead, ${percent(coverage, 0)} of the numbers lie in the ${exactPercent(wanted)} interval, which is too ${coverage < wanted ? 'narrow' : 'wide'}`,
        ]
      : []),
  ];
  return [
    ...(numbers < FEW_NUMBERS
      ? [`the test part has ${counted(numbers, 'number')}, so its errors are rough: choose a longer one with --test`]
      : []),
    ...reports.flatMap(ofHorizon),
  ];
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
