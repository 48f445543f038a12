/** Statements on the lines of an axis, such as rows: a term with a sum over each line is missing or wrong, as in a normalisation. */
import { type Shape, sizeOf } from '../core/tensor.js';
import { type Compared, type Statement, DIGITS, whole } from './compared.js';
import { type Candidate, type Difference, differenceOf, ENOUGH, multipleOf } from './terms.js';

/** The places of the numbers that differ in the index of one axis only, for each of these lines. */
export function linesOf(shape: Shape, axis: number): number[][] {
  const within = sizeOf(shape.slice(axis + 1));
  const lines = new Map<number, number[]>();
  for (let n = 0; n < sizeOf(shape); n++) {
    const line = Math.floor(n / (within * shape[axis])) * within + (n % within);
    const places = lines.get(line) ?? [];
    places.push(n);
    lines.set(line, places);
  }
  return [...lines.values()];
}

/** ` in each row` */
export const linesWords = ({ length }: Shape, axis: number): string =>
  length === 1 ? '' : length > 2 ? ` along axis ${axis}` : axis === 1 ? ' in each row' : ' in each column';

/** The numbers of a list, which has one for each index of an axis, in every line. */
export function broadcast(values: readonly number[], shape: Shape): readonly number[] | undefined {
  const axis = shape.length < 2 ? -1 : shape.lastIndexOf(values.length);
  const within = sizeOf(shape.slice(axis + 1));
  return axis < 0
    ? undefined
    : Array.from({ length: sizeOf(shape) }, (_, n) => values[Math.floor(n / within) % values.length]);
}

const totalOf = (places: readonly number[], of: (n: number) => number): number =>
  places.reduce((sum, n) => sum + of(n), 0);

const meanOf = (places: readonly number[], of: readonly number[]): number =>
  totalOf(places, (n) => of[n]) / places.length;

/** c of difference = c·values in each line, or of difference = c·values + a number. undefined if not all lines have one. */
function multiplesOf(
  difference: readonly Difference[],
  { values, tolerance }: Candidate,
  lines: readonly number[][],
  hasNumber: boolean,
): number[] | undefined {
  const worst = hasNumber ? Math.max(...difference.map(({ error }) => error)) : 0; // of a mean
  const differences = difference.map(({ value }) => value);
  let digits = 0;
  const factors = lines.map((places) => {
    const [mean, meanValue] = hasNumber ? [meanOf(places, differences), meanOf(places, values)] : [0, 0];
    const of = places.map((n) => ({ value: differences[n] - mean, error: difference[n].error + worst }));
    const multiple = multipleOf(of, { values: places.map((n) => values[n] - meanValue), tolerance });
    digits += multiple?.digits ?? -Infinity;
    return multiple?.c ?? 0;
  });
  return digits < DIGITS ? undefined : factors;
}

/**
 * Along an axis, the differences from the expected numbers are all the same, or a multiple of a candidate, or the sum of both. `upstream`:
 * the gradient of the outputs.
 */
export function sumTermOf(
  part: Compared,
  candidates: readonly Candidate[],
  upstream: readonly number[] = [],
): Statement | undefined {
  const { shape, expected } = part;
  const difference = differenceOf(part);
  const same: Candidate = { words: '', values: expected.map(() => 1) };
  const fitting = candidates.filter(({ values }) => values.length === expected.length);
  for (const axis of [...shape.keys()].reverse()) {
    const lines = linesOf(shape, axis);
    for (const hasNumber of [false, true]) {
      if (shape[axis] < ENOUGH + Number(hasNumber)) continue;
      for (const candidate of hasNumber ? fitting : [same, ...fitting]) {
        const factors = multiplesOf(difference, candidate, lines, hasNumber);
        const right = expected.map((value, n) => ({ ...difference[n], value }));
        if (!factors || multiplesOf(right, candidate, lines, hasNumber)) continue; // else any mistake is such a multiple
        const multiple = candidate.words === '' ? 'the same' : `a multiple of ${candidate.words}`;
        const what = hasNumber ? `${multiple} plus a number` : multiple;
        const guess = hasNumber ? undefined : wrongIn({ factors, candidate, lines, upstream, candidates }, part);
        return whole(
          `In {}, the difference from the expected numbers is ${what}${linesWords(shape, axis)}: ` +
            `is a term with a mean or a sum ${guess ?? 'missing or wrong'}?`,
        );
      }
    }
  }
  return undefined;
}

/** A term of each line: `factors` times a candidate. */
interface SumTerm {
  readonly factors: readonly number[];
  readonly candidate: Candidate;
  readonly lines: readonly number[][];
  readonly upstream: readonly number[];
  readonly candidates: readonly Candidate[];
}

/**
 * Whether the right term is missing or there twice; undefined if it can't be known. The right term is v·Σ v·d for a softmax with outputs
 * v. For a normalisation it is v·Σ v·d/(|v|²·s), where v is 1 or x, and s is 1 or the deviation of x from its mean or from 0. d is
 * the gradient of the outputs, perhaps times a vector.
 */
function wrongIn(
  { factors, candidate: { values }, lines, upstream, candidates }: SumTerm,
  { name, shape }: Compared,
): 'missing' | 'there twice' | undefined {
  if (upstream.length !== values.length) return undefined;
  const x = candidates.find(({ words, tolerance }) => words === name && !tolerance)?.values ?? values;
  const vectors = candidates.flatMap(({ values: own }) => (own.length < x.length ? [broadcast(own, shape)] : []));
  const deviation = (places: readonly number[], mean: number): number =>
    Math.sqrt(totalOf(places, (n) => (x[n] - mean) ** 2) / places.length);
  for (const vector of [undefined, ...vectors]) {
    const shares = lines.map((places, k) => {
      const plain = factors[k] / totalOf(places, (n) => values[n] * upstream[n] * (vector?.[n] ?? 1));
      const square = totalOf(places, (n) => values[n] ** 2);
      return [1, square, square * deviation(places, meanOf(places, x)), square * deviation(places, 0)].map(
        (by) => plain * by,
      );
    });
    for (const form of shares[0].keys())
      for (const [share, words] of [
        [1, 'missing'],
        [-1, 'there twice'],
      ] as const)
        if (shares.every((all) => Math.abs(all[form] - share) < 1e-3)) return words;
  }
  return undefined;
}
