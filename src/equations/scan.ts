/**
 * The scan: a state that is linear in the state before. All of its factors are known before it begins, because they depend only on x.
 *
 *   (26)  h = a*hPrev + b
 *   (26′) da = dh*hPrev;  db = dh;  dhPrev += dh*a
 *
 * So the backward pass is the same scan from the end, with a in place of a matrix. mingru.ts and minlstm.ts compute a and b.
 * In both directions, a scan goes from step to step, and each unit of each sequence by itself.
 *
 * Its steps can be a part of the sequence, so the state before the first of them is a tensor of its own.
 */
import type { Tensor } from '../core/tensor.js';

/** A number for unit n of sequence b at step t. */
type Factor = (t: number, b: number, n: number) => number;

/** (26) for all steps: h `[T,B,H]` from the state before, hPrev `[B,H]`. `reverse`: from the last step to the first. */
export function scanForward(h: Tensor, hPrev: Tensor, aAt: Factor, bAt: Factor, reverse: boolean): void {
  const [T, B, H] = h.shape;
  for (let step = 0; step < T; step++) {
    const t = reverse ? T - 1 - step : step;
    const before = stateBefore(h, hPrev, t, reverse);
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        h.set(t, b, n, aAt(t, b, n) * before.get(b, n) + bAt(t, b, n)); // (26)
      }
    }
  }
}

/**
 * (26′) for all steps, in the reverse order. On entry dh `[T,B,H]` holds what reaches h from outside; on return, the complete ∂loss/∂h.
 * Adds the gradient of hPrev to dhPrev `[B,H]`. Calls `receive` with da and db of each step.
 */
export function scanBackward(
  dh: Tensor,
  dhPrev: Tensor,
  h: Tensor,
  hPrev: Tensor,
  aAt: Factor,
  receive: (t: number, b: number, n: number, dA: number, dB: number) => void,
  reverse: boolean,
): void {
  const [T, B, H] = h.shape;
  for (let step = T - 1; step >= 0; step--) {
    const t = reverse ? T - 1 - step : step;
    const before = stateBefore(h, hPrev, t, reverse);
    const dBefore = stateBefore(dh, dhPrev, t, reverse);
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        // (26′) from  h = a*hPrev + b:  we add, because dhPrev may already hold a gradient from outside
        const dH = dh.get(t, b, n);
        const dA = dH * before.get(b, n);
        const dB = dH;
        dBefore.set(b, n, dBefore.get(b, n) + dH * aAt(t, b, n));
        receive(t, b, n, dA, dB);
      }
    }
  }
}

/** The row that step t reads: that of the step before it, or the tensor before all steps. */
function stateBefore(rows: Tensor, first: Tensor, t: number, reverse: boolean): Tensor {
  const before = reverse ? t + 1 : t - 1;
  return before < 0 || before === rows.shape[0] ? first : rows.pick(before, null, null);
}

/** (28) a = a₀, or with signed factors a = 2·a₀ - 1, from -1 to 1. Grazzi et al. 2024, arXiv 2411.12537: then a scan can count modulo 2. */
export const stretched = (a0: number, signed: boolean): number => (signed ? 2 * a0 - 1 : a0);

/** (28′) from  a = a₀  or  a = 2·a₀ - 1:  da₀. */
export const stretchedBackward = (dA: number, signed: boolean): number => (signed ? 2 * dA : dA);
