/**
 * Sequences of a batch can have different lengths. After its end, a sequence keeps its state:
 *
 *   (14) h = hPrev;  c = cPrev      (14′) dhPrev += dh;  dcPrev += dc
 *
 * The sequences are sorted, the longest first. Then those that run at step t are the first B_t rows of every tensor.
 */
import { counted, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { EndedRows } from './lstm-step-views.js';

/** (14) for one step, of the sequences that have ended. */
export function keepState(backend: Backend, { h, c, hPrev, cPrev }: EndedRows): void {
  backend.copy(h, hPrev);
  backend.copy(c, cPrev);
}

/** (14′) from  h = hPrev;  c = cPrev:  we add, because the row before may already hold a gradient from outside the LSTM. */
export function keepStateBackward(backend: Backend, { dhPrev, dcPrev, dh, dc }: EndedRows): void {
  backend.add(dhPrev, dh);
  backend.add(dcPrev, dc);
}

/** B_t for every step: how many sequences are longer than t. Throws a RangeError unless the longest come first. */
export function runningCounts(
  { T, B }: { readonly T: number; readonly B: number },
  lengths: ArrayLike<number>,
): number[] {
  assertLengths({ T, B }, lengths);
  const running = Array<number>(T).fill(0);
  for (let b = 0; b < B; b++) {
    const length = lengths[b];
    if (b > 0 && length > lengths[b - 1]) {
      throw new RangeError(`lengths: ${lengths[b - 1]} comes before ${length}: sort the batch, the longest first`);
    }
    for (let t = 0; t < length; t++) running[t]++;
  }
  return running;
}

/** Throws a RangeError unless there are B whole numbers in 1 … T. */
export function assertLengths({ T, B }: { readonly T: number; readonly B: number }, lengths: ArrayLike<number>): void {
  if (lengths.length !== B)
    throw new RangeError(`lengths: ${counted(lengths.length, 'number')} for a batch of ${counted(B, 'sequence')}`);
  for (let b = 0; b < B; b++) {
    const length = lengths[b];
    if (Number.isInteger(length) && length >= 1 && length <= T) continue;
    throw new RangeError(`lengths[${b}] is ${describe(length)}: must be a whole number in 1…${T}`);
  }
}
