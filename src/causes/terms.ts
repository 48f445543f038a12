/** Statements that every number is a factor times the expected one, that a tensor has the numbers of another one, or lacks a term that another one shows. */
import { type Compared, type Statement, areNear, digitsOf, digitsOfAll, DIGITS, largestOf, whole } from './compared.js';

/** Numbers that a tensor, or a term of it, can have. */
export interface Candidate {
  /** `the gradient of b`, `x`, `the outputs` */
  readonly words: string;
  /** A letter for it in formulas. Default: its words. */
  readonly letter?: string;
  readonly values: readonly number[];
  /** How exact the numbers are. Default: they are exact. */
  readonly tolerance?: Compared['tolerance'] | undefined;
}

/** All numbers are those of a candidate. */
export function equalTo(part: Compared, candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.find(
    ({ values }) =>
      values.length === part.found.length &&
      digitsOfAll(part, values) >= DIGITS &&
      areNear(part, part.found, values) &&
      !areNear(part, part.expected, values),
  );
}

/** What is found beside what is expected, and how exact this difference is. */
export function differenceOf({ found, expected, tolerance }: Compared) {
  return found.map((value, n) => ({
    value: value - expected[n],
    error: Math.max(tolerance(expected[n]), tolerance(value)),
  }));
}

export type Difference = ReturnType<typeof differenceOf>[number];

/** c of difference = c·values, if that is true of every number; and the digits in which they agree, beyond those that gave c. */
export function multipleOf(
  difference: readonly Difference[],
  { values, tolerance = () => 0 }: Omit<Candidate, 'words'>,
  fixed?: number,
): { c: number; digits: number; count: number } | undefined {
  const largest = largestOf(values);
  const c = fixed ?? (values[largest] === 0 ? 0 : difference[largest].value / values[largest]);
  if (!Number.isFinite(c)) return undefined;
  let [digits, most, count] = [0, 0, 0];
  for (const [n, { value, error }] of difference.entries()) {
    const within = error + Math.abs(c) * tolerance(values[n]);
    if (!(Math.abs(value - c * values[n]) <= within)) return undefined;
    const own = c * values[n] === 0 ? 0 : Math.max(0, Math.log10(Math.abs(c * values[n]) / within));
    digits += own;
    most = Math.max(most, own);
    if (own > 1) count++;
  }
  return { c, digits: fixed === undefined ? digits - most : digits, count };
}

/** Every number differs from the expected one by a candidate's number, or by a factor times it. */
export function termOf(part: Compared, candidates: readonly Candidate[]): Statement | undefined {
  const difference = differenceOf(part);
  const fitting = candidates.filter(({ values }) => values.length === part.found.length);
  for (const [fixed, words] of [
    [1, 'added'],
    [-1, 'missing'],
  ] as const) {
    const one = fitting.find((candidate) => (multipleOf(difference, candidate, fixed)?.digits ?? 0) >= DIGITS);
    if (one) return whole(`In {}, a term is ${words} that equals ${one.words}`);
  }
  for (const candidate of fitting) {
    const multiple = multipleOf(difference, candidate);
    if (!multiple || multiple.digits < DIGITS || multiple.count < ENOUGH) continue;
    const shown = Number(Math.abs(multiple.c).toPrecision(3));
    return whole(
      `In {}, a term is ${multiple.c > 0 ? 'added' : 'missing'} that equals ${shown} times ${candidate.words}`,
    );
  }
  return undefined;
}

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
