/** The windows of a series: T steps, at each of which the network reads the past and forecasts the number `ahead` steps later. */
import type { Tensor } from '../core/tensor.js';
import { fill, zeros } from '../core/tensor.js';
import { bytesOfNumbers } from '../data/scale.js';
import type { Examples } from '../data/examples.js';
import type { Holidays } from './holidays.js';
import type { InputColumn, InputColumns, InputPlan } from './inputs.js';
import { inputColumns } from './inputs.js';
import type { Series } from './series.js';

/** More windows than this would not be read in any training run. */
const MOST_WINDOWS = 200_000;

/** A series with its inputs, ready for one network. */
export interface Reading {
  readonly series: Series;
  readonly plan: InputPlan;
  readonly columns: InputColumns;
  /** The network's horizons: steps from the last number that is read to those that are forecast; they rise. */
  readonly ahead: readonly number[];
}

export const readingOf = (
  series: Series,
  plan: InputPlan,
  holidays: Holidays | undefined,
  ahead: readonly number[],
): Reading => ({ series, plan, columns: inputColumns(plan, series, holidays), ahead });

/** I: the columns of step t, and those of each step that is forecast. */
export const inputCount = ({ columns, ahead }: Reading): number =>
  columns.past.length + ahead.length * columns.future.length;

/** Writes the steps first … first+T-1 into rows x[t,b,*]. Steps before the series are 0. */
export function fillWindow(x: Tensor, b: number, { columns, ahead }: Reading, first: number): void {
  const [T] = x.shape;
  for (let t = 0; t < T; t++) {
    const step = first + t;
    const isBefore = step < 0;
    let i = 0;
    for (const column of columns.past) x.set(t, b, i++, isBefore ? 0 : column.at(step));
    for (const distance of ahead) {
      for (const column of columns.future) x.set(t, b, i++, isBefore ? 0 : column.at(step + distance));
    }
  }
}

/** What the network should forecast at each step of a window: scaled differences from the mean; NaN where there is nothing to learn. */
function fillTargets(
  y: Tensor,
  b: number,
  { series, plan, columns, ahead }: Reading,
  first: number,
  end: number,
): void {
  const [T] = y.shape;
  const { level, scale } = plan.y;
  for (let t = 0; t < T; t++) {
    for (const [g, distance] of ahead.entries()) {
      const d = first + t + distance;
      y.set(t, b, g, d < end ? (series.y[d] - level) / scale - columns.meanAt(first + t) : NaN);
    }
  }
}

/**
 * The windows whose forecasts lie before step `end`, as examples. A window begins at each step, or at every few steps of a long series;
 * never at whole seasons, so that each step of a window sees every phase.
 */
export function windowExamples(reading: Reading, T: number, end: number): Examples {
  const { plan, ahead } = reading;
  const read = tabulated(reading, end + ahead[ahead.length - 1]);
  const { first, stride, count } = windowsBefore(plan, ahead, T, end);
  return {
    count,
    T,
    inputs: inputCount(reading),
    inputKind: 'numbers',
    classes: 0,
    targets: ahead.length,
    fitsMoreClasses: false,
    reads: 'every',
    continues: false,
    task: undefined,
    fill(x, indices) {
      const [, B] = x.shape;
      const targets = zeros([T, B, ahead.length], 'f64');
      if (indices.length < B) {
        fill(x, 0);
        fill(targets, NaN);
      }
      for (const [b, index] of indices.entries()) {
        fillWindow(x, b, read, first + stride * index);
        fillTargets(targets, b, reading, first + stride * index, end);
      }
      return { targets: { targets }, indices };
    },
    bytes: bytesOf(reading, end),
  };
}

/** The windows whose forecasts lie before step `end`: where the first one begins, every how many steps one does, and how many there are. */
export function windowsBefore(plan: InputPlan, [nearest]: readonly number[], T: number, end: number) {
  const last = end - nearest - T; // where the last window begins
  const first = firstWindow(plan, nearest, T, end);
  const stride = strideFor(last - first + 1, MOST_WINDOWS, plan.seasons);
  return { first, stride, count: Math.max(0, Math.floor((last - first) / stride) + 1) };
}

/** A table of more numbers would need too much memory: 128 MB. */
const MOST_TABULATED = 2 ** 24;

/** The reading with the numbers of each column before step `end` computed once: many windows have the same steps. */
function tabulated(reading: Reading, end: number): Reading {
  if (inputCount(reading) * end > MOST_TABULATED) return reading;
  const tableOf = ({ name, at }: InputColumn): InputColumn => {
    const numbers = Float64Array.from({ length: end }, (_, step) => at(step));
    return { name, at: (step) => numbers[step] };
  };
  const { past, future } = reading.columns;
  return { ...reading, columns: { ...reading.columns, past: past.map(tableOf), future: future.map(tableOf) } };
}

/** The first windows do not have the season before; a series of three lags and more can do without them. */
const firstWindow = ({ lag }: InputPlan, ahead: number, T: number, end: number): number =>
  3 * lag + T + ahead <= end ? Math.max(lag - ahead, 0) : 0;

/** Every how many of `count` steps one is read, so that `most` are at most; no whole seasons. */
export function strideFor(count: number, most: number, seasons: readonly number[]): number {
  let stride = Math.max(1, Math.ceil(count / most));
  while (stride > 1 && seasons.some((season) => stride % season === 0)) stride++;
  return stride;
}

/** Everything that the windows are made from, for a digest. */
function* bytesOf({ series, plan, columns, ahead }: Reading, end: number): Generator<Uint8Array> {
  const names = [...columns.past, ...columns.future].map(({ name }) => name);
  yield new TextEncoder().encode(JSON.stringify([plan, names, ahead, end, series.calendar]));
  const numbers = [series.y, series.filled, ...series.inputs, ...series.known.map(({ values }) => values)];
  for (const values of numbers) yield bytesOfNumbers(values);
  // the numbers of a text column only count its words
  for (const { words } of series.known) if (words) yield new TextEncoder().encode(JSON.stringify(words));
}
