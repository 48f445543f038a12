/** Which flags are given, and parsers of their values. Each parser throws an InvalidArgumentError, which commander prints with the flag's name. */
import { type Command, InvalidArgumentError } from 'commander';
import { decimalFrom, F32_RANGE, isWithinF32, LARGEST_WHOLE, wholeFrom } from '../core/numbers.js';
import { faultOfQuantiles } from '../training/option-table.js';

/** Whether the user has given the flag with this attribute. */
export const isGiven = (command: Command, name: string): boolean => command.getOptionValueSource(name) === 'cli';

/** The first of the flags with these attributes that the user has given, as `--batch-size`. */
export const givenFlag = (command: Command, names: readonly string[]): string | undefined =>
  command.options.find((option) => names.includes(option.attributeName()) && isGiven(command, option.attributeName()))
    ?.long;

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = LARGEST_WHOLE): (text: string) => number {
  return (text) => {
    const value = wholeFrom(text, least, most);
    if (Number.isNaN(value)) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** One value, or several with commas between them: then a list. */
export function listOf<Value>(parse: (text: string) => Value): (text: string) => Value | Value[] {
  return (text) => (text.includes(',') ? text.split(',').map(parse) : parse(text));
}

/** A number, for computations in f64. */
export function finiteNumber(text: string): number {
  const value = decimalFrom(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a finite number, such as 12, -0.5 or 1e-3.');
  return value;
}

/** A number > 0, for computations in f64. */
export function positiveNumber(text: string): number {
  const value = finiteNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be greater than 0.');
  return value;
}

/** Refuses numbers that f32 makes infinite, and numbers other than 0 that it makes 0: networks compute in f32. */
export function inF32(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (!isWithinF32(value)) throw new InvalidArgumentError(`It is beyond the range of f32, ${F32_RANGE}.`);
    if (value !== 0 && Math.fround(value) === 0) throw new InvalidArgumentError('It is too small: f32 rounds it to 0.');
    return value;
  };
}

/** A number in f32 from `least` to `most`; `isAbove`: `least` itself is refused. */
export function f32Number(least: number, most: number, isAbove: boolean): (text: string) => number {
  const parse = inF32(finiteNumber);
  return (text) => {
    const value = parse(text);
    if (isAbove && value <= least) throw new InvalidArgumentError(`It must be greater than ${least}.`);
    if (value < least || value > most) throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    return value;
  };
}

/** Numbers between 0 and 1 with commas between them, each greater than the one before. */
export function quantileList(text: string): number[] {
  const list = text.split(',').map(finiteNumber);
  if (faultOfQuantiles('', list) === undefined) return list;
  throw new InvalidArgumentError('It must be numbers between 0 and 1 in rising order, such as 0.05,0.5,0.95.');
}

/** The path of a file or folder, which need not exist. */
export function filePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}
