/** The order of the gates: other programs store the same four blocks of columns in another order. */
import type { FloatArray } from '../core/tensor.js';

/** The gate order here, as letters; j is the candidate that others call g or c. */
export const GATE_ORDER = 'ijfo';

/** Rows of `[…,4H]` with the four blocks of H columns moved from one gate order to another. */
export function reorderGates<Values extends FloatArray>(values: Values, H: number, from: string, to: string): Values {
  const reordered = values.slice() as Values;
  for (let row = 0; row < values.length; row += 4 * H) {
    for (const [block, gate] of to.split('').entries()) {
      const source = row + from.indexOf(gate) * H;
      reordered.set(values.subarray(source, source + H), row + block * H);
    }
  }
  return reordered;
}
