/** How good the forecasts of a part are, beside what they must beat. */
import { counted } from '../core/arguments.js';
import { NonFiniteError } from '../core/errors.js';
import { timeName } from '../data/calendar.js';
import { scaled } from '../data/scale.js';
import type { RidgeWeights } from './baselines.js';
import { lastValue, latestInPhase, meanOfSeasons, Ridge, ridgeValue, seasonalValue } from './baselines.js';
import { chanceOf, coverageOf, meanAbsoluteError, scoresNeeded } from './intervals.js';
import type { Forecaster } from './forecaster.js';
import { stepsIn } from './forecaster.js';
import type { Band } from './intervals.js';
import type { ForecastPlan } from './plan.js';
import { trainEnd } from './plan.js';
import type { Series } from './series.js';
import type { Reading } from './windows.js';
import { strideFor } from './windows.js';

/** The mean absolute error of a method on a part. */
export interface MethodReport {
  /** What the method is, for people. */
  readonly name: string;
  /** Its mean absolute error. */
  readonly error: number;
}

/** A forecast that was far from its number. */
export interface WorstForecast extends Band {
  /** The time of the number, as `1988-02-29`. */
  readonly date: string;
  /** The number. */
  readonly truth: number;
}

/** The forecasts of one horizon on a part. */
export interface HorizonReport {
  /** Steps from the last known number to those that are forecast. */
  readonly ahead: number;
  /** What the networks must beat. */
  readonly baselines: readonly MethodReport[];
  /** The mean absolute error of each network. */
  readonly networks: readonly number[];
  /** That of the forecasts' mean. */
  readonly error: number;
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
  /** The baseline with a smaller error, if there is one: the networks then are not worth their cost. */
  readonly beatenBy: string | null;
  /** Whether the forecasts are nearer to the last known number than to the right one by far: they repeat it. */
  readonly echoes: boolean;
  /** The forecasts, one for each step of the part. */
  readonly bands: readonly Band[];
}

/** Seasons whose numbers ridge regression reads. */
const RIDGE_SEASONS = 4;
const LAMBDAS = [1e-4, 1e-3, 1e-2, 1e-1, 1];
/** Rows of more would not change the weights. */
const MOST_RIDGE_ROWS = 100_000;
/** Each row of n numbers takes n² of these; they take about two seconds. */
const MOST_RIDGE_PRODUCTS = 4e9;
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
    const bands = await forecaster.bands(series, ahead, steps, signal);
    const forecasts = bands.map(({ forecast }) => forecast);
    const networks: number[] = [];
    for (const member of forecaster.members.filter((one) => one.ahead.includes(ahead))) {
      const own = await forecaster.bandsOf(member, series, ahead, steps, signal);
      const values = own.map(({ forecast }) => forecast);
      networks.push(errorOf(`network ${member.name}`, values, y));
    }
    const error = errorOf('the networks', forecasts, y);
    const baselines = baselinesOf(forecaster, series, ahead, steps).map(({ name, values }) => ({
      name,
      error: errorOf(name, values, y),
    }));
    const best = baselines.reduce((a, b) => (b.error < a.error ? b : a));
    const last = steps.map((d) => lastValue(series.filled, d - ahead));
    const numbers = y.filter((value) => !Number.isNaN(value));
    const size = numbers.reduce((sum, value) => sum + Math.abs(value), 0) / numbers.length;
    reports.push({
      ...{ ahead, baselines, networks, error, bands, numbers: numbers.length },
      relative: size > 0 ? error / size : null,
      worst: worstOf(plan, steps, y, bands),
      scores: forecaster.scoreCount(series, ahead, steps[0]),
      coverage: coverageOf(bands, y),
      beatenBy: best.error < error ? best.name : null,
      echoes: meanAbsoluteError(forecasts, last) < ECHO * error,
    });
  }
  return reports;
}

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
    `${show(networks.reduce((sum, one) => sum + one, 0) / networks.length)} (${show(Math.min(...networks))} … ${show(Math.max(...networks))})`;
  const names = new Set(reports.flatMap(({ baselines }) => baselines.map(({ name }) => name)));
  /** A horizon may lack a baseline: numbers that are missing. */
  const errorAt = ({ baselines }: HorizonReport, name: string): string => {
    const found = baselines.find((one) => one.name === name);
    return found ? show(found.error) : '–';
  };
  return [
    ['steps ahead', ...reports.map(({ ahead }) => String(ahead))],
    ...[...names].map((name) => [name, ...reports.map((one) => errorAt(one, name))]),
    [`LSTM, each of ${seeds}`, ...reports.map(range)],
    ['LSTM, mean of the forecasts', ...reports.map(({ error }) => show(error))],
    [`in the ${exactPercent(coverage)} interval`, ...reports.map((one) => percent(one.coverage, 1))],
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

/** What the errors of each horizon mean, in sentences. */
export const verdictsOf = (reports: readonly HorizonReport[]): string[] =>
  reports.map(({ ahead, baselines, error, relative, worst: [worst] }) => {
    const best = baselines.reduce((a, b) => (b.error < a.error ? b : a));
    const difference = Math.abs(error / best.error - 1);
    const percentage = best.error > 0 ? `${percent(difference, 0)} ` : '';
    const isSame = error === best.error || difference < 0.005; // 0% as shown
    const beside = isSame ? 'as large as' : `${percentage}${error < best.error ? 'smaller' : 'larger'} than`;
    const size = relative === null ? '' : `${percent(relative, 1)} of the mean number, `;
    const show = shownFor(error, Math.max(Math.abs(worst.forecast), Math.abs(worst.truth)));
    return (
      `${ahead} ahead, the LSTM's mean error is ${size}${beside} that of ${best.name}, the best other method. ` +
      `The largest error is that of ${worst.date}: ${show(worst.forecast)} in place of ${show(worst.truth)}.`
    );
  });

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
    ...(beatenBy === null ? [] : [`${ahead} ahead, the LSTM loses against ${beatenBy}: use that, or more data`]),
    ...(echoes ? [`${ahead} ahead, the LSTM repeats the last known number`] : []),
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
  const { plan } = forecaster;
  const { filled } = series;
  const last = steps.map((d) => lastValue(filled, d - ahead));
  const ofSeason = (name: string, valueOf: typeof seasonalValue, period: number) => {
    const values = steps.map((d) => valueOf(filled, d, d - ahead, period));
    return {
      name: `${name} (${counted(period, 'step')})`,
      values: values.map((value, n) => (Number.isNaN(value) ? last[n] : value)),
    };
  };
  const seasonal = plan.inputs.seasons.flatMap((season) => [
    ofSeason('the season before', seasonalValue, season),
    ofSeason('the mean of four seasons', meanOfSeasons, season),
  ]);
  return [
    ...[{ name: 'the last value', values: last }, ...seasonal].filter(({ values }) => !values.some(Number.isNaN)),
    { name: 'ridge regression', values: ridgeForecasts(forecaster.readingOf(series, [ahead]), plan, steps) },
  ];
}

/** What a ridge regression reads, and how strongly it is held back. */
interface RidgeChoice {
  /** The latest numbers of the series, and of the other inputs, that it reads. */
  readonly span: number;
  readonly lambda: number;
}

/**
 * Ridge regression on what the network reads: the numbers of its window, what is known of the step that is forecast, and the last four
 * seasons. The validation part chooses lambda, and whether it reads the window or the last number only; as the networks, it is then also
 * fitted to that part. Of both only the steps count that are known at the first forecast of the test part.
 */
function ridgeForecasts(reading: Reading, plan: ForecastPlan, steps: readonly number[]): number[] {
  const { level, scale } = plan.inputs.y;
  const forecasts = (weights: RidgeWeights, span: number, at: readonly number[]): number[] => {
    const row = new Float64Array(rowLength(reading, span));
    return at.map((d) => {
      fillRow(row, reading, span, d);
      return level + scale * (ridgeValue(weights, row) + reading.columns.meanAt(d - reading.ahead[0]));
    });
  };
  const end = trainEnd(plan, reading.ahead, 'final');
  const validation = stepsIn({ from: plan.parts.validation.from, to: end });
  const truth = validation.map((d) => reading.series.y[d]);
  const tried = [1, plan.T].flatMap((span) => {
    const calibration = ridgeSums(reading, span, trainEnd(plan, reading.ahead, 'calibration'));
    return LAMBDAS.map((lambda): RidgeChoice & { error: number } => ({
      span,
      lambda,
      error: meanAbsoluteError(forecasts(calibration.weights(lambda), span, validation), truth),
    }));
  });
  const { span, lambda } = tried.reduce((a, b) => (b.error < a.error ? b : a));
  return forecasts(ridgeSums(reading, span, end).weights(lambda), span, steps);
}

/** The sums of the steps before `end`. */
function ridgeSums(reading: Reading, span: number, end: number): Ridge {
  const { series, plan, ahead } = reading;
  const row = new Float64Array(rowLength(reading, span));
  const sums = new Ridge(row.length);
  const most = Math.min(MOST_RIDGE_ROWS, Math.floor(MOST_RIDGE_PRODUCTS / row.length ** 2));
  const stride = strideFor(end, most, plan.seasons);
  for (let d = Math.max(plan.lag, ahead[0]); d < end; d += stride) {
    if (Number.isNaN(series.y[d])) continue;
    fillRow(row, reading, span, d);
    sums.add(row, scaled(plan.y, series.y[d]) - reading.columns.meanAt(d - ahead[0]));
  }
  return sums;
}

const rowLength = ({ columns, plan }: Reading, span: number): number =>
  columns.past.length * span + columns.future.length + (plan.seasons.length > 0 ? RIDGE_SEASONS : 0);

function fillRow(row: Float64Array, { columns, ahead, plan, series }: Reading, span: number, d: number): void {
  const t = d - ahead[0];
  let i = 0;
  for (const column of columns.past) for (let k = 0; k < span; k++) row[i++] = t - k < 0 ? 0 : column.at(t - k);
  for (const column of columns.future) row[i++] = column.at(d);
  const season = plan.seasons.at(0);
  if (season === undefined) return;
  const latest = latestInPhase(d, t, season);
  for (let k = 0; k < RIDGE_SEASONS; k++) {
    const value = series.filled[latest - k * season] ?? NaN;
    row[i++] = Number.isNaN(value) ? 0 : scaled(plan.y, value) - columns.meanAt(t);
  }
}
