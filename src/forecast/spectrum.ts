/** The spectrum of a series: how strong each frequency is in it, beside the frequencies around it. */
import FFT from 'fft.js';
import { SortedNumbers } from '../core/lists.js';

/** A frequency is tried at every quarter of 1/n. */
const FINER = 4;

/** How strong frequencies are in n numbers. The frequency f, in cycles per step, has the index round(f·size). */
export interface Spectrum {
  readonly n: number;
  readonly size: number;
  /** The power at each index. */
  readonly fine: Float64Array;
  /** The same as a multiple of the background there. Of noise its mean is about 1. */
  readonly strengths: Float64Array;
  /** -log of the probability that noise is so strong at an index. */
  readonly surpriseAt: (index: number) => number;
  /** The power at the frequencies 1/n, 2/n, … */
  readonly powers: Float64Array;
  /** What noise has around these frequencies. */
  readonly background: Float64Array;
  /** The excess kurtosis of the numbers, 0 or more: of normal ones 0, of rare spikes large. */
  readonly kurtosis: number;
}

/** The spectrum of numbers whose mean is 0. Frequencies of `removed` periods do not count as background. */
export function spectrumOf(values: Float64Array, removed: readonly number[]): Spectrum {
  const n = values.length;
  let size = 2;
  while (size < FINER * n) size *= 2;
  const fine = powersIn(values, size);
  for (let k = 0; k < fine.length; k++) fine[k] /= n;
  const powers = Float64Array.from({ length: Math.floor(n / 2) }, (_, j) => fine[Math.round(((j + 1) / n) * size)]);
  const counted = powers.slice();
  for (const period of removed) {
    for (let k = 1; 2 * k <= period; k++) counted[Math.round((k * n) / period) - 1] = NaN;
  }
  const { background, counts } = backgroundOf(counted);
  const nearest = (k: number): number => Math.min(background.length - 1, Math.max(0, Math.round((k / size) * n) - 1));
  const strengths = new Float64Array(fine.length);
  for (let k = 0; k < fine.length; k++) strengths[k] = fine[k] / background[nearest(k)];
  const surprises = new Float64Array(fine.length).fill(NaN); // few of them are asked for, most of these often
  const surpriseAt = (k: number): number => {
    if (Number.isNaN(surprises[k])) {
      const count = counts[nearest(k)];
      // both the power and the background are estimates: their quotient has about the distribution F(2, 2·count)
      surprises[k] = count * Math.log1p(strengths[k] / count);
    }
    return surprises[k];
  };
  return { n, size, fine, strengths, surpriseAt, powers, background, kurtosis: kurtosisOf(values) };
}

function kurtosisOf(values: Float64Array): number {
  let [squares, fourths] = [0, 0];
  for (const value of values) {
    const square = value * value;
    squares += square;
    fourths += square * square;
  }
  return squares > 0 ? Math.max(0, (values.length * fourths) / squares ** 2 - 3) : 0;
}

/** The background of a frequency is the mean of the weakest of the powers near it, so that other seasons do not count. */
const WEAKEST = 0.75;
/** The mean of the weakest ones, if all have an exponential distribution of mean 1. */
const MEAN_OF_WEAKEST = 1 + ((1 - WEAKEST) / WEAKEST) * Math.log(1 - WEAKEST);
/** They say as much as fewer exact ones. */
const EXACT = 0.7;
/** Powers on each side that are near. */
const NEAR = { least: 12, most: 40 } as const;

/** A smaller part of all powers is only rounding. */
const ROUNDING = 1e-12;

/** The background of each power, and how many exact powers would say as much. NaN does not count. */
function backgroundOf(powers: Float64Array): { background: Float64Array; counts: Float64Array } {
  const background = new Float64Array(powers.length);
  const counts = new Float64Array(powers.length);
  const floor = ROUNDING * powers.reduce((sum, power) => sum + (Number.isNaN(power) ? 0 : power), Number.MIN_VALUE);
  const near = new SortedNumbers(); // most of them stay when j rises
  let [from, to, next] = [0, 0, 0];
  for (let j = 0; j < powers.length; j++) {
    if (j < next) {
      background[j] = background[j - 1];
      counts[j] = counts[j - 1];
      continue;
    }
    const reach = Math.min(NEAR.most, NEAR.least + (j >> 1));
    while (to < Math.min(powers.length, j + reach + 1)) near.add(powers[to++]);
    while (from < j - reach) near.remove(powers[from++]);
    const weakest = Math.max(1, Math.floor(WEAKEST * near.count));
    background[j] = Math.max(near.sumOfLeast(weakest) / weakest / MEAN_OF_WEAKEST, floor);
    counts[j] = Math.max(1, EXACT * near.count);
    next = j + Math.max(1, Math.min(8, j >> 4));
  }
  return { background, counts };
}

/** The autocovariances of numbers whose mean is 0, up to `most` steps. */
export function covariancesIn(values: Float64Array, most: number): Float64Array {
  return Float64Array.from({ length: most + 1 }, (_, lag) => {
    let sum = 0;
    for (let t = lag; t < values.length; t++) sum += values[t] * values[t - lag];
    return sum / values.length;
  });
}

/** The autocovariances up to `most` steps that powers at the frequencies 1/n, 2/n, … have. */
export function covariancesOf(powers: Float64Array, n: number, most: number): Float64Array {
  const cosines = new Float64Array(n);
  for (let k = 0; k < n; k++) cosines[k] = Math.cos((2 * Math.PI * k) / n);
  return Float64Array.from({ length: most + 1 }, (_, lag) => {
    let [sum, at] = [0, 0]; // at: lag·(j + 1), less whole turns
    for (const power of powers) {
      at = (at + lag) % n;
      sum += power * cosines[at];
    }
    return sum * (2 / n);
  });
}

/** x[t] = Σ a[i]·x[t-1-i] + noise, and how badly it fits n numbers. */
export interface Autoregression {
  readonly a: Float64Array;
  /** Its AIC: n times the logarithm of the noise's variance, and 2 for each coefficient. */
  readonly misfit: number;
}

/** The autoregression of n numbers with these autocovariances, by Levinson and Durbin. */
export const autoregressionOf = (covariances: Float64Array, n: number): Autoregression =>
  bestAutoregression(n, covariances[0], covariances.length - 1, (a, error) => {
    const rest = a.reduce((sum, one, i) => sum - one * covariances[a.length - i], covariances[a.length + 1]);
    return rest / error;
  });

/**
 * The autoregression of numbers whose mean is 0, by Burg: each reflection is the one with the least errors forwards and backwards. Unlike the
 * autocovariances, which end with the series, it does not make a sharp peak of the spectrum broader.
 */
export function autoregressionIn(values: Float64Array, most: number): Autoregression {
  const n = values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / n;
  // the backward errors are those of the number before, once the first order has moved them
  const [forward, backward] = [values.slice(), values.slice()];
  let reflection = 0;
  return bestAutoregression(n, variance, most, (a) => {
    const order = a.length + 1;
    let [products, squares, moved] = [0, Number.MIN_VALUE, 0];
    for (let t = order - 1; t < n; t++) {
      const f = forward[t] - reflection * backward[t];
      const b = backward[t] - reflection * forward[t];
      forward[t] = f;
      backward[t] = moved;
      if (t >= order) {
        products += f * moved;
        squares += f ** 2 + moved ** 2;
      }
      moved = b;
    }
    reflection = (2 * products) / squares;
    return reflection;
  });
}

/** The order with the smallest AIC. `reflectionOf`: the last coefficient of the next order. */
function bestAutoregression(
  n: number,
  variance: number,
  most: number,
  reflectionOf: (a: Float64Array, error: number) => number,
): Autoregression {
  let a = new Float64Array(0);
  let error = variance;
  let best = { a, misfit: n * Math.log(Math.max(error, Number.MIN_VALUE)) };
  for (let order = 1; order <= most && error > 0; order++) {
    const reflection = reflectionOf(a, error);
    const next = new Float64Array(order);
    for (let i = 0; i < order - 1; i++) next[i] = a[i] - reflection * a[order - 2 - i];
    next[order - 1] = reflection;
    a = next;
    error *= 1 - reflection ** 2;
    const misfit = n * Math.log(Math.max(error, Number.MIN_VALUE)) + 2 * order;
    if (misfit < best.misfit) best = { a, misfit };
  }
  return best;
}

/** What an autoregression does not explain: x[t] - Σ a[i]·x[t-1-i]; 0 for the first numbers. */
export function unexplained(values: Float64Array, { a }: Autoregression): Float64Array {
  const result = new Float64Array(values.length);
  for (let t = a.length; t < values.length; t++) {
    let rest = values[t];
    for (let i = 0; i < a.length; i++) rest -= a[i] * values[t - 1 - i];
    result[t] = rest;
  }
  return result;
}

/** The transform of the last size: a search transforms a series many times. */
let lastTransform = new FFT(2);

/** The power at each frequency k / size, for k = 0 … size / 2. `size` is a power of two. */
function powersIn(values: Float64Array, size: number): Float64Array {
  if (lastTransform.size !== size) lastTransform = new FFT(size);
  const padded = new Float64Array(size);
  padded.set(values);
  const complex = new Float64Array(2 * size); // the real part of each frequency, then the imaginary one
  lastTransform.realTransform(complex, padded);
  const powers = new Float64Array(size / 2 + 1);
  for (let k = 0; k < powers.length; k++) powers[k] = complex[2 * k] ** 2 + complex[2 * k + 1] ** 2;
  return powers;
}
