/**
 * An LSTM can pass on fewer numbers than it has hidden units: PyTorch's `proj_size`. Then (4) computes m = o*tanh(c) in place
 * of h, and h is a projection of m:
 *
 *   (16) h = m·Wr      (16′) dm = dh·Wrᵀ;  dWr += mᵀ·dh
 *
 * Wr has the shape `[H,P]`, so h has P numbers, and Wh has P rows. From Sak, Senior & Beaufays 2014, "Long short-term memory
 * recurrent neural network architectures for large scale acoustic modeling".
 */
import type { Backend } from '../core/backend.js';
import type { ProjectedRows } from './lstm-step-views.js';

/** (16) for one step: h `[B,P]` from m `[B,H]`. */
export function projectForward(backend: Backend, { h, m, Wr }: ProjectedRows): void {
  backend.matmul(h, m, Wr);
}

/** (16′) from  h = m·Wr:  dm `[B,H]`, which (4′) reads as dh. We add to dWr, because every step uses the same Wr. */
export function projectBackward(backend: Backend, { dm, dWr, dh, mTransposed, WrTransposed }: ProjectedRows): void {
  backend.matmul(dm, dh, WrTransposed);
  backend.matmul(dWr, mTransposed, dh, { accumulate: true });
}
