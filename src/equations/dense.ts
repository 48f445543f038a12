/**
 * The output layer: logits = Σ stateₖ·Wₖ + b.
 *
 * Each state is `[N,Hₖ]`: h of one direction, at the last step (N = B) or at every step (N = T·B). W `[Σ Hₖ,C]` has the rows
 * of each state in turn; b `[C]`, logits `[N,C]`. This is x·Wx + b of the LSTM's equation (1), with states in place of x.
 */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { rowsOf, transposeOf } from '../core/tensor.js';

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

/** out `[N]` = the sum of the rows of a `[M,N]` (+ out): the gradient of a bias that was added to every row. */
export function columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
  const [M, N] = a.shape;
  for (let n = 0; n < N; n++) {
    let sum = accumulate ? out.get(n) : 0;
    for (let m = 0; m < M; m++) sum += a.get(m, n);
    out.set(n, sum);
  }
}

/** The rows of W for each state. */
function rowBlocks(W: Tensor, states: readonly Tensor[]): Tensor[] {
  let end = 0;
  return states.map(({ shape: [, H] }) => rowsOf(W, end, (end += H)));
}
