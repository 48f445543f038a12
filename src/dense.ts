/**
 * The output layer, on the last hidden state: logits = h·W + b.
 *
 * h `[B,H]`, W `[H,C]`, b `[C]`, logits `[B,C]`. This is the LSTM's equation (1) without hPrev.
 */
import type { Backend } from './backend.js';
import type { Tensor } from './tensor.js';
import { transposeOf } from './tensor.js';

/** logits = h·W + b */
export function denseForward(backend: Backend, logits: Tensor, h: Tensor, W: Tensor, b: Tensor): void {
  backend.matmul(logits, h, W, { bias: b });
}

/** From  logits = h·W + b:  dh = dLogits·Wᵀ;  dW = hᵀ·dLogits;  db = Σ dLogits over the batch. */
export function denseBackward(
  backend: Backend,
  dh: Tensor,
  dW: Tensor,
  db: Tensor,
  dLogits: Tensor,
  h: Tensor,
  W: Tensor,
): void {
  backend.matmul(dh, dLogits, transposeOf(W));
  backend.matmul(dW, transposeOf(h), dLogits);
  backend.columnSums(db, dLogits);
}
