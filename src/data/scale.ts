/** Numbers of any size as numbers around 1, from which networks learn. */
import type { JsonReader } from '../files/json-reader.js';

/** A number x becomes (x - level) / scale. */
export interface Scale {
  readonly level: number;
  readonly scale: number;
}

/** The mean and the standard deviation of numbers; NaN is missing. */
export function scaleOf(values: Float64Array): Scale {
  let [count, level] = [0, 0];
  for (const value of values) if (!Number.isNaN(value)) level += (value - level) / ++count;
  let squares = 0;
  for (const value of values) if (!Number.isNaN(value)) squares += (value - level) ** 2;
  return { level, scale: Math.sqrt(squares / Math.max(count, 1)) || 1 };
}

/** (y - level) / scale, or 0 for a missing number. */
export const scaled = ({ level, scale }: Scale, value: number): number =>
  Number.isNaN(value) ? 0 : (value - level) / scale;

/** A scale from a file. */
export function scaleIn(stored: JsonReader): Scale {
  const scale = stored.field('scale');
  if (scale.number() <= 0) throw scale.fault('a number above 0');
  return { level: stored.field('level').number(), scale: scale.number() };
}
