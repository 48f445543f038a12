/** The seasons of a series: the periods after which it resembles itself, found by its autocorrelation. */
import type { Calendar } from '../data/calendar.js';
import { naturalPeriods } from '../data/calendar.js';

/** The numbers that the search reads: the last ones of a long series. */
const MOST_READ = 50_000;
/** The longest period that is sought without a hint of the calendar. */
const LONGEST_UNKNOWN = 200;
/** A smaller autocorrelation is no season. */
const LEAST_CORRELATION = 0.25;

/**
 * The seasons of the numbers, the shortest first: periods of at least two steps of which there are two or more in the series. A day, a week
 * and a year are tried, and the period under 200 steps with the largest autocorrelation. NaN is missing.
 */
export function seasonsIn(calendar: Calendar, values: Float64Array): number[] {
  const read = values.subarray(Math.max(0, values.length - MOST_READ));
  let rest = withoutTrend(read);
  const found: number[] = [];
  for (const period of candidates(calendar, rest)) {
    if (2 * period > read.length || !isSeason(rest, period)) continue;
    if (found.some((shorter) => period % shorter === 0 && !isSeason(withoutSeason(rest, shorter), period))) continue;
    found.push(period);
    rest = withoutSeason(rest, period);
  }
  return found;
}

/** Whole periods, the shortest first. */
function candidates(calendar: Calendar, rest: Float64Array): number[] {
  const natural = Object.values(naturalPeriods(calendar))
    .map(Math.round)
    .filter((period) => period >= 2);
  const longest = Math.min(LONGEST_UNKNOWN, Math.floor(rest.length / 3));
  let best = 0;
  let largest = LEAST_CORRELATION;
  for (let period = 2; period <= longest; period++) {
    const r = autocorrelation(rest, period);
    if (r <= largest || !isPeak(rest, period, r)) continue;
    [best, largest] = [period, r];
  }
  // a multiple of a period correlates as well as the period
  const isKnown = natural.some((period) => best % period === 0 || period === best);
  return [...natural, ...(best > 0 && !isKnown ? [best] : [])].sort((a, b) => a - b);
}

function isSeason(values: Float64Array, period: number): boolean {
  const r = autocorrelation(values, period);
  return r > LEAST_CORRELATION && (isPeak(values, period, r) || period > LONGEST_UNKNOWN);
}

/** Whether series of this period resemble each other more than those of periods next to it. A period of two has no neighbours. */
const isPeak = (values: Float64Array, period: number, r: number): boolean =>
  period === 2 || (r > autocorrelation(values, period - 1) && r > autocorrelation(values, period + 1));

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
