/** For the tests of single equations: random tensors, formulas over their elements, and a numeric gradient. */
import { type Random, fillRandom } from '../../src/core/rng.js';
import { type Tensor, flatten, formatShape, indexOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';

/** A tensor of normally distributed numbers, in f64. */
export function randomTensor(random: Random, ...shape: number[]): Tensor {
  const tensor = zeros(shape, 'f64');
  fillRandom(tensor, () => random.normal(0, 0.7));
  return tensor;
}

/** A matrix from a formula for its elements, in f64. */
export function matrix(rows: number, columns: number, element: (row: number, column: number) => number): Tensor {
  const tensor = zeros([rows, columns], 'f64');
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) tensor.set(row, column, element(row, column));
  }
  return tensor;
}

/** Σ term(n) over n = 0 … count-1. */
export function sum(count: number, term: (n: number) => number): number {
  return Array.from({ length: count }, (_, n) => term(n)).reduce((total, value) => total + value, 0);
}

/** Σ a*b over all elements: a loss whose gradient with respect to b is a. */
export function inner(a: Tensor, b: Tensor): number {
  const [as, bs] = [valuesOf(a), valuesOf(b)];
  return sum(as.length, (n) => as[n] * bs[n]);
}

const STEP = 1e-5;

/**
 * ∂loss/∂tensor by the two-point difference [L(p+δ) - L(p-δ)] / 2δ, with an error near 1e-10. It is not equation (7), so
 * a mistake there does not fail the tests of the other equations.
 */
export function numericGradient(tensor: Tensor, loss: () => number): Float64Array {
  const elements = flatten(tensor);
  return Float64Array.from({ length: elements.size }, (_, n) => {
    const before = elements.get(n);
    const lossAt = (value: number): number => {
      elements.set(n, value);
      return loss();
    };
    const difference = lossAt(before + STEP) - lossAt(before - STEP);
    elements.set(n, before);
    return difference / (2 * STEP);
  });
}

/** Numbers, or a tensor, whose rows and columns a failure names. */
type Numbers = ArrayLike<number> | Tensor;

const isTensor = (numbers: Numbers): numbers is Tensor => 'shape' in numbers;
const listOf = (numbers: Numbers): ArrayLike<number> => (isTensor(numbers) ? valuesOf(numbers) : numbers);

/** A tensor of the host with the same numbers. */
export const copyOf = (tensor: Tensor): Tensor => tensorFrom(valuesOf(tensor), tensor.shape, 'f64');

/**
 * The numbers are the same, -0 is not 0, and NaN is NaN; with `tolerance` they differ by at most that much of their size, or of 1 if they
 * are smaller. Fails at the first wrong one: Jest's difference of large arrays, which `toEqual` prints, takes minutes.
 */
export function expectNumbers(actual: Numbers, expected: Numbers, tolerance?: number, what = 'element'): void {
  const [found, wanted] = [actual, expected].map(listOf);
  if (found.length !== wanted.length) throw new Error(`${what}: ${found.length} numbers, expected ${wanted.length}`);
  const boundOf = (n: number): number => (tolerance ?? 0) * Math.max(1, Math.abs(wanted[n]));
  const isRight = (n: number): boolean =>
    tolerance === undefined ? Object.is(found[n], wanted[n]) : Math.abs(found[n] - wanted[n]) <= boundOf(n);
  let [first, wrong] = [-1, 0];
  for (let n = 0; n < wanted.length; n++) {
    if (isRight(n)) continue;
    if (wrong === 0) first = n;
    wrong++;
  }
  if (wrong === 0) return;
  const shape = isTensor(expected) ? expected.shape : [wanted.length];
  const place = `${what} ${formatShape(indexOf(first, shape))} of ${formatShape(shape)}`;
  const limit = tolerance === undefined ? '' : ` ± ${boundOf(first)}`;
  throw new Error(
    `${place}: ${found[first]}, expected ${wanted[first]}${limit}; ${wrong} of ${wanted.length} are wrong`,
  );
}

/** `expectNumbers` without a tolerance for each of several tensors or lists. */
export function expectSameNumbers(actual: readonly Numbers[], expected: readonly Numbers[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((one, n) => expectNumbers(one, expected[n], undefined, `tensor ${n}, element`));
}

/** The elements agree to 1e-8, which suits elements near 1. */
export function expectClose(actual: Tensor, expected: Tensor | Float64Array): void {
  const [found, wanted] = [valuesOf(actual), 'shape' in expected ? valuesOf(expected) : expected];
  expect(found).toHaveLength(wanted.length);
  const errors = Array.from(found, (value, n) => Math.abs(value - wanted[n]));
  const worst = errors.reduce((most, error, n) => (error <= errors[most] ? most : n), 0);
  expect({ element: worst, value: found[worst] }).toEqual({
    element: worst,
    value: expect.closeTo(wanted[worst], 8) as number,
  });
}

/** The elements agree to 14 digits after the point: two programs that compute the same, except for the order of a sum. */
export function expectSame(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const wanted = valuesOf(expected);
  valuesOf(actual).forEach((value, n) => expect(value).toBeCloseTo(wanted[n], 14));
}
