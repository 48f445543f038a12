/**
 * Inputs that are class indices. If x is one-hot, x·Wx is a row of Wx, so the product is not needed.
 *
 *   (15) x·Wx + b = Wx[index] + b      (15′) dWx[index] += dz
 *
 * `indices` is a tensor `[B]` of whole numbers 0 … I-1, the class of each sequence at one step.
 */
import type { Tensor } from '../core/tensor.js';
import { formatShape } from '../core/tensor.js';

/** (15) Row m of out `[M,N]` = row indices[m] of a `[K,N]` + bias `[N]`. */
export function embeddingForward(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
  const [M, N] = out.shape;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) out.set(m, n, a.get(indices.get(m), n) + bias.get(n));
  }
}

/** (15′) from  out = a[indices] + bias:  row indices[m] of out `[K,N]` += row m of a `[M,N]`: equal indices add up. */
export function embeddingBackward(out: Tensor, indices: Tensor, a: Tensor): void {
  const [M, N] = a.shape;
  for (let m = 0; m < M; m++) {
    const row = indices.get(m);
    for (let n = 0; n < N; n++) out.set(row, n, out.get(row, n) + a.get(m, n));
  }
}

/** Throws a RangeError for an index that is none of 0 … I-1. x `[T,B]` or `[B,T]`; only places that `isRead` accepts are checked. */
export function assertClasses(x: Tensor, I: number, isRead: (index: number[]) => boolean): void {
  const [rows, columns] = x.shape;
  for (let n = 0; n < rows; n++) {
    for (let m = 0; m < columns; m++) {
      const index = x.get(n, m);
      if (!isRead([n, m]) || (Number.isInteger(index) && index >= 0 && index < I)) continue;
      throw new RangeError(`x${formatShape([n, m])} is ${index}: must be a class 0…${I - 1}`);
    }
  }
}
