/** Numbers beside those that are expected, and the sentences that statements on them become. */
import type { Shape } from '../core/tensor.js';

/** A tensor's numbers, in row order, beside those that are expected. */
export interface Compared {
  readonly name: string;
  readonly shape: Shape;
  readonly expected: readonly number[];
  readonly found: readonly number[];
  readonly isRight: boolean;
  /** The largest difference from an expected number that counts as none. */
  readonly tolerance: (expected: number) => number;
}

type Tolerance = Pick<Compared, 'tolerance'>;

export const isNear = ({ tolerance }: Tolerance, found: number, expected: number): boolean =>
  Object.is(found, expected) || (Number.isFinite(expected) && Math.abs(found - expected) <= tolerance(expected));

export const areNear = (of: Tolerance, found: readonly number[], expected: readonly number[]): boolean =>
  found.every((value, n) => isNear(of, value, expected[n]));

/** How many decimal digits of a number are above the tolerance: about 7 at a relative tolerance of 1e-7. */
export const digitsOf = ({ tolerance }: Tolerance, value: number): number =>
  value === 0 || !Number.isFinite(value) ? 0 : Math.max(0, Math.log10(Math.abs(value) / tolerance(value)));

/** The digits of all numbers together. Numbers that agree in all of these digits do not agree by chance. */
export const digitsOfAll = (of: Tolerance, values: readonly number[]): number =>
  values.reduce((sum, value) => sum + digitsOf(of, value), 0);

/** A statement needs agreement in at least this many digits: by chance, about one comparison in 10,000 has them. */
export const DIGITS = 4;

/** The place of the largest number, by its absolute value. */
export const largestOf = (values: readonly number[]): number =>
  values.reduce((most, value, n) => (Math.abs(value) > Math.abs(values[most]) ? n : most), 0);

/**
 * A sentence without its full stop. `{}` are the names of the tensors, and `{is}`, `{has}` and `{it}` the words for one or
 * for several.
 * `isWhole`: it says what every wrong number is, and not only where wrong numbers are.
 */
export interface Statement {
  readonly words: string;
  readonly isWhole: boolean;
}

export const whole = (words: string): Statement => ({ words, isWhole: true });

/** A statement on some tensors. */
export interface Finding extends Statement {
  readonly names: readonly string[];
}

/** Findings with the same words as one. */
export function together(findings: readonly Finding[]): Finding[] {
  const all: Finding[] = [];
  for (const finding of findings) {
    const same = all.findIndex(({ words }) => words === finding.words);
    if (same < 0) all.push(finding);
    else all[same] = { ...finding, names: [...all[same].names, ...finding.names] };
  }
  return all;
}

/** The words of a statement with its tensors: `subject`, which is one or several. */
export const filled = ({ words }: Statement, subject: string, isOne = true): string =>
  words
    .replace('{}', () => subject)
    .replace('{is}', isOne ? 'is' : 'are')
    .replace('{has}', isOne ? 'has' : 'have')
    .replace('{it}', isOne ? 'it' : 'them');

/** `namesOf`: the tensors in words. */
export function sentenceOf(finding: Finding, namesOf: (names: readonly string[]) => string): string {
  const words = filled(finding, namesOf(finding.names), finding.names.length === 1);
  return capital(`${words}${words.endsWith('?') ? '' : '.'}`);
}

/** Words at the beginning of a sentence; names of tensors stay as they are. */
export const capital = (sentence: string): string =>
  sentence.replace(
    /^(gate|the|row|column|element|index|indices|all)s?\b/,
    (word) => word[0].toUpperCase() + word.slice(1),
  );
