/** The seasons of a series: the periods after which it resembles itself, found by its autocorrelation. */
import type { Calendar } from '../data/calendar.js';
import { naturalPeriods } from '../data/calendar.js';
import { unitOf } from '../data/scale.js';

/** The numbers that the search reads: the last ones of a long series. */
const MOST_READ = 50_000;
/** The longest period that is sought without a hint of the calendar. */
const LONGEST_UNKNOWN = 200;
/** A smaller autocorrelation is no season; neither is one that noise of n numbers may have: its standard deviation is 1/√n. */
const leastCorrelation = (values: Float64Array, period: number): number =>
  Math.max(0.25, 3 / Math.sqrt(Math.max(values.length - period, 1)));

/**
 * The seasons of the numbers, the shortest first: periods of at least two steps of which there are two or more in the series. A day, a week
 * and a year are tried, and the period up to 200 steps with the largest autocorrelation. NaN is missing.
 */
export function seasonsIn(calendar: Calendar, values: Float64Array): number[] {
  const read = values.subarray(Math.max(0, values.length - MOST_READ));
  const unit = unitOf(read);
  let rest = withoutTrend(read.map((value) => value / unit));
  const found: number[] = [];
  for (const period of candidates(calendar, rest)) {
    if (2 * period > read.length || !isSeason(rest, period)) continue;
    if (found.some((shorter) => period % shorter === 0 && !isSeason(withoutSeason(rest, shorter), period))) continue;
    found.push(period);
    rest = withoutSeason(rest, period);
  }
  return found;
}

/** The multiples of a period correlate as well as the period: the shortest with almost the largest autocorrelation is meant. */
const ALMOST = 0.9;

/** Whole periods, the shortest first. */
function candidates(calendar: Calendar, rest: Float64Array): number[] {
  const natural = Object.values(naturalPeriods(calendar))
    .map(Math.round)
    .filter((period) => period >= 2);
  const longest = Math.min(LONGEST_UNKNOWN, Math.floor(rest.length / 3));
  const peaks: { period: number; r: number }[] = [];
  for (let period = 2; period <= longest; period++) {
    if (isSeason(rest, period)) peaks.push({ period, r: autocorrelation(rest, period) });
  }
  const [largest] = [...peaks].sort((a, b) => b.r - a.r);
  const best = peaks.find(({ period, r }) => largest.period % period === 0 && r >= ALMOST * largest.r);
  return [...new Set([...natural, ...(best ? [best.period] : [])])].sort((a, b) => a - b);
}

/**
 * Whether the numbers resemble those a period before, and more than those a quarter of a period nearer or further. A slow change
 * does not: the nearer, the more alike. Up to `LONGEST_UNKNOWN`, where a peak is sharp, also more than those a step nearer or further.
 */
function isSeason(values: Float64Array, period: number): boolean {
  const r = autocorrelation(values, period);
  const isPeakWithin = (near: number): boolean =>
    r > autocorrelation(values, period - near) && r > autocorrelation(values, period + near);
  return (
    r > leastCorrelation(values, period) &&
    isPeakWithin(Math.ceil(period / 4)) &&
    (period > LONGEST_UNKNOWN || isPeakWithin(1))
  );
}

/** The correlation of the numbers with those `lag` steps later, about a mean of 0. */
export function autocorrelation(values: Float64Array, lag: number): number {
  let [product, before, after] = [0, 0, 0];
  for (let t = lag; t < values.length; t++) {
    const [a, b] = [values[t - lag], values[t]];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    product += a * b;
    before += a * a;
    after += b * b;
  }
  return before * after > 0 ? product / Math.sqrt(before * after) : 0;
}

/** The differences from the straight line that fits the numbers best. */
export function withoutTrend(values: Float64Array): Float64Array {
  let [count, sumT, sumY, sumTT, sumTY] = [0, 0, 0, 0, 0];
  for (const [t, y] of values.entries()) {
    if (Number.isNaN(y)) continue;
    count++;
    sumT += t;
    sumY += y;
    sumTT += t * t;
    sumTY += t * y;
  }
  const spread = count * sumTT - sumT * sumT;
  const slope = spread > 0 ? (count * sumTY - sumT * sumY) / spread : 0;
  const level = (sumY - slope * sumT) / Math.max(count, 1);
  return values.map((y, t) => y - level - slope * t);
}

/** The differences from the mean of each phase of the period. */
function withoutSeason(values: Float64Array, period: number): Float64Array {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (const [t, y] of values.entries()) {
    if (Number.isNaN(y)) continue;
    sums[t % period] += y;
    counts[t % period]++;
  }
  return values.map((y, t) => y - sums[t % period] / Math.max(counts[t % period], 1));
}
