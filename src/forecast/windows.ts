/** The windows of a series: T steps, at each of which the network reads the past and forecasts the number `ahead` steps later. */
import { leadingCount } from '../core/lists.js';
import type { Range } from '../core/numbers.js';
import { fill, zeros } from '../core/tensor.js';
import { bytesOfNumbers } from '../data/scale.js';
import type { Examples } from '../data/examples.js';
import type { InputColumn, WindowColumns, WindowStarts } from '../trained-state.js';
import { examplesOfWindows, inputCount, windowsWithin } from '../trained-state.js';
import type { InputColumns, InputPlan } from './inputs.js';
import { inputColumns } from './inputs.js';
import type { Holidays, Series } from './series.js';

/** More windows than this would not be read in any training run. */
const MOST_WINDOWS = 200_000;

/** A series with its inputs, ready for one network. */
export interface Reading extends WindowColumns {
  readonly series: Series;
  readonly plan: InputPlan;
  readonly columns: InputColumns;
  readonly holidays: Holidays | undefined;
  /** What the outputs mean if they correct methods; without it they are differences from the recent mean. */
  readonly corrected?: Corrected;
}

/** What the outputs of networks that correct methods mean. Numbers are scaled, as the series is. */
export interface Corrected {
  /** What horizon g's forecast of step d corrects. */
  readonly centre: (d: number, g: number) => number;
  /** The unit of the correction of horizon g that is made at step t. */
  readonly unit: (t: number, g: number) => number;
}

/** The number of step d, scaled, that an output of horizon g means. */
export function meaningOf({ ahead, columns, corrected }: Reading, output: number, d: number, g: number): number {
  const t = d - ahead[g];
  return corrected ? corrected.centre(d, g) + corrected.unit(t, g) * output : columns.meanAt(t) + output;
}

/** What horizon g's output of step d should be for a scaled number. */
function outputFor({ ahead, columns, corrected }: Reading, y: number, d: number, g: number): number {
  const t = d - ahead[g];
  return corrected ? (y - corrected.centre(d, g)) / corrected.unit(t, g) : y - columns.meanAt(t);
}

export const readingOf = (
  series: Series,
  plan: InputPlan,
  holidays: Holidays | undefined,
  ahead: readonly number[],
): Reading => ({ series, plan, columns: inputColumns(plan, series, holidays), holidays, ahead });

/**
 * The windows whose forecasts lie before step `end`, as examples; `others`: readings of other series, whose windows follow. A window begins at each
 * step, or at every few steps of a long series; never at whole seasons, so that each step of a window sees every phase. What the network should say
 * is NaN where there is nothing to learn.
 */
export function windowExamples(reading: Reading, T: number, end: number, others: readonly Reading[] = []): Examples {
  const { ahead } = reading;
  const readings = [reading, ...others];
  /** The windows of all series before those of each, and at last of all. */
  const before = [0];
  const all = readings.map((one) => {
    const { count, ...starts } = windowsBefore(
      one.plan,
      ahead,
      T,
      end,
      one.series.first,
      MOST_WINDOWS / readings.length,
    );
    before.push(before[before.length - 1] + count);
    return { ...starts, columns: remembered(one, { from: 0, to: end }, MOST_REMEMBERED / readings.length) };
  });
  const windowOf = (n: number): { readonly columns: Reading; readonly start: number } => {
    const k = leadingCount(before, (one) => one <= n) - 1;
    const { first, stride, columns } = all[k];
    return { columns, start: first + stride * (n - before[k]) };
  };
  const count = before[readings.length];
  const kind = { count, T, classes: 0, targets: ahead.length, reads: 'every', bytes: bytesOf(readings, end) } as const;
  return examplesOfWindows(kind, inputCount(reading), windowOf, (indices, B) => {
    const targets = zeros([T, B, ahead.length], 'f64');
    if (indices.length < B) fill(targets, NaN);
    for (const [b, n] of indices.entries()) {
      const { columns, start } = windowOf(n);
      const { level, scale } = columns.plan.y;
      for (let t = 0; t < T; t++) {
        const step = start + t;
        for (const [g, distance] of ahead.entries()) {
          const d = step + distance;
          targets.set(t, b, g, d < end ? outputFor(columns, (columns.series.y[d] - level) / scale, d, g) : NaN);
        }
      }
    }
    return { targets };
  });
}

/** Where the windows begin whose forecasts lie before step `end`; at most about `most`, and none before the step `from`. */
export function windowsBefore(
  plan: InputPlan,
  [nearest]: readonly number[],
  T: number,
  end: number,
  from = 0,
  most = MOST_WINDOWS,
): WindowStarts {
  const range = { from: Math.max(from, firstWindow(plan, nearest, T, end)), to: end - nearest };
  const { count } = windowsWithin(range, T, 1);
  return windowsWithin(range, T, strideFor(count, most, plan.seasons));
}

/** A table of more numbers would need too much memory: 128 MB. */
const MOST_REMEMBERED = 2 ** 24;

/** The reading whose numbers of windows in a range of steps are computed once each: many windows have the same steps. */
export function remembered(reading: Reading, range: Range, most = MOST_REMEMBERED): Reading {
  const from = Math.max(0, range.from);
  const count = range.to + reading.ahead[reading.ahead.length - 1] - from;
  if (inputCount(reading) * count > most) return reading;
  const once = ({ name, at }: InputColumn): InputColumn => {
    const numbers = new Float64Array(count).fill(NaN);
    const numberAt = (step: number): number => (numbers[step - from] = at(step));
    const isKnown = (step: number): boolean => !Number.isNaN(numbers[step - from] ?? NaN); // other steps are computed each time
    return { name, at: (step) => (isKnown(step) ? numbers[step - from] : numberAt(step)) };
  };
  const { past, future } = reading.columns;
  return { ...reading, columns: { ...reading.columns, past: past.map(once), future: future.map(once) } };
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
function* bytesOf(readings: readonly Reading[], end: number): Generator<Uint8Array> {
  for (const { series, plan, columns, ahead, corrected } of readings) {
    const names = [...columns.past, ...columns.future].map(({ name }) => name);
    yield new TextEncoder().encode(JSON.stringify([plan, names, ahead, end, series.calendar]));
    const numbers = [series.y, series.filled, ...series.inputs, ...series.known.map(({ values }) => values)];
    for (const values of numbers) yield bytesOfNumbers(values);
    // in f32, because versions of V8 round logarithms and exponentials differently
    for (const valueOf of corrected ? [corrected.centre, corrected.unit] : [])
      for (const g of ahead.keys())
        yield bytesOfNumbers(Float64Array.from({ length: end }, (_, step) => Math.fround(valueOf(step, g))));
    // the numbers of a text column only count its words
    for (const { words } of series.known) if (words) yield new TextEncoder().encode(JSON.stringify(words));
  }
}
