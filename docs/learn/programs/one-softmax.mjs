/** Softmax and cross-entropy of one sequence, as the engine computes them: docs/learn/loss-and-update.md. It runs in the browser too. */
import { crossEntropyBackward, crossEntropyForward, labelRows } from 'longhand';
import { row } from './row.mjs';

/** p, the loss and dLogits. */
export function engineOf(logits, label, dtype = 'f64') {
  const numbers = dtype === 'f32' ? Float32Array : Float64Array;
  const empty = () => new numbers(logits.length);
  const [loss, p, dLogits] = [new numbers(1), empty(), empty()];
  const y = labelRows(row([label]));
  crossEntropyForward(row(loss), row(p), row(numbers.from(logits)), y);
  crossEntropyBackward(row(dLogits), row(p), y, 1);
  return { p: [...p], loss: loss[0], dLogits: [...dLogits] };
}
