/** Numbers from texts, and the range of f32. */

const DECIMAL = /^-?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

/**
 * The number in a text in decimal notation: `12`, `-0.5`, `1e-3`. NaN for every other text (`0x10`, `1 `, an empty one),
 * and for a number that f64 would make infinite or 0.
 */
export function decimalFrom(text: string): number {
  if (!DECIMAL.test(text)) return NaN;
  const value = Number(text);
  const isSpelledZero = !/[1-9]/.test(text.replace(/e.*/i, ''));
  return Number.isFinite(value) && (value !== 0 || isSpelledZero) ? value : NaN;
}

/** Whole numbers from … to: the first one, and the one after the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The largest count or seed that a flag or a field of the page accepts: the largest u32. */
export const LARGEST_WHOLE = 2 ** 32 - 1;

/** The number that a text spells in digits alone, from `least` to `most`; NaN for every other text. */
export function wholeFrom(text: string, least: number, most: number): number {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : NaN;
}

/** The largest number that f32 holds. */
export const LARGEST_F32 = (2 - 2 ** -23) * 2 ** 127;

/** The most classes of which f32 holds every index exactly. */
export const MOST_CLASSES = 2 ** 24;

/** The range of f32, for messages. */
export const F32_RANGE = '±3.4028235e+38';

/** Whether the value is finite when rounded to f32. */
export const isWithinF32 = (value: number): boolean => Number.isFinite(Math.fround(value));
