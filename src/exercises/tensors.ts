/** The tensors that an answer gets: each is a part of a larger array, and a few of its numbers are 0. */
import ndarray from 'ndarray';
import { type Random, fillRandom } from '../core/rng.js';
import { type Shape, type Tensor, allocated, fill, sizeOf } from '../core/tensor.js';
import { backendForAnswers } from './evaluate.js';

export const backend = backendForAnswers('f64');

/**
 * What lies beside a tensor: no result. Beside an output it is another number than beside an input, so that a copy of a whole array
 * is noticed.
 */
const BESIDE = { input: 0.25, output: 0.625 };

/** How many numbers lie beside a tensor, before and after it. A problem has fewer tensors. */
const AROUND = 64;

/** How many tensors the problem has. */
let placed = 0;

/** Begins a problem: its tensors lie at the same places each time, so a wrong answer that reads beside them has the same numbers. */
export function beginProblem(): void {
  placed = 0;
}

/**
 * A part of a larger array, as an LSTM's step is one of many: with other memory before and after it, which an answer must neither read
 * nor write. Each tensor of a problem begins at another place of its array, so an answer cannot read one at the place of another. The
 * arrays of one shape are equally long.
 */
function partOfMemory(shape: Shape, kind: keyof typeof BESIDE): Tensor {
  const memory = allocated([sizeOf(shape) + AROUND], 'f64'); // an answer gets it with checks of its own
  fill(memory, BESIDE[kind]);
  const before = 1 + (placed++ % (AROUND - 1));
  return ndarray(memory.data, [...shape], undefined, before);
}

/** An input of zeros. */
export function zeroTensor(shape: Shape): Tensor {
  const tensor = partOfMemory(shape, 'input');
  fill(tensor, 0);
  return tensor;
}

/** An input of random numbers, normal with standard deviation 1. */
export function randomTensor(random: Random, shape: Shape): Tensor {
  const tensor = zeroTensor(shape);
  fillRandom(tensor, () => random.normal(0, 1));
  return tensor;
}

/** Multiplies the numbers of a tensor by `factor`: right numbers must also be so large that an answer which limits them is wrong. */
export function scale({ data, offset, size }: Tensor, factor: number): void {
  for (let n = 0; n < size; n++) data[offset + n] *= factor;
}

/**
 * What outputs hold before an answer writes them. NaN shows one that it leaves out, or adds to. So each exercise has a case with
 * NaN. After different mistakes all numbers can be NaN, so each also has a case with `HELD`, in which their numbers differ.
 */
export const HELD = 0.7;

/**
 * An output that holds `held`; beside NaN, 0 in its last element: an answer must write that too. With `HELD` no element is 0, because adding
 * to a 0 is right by chance.
 */
export function unwritten(shape: Shape, held = NaN): Tensor {
  const tensor = partOfMemory(shape, 'output');
  fill(tensor, held);
  if (Number.isNaN(held)) tensor.data[tensor.offset + tensor.size - 1] = 0;
  return tensor;
}

/** What cases of several exercises choose. */
export interface CaseOptions {
  /** What outputs hold before the answer: see `unwritten`. */
  readonly held?: number;
  /** Of the gradients from outside, or of the weights that make them. Default: 1. */
  readonly factor?: number;
  /** Whether it has no numbers of `setSpecialNumbers`. Default: false. */
  readonly isOrdinary?: boolean;
}

/** How far the zeros of `setSpecialNumbers` are apart. Seldom a row's length, so they are in different columns. */
const APART = 7;

/**
 * Sets some numbers of the tensors, or of the rows, to 0, 1 or -1, as real training has them. Each of them has its zeros at other places,
 * so an answer that treats the 0 of one in a special way misses a number of the others. But the places are the same in every case, and
 * an answer that leaves out an element is right where this element is 0. So each exercise has ordinary cases too, without these numbers
 * and as large as its others.
 */
export function setSpecialNumbers(all: readonly (Tensor | readonly Float64Array[])[]): void {
  all.forEach((one, first) => {
    const isTensor = 'data' in one;
    const columns = isTensor ? 1 : one[0].length;
    const set = (n: number, value: number): void => {
      if (isTensor) one.data[one.offset + n] = value;
      else one[Math.floor(n / columns)][n % columns] = value;
    };
    const size = isTensor ? one.size : one.length * columns;
    for (let n = first % APART; n < size; n += APART) set(n, 0);
    for (let n = (first + 3) % APART, sign = 1; n < size; n += APART, sign = -sign) set(n, sign);
  });
}

/** Σ weights*values: a loss whose gradient is `weights`. */
export function weightedSum(weights: Tensor, values: Tensor): number {
  let sum = 0;
  for (let n = 0; n < weights.size; n++) sum += weights.data[weights.offset + n] * values.data[values.offset + n];
  return sum;
}
