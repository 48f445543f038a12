/**
 * For the tests of the cells' equations: their sizes, and blocks of columns.
 *
 * A forward equation is compared with its formula, which is written there a second time. A backward pass is compared with the numeric
 * derivative of the forward function: each test has the loss Σ r*h, and for states that step t+1 reads also Σ s*c. So r and s are the
 * gradients with which the backward pass starts. All operands are random. If an equation says `+=`, its output is not zero before.
 */
import type { Tensor } from '../../src/core/tensor.js';
import { rowsOf, tensorFrom, transposeOf } from '../../src/core/tensor.js';
import { expectClose, matrix, numericGradient } from './numeric.js';

export const [T, B, H] = [4, 2, 3];
/** The forget bias. */
export const BIAS = 0.37;
/** σ, written another way than in src. */
export const otherSigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
/** A `[B,H]` tensor from a formula for its elements. */
export const perUnit = (element: (b: number, n: number) => number): Tensor => matrix(B, H, element);
/** Each element of a `[B,H]` tensor is that of its formula. */
export const expectUnits = (actual: Tensor, element: (b: number, n: number) => number): void =>
  expectClose(actual, perUnit(element));
export const sumOf = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, n) => value + b[n]);

/** Block k of the columns of `[B,…]`, `[B,H]`. */
export function block(tensor: Tensor, k: number): Tensor {
  return transposeOf(rowsOf(transposeOf(tensor), k * H, (k + 1) * H));
}

/** Block k of the columns of `[T,B,…]`, `[T,B,H]`. */
export const blockOfSteps = (tensor: Tensor, k: number): Tensor => tensor.hi(-1, -1, (k + 1) * H).lo(0, 0, k * H);

/** The numeric gradient as a tensor, so that it has blocks. */
export const numericOf = (tensor: Tensor, loss: () => number): Tensor =>
  tensorFrom(numericGradient(tensor, loss), tensor.shape);
