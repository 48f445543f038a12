/** How others lay out an LSTM's weights: their gate orders, and transposes. */

/** As letters of the gates; j is the candidate that others call g or c. */
export type GateOrder = 'ijfo' | 'ifjo' | 'iofj';

/** Rows of `[…,4H]` with the four blocks of H columns in another order. */
export function reorderGates(values: Float32Array, H: number, from: GateOrder, to: GateOrder): Float32Array {
  const reordered = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += 4 * H) {
    for (const [block, gate] of to.split('').entries()) {
      const source = row + from.indexOf(gate) * H;
      reordered.set(values.subarray(source, source + H), row + block * H);
    }
  }
  return reordered;
}

/** `[rows,columns]` → `[columns,rows]`. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}

/** `[4H]` with `forgetBias` in gate f, 0 elsewhere. */
export function forgetBiases(H: number, forgetBias: number, order: GateOrder): Float32Array {
  const biases = new Float32Array(4 * H);
  const start = order.indexOf('f') * H;
  return biases.fill(forgetBias, start, start + H);
}
