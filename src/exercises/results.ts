/** What an answer computes in a case, and how it is compared with what is right. */
import { isNear as isNearIn } from '../causes/compared.js';
import { describe } from '../core/arguments.js';
import { type FloatArray, type Shape, type Tensor, indexOf, valuesOf } from '../core/tensor.js';
import { AnswerError } from './answer-error.js';
import { checkedTensor } from './checked-tensor.js';
import type { Behind } from './behind.js';
import type { Answer, Asked } from './evaluate.js';
import type { WrongNumber } from './exercise.js';

/** A tensor by name, as numbers. */
export interface Result {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float64Array;
  /** What the element at an index is: `sequence 1, gate j, unit 0`. Default: nothing. */
  readonly meaning?: (index: readonly number[]) => string;
  /** Kinds of elements, in words, of which all wrong ones can be. The narrower come first. Default: none. */
  readonly kinds?: readonly Kind[];
  /** Sizes of the case, by their letters, that no tensor's shape shows. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Of the tolerance, see `isNear`. 0 for numbers of no numeric derivative: one near 0 must be as exact as any other. */
  readonly scale?: 0;
}

export type Kind = readonly [words: string, isOne: (index: readonly number[]) => boolean];

/** An exercise at certain sizes. It draws the same random numbers every time. */
export interface Case {
  /** What the answer computes. Calls `answer` on fresh tensors. */
  results(answer: Answer): Result[];
  /** What is right, from numeric derivatives of the forward pass. Same names and order as `results`. */
  expected(): Result[];
  /** What a right number follows from. undefined: it is no number that the reader's lines compute. */
  behind(tensor: string, index: readonly number[]): Behind | undefined;
}

export interface ExerciseChecks extends Asked {
  readonly exports: readonly string[];
  readonly cases: readonly Case[];
}

export const resultOf = (name: string, tensor: Tensor, meaning?: Result['meaning']): Result => ({
  name,
  shape: [...tensor.shape],
  values: valuesOf(tensor),
  ...(meaning && { meaning }),
});

/** Of a matrix of rows. By syntax alone: in a browser an answer can replace what lists have. */
export function rowsResult(name: string, rows: readonly Float64Array[]): Result {
  const columns = rows[0].length;
  const values = new Float64Array(rows.length * columns);
  for (let n = 0; n < values.length; n++) values[n] = rows[Math.floor(n / columns)][n % columns];
  return { name, shape: [rows.length, columns], values };
}

/** What an answer reads: a tensor, or the rows of a matrix. */
type Input = Tensor | readonly ArrayLike<number>[];

/** Taken before an answer runs. In a browser it runs in this realm, and can replace all of these, but not for this file. */
const { freeze, is, keys } = Object;
const { isArray } = Array;
const { apply } = Reflect;
const Copy = Float64Array;
/* eslint-disable @typescript-eslint/unbound-method -- they are called with apply */
const { toString } = Object.prototype;
const typedLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Copy.prototype) as object, 'length')?.get;
/* eslint-enable @typescript-eslint/unbound-method */

const lengthOf = (list: ArrayLike<number>): number =>
  isArray(list) || !typedLength ? list.length : (apply(typedLength, list, []) as number);

/**
 * What `call` returns, which calls an answer. Fixes the tensors. Throws an AnswerError if the answer changes a number of `inputs`, or memory that
 * lies before or after one of `outputs`. An async function or a generator is refused too: it has not run to its end.
 */
export function whileReading<Value>(
  inputs: Readonly<Record<string, Input>>,
  outputs: Readonly<Record<string, Tensor>>,
  call: () => Value,
): Value {
  fixed({ ...inputs, ...outputs });
  const guards = guardsOf(inputs, outputs);
  const value = call();
  assertHasRun(value);
  for (let guard = guards; guard; guard = guard.next) assertUnchanged(guard);
  return value;
}

/** Memory that an answer must leave as it is, except for the numbers from … to - 1. */
interface Guard {
  readonly name: string;
  readonly list: ArrayLike<number>;
  readonly before: Float64Array;
  readonly from: number;
  readonly to: number;
  /** What the answer reads. undefined: it writes the numbers from … to - 1. */
  readonly input?: { readonly of: string; readonly elementAt: (n: number) => string | undefined };
  readonly next: Guard | undefined;
}

/** A chain, because an answer can define what an assignment to an element of a list does. */
function guardsOf(
  inputs: Readonly<Record<string, Input>>,
  outputs: Readonly<Record<string, Tensor>>,
): Guard | undefined {
  let guards: Guard | undefined;
  const add = (guard: Omit<Guard, 'before' | 'next'>): void => {
    const count = lengthOf(guard.list);
    const before = new Copy(count);
    for (let n = 0; n < count; n++) before[n] = guard.list[n];
    guards = { ...guard, before, next: guards };
  };
  const names = { inputs: keys(inputs), outputs: keys(outputs) };
  for (let k = names.outputs.length - 1; k >= 0; k--) {
    const name = names.outputs[k];
    const { data, offset, shape } = outputs[name];
    add({ name, list: data, from: offset, to: offset + sizeOfShape(shape) });
  }
  for (let k = names.inputs.length - 1; k >= 0; k--) {
    const of = names.inputs[k];
    const input = inputs[of];
    if ('data' in input) {
      const { data, offset, shape } = input;
      const size = sizeOfShape(shape);
      const elementAt = (n: number): string | undefined =>
        n < offset || n >= offset + size ? undefined : `${of}[${indexOf(n - offset, shape).join(', ')}]`;
      add({ name: of, list: data, from: offset, to: offset + size, input: { of, elementAt } });
    } else {
      for (let r = input.length - 1; r >= 0; r--)
        add({
          ...{ name: `${of}[${r}]`, list: input[r], from: 0, to: 0 },
          input: { of, elementAt: (n) => `${of}[${r}, ${n}]` },
        });
    }
  }
  return guards;
}

function sizeOfShape(shape: Shape): number {
  let size = 1;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- an answer can replace how a list is read by of
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  return size;
}

/** Throws an AnswerError if the numbers are not those of before. */
function assertUnchanged({ name, list, before, from, to, input }: Guard): void {
  const count = lengthOf(before);
  // `structuredClone` can move an array's numbers elsewhere
  if (lengthOf(list) === 0 && count > 0)
    throw new AnswerError(`it transfers the memory of ${name}, which then has no numbers`);
  for (let n = 0; n < count; n++) {
    if (is(before[n], list[n]) || (!input && n >= from && n < to)) continue;
    const element = input?.elementAt(n);
    throw new AnswerError(
      element === undefined
        ? `it writes ${n < from ? 'before the beginning' : 'beyond the end'} of ${name}`
        : `it changes ${element} from ${before[n]} to ${list[n]}, and may only read ${input?.of}`,
    );
  }
}

/**
 * `value`, whose lists, objects and tensors an answer can only read: `steps.reverse()` or `dz.data = …` then throws a TypeError, with
 * the answer's line. The numbers in it stay writable. Its tensors check their indices from then on.
 */
export function fixed<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if ('stride' in value && !Object.isFrozen(value)) checkedTensor(value as unknown as Tensor);
  const names = keys(value);
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- as above
  for (let k = 0; k < names.length; k++) fixed((value as Record<string, unknown>)[names[k]]);
  return freeze(value);
}

/** What functions return that have not run to their end, also those of another realm. */
const NOT_RUN: Readonly<Partial<Record<string, string>>> = {
  '[object Promise]': 'it returns a promise: the function must not be async',
  '[object Generator]': 'it returns a generator: the function must not have a *',
  '[object AsyncGenerator]': 'it returns a generator: the function must be neither async nor have a *',
};

/** Throws an AnswerError if the function that has returned `value` has not run to its end. */
export function assertHasRun(value: unknown): void {
  const refusal = NOT_RUN[apply(toString, value, [])];
  if (refusal !== undefined) throw new AnswerError(refusal);
}

/** `value`, which an answer has returned. Throws an AnswerError unless it is a number. */
export function numberFrom(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  assertHasRun(value);
  throw new AnswerError(`${name} returns ${describe(value)}: it must return a number`);
}

/** δ of the five-point rule (7). Its error is about δ⁴, and the rounding of the loss adds about 1e-13. */
const STEP = 1e-3;

/** Of one run: see `withDerivatives`. */
let kept: { readonly numbers: number[]; next: number } | undefined;

/** What `work` returns. Its numeric derivatives are `numbers`, in their order; those that are missing there are computed, and added. */
export function withDerivatives<Value>(numbers: number[], work: () => Value): Value {
  kept = { numbers, next: 0 };
  try {
    return work();
  } finally {
    kept = undefined;
  }
}

/** (7): ∂loss/∂x for each of `values`, which it changes for a moment. */
export function numericGradient(loss: () => number, values: FloatArray): Float64Array {
  if (kept && kept.next < kept.numbers.length)
    return Float64Array.from(kept.numbers.slice(kept.next, (kept.next += values.length)));
  const gradient = Float64Array.from(values, (before, n) => {
    const lossAt = (delta: number): number => ((values[n] = before + delta), loss());
    const near = lossAt(STEP) - lossAt(-STEP);
    const far = lossAt(2 * STEP) - lossAt(-2 * STEP);
    values[n] = before;
    return (8 * near - far) / (12 * STEP);
  });
  if (kept) kept.next = kept.numbers.push(...gradient);
  return gradient;
}

/** (7) for every element of a tensor that is a whole array, or rows of one. `name`: of the gradient. */
export function numericResult(name: string, of: Tensor, loss: () => number, meaning?: Result['meaning']): Result {
  const { data, offset, size } = of;
  return { ...resultOf(name, of, meaning), values: numericGradient(loss, data.subarray(offset, offset + size)) };
}

/** Relative to the larger of `scale` and the expected number. Numeric derivatives agree to about 1e-12. */
const TOLERANCE = 1e-8;

export const toleranceOf =
  (scale = 1) =>
  (expected: number): number =>
    TOLERANCE * Math.max(scale, Math.abs(expected));

export const isNear = (a: number, b: number, scale = 1): boolean => isNearIn({ tolerance: toleranceOf(scale) }, a, b);

/** Numbers by case and by tensor. An answer can compute fewer than it should. */
export type Numbers = readonly (readonly ArrayLike<number>[])[];

/** A number that is missing is NaN. */
export const numberIn = (tensor: ArrayLike<number>, n: number): number => (n < tensor.length ? tensor[n] : NaN);

/** `states[0]`, `states[1]`, … */
export function byIndex<One>(name: string, all: readonly One[]): Record<string, One> {
  const named: Record<string, One> = {}; // by syntax alone: the guards need what an answer cannot replace
  for (let k = 0; k < all.length; k++) named[`${name}[${k}]`] = all[k];
  return named;
}

/** The first element of a tensor that differs, of the latest step, and its index. */
type Difference = WrongNumber & { readonly index: readonly number[] };

/**
 * The tensors of a case that differ, in their order, each with its first element that differs. A tensor with three axes has a row for each
 * step, and a backward pass computes the last step first.
 */
export function differencesOf(found: Numbers[number], expected: readonly Result[]): Difference[] {
  return expected.flatMap(({ name, shape, values, meaning, scale }, k): Difference[] => {
    const wrong = [...values.keys()].filter((n) => !isNear(numberIn(found[k], n), values[n], scale));
    if (wrong.length === 0) return [];
    const stepOf = (n: number): number => (shape.length === 3 ? indexOf(n, shape)[0] : 0);
    const latest = Math.max(...wrong.map(stepOf));
    const first = wrong.find((n) => stepOf(n) === latest) ?? wrong[0];
    const index = indexOf(first, shape);
    const words = meaning?.(index) ?? '';
    return [
      {
        tensor: name,
        element: values.length === 1 ? name : `${withIndex(name, index)}${words && ` (${words})`}`,
        expected: values[first],
        found: numberIn(found[k], first),
        differing: wrong.length,
        size: values.length,
        index,
      },
    ];
  });
}

/** `m after update 1` → `m[0, 2] after update 1` */
const withIndex = (name: string, index: readonly number[]): string =>
  name.replace(/^\S+/, (variable) => `${variable}[${index.join(', ')}]`);
