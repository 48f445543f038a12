/**
 * The mean squared error, averaged over the rows that count.
 *
 *   (13) loss = Σ over b of  mask*Σ (outputs - targets)²,  / (C·count)      (13′) dOutputs = mask*2*(outputs - targets) / (C·count)
 *
 * outputs and targets are `[B,C]`. mask `[B]` is 1 for a row that counts, else 0; `count` is its sum. So the loss is
 * the mean over all elements that count, without a factor ½, as in PyTorch and Keras.
 */
import type { Tensor } from '../core/tensor.js';

/** (13) losses `[B]`: the mean over each row's C elements, or 0 if it does not count. Their sum / `count` is the batch's loss. */
export function squaredErrorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor): void {
  const [B, C] = outputs.shape;
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let k = 0; k < C; k++) {
      const difference = outputs.get(b, k) - targets.get(b, k);
      sum += difference * difference;
    }
    losses.set(b, (mask.get(b) * sum) / C);
  }
}

/** (13′) from  loss = Σ mask*Σ (outputs - targets)² / (C·count):  dOutputs `[B,C]` = mask*2*(outputs - targets) / (C·count) */
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
      const difference = outputs.get(b, k) - targets.get(b, k);
      dOutputs.set(b, k, (mask.get(b) * 2 * difference) / (C * count));
    }
  }
}
