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
import { lineFactorOf, maskOf, oneOfEachLineOf, ownFactorOf } from './factors.js';
import { sumTermOf } from './sums.js';
import type { Candidate } from './terms.js';
import { constantRatio, equalTo, factorOf, isMultiple, SIZE_FACTORS, termOf } from './terms.js';

/** What the numbers of the tensors can be compared with. */
export interface Known {
  /** The tensors in words: `the gradients of w and b`. */
  readonly namesOf: (names: readonly string[]) => string;
  /** Numbers that a term of a tensor can equal, beside the expected numbers of the other tensors. Default: none. */
  readonly terms?: readonly Candidate[];
  /** The gradient of the outputs. Default: it is not known. */
  readonly upstream?: readonly number[];
  /** Tensors whose expected numbers are not exact, each with a sentence on that. Default: none. */
  readonly uncertain?: ReadonlyMap<string, string>;
  /** Named sizes, beside those that the tensors' shapes show. Default: none. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** A size may be in no shape, such as the rows of a loss. Default: false. */
  readonly hasMoreSizes?: boolean;
}

/** The sentences on the wrong tensors, by name. Tensors with the same mistake share one. */
export const causesOf = (tensors: readonly Compared[], known: Known): Map<string, string> =>
  sentencesOf(statementsOf(tensors, known), known);

/** The statements on the wrong tensors, by name. */
export function statementsOf(tensors: readonly Compared[], known: Known): Map<string, Statement> {
  const sizes = sizesOf(tensors, known);
  return new Map(
    tensors.flatMap((part) => {
      if (part.isRight) return [];
      const statement =
        unwrittenOf(part) ??
        (known.uncertain?.has(part.name) ? undefined : (wholeOf(part, tensors, sizes, known) ?? partlyOf(part, sizes)));
      return statement ? [[part.name, statement] as const] : [];
    }),
  );
}

/** Statements as sentences, and those on what is uncertain. */
export function sentencesOf(
  statements: ReadonlyMap<string, Statement>,
  { namesOf, uncertain = new Map() }: Known,
): Map<string, string> {
  const findings = [...statements].map(([name, statement]): Finding => ({ ...statement, names: [name] }));
  const sentences = together(findings).flatMap((finding) =>
    finding.names.map((name) => [name, sentenceOf(finding, namesOf)] as const),
  );
  return new Map([...uncertain, ...sentences]);
}

/** What each extent is: the first that it is of an axis 0, which can be rows, and the first of another axis; or a number of elements. */
function sizesOf(tensors: readonly Compared[], { shapes = {}, hasMoreSizes = false }: Known): Map<number, string> {
  const [own, more] = [tensors.map(({ name, shape }) => [name, shape] as const), Object.entries(shapes)];
  const axesOf = (all: readonly (readonly [string, readonly number[]])[]) =>
    all.flatMap(([name, shape]) =>
      shape.length < 2
        ? []
        : shape.map((size, axis) => ({ size, axis, of: `axis ${axis} of ${name} ${formatShape(shape)}` })),
    );
  const [rowsFirst, axes] = [axesOf([...more, ...own]), axesOf([...own, ...more])];
  const end = hasMoreSizes ? ', or another size that no shape shows' : '';
  const words = new Map<number, string>();
  for (const { size } of axes) {
    const rows = rowsFirst.find((one) => one.size === size && one.axis === 0);
    const other = axes.find((one) => one.size === size && one.axis > 0);
    words.set(size, `the extent of ${[rows, other].flatMap((one) => one?.of ?? []).join(' and of ')}`);
  }
  for (const [name, shape] of [...own, ...more])
    if (!words.has(sizeOf(shape))) words.set(sizeOf(shape), `the number of elements of ${name} ${formatShape(shape)}`);
  return new Map([...words].map(([size, what]) => [size, `${size} is ${what}${end}`]));
}

/** The first statement that is true of every number. */
function wholeOf(
  part: Compared,
  tensors: readonly Compared[],
  sizes: ReadonlyMap<number, string>,
  { namesOf, terms = [], upstream }: Known,
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
    replacedBy(equalTo(part, gradients)) ??
    maskOf(part) ??
    ownFactorOf(part, terms) ??
    replacedBy(equalTo(part, terms)) ??
    termOf(part, all) ??
    sumTermOf(part, all, upstream) ??
    oneOfEachLineOf(part)
  );
}

export const replacedBy = (candidate: Candidate | undefined): Statement | undefined =>
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

/** What is true of some indices of an axis, or of each with a factor of its own. */
function partlyOf(part: Compared, sizes: ReadonlyMap<number, string>): Statement | undefined {
  const placed = placedOf(part, sizes);
  return placed?.isWhole === true ? placed : (lineFactorOf(part) ?? placed);
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
