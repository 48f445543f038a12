/** Values of command-line options, checked as they are read. */
import { InvalidArgumentError, Option } from 'commander';

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = 2 ** 32 - 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a finite number.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = finiteNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be greater than 0.');
  return value;
}

/** An option that is null unless it is given; the help says what that means. */
export function nullableOption(
  flags: string,
  description: string,
  parse: (text: string) => number,
  withoutIt: string,
): Option {
  return new Option(flags, description).argParser(parse).default(null, withoutIt);
}
