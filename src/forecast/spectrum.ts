/** The spectrum of a series: how strong each frequency is in it, beside the frequencies around it. */

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
  /** -log of the probability that noise is so strong there. */
  readonly surprises: Float64Array;
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
  let size = 1;
  while (size < FINER * n) size *= 2;
  const re = new Float64Array(size);
  re.set(values);
  const im = new Float64Array(size);
  transform(re, im);
  const fine = Float64Array.from({ length: size / 2 + 1 }, (_, k) => (re[k] ** 2 + im[k] ** 2) / n);
  const powers = Float64Array.from({ length: Math.floor(n / 2) }, (_, j) => fine[Math.round(((j + 1) / n) * size)]);
  const counted = powers.slice();
  for (const period of removed) {
    for (let k = 1; 2 * k <= period; k++) counted[Math.round((k * n) / period) - 1] = NaN;
  }
  const { background, counts } = backgroundOf(counted);
  const last = background.length - 1;
  const strengths = new Float64Array(fine.length);
  const surprises = new Float64Array(fine.length);
  for (let k = 0; k < fine.length; k++) {
    const j = Math.min(last, Math.max(0, Math.round((k / size) * n) - 1));
    strengths[k] = fine[k] / background[j];
    // both the power and the background are estimates: their quotient has about the distribution F(2, 2·count)
    surprises[k] = counts[j] * Math.log1p(strengths[k] / counts[j]);
  }
  return { n, size, fine, strengths, surprises, powers, background, kurtosis: kurtosisOf(values) };
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
  let next = 0;
  for (let j = 0; j < powers.length; j++) {
    if (j < next) {
      background[j] = background[j - 1];
      counts[j] = counts[j - 1];
      continue;
    }
    const reach = Math.min(NEAR.most, NEAR.least + (j >> 1));
    const near = powers
      .slice(Math.max(0, j - reach), j + reach + 1)
      .filter((power) => !Number.isNaN(power))
      .sort();
    const weakest = near.subarray(0, Math.max(1, Math.floor(WEAKEST * near.length)));
    background[j] = weakest.reduce((sum, power) => sum + power, 0) / weakest.length / MEAN_OF_WEAKEST;
    background[j] = Math.max(background[j], floor);
    counts[j] = Math.max(1, EXACT * near.length);
    next = j + Math.max(1, Math.min(8, j >> 4));
  }
  return { background, counts };
}

/** The Fourier transform in place, by Cooley and Tukey; the length is a power of two. */
function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  const cos = Float64Array.from({ length: n / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sin = Float64Array.from({ length: n / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  for (let half = 1; half < n; half *= 2) {
    for (let from = 0; from < n; from += 2 * half) {
      for (let k = 0; k < half; k++) {
        const i = from + k;
        const j = i + half;
        const at = (k * n) / (2 * half);
        const [x, y] = [re[j] * cos[at] - im[j] * sin[at], re[j] * sin[at] + im[j] * cos[at]];
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
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
  return Float64Array.from({ length: most + 1 }, (_, lag) => {
    const angle = (2 * Math.PI * lag) / n;
    return powers.reduce((sum, power, j) => sum + power * Math.cos(angle * (j + 1)), 0) * (2 / n);
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
  const [forward, backward] = [values.slice(), values.slice()];
  return bestAutoregression(n, variance, most, (a) => {
    const order = a.length + 1;
    let [products, squares] = [0, Number.MIN_VALUE];
    for (let t = order; t < n; t++) {
      products += forward[t] * backward[t - 1];
      squares += forward[t] ** 2 + backward[t - 1] ** 2;
    }
    const reflection = (2 * products) / squares;
    for (let t = n - 1; t >= order; t--) {
      const [f, b] = [forward[t], backward[t - 1]];
      forward[t] = f - reflection * b;
      backward[t] = b - reflection * f;
    }
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
export const unexplained = (values: Float64Array, { a }: Autoregression): Float64Array =>
  values.map((value, t) => {
    if (t < a.length) return 0;
    for (let i = 0; i < a.length; i++) value -= a[i] * values[t - 1 - i];
    return value;
  });
