/** Values of command-line options, checked as they are read. */
import { InvalidArgumentError } from 'commander';
import { decimalFrom, F32_RANGE, isWithinF32, LARGEST_WHOLE, wholeFrom } from '../numbers.js';

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = LARGEST_WHOLE): (text: string) => number {
  return (text) => {
    const value = wholeFrom(text, least, most);
    if (Number.isNaN(value)) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** For what is computed in f64. */
export function finiteNumber(text: string): number {
  const value = decimalFrom(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a finite number, as 12, -0.5 or 1e-3.');
  return value;
}

/** For what is computed in f64. */
export function positiveNumber(text: string): number {
  const value = finiteNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be greater than 0.');
  return value;
}

/** For a network, whose numbers are f32: no number that is infinite there, and none but 0 that is 0 there. */
export function inF32(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (!isWithinF32(value)) throw new InvalidArgumentError(`It is beyond f32, which ends at ${F32_RANGE}.`);
    if (value !== 0 && Math.fround(value) === 0) throw new InvalidArgumentError('It is so small that f32 makes it 0.');
    return value;
  };
}

/** A file or a folder, which need not exist. */
export function filePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}
