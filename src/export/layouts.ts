/** Functions for the layouts of other programs: transposed weights, and a forget bias that is part of the bias. */

/** `[rows,columns]` → `[columns,rows]`. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}

/** `[4H]` with `forgetBias` in gate f, 0 elsewhere. */
export function forgetBiases(H: number, forgetBias: number, order: string): Float32Array {
  const biases = new Float32Array(4 * H);
  const start = order.indexOf('f') * H;
  return biases.fill(forgetBias, start, start + H);
}
