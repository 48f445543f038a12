/** Functions for the layouts of other programs: transposed and joined weights, and a forget bias that is part of the bias. */
import type { FloatArray } from '../core/tensor.js';

/** `[rows,columns]` → `[columns,rows]`. */
export function transpose<Values extends FloatArray>(values: Values, rows: number, columns: number): Values {
  const transposed = values.slice() as Values;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}

/** The numbers of `parts`, one after the other, in the precision of the first. */
export function joined<Values extends FloatArray>(parts: readonly Values[]): Values {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const values = parts[0] instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  let position = 0;
  for (const part of parts) {
    values.set(part, position);
    position += part.length;
  }
  return values as Values;
}

/** `[4H]` with `forgetBias` in gate f, 0 elsewhere. Writes into `biases`. Default: a new Float32Array. */
export function forgetBiases<Values extends FloatArray = Float32Array>(
  H: number,
  forgetBias: number,
  order: string,
  biases = new Float32Array(4 * H) as Values,
): Values {
  const start = order.indexOf('f') * H;
  return biases.fill(forgetBias, start, start + H) as Values;
}
