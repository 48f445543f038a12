/**
 * Intervals that keep their promise: conformal correction (Romano, Patterson and Candès, "Conformalized quantile regression", 2019). A
 * network's quantiles are moved apart, or together, until the share `coverage` of the latest numbers lies between them.
 */
import { meanOf, SortedNumbers } from '../core/lists.js';
import { unitOf } from '../data/scale.js';

/** A forecast with its interval. */
export interface Band {
  /** The number that is expected. */
  readonly forecast: number;
  /** The lower end of its interval. */
  readonly low: number;
  /** The upper end of its interval. */
  readonly high: number;
}

/** How far `low` and `high` would have to move outwards for the band to contain y; NaN if y is missing. */
export const scoreOf = ({ low, high }: Band, y: number): number => Math.max(low - y, y - high);

/** The fewest scores of which one is large enough for an interval of this coverage: the ⌈(n+1)·coverage⌉-th of n. */
export function scoresNeeded(coverage: number): number {
  let count = Math.max(1, Math.floor(coverage / (1 - coverage)) - 1);
  while (Math.ceil((count + 1) * coverage) > count) count++;
  return count;
}

/**
 * How far `low` and `high` must move outwards: the ⌈(n+1)·coverage⌉-th smallest of the n scores. The largest of them if there are too few to say;
 * 0 if there are none.
 */
const shiftOf = (scores: SortedNumbers, coverage: number): number =>
  scores.at(Math.min(Math.ceil((scores.count + 1) * coverage), scores.count) - 1) ?? 0;

/**
 * The shift of each of `ends`, which rise: that of the latest `most` scores before it, and how many these are. Score k is `scores[k]`; missing
 * ones do not count.
 */
export function recentShifts(
  scores: ArrayLike<number>,
  ends: readonly number[],
  most: number,
  coverage: number,
): { readonly shift: number; readonly count: number }[] {
  const recent = new SortedNumbers();
  let [from, to] = [0, 0];
  return ends.map((end) => {
    while (to < Math.min(end, scores.length)) recent.add(scores[to++]);
    while (recent.count > most) recent.remove(scores[from++]);
    return { shift: shiftOf(recent, coverage), count: recent.count };
  });
}

/** The weight of a score is this share of that of the next one; older ones than so many no longer count. */
const [KEPT, MOST_RECENT] = [0.94, 50];
/** An interval never has less than this share of the usual size: a pause without errors ends. */
const LEAST_SHARE = 0.2;
/** So many scores before those that are compared are read. */
export const READ_BEFORE = MOST_RECENT;

/**
 * The recent size of `scores` before `end`: a mean in which the latest count most, `usual` where there are few. Errors come in quiet and in wild
 * times, so the next one is compared with it.
 */
export function recentSize(scores: ArrayLike<number>, end: number, usual: number): number {
  let [size, weight] = [0, 1];
  for (let [k, count] = [Math.min(end, scores.length) - 1, 0]; k >= 0 && count < MOST_RECENT; k--) {
    if (Number.isNaN(scores[k])) continue;
    size += weight * (1 - KEPT) * scores[k];
    weight *= KEPT;
    count++;
  }
  return Math.max(size + weight * usual, LEAST_SHARE * usual);
}

/** Scores as multiples of the recent size that is known `ahead` steps before each, and this size before an end. `first`: the usual scores. */
export function comparedScores(scores: Float64Array, ahead: number, first: readonly (number | null)[]) {
  const known = first.filter((score) => score !== null);
  const usual = known.reduce((sum, score) => sum + score, 0) / known.length || 1;
  const sizeAt = (end: number): number => recentSize(scores, end, usual);
  return { sizeAt, compared: scores.map((score, k) => (Number.isNaN(score) ? NaN : score / sizeAt(k - ahead + 1))) };
}

/** The band with both ends moved outwards; never past the forecast. */
export const movedOutwards = ({ forecast, low, high }: Band, shift: number): Band => ({
  forecast,
  low: Math.min(low - shift, forecast),
  high: Math.max(high + shift, forecast),
});

/** The mean of several networks' bands. */
export function meanBand(bands: readonly Band[]): Band {
  const mean = (of: (band: Band) => number): number => bands.reduce((sum, band) => sum + of(band), 0) / bands.length;
  return { forecast: mean((band) => band.forecast), low: mean((band) => band.low), high: mean((band) => band.high) };
}

/** The share of numbers that lie in their bands; NaN if there are none. */
export const coverageOf = (bands: readonly Band[], y: ArrayLike<number>): number =>
  meanOf(bands.map(({ low, high }, n) => (Number.isNaN(y[n]) ? NaN : Number(y[n] >= low && y[n] <= high))));

/** The mean absolute error, MAE; steps without a number, or without a forecast, do not count. NaN if there are none. */
export const meanAbsoluteError = (forecasts: ArrayLike<number>, y: ArrayLike<number>): number =>
  meanOf(Float64Array.from(forecasts, (forecast, n) => Math.abs(forecast - y[n])));

/** The root of the mean squared error, RMSE, of the same steps. */
export function rootMeanSquaredError(forecasts: ArrayLike<number>, y: ArrayLike<number>): number {
  const unit = unitOf(Float64Array.from(forecasts, (forecast, n) => forecast - y[n])); // else squares of tiny errors would be 0
  return unit * Math.sqrt(meanOf(Float64Array.from(forecasts, (forecast, n) => ((forecast - y[n]) / unit) ** 2)));
}

/** The mean pinball loss of forecasts of a quantile, of the same steps: half of the mean absolute error for the quantile 0.5. */
export const pinballLoss = (quantile: number, forecasts: ArrayLike<number>, y: ArrayLike<number>): number =>
  meanOf(
    Float64Array.from(forecasts, (forecast, n) =>
      Math.max(quantile * (y[n] - forecast), (quantile - 1) * (y[n] - forecast)),
    ),
  );

/** The mean of the pinball losses of a band's three numbers: its ends are quantiles, between which lies the share `coverage`. */
export function bandLoss(bands: readonly Band[], y: ArrayLike<number>, coverage: number): number {
  const of = (quantile: number, end: keyof Band): number =>
    pinballLoss(
      quantile,
      bands.map((band) => band[end]),
      y,
    );
  return (of((1 - coverage) / 2, 'low') + of(0.5, 'forecast') + of((1 + coverage) / 2, 'high')) / 3;
}

/**
 * What MASE divides a mean absolute error by (Hyndman and Koehler, 2006). It is the mean absolute difference of numbers that are `period` steps
 * apart, 1 for a series without a season, in the training part, which ends before step `end`. NaN if there are none.
 */
export const errorUnit = (y: Float64Array, end: number, period: number): number =>
  meanAbsoluteError(y.subarray(0, Math.max(0, end - period)), y.subarray(period, end));

/**
 * The probability that of `count` numbers at most `inside` lie in their intervals, if `inside` is below the mean `count`·`share`; else that at
 * least as many do. Each lies in its interval with the probability `share`, in 0 … 1, independent of the others.
 */
export function chanceOf(inside: number, count: number, share: number): number {
  // few that lie inside are many that lie outside, so one sum is enough
  const isFew = inside < count * share;
  const [least, p] = isFew ? [count - inside, 1 - share] : [inside, share];
  let term = Math.exp(logarithmOfBinomial(count, least) + least * Math.log(p) + (count - least) * Math.log(1 - p));
  let sum = 0;
  for (let k = least; k <= count && term > 0; k++) {
    sum += term;
    term *= ((count - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(sum, 1);
}

/** The logarithm of n! / (k!·(n-k)!): the number itself can be too large. */
function logarithmOfBinomial(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i++) sum += Math.log((n - i + 1) / i);
  return sum;
}
