/** The values of a table: numbers of any size as numbers around 1, from which networks learn; and what shows that a later table has the same values. */
import { DataError } from '../core/errors.js';
import { isWithinF32 } from '../core/numbers.js';
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
  let rest = 0; // what the running mean has rounded away: of rising numbers far from 0, more than they vary
  for (const value of values) if (!Number.isNaN(value)) rest += (value - level) / count;
  level += rest;
  const unit = unitOf(values.map((value) => value - level));
  let squares = 0;
  for (const value of values) if (!Number.isNaN(value)) squares += ((value - level) / unit) ** 2;
  return { level, scale: unit * Math.sqrt(squares / Math.max(count, 1)) || 1 };
}

/**
 * The power of two at or below the largest size of the numbers; 1 if all are 0 or missing. Divided by it, their squares cannot become 0 or
 * infinite, and no digit of them changes.
 */
export function unitOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest > 0 ? 2 ** Math.floor(Math.log2(largest)) : 1;
}

/** The decimals of a number on this scale that f32 computes: seven digits of the scale, however large the level is. null: as many as f64 has. */
export function decimalsOf({ scale }: Scale): number | null {
  const decimals = Math.max(0, F32_DIGITS - Math.floor(Math.log10(scale)));
  return decimals <= MOST_DECIMALS ? decimals : null;
}

const F32_DIGITS = 7;
/** More is an error of `toFixed`. */
const MOST_DECIMALS = 100;

/** (y - level) / scale, or 0 for a missing number. Throws a DataError for a number that a network cannot read in f32, as a later table may have. */
export function scaled({ level, scale }: Scale, value: number): number {
  if (Number.isNaN(value)) return 0;
  const result = (value - level) / scale;
  // twice, because forecasts subtract the mean of other numbers; beyond the rows there is none, and it is NaN
  if (Number.isNaN(result) || isWithinF32(2 * result)) return result;
  throw new DataError(
    `a number of the table is ${value}, which is ${result} standard deviations from the mean of the training part, ${level}: a network ` +
      'cannot read it in f32: correct it, or leave it out',
  );
}

/** A scale from a file. */
export function scaleIn(stored: JsonReader): Scale {
  const scale = stored.field('scale');
  if (scale.number() <= 0) throw scale.fault('a number above 0');
  return { level: stored.field('level').number(), scale: scale.number() };
}

/** The bytes of numbers. NaN, which is missing, has many bit patterns, and 0 has two: here always the same. */
export const bytesOfNumbers = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.map((value) => (Number.isNaN(value) ? NaN : value + 0)).buffer); // -0 + 0 is 0

/** The bytes of values that are numbers or texts. */
export function* bytesOfValues(values: Iterable<number | string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let some: (number | string)[] = [];
  for (const value of values) {
    some.push(value); // JSON writes NaN as null
    if (some.length < 10_000) continue;
    yield encoder.encode(JSON.stringify(some));
    some = [];
  }
  yield encoder.encode(JSON.stringify(some));
}

/** The digests of a file. */
export const digestsIn = (stored: JsonReader): string[] =>
  stored.list((one) => {
    if (!/^[0-9a-f]{64}$/.test(one.text())) throw one.fault('64 hexadecimal digits');
    return one.text();
  });
