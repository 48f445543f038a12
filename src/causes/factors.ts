/** Statements that every number is the expected one times a factor of its own: a derivative, a gate, a mask, a factor of its row. */
import { type Compared, type Statement, areNear, digitsOf, digitsOfAll, DIGITS, isNear, whole } from './compared.js';
import { wrongPlacesOf } from './places.js';
import { broadcast, linesOf, linesWords } from './sums.js';
import { type Candidate, ENOUGH, factorOf, nonZero } from './terms.js';

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const sech2 = (v: number): number => 1 - Math.tanh(v) ** 2;
const density = (v: number): number => Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI);
/** The integral of `density` from -∞, by its series. */
function normal(v: number): number {
  if (Math.abs(v) > 8) return v > 0 ? 1 : 0;
  let [term, sum] = [v, v];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) sum += term *= (v * v) / n;
  return 0.5 + density(v) * sum;
}
/** In GELU's form with tanh. */
const inner = (v: number): number => Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3);
const innerDerivative = (v: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * v ** 2);

/** What a factor can be of a number v, `#` in words; and the activation whose derivative it is, if v is its input, or its output. */
const FORMS: readonly (readonly [
  words: string,
  of: (v: number) => number,
  ofInput?: string | undefined,
  ofOutput?: string,
])[] = [
  ['#', (v) => v],
  ['σ(#)', sigmoid, 'softplus (or a factor of that of σ)'],
  ['tanh(#)', Math.tanh],
  ['σ′(#)', (v) => sigmoid(v) * (1 - sigmoid(v)), 'σ'],
  ['tanh′(#)', sech2, 'tanh'],
  ['#·(1 - #)', (v) => v * (1 - v), undefined, 'σ'],
  ['(1 - #²)', (v) => 1 - v * v, undefined, 'tanh'],
  ['GELU′(#)', (v) => normal(v) + v * density(v), 'GELU'],
  [
    'GELU′(#) in its form with tanh',
    (v) => 0.5 * (1 + Math.tanh(inner(v))) + 0.5 * v * sech2(inner(v)) * innerDerivative(v),
    'GELU',
  ],
  ['SiLU′(#)', (v) => sigmoid(v) * (1 + v * (1 - sigmoid(v))), 'SiLU'],
  ['Φ(#)', normal],
  ['(1 - σ(#))', (v) => 1 - sigmoid(v)],
  ['(1 - tanh(#))', (v) => 1 - Math.tanh(v)],
  ['(1 - #)', (v) => 1 - v],
];

/** A factor of each number. */
interface Factor {
  readonly words: string;
  /** `this factor`, or what it is: `the derivative of σ` */
  readonly what: string;
  /** What its letter is, in words. */
  readonly note: string;
  /** It is the number itself. */
  readonly isPlain: boolean;
  readonly values: readonly number[];
}

function factorsOf({ name, shape, found }: Compared, candidates: readonly Candidate[]): Factor[] {
  const exact = candidates.filter(({ tolerance }) => tolerance === undefined);
  const sorted = [...exact.filter(({ words }) => words === name), ...exact.filter(({ words }) => words !== name)];
  return sorted.flatMap(({ words, letter, values }) => {
    const all = values.length === found.length ? values : broadcast(values, shape);
    if (!all) return [];
    const isTaken = candidates.some((other) => other.words === letter);
    const [short, note] =
      letter === undefined ? [words, ''] : isTaken ? [`(${words})`, ''] : [letter, ` (${letter}: ${words})`];
    return FORMS.map(([form, of, ofInput, ofOutput]): Factor => {
      const activation = words === name ? ofInput : letter === 'y' ? ofOutput : undefined;
      const what = activation === undefined ? 'this factor' : `the derivative of ${activation}`;
      return { words: form.replaceAll('#', short), what, note, isPlain: form === '#', values: all.map(of) };
    });
  });
}

/** Every number is the expected one times a factor, or divided by one, or both. */
export function ownFactorOf(part: Compared, candidates: readonly Candidate[]): Statement | undefined {
  const factors = factorsOf(part, candidates);
  const every = 'Every number of {} is the expected one';
  for (const one of factors) {
    if (isQuotient(part, undefined, one))
      return whole(`${every} divided by ${one.words}${one.note}: is ${one.what} missing?`);
    if (isQuotient(part, one, undefined))
      return whole(`${every} times ${one.words}${one.note}: is ${one.what} there once too often?`);
  }
  if (!isExact(part)) return undefined; // of so many pairs, one fits by chance
  for (const under of factors) {
    const over = factors.find((one) => one !== under && isQuotient(part, one, under));
    if (!over) continue;
    const note = over.note === under.note ? over.note : `${over.note}${under.note}`;
    const place = under.what === 'this factor' ? under.words : under.what;
    // y/x is a factor of its own: it is the derivative of leaky ReLU
    const isShare = over.isPlain && under.isPlain && note !== '';
    const guess = isShare
      ? `is the factor ${under.words}/${over.words} missing`
      : `is ${over.words} in place of ${place}`;
    return whole(`${every} times ${over.words} and divided by ${under.words}${note}: ${guess}?`);
  }
  return undefined;
}

/** A number has six digits or more. */
const isExact = (part: Compared): boolean => part.expected.some((value) => digitsOf(part, value) >= 6);

/** found = expected·over/under */
function isQuotient(part: Compared, over: Factor | undefined, under: Factor | undefined): boolean {
  let [digits, count] = [0, 0];
  for (const [n, expected] of part.expected.entries()) {
    const factor = (over?.values[n] ?? 1) / (under?.values[n] ?? 1);
    const within = part.tolerance(factor * expected) + Math.abs(factor) * part.tolerance(expected);
    if (!(Math.abs(part.found[n] - factor * expected) <= within)) return false;
    const own = Math.log10(Math.abs(part.found[n]) / within);
    if (own > 0) digits += own;
    if (own > 1) count++;
  }
  return digits >= 2 * DIGITS && count >= ENOUGH;
}

/** The numbers at some places alone. */
function partAt(part: Compared, places: readonly number[]): Compared {
  const [found, expected] = [part.found, part.expected].map((of) => places.map((n) => of[n]));
  return { ...part, shape: [places.length], found, expected, isRight: areNear(part, found, expected) };
}

/** All numbers are right, or the same factor times the expected ones, but zeros are at other places. */
export function maskOf(part: Compared): Statement | undefined {
  const isZero = (of: readonly number[], n: number): boolean => isNear(part, of[n], 0);
  const placesOf = (isExpectedZero: boolean, isFoundZero: boolean): number[] =>
    [...part.found.keys()].filter(
      (n) => isZero(part.expected, n) === isExpectedZero && isZero(part.found, n) === isFoundZero,
    );
  const [more, less, rest] = [placesOf(true, false), placesOf(false, true), partAt(part, placesOf(false, false))];
  const factor = rest.isRight ? 1 : factorOf(rest);
  if (more.length + less.length < 2 || nonZero([rest]) < ENOUGH || factor === undefined) return undefined;
  const slices = wrongPlacesOf({ ...part, found: part.found.map((value) => value / factor) });
  if (slices?.part.expected.length === more.length + less.length) return undefined; // whole rows or columns
  const others =
    factor === 1 ? 'all other numbers are right' : `all others are ${digits(factor)} times the expected ones`;
  const [where, guess] =
    less.length === 0
      ? [`${more.length} numbers are not 0 where 0 is expected`, 'is a mask missing, as of dropout or ReLU?']
      : more.length === 0
        ? [`${less.length} numbers are 0 where others are expected`, 'is there a mask too many?']
        : ['zeros are at other places than expected', 'is it another mask than that of the forward pass?'];
  return whole(`In {}, ${where}, and ${others}: ${guess}`);
}

const digits = (value: number): number => Number(value.toPrecision(6));

/** Along an axis, every number is the expected one times one factor, which differs from line to line. */
export function lineFactorOf(part: Compared): Statement | undefined {
  for (const axis of [...part.shape.keys()].reverse()) {
    const lines = linesOf(part.shape, axis).map((places) => partAt(part, places));
    const some = lines.filter((line) => digitsOfAll(line, line.expected) > 0);
    const areFew = some.some((line) => nonZero([line]) < ENOUGH);
    if (some.length < 2 || areFew || lines.some((line) => !line.isRight && factorOf(line) === undefined)) continue;
    return whole(
      `In {}, every number is the expected one times a factor, which is the same${linesWords(part.shape, axis)}: ` +
        'is such a factor missing or wrong?',
    );
  }
  return undefined;
}

/** Along an axis, one number of each line is wrong, and the difference is the same in all lines. */
export function oneOfEachLineOf(part: Compared): Statement | undefined {
  const { shape, found, expected } = part;
  for (const axis of [...shape.keys()].reverse()) {
    if (shape.length < 2 || shape[axis] < 2) continue;
    const wrong = linesOf(shape, axis).map((places) => places.filter((n) => !isNear(part, found[n], expected[n])));
    if (wrong.length < ENOUGH || wrong.some(({ length }) => length !== 1)) continue;
    const differences = wrong.map(([n]) => found[n] - expected[n]);
    const [first] = differences;
    const isSame = wrong.every(([n], k) => Math.abs(differences[k] - first) <= 2 * part.tolerance(expected[n]));
    if (!isSame || digitsOfAll(part, differences) < 2 * DIGITS) continue;
    return whole(
      `In {}, one number is wrong${linesWords(shape, axis)}, by ${digits(first)} each: ` +
        'is the 1 of a label not subtracted?',
    );
  }
  return undefined;
}
