/**
 * The output layer: logits = Σ stateₖ·Wₖ + b.
 *
 * Each state is `[N,Hₖ]`: h of one direction, at the last step (N = B) or at every step (N = T·B). W `[Σ Hₖ,C]` has the rows
 * of each state in turn; b `[C]`, logits `[N,C]`. This is the LSTM's equation (1) without hPrev.
 */
import type { Backend } from './backend.js';
import type { Tensor } from './tensor.js';
import { rowsOf, transposeOf } from './tensor.js';

/** logits `[N,C]` = Σ stateₖ·Wₖ + b: states `[N,Hₖ]`, W `[Σ Hₖ,C]`, b `[C]`. */
export function denseForward(backend: Backend, logits: Tensor, states: readonly Tensor[], W: Tensor, b: Tensor): void {
  rowBlocks(W, states).forEach((Wk, k) => {
    backend.matmul(logits, states[k], Wk, k === 0 ? { bias: b } : { accumulate: true });
  });
}

/** From  logits `[N,C]` = Σ stateₖ·Wₖ + b:  dStateₖ `[N,Hₖ]` = dLogits·Wₖᵀ;  dWₖ `[Hₖ,C]` = stateₖᵀ·dLogits;  db `[C]` = Σ dLogits. */
export function denseBackward(
  backend: Backend,
  dStates: readonly Tensor[],
  dW: Tensor,
  db: Tensor,
  dLogits: Tensor,
  states: readonly Tensor[],
  W: Tensor,
): void {
  rowBlocks(W, states).forEach((Wk, k) => backend.matmul(dStates[k], dLogits, transposeOf(Wk)));
  rowBlocks(dW, states).forEach((dWk, k) => backend.matmul(dWk, transposeOf(states[k]), dLogits));
  backend.columnSums(db, dLogits);
}

/** The rows of W for each state. */
function rowBlocks(W: Tensor, states: readonly Tensor[]): Tensor[] {
  let end = 0;
  return states.map(({ shape: [, H] }) => rowsOf(W, end, (end += H)));
}
