/**
 * What the networks of a forecaster correct: for each horizon the mean of the simple methods with the smallest errors on the validation part. If
 * it is short, blocks before it count too. A network learns what that mean leaves, in units of eight usual errors. A share of what the network
 * says is added; the validation part chooses it too. So the forecast is that of the methods where a network does not improve it.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import { meanOf } from '../core/lists.js';
import { stepsIn } from '../core/numbers.js';
import { JsonReader } from '../files/json-reader.js';
import type { InputColumn } from '../trained-state.js';
import { isOfMany } from './inputs.js';
import { meanAbsoluteError } from './intervals.js';
import type { NamedFit } from './methods/methods.js';
import { fitAsJson, fitIn, fitInput, fitMethods, METHOD_NAMES } from './methods/methods.js';
import type { ForecastPlan, Stage, StoredCorrection } from './plan.js';
import { rulesOf, trainEnd } from './plan.js';
import { arePositive } from './series.js';
import type { Corrected, Reading } from './windows.js';

/** What the forecasts of one horizon are made of. */
export interface Correction {
  /** The methods whose mean the networks correct. */
  readonly fits: readonly NamedFit[];
  /** A few times the usual size of the mean's error, in numbers of the series, or in shares of the recent level. */
  readonly unit: number;
  /** Whether errors grow with the recent level: the size of the mean of the last `meanOver` numbers. */
  readonly isRelative: boolean;
  /** The share of the networks' corrections that is added, 0 to 1; null before the validation. */
  readonly share: number | null;
}

/** The means of up to so many methods are tried. */
const MOST_METHODS = 3;
/** For each further method, a mean of several may have so much more error: it seldom fails, where a single one does. */
const SAFER = 0.02;
/** Blocks that choose methods, with the validation part. They have at most so many steps together; more would take long, and choose alike. */
const MOST_BLOCKS = 4;
const MOST_CHOOSING = { ofFew: 1000, ofMany: 100 } as const;
/** Before a block lies at least this share of the training part, and two seasons and so many rows. */
const [LEAST_BEFORE, LEAST_ROWS] = [1 / 3, 10];
/** The shares of a correction that are tried. */
const SHARES = [0.25, 0.5, 0.75, 1] as const;
/** So many usual errors are a network's unit: it learns large corrections, such as those of holidays, before it learns noise. */
const ERRORS_OF_UNIT = 8;
/** Rows of more would not change the unit. */
const MOST_ERRORS = 10_000;

/** The methods for one horizon, fitted to what comes before the validation part, and chosen by their errors on it and on earlier blocks. */
export function chosenMethods(plan: ForecastPlan, reading: Reading): Correction {
  const [ahead] = reading.ahead;
  const { method } = rulesOf(plan);
  const names = METHOD_NAMES.filter((name) => name === method || method === 'auto' || method === 'network');
  const { fits, leftOut } = fitMethods(fitInput(plan, reading, 'calibration'), names);
  const steps = knownSteps(plan, ahead, reading.series.y);
  let tried = forecastsOf(fits, reading, steps);
  if (tried.length === 0) {
    const reasons = leftOut.map(({ method, reason }) => `${method}: ${reason}`);
    throw new DataError(
      `no method forecasts ${counted(ahead, 'step')} ahead (${reasons.join('; ')}): choose another --method, fewer ahead, or a shorter test part`,
    );
  }
  const truth = steps.map((d) => reading.series.y[d]);
  for (const block of tried.length > 1 ? earlierBlocks(plan, ahead) : []) {
    const end = block[0] - ahead + 1;
    const heldFrom = Math.max(Math.ceil(block[0] / 2), block[0] - block.length);
    const found = forecastsOf(fitMethods({ reading, T: plan.T, end, heldFrom }, names, fits).fits, reading, block);
    const same = tried.map(({ fit }) => sameFit(found, fit, (one) => one.fit)?.values);
    if (same.includes(undefined)) break; // a method that needs more rows could not be compared
    tried = tried.map((one, n) => ({ ...one, values: [...one.values, ...(same[n] ?? [])] }));
    truth.push(...block.map((d) => reading.series.y[d]));
  }
  const errorOf = (values: readonly number[]): number => meanAbsoluteError(values, truth);
  const ordered = [...tried].sort((a, b) => errorOf(a.values) - errorOf(b.values));
  const means = ordered.slice(0, MOST_METHODS).map((_, n) => {
    const best = ordered.slice(0, n + 1);
    const error = errorOf(meanForecasts(best.map(({ values }) => values)));
    return { fits: best.map(({ fit }) => fit), error: error * (1 - SAFER * n) };
  });
  return withUnit(plan, reading, means.reduce((a, b) => (b.error < a.error ? b : a)).fits, 'calibration', {
    share: null,
  });
}

/** The forecasts of methods, of those that lack none. */
const forecastsOf = (
  fits: readonly NamedFit[],
  reading: Reading,
  steps: readonly number[],
): { readonly fit: NamedFit; readonly values: readonly number[] }[] =>
  fits
    .map((fit) => ({ fit, values: fit.fitted.forecasts(reading, reading.ahead[0], steps) }))
    .filter(({ values }) => !values.some(Number.isNaN));

/**
 * Blocks of steps before the validation part, each as long as it, the latest first. The methods are fitted to what comes before each, as before the
 * validation part: one part alone is often too short to choose.
 */
function earlierBlocks({ parts, inputs }: ForecastPlan, ahead: number): number[][] {
  const { from, to } = parts.validation;
  const length = to - from;
  const steps = isOfMany(inputs) ? MOST_CHOOSING.ofMany : MOST_CHOOSING.ofFew;
  const least = Math.max(from * LEAST_BEFORE, 2 * (inputs.seasons.at(-1) ?? 1) + ahead + LEAST_ROWS);
  const most = Math.min(MOST_BLOCKS, Math.floor(steps / length)) - 1;
  const count = Math.max(0, Math.min(most, Math.floor((from - least) / length)));
  return Array.from({ length: count }, (_, n) => stepsIn({ from: from - (n + 1) * length, to: from - n * length }));
}

/** Of other fits the same variant, or that of the same method whose form is another. */
const sameFit = <Other>(
  others: readonly Other[],
  { method, fitted }: NamedFit,
  fitOf: (other: Other) => NamedFit,
): Other | undefined =>
  others.find((one) => fitOf(one).fitted.name === fitted.name) ?? others.find((one) => fitOf(one).method === method);

/** The same methods, fitted to the validation part too. */
export function refitted(
  plan: ForecastPlan,
  reading: Reading,
  { fits: before, share, isRelative }: Correction,
): Correction {
  const names = [...new Set(before.map(({ method }) => method))];
  const { fits } = fitMethods(fitInput(plan, reading, 'final'), names);
  const same = [...new Set(before.map((one) => sameFit(fits, one, (fit) => fit) ?? one))];
  return withUnit(plan, reading, same, 'final', { share, isRelative });
}

/**
 * The steps of the validation part that are known at the first forecast of the test part. If none of them has a number: the latest known steps, as
 * many as the validation part has. Neither the methods nor the networks of the calibration have learned from these.
 */
export function knownSteps(plan: ForecastPlan, ahead: number, y: Float64Array): number[] {
  const { from, to } = plan.parts.validation;
  const end = trainEnd(plan, [ahead], 'final');
  const hasNumber = y.subarray(from, Math.max(from, end)).some((value) => !Number.isNaN(value));
  const begin = hasNumber ? from : end - (to - from);
  return stepsIn({ from: begin, to: end });
}

/**
 * The share of the networks' corrections with which forecasts have the smallest error; 0 unless the error is smaller than that of the methods by
 * more than chance makes it: the standard error of the difference. `corrected`: the forecasts with all of it.
 */
export function shareOf(
  methods: readonly number[],
  corrected: readonly number[],
  truth: readonly number[],
  choice: string,
): number {
  const known = [...truth.keys()].filter((n) => !Number.isNaN(truth[n]));
  const gainsOf = (share: number): number[] =>
    known.map((n) => {
      const forecast = methods[n] + share * (corrected[n] - methods[n]);
      return Math.abs(methods[n] - truth[n]) - Math.abs(forecast - truth[n]);
    });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / Math.max(values.length, 1);
  const tried = SHARES.map((share) => ({ share, gains: gainsOf(share) }));
  const { share, gains } = tried.reduce((a, b) => (mean(b.gains) > mean(a.gains) ? b : a));
  const variance = mean(gains.map((gain) => (gain - mean(gains)) ** 2));
  const isCertain = choice === 'network' || mean(gains) > Math.sqrt(variance / Math.max(known.length, 1));
  return isCertain ? share : 0;
}

/** The mean of several methods' forecasts. One that lacks a forecast does not count; NaN if all lack it. */
const meanForecasts = (all: readonly (readonly number[])[]): number[] =>
  all[0].map((_, n) => meanOf(all.map((one) => one[n])));

/** The forecasts of a correction's methods. */
const methodForecasts = (
  fits: readonly NamedFit[],
  reading: Reading,
  ahead: number,
  steps: readonly number[],
): number[] => meanForecasts(fits.map(({ fitted }) => fitted.forecasts(reading, ahead, steps)));

/** A correction with its unit. Unless it is known whether errors are relative, they are if that is more probable under a Laplace distribution. */
function withUnit(
  plan: ForecastPlan,
  reading: Reading,
  fits: readonly NamedFit[],
  stage: Stage,
  known: Pick<Correction, 'share'> & Partial<Pick<Correction, 'isRelative'>>,
): Correction {
  const [ahead] = reading.ahead;
  const end = trainEnd(plan, [ahead], stage);
  const begin = Math.max(0, end - MOST_ERRORS);
  const steps = stepsIn({ from: begin, to: end });
  const levelAt = recentLevel(reading);
  const errors = methodForecasts(fits, reading, ahead, steps)
    .map((value, n) => ({ error: Math.abs(value - reading.series.y[steps[n]]), level: levelAt(steps[n] - ahead) }))
    .filter(({ error }) => !Number.isNaN(error));
  const meanOver = (valueOf: (one: { readonly error: number; readonly level: number }) => number): number =>
    errors.reduce((sum, one) => sum + valueOf(one), 0) / Math.max(errors.length, 1);
  const [additive, relative] = [meanOver(({ error }) => error), meanOver(({ error, level }) => error / level)];
  const isPositive = arePositive(reading.series.filled.subarray(0, end));
  const {
    share,
    isRelative = isPositive && meanOver(({ level }) => Math.log(level)) + Math.log(relative) < Math.log(additive),
  } = known;
  const error = (isRelative ? relative : additive) || reading.plan.y.scale;
  return { fits, unit: ERRORS_OF_UNIT * error, isRelative, share };
}

/**
 * The recent level at step t, of which relative errors are shares: the size of the recent mean, but at least a small share of the training part's
 * deviation. Else a pause of zeros would make shares, and then intervals, of any size.
 */
export function recentLevel({ plan, columns }: Reading): (t: number) => number {
  const { level, scale } = plan.y;
  return (t) => Math.max(Math.abs(level + scale * columns.meanAt(t)), LEAST_LEVEL * scale);
}
const LEAST_LEVEL = 1e-3;

/**
 * A reading with the corrections of its horizons, for windows within the steps `from` to `to`. It has one more column for each horizon: how far the
 * next forecast lies from the recent mean.
 */
export function correctedReading(
  reading: Reading,
  corrections: readonly Correction[],
  { from, to }: Range,
): Reading & { readonly corrected: Corrected } {
  const { plan, columns, ahead } = reading;
  const { level, scale } = plan.y;
  const begin = Math.max(0, from);
  const levelAt = recentLevel(reading);
  const forecasts = corrections.map(({ fits }, g) =>
    methodForecasts(fits, reading, ahead[g], stepsIn({ from: begin, to: to + ahead[g] })),
  );
  const centre = (d: number, g: number): number => {
    const value = (forecasts[g][d - begin] - level) / scale;
    return Number.isNaN(value) ? columns.meanAt(d - ahead[g]) : value;
  };
  const unit = (t: number, g: number): number => {
    const { unit: one, isRelative } = corrections[g];
    return (one * (isRelative ? levelAt(t) : 1)) / scale;
  };
  const past = corrections.map((_, g): InputColumn => {
    const name = `forecast of the methods ${ahead[g]} ahead`;
    return { name, at: (t) => centre(t + ahead[g], g) - columns.meanAt(t) };
  });
  return { ...reading, columns: { ...columns, past: [...columns.past, ...past] }, corrected: { centre, unit } };
}

/** A correction as a file holds it. */
export const storedCorrection = ({ fits, unit, isRelative, share }: Correction): StoredCorrection => ({
  fits: fits.map(fitAsJson),
  ...{ unit, isRelative, share },
});

/** The corrections of a plan's horizons; undefined before the calibration, and in version 1. */
export const correctionsOf = (plan: ForecastPlan): readonly Correction[] | undefined =>
  rulesOf(plan).corrections?.map(({ fits, ...others }) => ({
    ...others,
    fits: fits.map((fit) => fitIn(new JsonReader(fit, 'forecast: a method'))),
  }));
