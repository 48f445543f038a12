/**
 * The airline model of Box and Jenkins, SARIMA (0,1,1)(0,1,1)ₛ: with B the step back, (1 - B)(1 - Bˢ)·z = (1 + θB)(1 + ΘBˢ)·e, where z is the
 * series or its logarithm. So the forecast of the next row is
 *
 *     ẑ(t) = z(t-1) + z(t-s) - z(t-s-1) + θ·e(t-1) + Θ·e(t-s) + θΘ·e(t-s-1),   and e(t) = z(t) - ẑ(t).
 */
import { counted } from '../../core/arguments.js';
import { arePositive } from '../series.js';
import { leastSquares } from './least-squares.js';
import type { FittedMethod, Method, StateAt, Walk, Walked } from './method.js';
import { firstRow, fittedOnce, walkedAsJson, walkedForecasts, walkedFrom, walkedIn } from './method.js';

interface Airline extends Walked {
  /** s: the steps of the season. */
  readonly period: number;
  readonly isLogarithm: boolean;
  readonly theta: number;
  /** Θ */
  readonly seasonal: number;
}

type Weights = Pick<Airline, 'period' | 'theta' | 'seasonal'>;

/** No file has a season of more steps. */
const MOST_PERIOD = 2 ** 24;
/** Differences that a fit needs at least. */
const LEAST_DIFFERENCES = 10;

/** Of each season, and of the series and its logarithms, the model whose errors are the most probable. */
export const airline: Method = {
  fit: fittedOnce((filled, seasons, { end, near }) => {
    const from = Math.max(0, firstRow(filled, end));
    const y = filled.subarray(from, end);
    const periods = seasons.filter((period) => y.length - period - 1 >= Math.max(period, LEAST_DIFFERENCES));
    if (periods.length === 0)
      return seasons.length === 0
        ? 'the series has no season'
        : `the series has ${counted(y.length, 'row')} before the forecasts, fewer than two seasons`;
    const isPositive = arePositive(y);
    const common = Math.max(...periods) + 1; // the rows after these have errors in every model
    const ending = near && endings.get(near);
    const found = periods.flatMap((period) =>
      (isPositive ? [false, true] : [false]).map((isLogarithm) => {
        const start = ending?.period === period ? ending : { period, ...FIRST };
        return fittedTo(y, from, start, isLogarithm, common);
      }),
    );
    return [fitted(found.reduce((a, b) => (b.likelihood > a.likelihood ? b : a)).model)];
  }),
  restored(stored) {
    const period = stored.field('period').whole(2, MOST_PERIOD);
    return fitted({
      period,
      isLogarithm: stored.field('isLogarithm').truth(),
      theta: stored.field('theta').number(-1, 1),
      seasonal: stored.field('seasonal').number(-1, 1),
      ...walkedIn(stored, 2 * (period + 1)),
    });
  },
};

const logarithm = (y: number): number => (y > 0 ? Math.log(y) : NaN);

function fitted(model: Airline): FittedMethod {
  const { period, isLogarithm, theta, seasonal } = model;
  const method: FittedMethod = {
    name: `the airline model (${counted(period, 'step')}${isLogarithm ? ', of logarithms' : ''})`,
    numbers: { period, isLogarithm, theta, seasonal, ...walkedAsJson(model) },
    forecasts({ series: { filled, first } }, ahead, steps) {
      const z = { filled: isLogarithm ? filled.map(logarithm) : filled, first };
      const found = walkedForecasts(model, (start) => new AirlineWalk(model, start), z, ahead, steps);
      return isLogarithm ? found.map(Math.exp) : found;
    },
    readsFrom: (t) => walkedFrom(model, t),
  };
  endings.set(method, model);
  return method;
}

/** Where the search of a fit ended. */
const endings = new WeakMap<FittedMethod, Weights>();

/** The last s + 1 numbers and errors; that of row t stands at t mod (s + 1). */
class AirlineWalk implements Walk {
  private readonly z: Float64Array;
  private readonly e: Float64Array;
  private row: number;

  /** The state is z and then e, `[2, s + 1]`. */
  constructor(
    private readonly weights: Weights,
    { at, state }: StateAt,
  ) {
    const m = weights.period + 1;
    [this.z, this.e] = [Float64Array.from(state.slice(0, m)), Float64Array.from(state.slice(m))];
    this.row = at;
  }

  next(z: number): void {
    const { z: before, e, row } = this;
    const expected = this.expected(before, e, row);
    const at = row % e.length;
    before[at] = Number.isNaN(z) ? expected : z;
    e[at] = before[at] - expected;
    this.row++;
  }

  forecast(ahead: number): number {
    const [z, e] = [this.z.slice(), this.e.slice()];
    let expected = NaN;
    for (let row = this.row; row < this.row + ahead; row++) {
      expected = this.expected(z, e, row);
      z[row % e.length] = expected;
      e[row % e.length] = 0;
    }
    return expected;
  }

  state(): StateAt {
    return { at: this.row, state: [...this.z, ...this.e] };
  }

  /** ẑ(row) */
  private expected(z: Float64Array, e: Float64Array, row: number): number {
    const { theta, seasonal, period: s } = this.weights;
    const m = s + 1;
    const [longest, season, last] = [row % m, (row + 1) % m, (row + s) % m];
    return z[last] + z[season] - z[longest] + theta * e[last] + seasonal * e[season] + theta * seasonal * e[longest];
  }
}

/** Where the search of θ and Θ begins, and what stands in for them where numbers are missing before they are known. */
const FIRST = { theta: -0.4, seasonal: -0.6 };
/** Nearer to 1 or -1, a search would hardly move. */
const MOST_START = 0.99;

/**
 * The model of y, whose first row is the series' row `from`, with the largest likelihood (Box and Jenkins, "Time Series Analysis", 1970, chapter 7).
 * The search starts at θ and Θ. `likelihood`: its logarithm for each row from `common` on, without a constant.
 */
function fittedTo(
  y: Float64Array,
  from: number,
  { period, theta, seasonal }: Weights,
  isLogarithm: boolean,
  common: number,
): { model: Airline; likelihood: number } {
  const z = withoutGaps(isLogarithm ? y.map(logarithm) : y, period);
  const differences = z.map((value, t) => (t > period ? value - z[t - 1] - z[t - period] + z[t - period - 1] : 0));
  const weightsAt = (p: Float64Array): Weights => ({ period, theta: Math.tanh(p[0]), seasonal: Math.tanh(p[1]) });
  const n = y.length - period - 1;
  const { parameters } = leastSquares(
    (p, r) => {
      // -2·log of the likelihood is n·log Σe² + log |Ω|, so the errors are scaled by the 2n-th root of |Ω|
      const scale = Math.exp(logDeterminant(weightsAt(p), n) / (2 * n));
      const errors = errorsOf(differences, weightsAt(p));
      for (let t = 0; t < r.length; t++) r[t] = errors[t] * scale;
      return true;
    },
    differences.length,
    Float64Array.of(theta, seasonal).map((one) => Math.atanh(Math.max(-MOST_START, Math.min(MOST_START, one)))),
  );
  const weights = weightsAt(parameters);
  const errors = errorsOf(differences, weights);
  const m = period + 1;
  const placed = (values: Float64Array): number[] =>
    Array.from({ length: m }, (_, n) => values[(((n - from) % m) + m) % m]);
  const first = { at: from + m, state: [...placed(z), ...placed(errors)] };
  const walk = new AirlineWalk(weights, first);
  for (let t = m; t < y.length; t++) walk.next(isLogarithm ? logarithm(y[t]) : y[t]);
  let [squares, logs, count] = [0, 0, 0];
  for (let t = common; t < y.length; t++) {
    if (Number.isNaN(y[t])) continue;
    squares += errors[t] ** 2;
    logs += isLogarithm ? z[t] : 0;
    count++;
  }
  const likelihood = -Math.log(Math.max(squares / count, Number.MIN_VALUE)) / 2 - logs / count;
  return { model: { ...weights, isLogarithm, first, last: walk.state() }, likelihood };
}

/** Passes backwards and forwards in time, unless nothing changes: with Θ near -1 and few seasons, the first differences still do a little in the last one. */
const MOST_PASSES = 8;

/**
 * E[e | w] of the differences w `[n]`, of which the first s + 1 are unknown. They are forecast backwards in time, from a model with the same
 * weights whose errors a run backwards; and the differences after the last one, with which a begins, are forecast from e.
 */
function errorsOf(w: Float64Array, { period: s, theta, seasonal }: Weights): Float64Array {
  const n = w.length;
  const both = theta * seasonal;
  const e = new Float64Array(n + s + 1); // 0 after the last difference
  const a = new Float64Array(n + 2 * (s + 1)); // and 0 before the first one
  const read = e.subarray(n - s - 1, n); // what the next pass reads of this one
  let before: Float64Array | undefined;
  for (let pass = 0; pass < MOST_PASSES && !before?.every((value, t) => value === read[t]); pass++) {
    before = read.slice();
    for (let t = n + s; t >= n; t--) {
      const difference = theta * e[t - 1] + seasonal * e[t - s] + both * e[t - s - 1];
      a[t] = difference - seasonal * a[t + s] - both * a[t + s + 1] - theta * a[t + 1];
    }
    // the product with the neighbour is the last one, because the others need not wait for it
    for (let t = n - 1; t > s; t--) a[t] = w[t] - seasonal * a[t + s] - both * a[t + s + 1] - theta * a[t + 1];
    for (let t = 0; t <= s; t++) {
      const difference = theta * a[t + 1] + seasonal * a[t + s] + both * a[t + s + 1];
      e[t] = difference - (t === s ? seasonal * e[0] : 0) - (t > 0 ? theta * e[t - 1] : 0);
    }
    for (let t = s + 1; t < n; t++) e[t] = w[t] - seasonal * e[t - s] - both * e[t - s - 1] - theta * e[t - 1];
  }
  return e.subarray(0, n);
}

/**
 * The logarithm of the determinant of the differences' covariances, in units of the errors' variance. It is the sum of that of (1 + θB) for n
 * differences, of those of (1 + ΘBˢ) for the n/s of each phase, and of what the product adds. For this we use the limit for large n, by Szegő's
 * theorem: 2·Σ ((-θ)ˢ·-Θ)ᵏ/k.
 */
function logDeterminant({ period, theta, seasonal }: Weights, n: number): number {
  const ofOne = (weight: number, count: number): number =>
    Math.log((1 - (weight * weight) ** (count + 1)) / (1 - weight * weight));
  const both = -2 * Math.log(1 - (-theta) ** period * -seasonal);
  return ofOne(theta, n) + period * ofOne(seasonal, n / period) + both;
}

/** z, whose first row has a number; one that is missing becomes its forecast by the first θ and Θ, or the number before if it has none. */
function withoutGaps(z: Float64Array, period: number): Float64Array {
  if (!z.some(Number.isNaN)) return z;
  const m = period + 1;
  const whole = z.slice();
  for (let t = 1; t < m; t++) if (Number.isNaN(whole[t])) whole[t] = whole[t - 1];
  const walk = new AirlineWalk(
    { period, ...FIRST },
    { at: m, state: [...whole.subarray(0, m), ...new Float64Array(m)] },
  );
  for (let t = m; t < z.length; t++) {
    if (Number.isNaN(z[t])) whole[t] = walk.forecast(1);
    walk.next(whole[t]);
  }
  return whole;
}
