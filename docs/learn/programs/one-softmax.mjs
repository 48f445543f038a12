/** Softmax and cross-entropy of one sequence, as the engine computes them: docs/learn/loss-and-update.md. It runs in the browser too. */
import { crossEntropyBackward, crossEntropyForward, labelRows } from 'longhand';

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

/**
 * Numbers in the place of a tensor `[1,n]` or `[n]`, for the engine's functions in the browser: its tensors make functions from texts, which
 * the site does not allow.
 *
 * @param {number[] | Float32Array | Float64Array} values They are changed in place.
 * @returns {any}
 */
export const row = (values) => ({
  shape: [1, values.length],
  get: (/** @type {number[]} */ ...at) => values[at[at.length - 1]],
  set: (/** @type {number[]} */ ...at) => (values[at[at.length - 2]] = at[at.length - 1]),
});
