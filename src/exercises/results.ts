/** What an answer computes in a case, and how it is compared with what is right. */
import { indexOf, valuesOf } from '../core/tensor.js';
import type { FloatArray, Shape, Tensor } from '../core/tensor.js';
import type { Answer } from './evaluate.js';
import { AnswerError } from './evaluate.js';
import type { WrongNumber } from './exercise.js';

/** A tensor by name, as numbers. */
export interface Result {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float64Array;
  /** What the element at an index is: `sequence 1, gate j, unit 0`. Default: nothing. */
  readonly meaning?: (index: readonly number[]) => string;
}

/** An exercise at certain sizes. It draws the same random numbers every time. */
export interface Case {
  /** What the answer computes. Calls `answer` on fresh tensors. */
  results(answer: Answer): Result[];
  /** What is right, from numeric derivatives of the forward pass. Same names and order as `results`. */
  expected(): Result[];
}

export interface ExerciseChecks {
  /** The functions that an answer must export. */
  readonly exports: readonly string[];
  readonly cases: readonly Case[];
}

export const resultOf = (name: string, tensor: Tensor, meaning?: Result['meaning']): Result => ({
  name,
  shape: [...tensor.shape],
  values: valuesOf(tensor),
  ...(meaning && { meaning }),
});

/** What an answer reads: a tensor, or the rows of a matrix. */
type Input = Tensor | readonly ArrayLike<number>[];

const numbersOf = (input: Input): number[] =>
  'data' in input ? [...valuesOf(input)] : input.flatMap((row) => Array.from(row));

/** What `call` returns, which calls an answer. Throws an AnswerError if the answer changes a number of `inputs`. */
export function whileReading<Value>(inputs: Readonly<Record<string, Input>>, call: () => Value): Value {
  const before = Object.values(inputs).map(numbersOf);
  const value = call();
  Object.entries(inputs).forEach(([name, input], k) => {
    const now = numbersOf(input);
    const n = before[k].findIndex((number, of) => !Object.is(number, now[of]));
    if (n < 0) return;
    const index = indexOf(n, 'data' in input ? input.shape : [input.length, input[0].length]).join(', ');
    throw new AnswerError(`it changes ${name}[${index}] from ${before[k][n]} to ${now[n]}, and may only read ${name}`);
  });
  return value;
}

/** δ of the five-point rule (7). Its error is about δ⁴, and the rounding of the loss adds about 1e-13. */
const STEP = 1e-3;

/** (7): ∂loss/∂x for each of `values`, which it changes for a moment. */
export function numericGradient(loss: () => number, values: FloatArray): Float64Array {
  return Float64Array.from(values, (before, n) => {
    const lossAt = (delta: number): number => ((values[n] = before + delta), loss());
    const near = lossAt(STEP) - lossAt(-STEP);
    const far = lossAt(2 * STEP) - lossAt(-2 * STEP);
    values[n] = before;
    return (8 * near - far) / (12 * STEP);
  });
}

/** (7) for every element of a tensor that is a whole array, or rows of one. `name`: of the gradient. */
export function numericResult(name: string, of: Tensor, loss: () => number, meaning?: Result['meaning']): Result {
  const { data, offset, size } = of;
  return { ...resultOf(name, of, meaning), values: numericGradient(loss, data.subarray(offset, offset + size)) };
}

/** Relative to the larger of 1 and the expected number. Numeric derivatives agree to about 1e-12. */
const TOLERANCE = 1e-8;

const isNear = (a: number, b: number): boolean =>
  (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b));

/** Numbers by case and by tensor. An answer can compute fewer than it should. */
export type Numbers = readonly (readonly ArrayLike<number>[])[];

/** A number that is missing is NaN. */
const numberIn = (tensor: ArrayLike<number>, n: number): number => (n < tensor.length ? tensor[n] : NaN);

/** The tensors of a case that differ, in their order, each with its first element that differs. */
export function differencesOf(found: Numbers[number], expected: readonly Result[]): WrongNumber[] {
  return expected.flatMap(({ name, shape, values, meaning }, k): WrongNumber[] => {
    const wrong = [...values.keys()].filter((n) => !isNear(numberIn(found[k], n), values[n]));
    if (wrong.length === 0) return [];
    const index = indexOf(wrong[0], shape);
    const words = meaning?.(index) ?? '';
    return [
      {
        tensor: name,
        element: values.length === 1 ? name : `${withIndex(name, index)}${words && ` (${words})`}`,
        expected: values[wrong[0]],
        found: numberIn(found[k], wrong[0]),
        differing: wrong.length,
        size: values.length,
      },
    ];
  });
}

/** `m after update 1` → `m[0, 2] after update 1` */
const withIndex = (name: string, index: readonly number[]): string =>
  name.replace(/^\S+/, (variable) => `${variable}[${index.join(', ')}]`);

/** Whether two answers computed the same numbers, right or wrong. */
export const areSame = (one: Numbers, other: Numbers): boolean =>
  one.every((tensors, of) =>
    tensors.every((tensor, k) => Array.from(tensor).every((value, n) => isNear(value, numberIn(other[of][k], n)))),
  );
