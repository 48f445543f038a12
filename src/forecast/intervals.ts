/**
 * Intervals that keep their promise: conformal correction (Romano, Patterson and Candès, "Conformalized quantile regression", 2019). A
 * network's quantiles are moved apart, or together, until the share `coverage` of the validation part lies between them.
 */

/** A forecast with its interval. */
export interface Band {
  readonly forecast: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How far `low` and `high` must move outwards: the ⌈(n+1)·coverage⌉-th smallest of the n numbers max(low - y, y - high). Steps without a
 * number do not count. The largest of them if there are too few to say; 0 if there are none.
 */
export function outwardShift(bands: readonly Band[], y: ArrayLike<number>, coverage: number): number {
  const scores = bands
    .map(({ low, high }, n) => Math.max(low - y[n], y[n] - high))
    .filter((score) => !Number.isNaN(score))
    .sort((a, b) => a - b);
  const at = Math.ceil((scores.length + 1) * coverage);
  return at <= scores.length && at > 0 ? scores[at - 1] : (scores.at(-1) ?? 0);
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
export function coverageOf(bands: readonly Band[], y: ArrayLike<number>): number {
  let [inside, count] = [0, 0];
  for (const [n, { low, high }] of bands.entries()) {
    if (Number.isNaN(y[n])) continue;
    count++;
    if (y[n] >= low && y[n] <= high) inside++;
  }
  return inside / count;
}

/** The mean absolute error; steps without a number, or without a forecast, do not count. NaN if there are none. */
export function meanAbsoluteError(forecasts: ArrayLike<number>, y: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let n = 0; n < forecasts.length; n++) {
    const error = Math.abs(forecasts[n] - y[n]);
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return sum / count;
}
