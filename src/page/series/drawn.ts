/** How a series is drawn and written: of many numbers the smallest and the largest of each bin, so that no peak is lost. */
import { formatTime } from '../../data/times.js';

/** Points of a line; null is missing. */
export interface Drawn {
  /** The step of each point; they rise. */
  readonly at: readonly number[];
  readonly values: readonly (number | null)[];
}

/** A time, in milliseconds since 1970, or the number of a row. */
export const timeText = (time: number, isRows: boolean): string => (isRows ? String(time) : formatTime(time));

/** Numbers for a chart. */
export const withNulls = (values: ArrayLike<number>): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

/** The numbers of steps 0 … `values.length` - 1; NaN is missing. At most two points for each of `bins`, or every number if they are as few. */
export function drawn(values: Float64Array, bins: number): Drawn {
  const n = values.length;
  if (n <= 2 * bins) {
    return { at: [...values.keys()], values: withNulls(values) };
  }
  const [at, kept]: [number[], (number | null)[]] = [[], []];
  for (let bin = 0; bin < bins; bin++) {
    const [from, to] = [Math.floor((bin * n) / bins), Math.floor(((bin + 1) * n) / bins)];
    let [least, most] = [-1, -1];
    for (let t = from; t < to; t++) {
      if (Number.isNaN(values[t])) continue;
      if (least < 0 || values[t] < values[least]) least = t;
      if (most < 0 || values[t] > values[most]) most = t;
    }
    if (least < 0) {
      at.push(from);
      kept.push(null);
      continue;
    }
    for (const t of new Set([Math.min(least, most), Math.max(least, most)])) {
      at.push(t);
      kept.push(values[t]);
    }
  }
  return { at, values: kept };
}

/** f64 has no more digits. */
const MOST_DIGITS = 17;

/** Writes numbers such as these with `digits` digits; with more if fewer could not tell the numbers apart. */
export function shownFor(values: readonly (number | null)[], digits: number): (value: number) => string {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    [least, most] = [Math.min(least, value), Math.max(most, value)];
  }
  const common = Math.log10(Math.max(Math.abs(least), Math.abs(most)) / (most - least));
  const needed = digits + (Number.isFinite(common) ? Math.max(0, Math.floor(common)) : 0);
  return (value) => String(Number(value.toPrecision(Math.min(needed, MOST_DIGITS))));
}
