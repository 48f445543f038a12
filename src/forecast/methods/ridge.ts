/**
 * Ridge regression: a weighted sum of the numbers that the network reads in its whole window, and of the last four seasons; also of their logarithms,
 * because many series grow, and vary, by shares.
 */
import { counted } from '../../core/arguments.js';
import { stepsIn } from '../../core/numbers.js';
import { scaled } from '../../data/scale.js';
import type { JsonReader } from '../../files/json-reader.js';
import { meanAbsoluteError } from '../intervals.js';
import { arePositive } from '../series.js';
import type { Reading } from '../windows.js';
import { readingOf, remembered, strideFor } from '../windows.js';
import { solved } from './least-squares.js';
import type { FitInput, FittedMethod, Method } from './method.js';
import { latestInPhase } from './naive.js';

/**
 * The sums that ridge regression needs, of rows that arrive one at a time: A = XᵀX and b = Xᵀy of rows with a constant 1 at their end. The
 * weights minimise Σ (y - x·w)² + lambda·Σ w², without the constant.
 */
export class Ridge {
  private readonly a: Float64Array;
  private readonly b: Float64Array;
  private readonly row: Float64Array;
  private count = 0;

  constructor(private readonly inputs: number) {
    const n = inputs + 1;
    this.a = new Float64Array(n * n);
    this.b = new Float64Array(n);
    this.row = new Float64Array(n);
    this.row[inputs] = 1;
  }

  copy(): Ridge {
    const copy = new Ridge(this.inputs);
    copy.a.set(this.a);
    copy.b.set(this.b);
    copy.count = this.count;
    return copy;
  }

  /** Adds a row: x `[inputs]`, and the number that it should give. */
  add(x: ArrayLike<number>, y: number): void {
    const { a, b, row, inputs } = this;
    const n = inputs + 1;
    for (let i = 0; i < inputs; i++) row[i] = x[i];
    for (let i = 0; i < n; i++) {
      const scale = row[i];
      if (scale === 0) continue;
      b[i] += scale * y;
      for (let j = 0; j <= i; j++) a[i * n + j] += scale * row[j];
    }
    this.count++;
  }

  /** The weights. `lambda` > 0, for each row. */
  weights(lambda: number): Float64Array {
    const n = this.inputs + 1;
    const a = this.a.slice();
    for (let i = 0; i < this.inputs; i++) a[i * n + i] += lambda * Math.max(this.count, 1);
    a[n * n - 1] += 1e-9 * Math.max(this.count, 1);
    return solved(a, this.b.slice(), n);
  }
}

/** x·w, with the constant. */
export function ridgeValue(weights: ArrayLike<number>, x: ArrayLike<number>): number {
  let sum = weights[weights.length - 1];
  for (let i = 0; i + 1 < weights.length; i++) sum += weights[i] * x[i];
  return sum;
}

/** Seasons whose numbers it reads. */
const SEASONS = 4;
const LAMBDAS = [1e-4, 1e-3, 1e-2, 1e-1, 1];
/** Rows of more would not change the weights. */
const MOST_ROWS = 100_000;
/** Each row of n numbers takes n² of these; they take about two seconds. */
const MOST_PRODUCTS = 4e9;

/** The regression for one horizon. */
interface HorizonWeights {
  readonly ahead: number;
  /** The latest numbers of the series, and of the other inputs, that it reads. */
  readonly span: number;
  /** One for each number of a row, and the last one for the constant 1. */
  readonly weights: readonly number[];
}

/**
 * Ridge regression on what the network reads: the numbers of its window, what is known of the step that is forecast, and the last four seasons.
 * The held steps choose lambda, and whether it reads the window or the last number only; as the networks, it is then also fitted to these. Of
 * the held steps only those count that are known at the first forecast after them.
 */
export const ridge: Method = {
  fit(input) {
    const { reading, end } = input;
    const isPositive = arePositive(reading.series.filled.subarray(0, end));
    return (isPositive ? [false, true] : [false]).map((isLogarithm) => {
      const read = { ...input, reading: isLogarithm ? logarithmsOf(reading) : reading };
      return fitted(
        isLogarithm,
        reading.ahead.map((ahead) => fittedTo(read, ahead)),
      );
    });
  },
  restored: (stored) =>
    fitted(
      stored.field('isLogarithm').truth(),
      stored.field('horizons').list((one) => ({
        ahead: one.field('ahead').whole(1),
        span: one.field('span').whole(1, MOST_SPAN),
        weights: one.field('weights').list((weight) => weight.number()),
      })),
      stored,
    ),
};

/** No network reads a longer window. */
const MOST_SPAN = 2 ** 16;

function fittedTo({ reading, T, end, heldFrom }: FitInput, ahead: number): HorizonWeights {
  const held = stepsIn({ from: heldFrom, to: end });
  const truth = held.map((d) => reading.series.y[d]);
  const largest = reading.ahead[reading.ahead.length - 1];
  const tried = [1, T].flatMap((span) => {
    const sums = sumsOf(reading, ahead, span, heldFrom - largest + 1);
    const rows = held.map((d) => filledRow(new Float64Array(rowLength(reading, span)), reading, ahead, span, d));
    return LAMBDAS.map((lambda) => {
      const weights = sums.weights(lambda);
      const forecasts = held.map((d, n) => forecastOf(weights, rows[n], reading, d - ahead));
      return { span, lambda, error: meanAbsoluteError(forecasts, truth) };
    });
  });
  const { span, lambda } = tried.reduce((a, b) => (b.error < a.error ? b : a));
  return { ahead, span, weights: [...sumsOf(reading, ahead, span, end).weights(lambda)] };
}

/** The readings of logarithms, as long as those of the numbers: every fit to these asks for the same one. */
const logarithms = new WeakMap<Reading, Reading>();

/** The same reading of the series' logarithms. Their deviation is nearly that of the numbers as a share of the mean. */
function logarithmsOf(reading: Reading): Reading {
  const { series, plan, holidays, ahead } = reading;
  const kept = logarithms.get(reading);
  if (kept) return kept;
  const of = (values: Float64Array): Float64Array => values.map((value) => (value > 0 ? Math.log(value) : NaN));
  const { level, scale } = plan.y;
  const y = { level: Math.log(Math.max(level, Number.MIN_VALUE)), scale: scale / Math.max(level, scale) };
  const ofLogarithms = { ...series, y: of(series.y), filled: of(series.filled) };
  const found = remembered(readingOf(ofLogarithms, { ...plan, y }, holidays, ahead), { from: 0, to: series.length });
  logarithms.set(reading, found);
  return found;
}

function fitted(isLogarithm: boolean, horizons: readonly HorizonWeights[], stored?: JsonReader): FittedMethod {
  return {
    name: isLogarithm ? 'ridge regression of logarithms' : 'ridge regression',
    numbers: { isLogarithm, horizons: horizons.map((one) => ({ ...one })) },
    forecasts(reading, ahead, steps) {
      const found = horizons.find((one) => one.ahead === ahead);
      if (!found) {
        if (stored) throw stored.field('horizons').fault(`weights for ${ahead} ahead`);
        const known = horizons.map((one) => one.ahead).join(', ');
        throw new Error(`ridge regression: was fitted to ${known} ahead, not to ${ahead}`);
      }
      const length = rowLength(reading, found.span) + 1;
      if (stored && found.weights.length !== length)
        throw stored.fault(`weights of ${counted(length, 'number')} for ${ahead} ahead`);
      if (!isLogarithm) return forecastsOf(found, reading, steps);
      return forecastsOf(found, logarithmsOf(reading), steps).map(Math.exp);
    },
    readsFrom: (t, { seasons }) =>
      t - Math.max(SEASONS * (seasons.at(0) ?? 0), ...horizons.map(({ span }) => span)) + 1,
  };
}

type Weights = Pick<HorizonWeights, 'ahead' | 'span'> & { readonly weights: ArrayLike<number> };

function forecastsOf({ ahead, span, weights }: Weights, reading: Reading, steps: readonly number[]): number[] {
  const row = new Float64Array(rowLength(reading, span));
  return steps.map((d) => forecastOf(weights, filledRow(row, reading, ahead, span, d), reading, d - ahead));
}

/** The forecast that is made at step t from a row. */
function forecastOf(weights: ArrayLike<number>, row: Float64Array, { plan, columns }: Reading, t: number): number {
  const { level, scale } = plan.y;
  return level + scale * (ridgeValue(weights, row) + columns.meanAt(t));
}

/** Sums that are kept as long as a reading, because fits to fewer and to more rows continue them. */
const keptSums = new WeakMap<Reading, Map<string, Ridge[]>>();
/** They are kept so often on the way through all rows. */
const TIMES_KEPT = 32;

/** The sums of the steps before `end`. */
function sumsOf(reading: Reading, ahead: number, span: number, end: number): Ridge {
  const { series, plan, columns } = reading;
  const row = new Float64Array(rowLength(reading, span));
  const most = Math.min(MOST_ROWS, Math.floor(MOST_PRODUCTS / row.length ** 2));
  const stride = strideFor(end, most, plan.seasons);
  const first = Math.max(plan.lag, ahead);
  const add = (sums: Ridge, from: number, to: number): Ridge => {
    for (let d = from; d < to; d += stride) {
      if (Number.isNaN(series.y[d])) continue;
      filledRow(row, reading, ahead, span, d);
      sums.add(row, scaled(plan.y, series.y[d]) - columns.meanAt(d - ahead));
    }
    return sums;
  };
  const ofReading = keptSums.get(reading) ?? new Map<string, Ridge[]>();
  keptSums.set(reading, ofReading);
  const key = [ahead, span, stride].join(' ');
  const kept = ofReading.get(key) ?? [new Ridge(row.length)];
  ofReading.set(key, kept);
  const every = stride * Math.ceil(series.length / stride / TIMES_KEPT);
  const at = Math.max(0, Math.floor((end - first) / every));
  for (let n = kept.length; n <= at; n++)
    kept.push(add(kept[n - 1].copy(), first + (n - 1) * every, first + n * every));
  return add(kept[at].copy(), first + at * every, end);
}

const rowLength = ({ columns, plan }: Reading, span: number): number =>
  columns.past.length * span + columns.future.length + (plan.seasons.length > 0 ? SEASONS : 0);

/** The row of step d, in `row`. */
function filledRow(
  row: Float64Array,
  { columns, plan, series }: Reading,
  ahead: number,
  span: number,
  d: number,
): Float64Array {
  const t = d - ahead;
  let i = 0;
  for (const column of columns.past) for (let k = 0; k < span; k++) row[i++] = t - k < 0 ? 0 : column.at(t - k);
  for (const column of columns.future) row[i++] = column.at(d);
  const season = plan.seasons.at(0);
  if (season === undefined) return row;
  const latest = latestInPhase(d, t, season);
  for (let k = 0; k < SEASONS; k++) {
    const value = series.filled[latest - k * season] ?? NaN;
    row[i++] = Number.isNaN(value) ? 0 : scaled(plan.y, value) - columns.meanAt(t);
  }
  return row;
}
