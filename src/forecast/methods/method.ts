/** What a simple method of forecasting is: it is fitted to the first rows of a series, and forecasts from any row on. */
import type { JsonObject } from '../../files/json.js';
import type { JsonReader } from '../../files/json-reader.js';
import type { InputPlan } from '../inputs.js';
import type { Series } from '../series.js';
import type { Reading } from '../windows.js';

/** What a method is fitted to. */
export interface FitInput {
  /** The series with its inputs; a method that has weights for each horizon has them for each of `reading.ahead`. */
  readonly reading: Reading;
  /** Steps of the networks' window. */
  readonly T: number;
  /** The method knows the rows before this step. */
  readonly end: number;
  /** Settings are chosen on the steps from here to `end`; the method is then fitted to these too. */
  readonly heldFrom: number;
  /** A fit of the method to more or fewer rows of the series: a search may begin there, to be quicker. */
  readonly near?: FittedMethod | undefined;
  /** Whether the fit is only such a beginning: it may be rough. */
  readonly isRough?: boolean;
}

/** A method that was fitted. It is not fitted again: later rows only move its state on. */
export interface FittedMethod {
  /** What it is, for people, such as "ridge regression". */
  readonly name: string;
  /** All that a file must hold so that `Method.restored` gives the same forecasts. */
  readonly numbers: JsonObject;
  /**
   * For each of `steps`, which rise, the forecast made `ahead` steps before it, which reads no number of the series after that step. NaN where
   * too few rows come before. `reading` may be of a later table than the one of the fit.
   */
  forecasts(reading: Reading, ahead: number, steps: readonly number[]): number[];
  /** The first row that a forecast made at row `t` reads, besides those of the recent mean. */
  readsFrom(t: number, plan: Pick<InputPlan, 'seasons'>): number;
}

/** A simple method. */
export interface Method {
  /** Fits its variants, such as one for each season; or a text that says why it is left out. */
  fit(input: FitInput): FittedMethod[] | string;
  /** From the `numbers` of a file. Throws a DataError that names the field of a fault. */
  restored(stored: JsonReader): FittedMethod;
}

type FitFrom = Pick<FitInput, 'end' | 'near' | 'isRough'>;

/**
 * `Method.fit` of a method that reads only the numbers, the seasons and the fields of `FitFrom`. Its fits are kept as long as the numbers:
 * horizons, both stages and reports ask for the same ones.
 */
export function fittedOnce(
  fit: (filled: Float64Array, seasons: readonly number[], from: FitFrom) => FittedMethod[] | string,
): Method['fit'] {
  const kept = new WeakMap<Float64Array, Map<string, FittedMethod[] | string>>();
  return ({ reading: { series, plan }, end, near, isRough = false }) => {
    const ofSeries = kept.get(series.filled) ?? new Map<string, FittedMethod[] | string>();
    kept.set(series.filled, ofSeries);
    const key = [end, near !== undefined, isRough, ...plan.seasons].join(' ');
    const fits = ofSeries.get(key) ?? fit(series.filled, plan.seasons, { end, near, isRough });
    ofSeries.set(key, fits);
    return fits;
  };
}

/** The state of a model before it reads the row `at`. */
export interface StateAt {
  readonly at: number;
  readonly state: readonly number[];
}

/** A model with a state, which rows move on one at a time. */
export interface Walk {
  /** Reads the next row; NaN is missing, and the model's own forecast then stands for it. */
  next(y: number): void;
  /** The forecast of the row that comes `ahead` rows after the last one read. */
  forecast(ahead: number): number;
}

/** A model that was fitted: its states before the first row and after the last one that it was fitted to. */
export interface Walked {
  readonly first: StateAt;
  readonly last: StateAt;
}

/**
 * The forecasts of a model with a state, as `FittedMethod.forecasts`. A forecast after the rows of the fit begins at its last state, so it needs
 * only the rows since then; if a later table lacks these, they count as missing. One before that needs all rows from the first, else it is NaN.
 */
export function walkedForecasts(
  { first, last }: Walked,
  walkFrom: (start: StateAt) => Walk,
  { filled, first: begin }: Pick<Series, 'filled' | 'first'>,
  ahead: number,
  steps: readonly number[],
): number[] {
  let row = first.at;
  let walk = walkFrom(first);
  return steps.map((d) => {
    const isLater = d - ahead >= last.at - 1;
    if (!isLater && (d - ahead < first.at - 1 || begin > first.at)) return NaN;
    if (isLater && row < last.at) [row, walk] = [last.at, walkFrom(last)];
    for (; row <= d - ahead; row++) walk.next(filled[row] ?? NaN);
    return walk.forecast(ahead);
  });
}

/** `FittedMethod.readsFrom` of a model with a state. */
export const walkedFrom = ({ first, last }: Walked, t: number): number => (t >= last.at - 1 ? last.at : first.at);

/** The states as a file holds them. */
export const walkedAsJson = ({ first, last }: Walked): JsonObject => ({ first: { ...first }, last: { ...last } });

/** The states of a file, which have `length` numbers each. */
export function walkedIn(stored: JsonReader, length: number): Walked {
  const stateIn = (one: JsonReader): StateAt => {
    const state = one.field('state').list((number) => number.number());
    if (state.length !== length) throw one.field('state').fault(`a list of ${length} numbers`);
    return { at: one.field('at').whole(0), state };
  };
  return { first: stateIn(stored.field('first')), last: stateIn(stored.field('last')) };
}

/** More rows would not change a fit by much, but take longer: the last ones are read. */
const MOST_ROWS = 5000;

/** The first of the rows before `end` that a model with a state is fitted to: one that has a number. -1: none has. */
export const firstRow = (values: Float64Array, end: number): number =>
  values.subarray(0, end).findIndex((value, row) => row >= end - MOST_ROWS && !Number.isNaN(value));
