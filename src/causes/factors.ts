/** Statements that every number is a factor times the expected one. */
import { type Compared, type Statement, areNear, digitsOf, digitsOfAll, DIGITS, largestOf, whole } from './compared.js';

/** Factors that a size can give, with a sentence on each. */
export const SIZE_FACTORS: readonly (readonly [(size: number) => number, (size: string) => string])[] = [
  [(size) => size, (size) => `is ${size} times the expected one: is a division by ${size} missing`],
  [(size) => 1 / size, (size) => `is the expected one divided by ${size}: is there a division too many`],
  [(size) => -size, (size) => `is -${size} times the expected one: sign, and division by ${size}`],
  [(size) => -1 / size, (size) => `is the expected one divided by -${size}: sign, and a division too many`],
];

/** Any number is a multiple of any other: only of several this says something. */
export const ENOUGH = 3;

/** Numbers that are a multiple of others by accident have fewer digits. */
export const nonZero = (parts: readonly Compared[]): number =>
  parts.flatMap((part) => part.expected.filter((value) => digitsOf(part, value) > 1)).length;

/** The factor of the largest expected number; NaN if all are 0, and undefined if it is not that of the others. */
export function factorOf(part: Compared): number | undefined {
  const { expected, found } = part;
  if (digitsOfAll(part, expected) <= DIGITS) return part.isRight ? NaN : undefined;
  const largest = largestOf(expected);
  const factor = found[largest] / expected[largest];
  if (factor !== 0 && digitsOfAll(part, found) <= DIGITS) return undefined; // so small that all are nearly equal
  return isMultiple(part, factor) ? factor : undefined;
}

export const isMultiple = (part: Compared, factor: number): boolean =>
  Number.isFinite(factor) &&
  areNear(
    part,
    part.found,
    part.expected.map((value) => factor * value),
  );

/** The sentence on a factor that is the same everywhere, and not 0. */
export function constantRatio(ratio: number, parts: readonly Compared[]): Statement | undefined {
  if (ratio === -1) return whole('{} {has} the wrong sign: every number is -1 times the expected one');
  if (ratio === 2) return whole('Every number of {} is 2 times the expected one: is it added twice?');
  const shown = Number(ratio.toPrecision(6));
  return shown === 1 || nonZero(parts) < ENOUGH
    ? undefined
    : whole(`Every number of {} is ${shown} times the expected one`);
}
