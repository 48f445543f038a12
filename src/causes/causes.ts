/**
 * Why numbers are wrong: a sentence on each tensor, or none. A sentence is made only if it is true of every number, so it can be read
 * as a fact; what it asks at its end is a guess. The gradient check and `longhand compare` print these sentences, and the exercises
 * share their statements.
 */
import { formatShape, sizeOf } from '../core/tensor.js';
import {
  type Compared,
  type Finding,
  type Statement,
  areNear,
  digitsOfAll,
  DIGITS,
  largestOf,
  sentenceOf,
  together,
  whole,
} from './compared.js';
import { movedOf, reversedOf, transposedOf, wordsOfPlaces, wrongPlacesOf } from './places.js';
import type { Candidate } from './terms.js';
import { constantRatio, equalTo, factorOf, isMultiple, SIZE_FACTORS, sumTermOf, termOf } from './terms.js';

/** What the numbers of the tensors can be compared with. */
export interface Known {
  /** The tensors in words: `the gradients of w and b`. */
  readonly namesOf: (names: readonly string[]) => string;
  /** Numbers that a term of a tensor can equal, beside the expected numbers of the other tensors. Default: none. */
  readonly terms?: readonly Candidate[];
  /** Numbers that a tensor can have in place of its own. Default: none. */
  readonly inPlaceOf?: (name: string) => readonly Candidate[];
  /** Tensors whose expected numbers are not exact, each with a sentence on that. Default: none. */
  readonly uncertain?: ReadonlyMap<string, string>;
  /** Named sizes, beside those that the tensors' shapes show. Default: none. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

/** The sentences on the wrong tensors, by name. Tensors with the same mistake share one. */
export function causesOf(tensors: readonly Compared[], known: Known): Map<string, string> {
  const sizes = sizesOf({ ...Object.fromEntries(tensors.map(({ name, shape }) => [name, shape])), ...known.shapes });
  const findings = tensors.flatMap((part): Finding[] => {
    if (part.isRight) return [];
    const statement =
      unwrittenOf(part) ??
      (known.uncertain?.has(part.name) ? undefined : (wholeOf(part, tensors, sizes, known) ?? placedOf(part, sizes)));
    return statement ? [{ ...statement, names: [part.name] }] : [];
  });
  const sentences = new Map(
    together(findings).flatMap((finding) =>
      finding.names.map((name) => [name, sentenceOf(finding, known.namesOf)] as const),
    ),
  );
  return new Map([...(known.uncertain ?? []), ...sentences]);
}

/** What each extent is, for its first axis. */
function sizesOf(shapes: Readonly<Record<string, readonly number[]>>): Map<number, string> {
  const sizes = new Map<number, string>();
  const add = (size: number, words: string): void => {
    if (!sizes.has(size)) sizes.set(size, `${size} is ${words}`);
  };
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape.length > 1)
      shape.forEach((extent, axis) => add(extent, `the extent of axis ${axis} of ${name} ${formatShape(shape)}`));
  }
  for (const [name, shape] of Object.entries(shapes))
    add(sizeOf(shape), `the number of elements of ${name} ${formatShape(shape)}`);
  return sizes;
}

/** The first statement that is true of every number. */
function wholeOf(
  part: Compared,
  tensors: readonly Compared[],
  sizes: ReadonlyMap<number, string>,
  { namesOf, terms = [], inPlaceOf }: Known,
): Statement | undefined {
  const others = tensors.filter((other) => other !== part);
  const gradients = others.map(({ name, expected, tolerance }): Candidate => {
    return { words: namesOf([name]), values: expected, tolerance };
  });
  const all = [...gradients, ...terms];
  return (
    ratioOf(part, sizes) ??
    exchangedOf(part, others, namesOf) ??
    transposedOf([part]) ??
    reversedOf(part) ??
    movedOf(part) ??
    replacedBy(equalTo(part, [...(inPlaceOf?.(part.name) ?? []), ...all])) ??
    termOf(part, all) ??
    sumTermOf(part, all)
  );
}

const replacedBy = (candidate: Candidate | undefined): Statement | undefined =>
  candidate && whole(`{} {has} the ${candidate.tolerance ? 'expected ' : ''}numbers of ${candidate.words}`);

/** NaN or 0 everywhere. */
function unwrittenOf(part: Compared): Statement | undefined {
  const { found, expected } = part;
  if (found.every((value) => Number.isNaN(value))) return whole('{} {is} NaN everywhere: does anything write {it}?');
  const isOnlyNonFinite = found.every((value, n) => !Number.isFinite(value) || areNear(part, [value], [expected[n]]));
  if (isOnlyNonFinite) return whole('Every wrong number of {} is NaN or infinite');
  return found.every((value) => value === 0)
    ? whole(
        '{} {is} 0 everywhere: nothing is added to {it}, a factor of every number is 0, or 0 is written there too late',
      )
    : undefined;
}

/** Whole numbers that are no size are tried up to here. */
const MOST_TIMES = 1000;

/** Every number is the same factor times the expected one. */
function ratioOf(part: Compared, sizes: ReadonlyMap<number, string>): Statement | undefined {
  const factor = factorOf(part);
  if (factor === undefined || Number.isNaN(factor) || factor === 0) return undefined;
  for (const ratio of [-1, 2]) if (isMultiple(part, ratio)) return constantRatio(ratio, [part]);
  const most = Math.abs(part.expected[largestOf(part.expected)]);
  const error = part.tolerance(most) / most; // of the factor, relative
  const size = Math.max(Math.abs(factor), 1 / Math.abs(factor));
  const times = Math.round(size);
  if (times >= 2 && times * error < (sizes.has(times) ? 0.25 : 1e-3) && (sizes.has(times) || times <= MOST_TIMES)) {
    const sentence = sizeSentence(part, times, String(times), sizes.get(times));
    if (sentence) return sentence;
  }
  const square = Math.round(size ** 2);
  if (sizes.has(square) && square * error < 0.25) {
    const sentence = sizeSentence(part, Math.sqrt(square), `√${square}`, sizes.get(square));
    if (sentence) return sentence;
  }
  const digits = Math.min(6, Math.max(1, Math.round(-Math.log10(error))));
  return constantRatio(Number(factor.toPrecision(digits)), [part]);
}

function sizeSentence(part: Compared, size: number, shown: string, what: string | undefined): Statement | undefined {
  const fitting = SIZE_FACTORS.find(([factor]) => isMultiple(part, factor(size)));
  return fitting && whole(`Every number of {} ${fitting[1](shown)}?${what === undefined ? '' : ` ${what}`}`);
}

/** A tensor has the numbers of another, and the other may have its. */
function exchangedOf(part: Compared, others: readonly Compared[], namesOf: Known['namesOf']): Statement | undefined {
  const has = (one: Compared, other: Compared): boolean =>
    one.found.length === other.expected.length &&
    areNear(one, one.found, other.expected) &&
    digitsOfAll(one, other.expected) >= DIGITS;
  const other = others.find((one) => !one.isRight && has(part, one) && has(one, part));
  if (!other) return undefined;
  const names = [part.name, other.name].sort();
  return whole(`${namesOf(names)} are exchanged: each has the expected numbers of the other`);
}

/** Only some indices of an axis are wrong, and perhaps what is wrong there. */
function placedOf(part: Compared, sizes: ReadonlyMap<number, string>): Statement | undefined {
  const places = wrongPlacesOf(part);
  const words = places && wordsOfPlaces(part.shape, places);
  if (words === undefined) return undefined;
  const { where, isOne, only } = words;
  const verb = isOne ? 'is' : 'are';
  if (places?.part.found.every((value) => value === 0))
    return whole(`In {}, ${where} ${verb} 0, and all other numbers are right`);
  const factor = places && ratioOf(places.part, sizes);
  if (factor) return whole(factor.words.replace('{}', `${where} of {}`).replace('{has}', isOne ? 'has' : 'have'));
  return { words: `In {}, ${only}`, isWhole: false };
}
