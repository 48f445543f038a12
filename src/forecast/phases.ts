/** Parts of a series: its line, the means of the phases of a period, and what they leave. NaN is missing. */
import { unitOf } from '../data/scale.js';

/**
 * The differences from the straight line that fits the numbers best, in units of about the largest number. The first number is subtracted from
 * all of them: so numbers that are far from 0 lose no digits.
 */
export function withoutTrend(numbers: Float64Array): Float64Array {
  const unit = unitOf(numbers);
  const first = numbers.find((y) => !Number.isNaN(y)) ?? 0;
  const values = numbers.map((y) => y / unit - first / unit);
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

/** The numbers with missing ones on a line from the number before to the one after; 0 before the first and after the last. */
export function withoutGaps(values: Float64Array): Float64Array {
  const result = values.slice();
  let last = -1;
  for (let t = 0; t <= result.length; t++) {
    if (t < result.length && Number.isNaN(values[t])) continue;
    const [a, b] = [values[last] ?? 0, values[t] ?? 0];
    for (let k = last + 1; k < t; k++) result[k] = a + ((b - a) * (k - last)) / (t - last);
    last = t;
  }
  return result;
}

/** The differences from the mean of each phase of the period, or from the first harmonics of these means. */
export function withoutSeason(values: Float64Array, period: number, harmonics = period / 2): Float64Array {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue;
    sums[t % period] += values[t];
    counts[t % period]++;
  }
  const means = sums.map((sum, phase) => sum / Math.max(counts[phase], 1));
  const season = harmonics < Math.floor(period / 2) ? lowHarmonicsOf(means, harmonics) : means;
  const result = new Float64Array(values.length);
  for (let t = 0; t < values.length; t++) result[t] = values[t] - season[t % period];
  return result;
}

/** The mean and the first harmonics of the numbers. */
function lowHarmonicsOf(means: Float64Array, harmonics: number): Float64Array {
  const period = means.length;
  const result = new Float64Array(period).fill(means.reduce((sum, mean) => sum + mean, 0) / period);
  for (let k = 1; k <= harmonics; k++) {
    let [re, im] = [0, 0];
    for (const [t, mean] of means.entries()) {
      re += (2 / period) * mean * Math.cos((2 * Math.PI * k * t) / period);
      im += (2 / period) * mean * Math.sin((2 * Math.PI * k * t) / period);
    }
    for (let t = 0; t < period; t++) {
      result[t] += re * Math.cos((2 * Math.PI * k * t) / period) + im * Math.sin((2 * Math.PI * k * t) / period);
    }
  }
  return result;
}

/** The share of the variance that the means of the phases explain, less what they explain of noise. */
export function shareOf(values: Float64Array, period: number): number {
  const without = withoutSeason(values, period);
  let [before, after, count] = [0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue;
    before += values[t] ** 2;
    after += without[t] ** 2;
    count++;
  }
  return (before - after - (after * (period - 1)) / Math.max(1, count - period)) / before;
}
