/**
 * Softmax cross-entropy, averaged over the rows that count.
 *
 *   (5) p = softmax(logits); loss = Σ over b of  -Σ y*log p,  / count      (5′) dLogits = (p*Σy - y) / count
 *
 * logits, probabilities p and y are `[B,C]`; Σ is the sum over a row. A loss at every step has T·B rows. A class label gives a
 * one-hot row of y, with Σy = 1. Other rows are allowed: smoothed labels, weighted examples, and a row of zeros, whose loss
 * is 0 and which does not count. `count` is the number of the other rows; if every row counts, it is B. With
 * m = max(logits), log Σ exp(logits) is computed as m + log Σ exp(logits - m). This cannot overflow, and one term of its
 * sum is always 1, so the logarithm is finite.
 */
import type { Tensor } from '../core/tensor.js';

/** y `[B,C]`: a tensor, or what `labelRows` makes of classes. */
export type LabelRows = Pick<Tensor, 'get'>;

/** (5) for each row: its loss `[B]`, and its probabilities `[B,C]`. The batch's loss is the sum of `losses`, divided by `count`. */
export function crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, y: LabelRows): void {
  const [B, C] = logits.shape;
  for (let b = 0; b < B; b++) {
    let max = logits.get(b, 0);
    for (let k = 1; k < C; k++) max = Math.max(max, logits.get(b, k));
    let sum = 0;
    for (let k = 0; k < C; k++) sum += Math.exp(logits.get(b, k) - max);
    const logSum = Math.log(sum);

    let loss = 0;
    for (let k = 0; k < C; k++) {
      const logP = logits.get(b, k) - max - logSum;
      probabilities.set(b, k, Math.exp(logP));
      loss -= y.get(b, k) * logP;
    }
    losses.set(b, loss);
  }
}

/** (5′) from  loss = Σ -Σ y*log p / count  and  log p = logits - log Σ exp(logits):  dLogits = (p*Σy - y) / count, all `[B,C]` */
export function crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: LabelRows, count: number): void {
  const [B, C] = dLogits.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) sum += y.get(b, k);
    for (let k = 0; k < C; k++) dLogits.set(b, k, (probabilities.get(b, k) * sum - y.get(b, k)) / count);
  }
}

/**
 * Rows of y, computed from classes `[B]` and not stored: 1 at the class, else 0. A class outside 0 … C-1, such as -1, has a row of
 * zeros. Rows `[B,C]` stay as they are.
 */
export const labelRows = (labels: Tensor): LabelRows =>
  labels.dimension === 2 ? labels : { get: (b, k) => (labels.get(b) === k ? 1 : 0) };
