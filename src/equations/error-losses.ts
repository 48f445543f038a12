/**
 * The losses of outputs that are numbers: what their errors r = outputs - targets cost, averaged over the numbers that count.
 *
 *   loss = Σ mask*cost(r) / count        dOutputs = mask*cost'(r) / count
 *
 *   (13) squared error    cost = r²                                      (13′) cost' = 2r
 *   (17) absolute error   cost = |r|                                     (17′) cost' = sign(r)
 *   (18) Huber's loss     cost = r²/2, or δ*(|r| - δ/2) beyond ±δ        (18′) cost' = r, or ±δ beyond ±δ
 *   (19) pinball loss     cost = -q*r if r < 0, else (1-q)*r             (19′) cost' = -q if r < 0, 1-q if r > 0
 *
 * outputs, targets and mask are `[B,C]`. mask is 1 for a number that counts, else 0; `count` is its sum. (13) is smallest at the
 * mean of the targets, (17) at their median, and (19) at their quantile q: of all targets, the share q is smaller. (18) is (13)
 * for small errors and (17) for large ones. Where a cost has a corner, at r = 0, its gradient is 0.
 *
 * As in PyTorch: MSELoss, L1Loss, HuberLoss. PyTorch has no (19).
 */
import type { Tensor } from '../core/tensor.js';

/** (13) losses `[B]`: the sum of each row's costs. Their sum / `count` is the batch's loss. */
export function squaredErrorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      sum += mask.get(b, k) * r * r;
    }
    losses.set(b, sum);
  }
}

/** (13′) from  loss = Σ mask*r² / count:  dOutputs `[B,C]` = mask*2*r / count */
export function squaredErrorBackward(
  dOutputs: Tensor,
  outputs: Tensor,
  targets: Tensor,
  mask: Tensor,
  count: number,
): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      dOutputs.set(b, k, (mask.get(b, k) * 2 * r) / count);
    }
  }
}

/** (17) losses `[B]`: the sum of each row's costs. */
export function absoluteErrorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      sum += mask.get(b, k) * Math.abs(r);
    }
    losses.set(b, sum);
  }
}

/** (17′) from  loss = Σ mask*|r| / count:  dOutputs `[B,C]` = mask*sign(r) / count */
export function absoluteErrorBackward(
  dOutputs: Tensor,
  outputs: Tensor,
  targets: Tensor,
  mask: Tensor,
  count: number,
): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      dOutputs.set(b, k, (mask.get(b, k) * Math.sign(r)) / count);
    }
  }
}

/** (18) losses `[B]`: the sum of each row's costs. delta: δ > 0. */
export function huberForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, delta: number): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) {
      const r = Math.abs(outputs.get(b, k) - targets.get(b, k));
      sum += mask.get(b, k) * (r <= delta ? (r * r) / 2 : delta * (r - delta / 2));
    }
    losses.set(b, sum);
  }
}

/** (18′) from  loss = Σ mask*cost / count:  dOutputs `[B,C]` = mask*r / count, with r between -δ and δ */
export function huberBackward(
  dOutputs: Tensor,
  outputs: Tensor,
  targets: Tensor,
  mask: Tensor,
  delta: number,
  count: number,
): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      dOutputs.set(b, k, (mask.get(b, k) * Math.max(-delta, Math.min(r, delta))) / count);
    }
  }
}

/** (19) losses `[B]`: the sum of each row's costs. quantiles `[C]`: q of each column, between 0 and 1. */
export function pinballForward(
  losses: Tensor,
  outputs: Tensor,
  targets: Tensor,
  mask: Tensor,
  quantiles: Tensor,
): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      const q = quantiles.get(k);
      sum += mask.get(b, k) * (r < 0 ? -q * r : (1 - q) * r);
    }
    losses.set(b, sum);
  }
}

/** (19′) from  loss = Σ mask*cost / count:  dOutputs `[B,C]` = mask*(-q if r < 0, 1-q if r > 0) / count */
export function pinballBackward(
  dOutputs: Tensor,
  outputs: Tensor,
  targets: Tensor,
  mask: Tensor,
  quantiles: Tensor,
  count: number,
): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      const r = outputs.get(b, k) - targets.get(b, k);
      const q = quantiles.get(k);
      const slope = r < 0 ? -q : r > 0 ? 1 - q : 0;
      dOutputs.set(b, k, (mask.get(b, k) * slope) / count);
    }
  }
}
