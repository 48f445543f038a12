/** Statements on where the numbers of a tensor stand: at exchanged places, in reverse, or wrong at some indices only. */
import { type Shape, indexOf, sizeOf } from '../core/tensor.js';
import { listed } from '../core/arguments.js';
import { type Compared, type Statement, areNear, digitsOfAll, DIGITS, isNear, whole } from './compared.js';

/** A matrix with its rows as columns, or a tensor with two axes exchanged. The numbers lie as those of the exchanged tensor. */
export function transposedOf(parts: readonly Compared[]): Statement | undefined {
  const [{ shape }] = parts;
  const axes = parts.some((part) => part.shape.length !== shape.length) ? [] : [...shape.keys()];
  const pairs = axes.flatMap((one) => axes.slice(one + 1).map((other) => [one, other] as const));
  const pair = pairs.find(([one, other]) => parts.every((part) => hasDigits(part) && isExchanged(part, one, other)));
  if (!pair) return undefined;
  const what = axes.length === 2 ? 'rows and columns' : `axes ${pair[0]} and ${pair[1]}`;
  return whole(`{} {is} transposed: ${what} are exchanged`);
}

const hasDigits = (part: Compared): boolean => digitsOfAll(part, part.expected) >= DIGITS;

/** The numbers are those of the expected tensor with axes `one` and `other` exchanged, in its row order. */
function isExchanged(part: Compared, one: number, other: number): boolean {
  const swap = (values: readonly number[]): number[] =>
    values.map((value, axis) => (axis === one ? values[other] : axis === other ? values[one] : value));
  const turned = swap(part.shape);
  return part.found.every((value, n) =>
    isNear(part, value, part.expected[flatIndex(swap(indexOf(n, turned)), part.shape)]),
  );
}

const flatIndex = (index: readonly number[], shape: Shape): number =>
  index.reduce((flat, one, axis) => flat * shape[axis] + one, 0);

/** More axes, and longer ones, are not searched. */
const MOST_AXES = 6;
const MOST_INDICES = 1000;

/** The order of one axis, or of several, is reversed. */
export function reversedOf(part: Compared): Statement | undefined {
  const { shape, expected, found } = part;
  if (shape.length > MOST_AXES || !hasDigits(part)) return undefined;
  for (let chosen = 1; chosen < 2 ** shape.length; chosen++) {
    const axes = [...shape.keys()].filter((axis) => (chosen >> axis) % 2 === 1);
    const from = (n: number): number =>
      flatIndex(
        indexOf(n, shape).map((one, axis) => (axes.includes(axis) ? shape[axis] - 1 - one : one)),
        shape,
      );
    if (!found.every((value, n) => isNear(part, value, expected[from(n)]))) continue;
    if (shape.length === 1) return whole('{} {is} in reverse order');
    return whole(`{} {is} in reverse order along ${axes.length === 1 ? 'axis' : 'axes'} ${listed(axes.map(String))}`);
  }
  return undefined;
}

/** A run of indices that have the numbers of others: `from` is where these begin, undefined for zeros. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly from: number | undefined;
}

/** More runs say nothing. */
const MOST_RUNS = 4;

/** Slices along an axis have the expected numbers of other slices, as when gates are exchanged or steps are shifted by one. */
export function movedOf(part: Compared): Statement | undefined {
  for (const [axis, extent] of part.shape.entries()) {
    if (extent < 2 || extent > MOST_INDICES) continue;
    const runs = runsOf(part, axis);
    if (!runs || runs.length > MOST_RUNS || !runs.some(({ from }) => from !== undefined)) continue;
    const words = runs.map(({ first, last, from }) => {
      const those = placesOf(part.shape, axis, rangeOf(first, last));
      const verb = first === last ? ['is', 'has'] : ['are', 'have'];
      if (from === undefined) return `${those} ${verb[0]} 0`;
      return `${those} ${verb[1]} the expected numbers of ${placesOf(part.shape, axis, rangeOf(from, from + last - first))}`;
    });
    return whole(`In {}, ${listed(words)}`);
  }
  return undefined;
}

/** undefined if an index has numbers of its own. */
function runsOf(part: Compared, axis: number): Run[] | undefined {
  const { shape, expected, found } = part;
  const slices = (of: readonly number[]): number[][] => slicesOf(shape, of, axis);
  const [given, right] = [slices(found), slices(expected)];
  const runs: Run[] = [];
  for (const [index, slice] of given.entries()) {
    if (areNear(part, slice, right[index])) continue;
    const isZero = slice.every((value) => value === 0);
    const other = right.findIndex((one) => areNear(part, slice, one) && digitsOfAll(part, one) >= DIGITS);
    if (!isZero && other < 0) return undefined;
    const from = isZero ? undefined : other;
    const before = runs.at(-1);
    const isNext = before?.last === index - 1 && (from === undefined) === (before.from === undefined);
    if (before && isNext && (from === undefined || from === (before.from ?? 0) + index - before.first))
      runs[runs.length - 1] = { ...before, last: index };
    else runs.push({ first: index, last: index, from });
  }
  return runs;
}

/** The slices of an axis, in its order. */
function slicesOf(shape: Shape, values: readonly number[], axis: number): number[][] {
  const slices = Array.from({ length: shape[axis] }, (): number[] => []);
  const within = sizeOf(shape.slice(axis + 1));
  for (const [n, value] of values.entries()) slices[Math.floor(n / within) % shape[axis]].push(value);
  return slices;
}

const rangeOf = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Indices of an axis in words: `row 2`, `columns 0 to 3`, `indices 1 and 4 of axis 2`. */
export function placesOf(shape: Shape, axis: number, indices: readonly number[]): string {
  const [one, several] = [
    ['element', 'elements'],
    ['row', 'rows'],
    ['column', 'columns'],
    ['index', 'indices'],
  ][shape.length === 1 ? 0 : shape.length === 2 ? axis + 1 : 3];
  const [first, last] = [indices[0], indices[indices.length - 1]];
  const of = shape.length > 2 ? ` of axis ${axis}` : '';
  if (indices.length === 1 && shape[axis] > 2 && first === shape[axis] - 1) return `the last ${one}${of}`;
  const isRange = indices.length > 2 && last - first === indices.length - 1;
  const numbers = isRange ? `${first} to ${last}` : listed(indices.map(String));
  return `${indices.length === 1 ? one : several} ${numbers}${of}`;
}

/** Which indices of an axis are wrong, if the others are right. */
export const PLACES: readonly (readonly [(index: number, extent: number) => boolean, (place: string) => string])[] = [
  [(index) => index === 0, (place) => `only ${place} 0 is wrong`],
  [(index, extent) => index === extent - 1, (place) => `only the last ${place} is wrong`],
  [(index) => index !== 0, (place) => `only ${place} 0 is right`],
  [(index, extent) => index !== extent - 1, (place) => `only the last ${place} is right`],
];

export function areWrongAt(
  parts: readonly Compared[],
  axis: number,
  isWrong: (index: number, extent: number) => boolean,
): boolean {
  const areThere = parts.every((part) => {
    const [found, expected] = [part.found, part.expected].map((of) => slicesOf(part.shape, of, axis));
    return found.every((slice, n) => areNear(part, slice, expected[n]) !== isWrong(n, part.shape[axis]));
  });
  return areThere && parts.some(({ isRight, shape }) => !isRight && shape[axis] > 1);
}

/** The longest list of indices in a sentence. */
const MOST_LISTED = 6;

/** The wrong indices along an axis, and the part of the tensor there. */
export interface WrongPlaces {
  readonly indices: readonly number[];
  readonly axis: number;
  readonly part: Compared;
}

/** The axis along which the fewest numbers stand at wrong indices; undefined if every index of every axis has a wrong number. */
export function wrongPlacesOf(part: Compared): WrongPlaces | undefined {
  const { shape, found, expected } = part;
  const all = [...shape.keys()].map((axis) => {
    const [given, right] = [found, expected].map((of) => slicesOf(shape, of, axis));
    return given.flatMap((slice, index) => (areNear(part, slice, right[index]) ? [] : [index]));
  });
  const shares = all.map((indices, axis) => indices.length / shape[axis]);
  const axis = shares.indexOf(Math.min(...shares));
  if (axis < 0 || all[axis].length === 0 || all[axis].length === shape[axis]) return undefined;
  const indices = all[axis];
  const isIn = (_: number, n: number): boolean => indices.includes(indexOf(n, shape)[axis]);
  const own = shape.map((extent, k) => (k === axis ? indices.length : extent));
  return {
    axis,
    indices,
    part: { ...part, shape: own, found: found.filter(isIn), expected: expected.filter(isIn), isRight: false },
  };
}

/** The wrong indices in words, as the subject of a sentence, and as a sentence of its own. undefined if they are too many for one. */
export function wordsOfPlaces(shape: Shape, { axis, indices }: WrongPlaces) {
  const extent = shape[axis];
  const right = rangeOf(0, extent - 1).filter((index) => !indices.includes(index));
  const isShort = (some: readonly number[]): boolean =>
    some.length <= MOST_LISTED || some[some.length - 1] - some[0] === some.length - 1;
  if (!isShort(indices) && !isShort(right)) return undefined;
  const [wrong, others] = [indices, right].map((some) => placesOf(shape, axis, some));
  const verb = (some: readonly number[]): string => (some.length === 1 ? 'is' : 'are');
  const isFewer = isShort(right) && (right.length < indices.length || !isShort(indices));
  const only = isFewer ? `only ${others} ${verb(right)} right` : `only ${wrong} ${verb(indices)} wrong`;
  return { where: isShort(indices) ? wrong : `all but ${others}`, isOne: indices.length === 1, only };
}
