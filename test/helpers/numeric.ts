/** For the tests of single equations: random tensors, formulas over their elements, and a numeric gradient. */
import type { Random } from '../../src/core/rng.js';
import { fillRandom } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { flatten, valuesOf, zeros } from '../../src/core/tensor.js';

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
