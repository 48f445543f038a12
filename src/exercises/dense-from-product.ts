/** The output layer's backward pass by an answer to exercise 1, whose matrices are lists of rows. */
import { type Tensor, rowsOf } from '../core/tensor.js';
import type { denseBackward } from '../equations/dense.js';

type Rows = Float64Array[];

/** Exercise 1: the gradients of z = x·W + b. */
export type ProductBackward = (dW: Rows, dx: Rows, db: Float64Array, dz: Rows, x: Rows, W: Rows) => void;

const rowsIn = (matrix: Tensor): Rows =>
  Array.from({ length: matrix.shape[0] }, (_, r) =>
    Float64Array.from({ length: matrix.shape[1] }, (__, c) => matrix.get(r, c)),
  );

const zerosLike = ({ shape: [rows, columns] }: Tensor): Rows =>
  Array.from({ length: rows }, () => new Float64Array(columns));

const write = (matrix: Tensor, rows: Rows): void =>
  rows.forEach((row, r) => row.forEach((value, c) => matrix.set(r, c, value)));

/** Each state has a product of its own, and b belongs to the first. */
export const denseFrom =
  (productBackward: ProductBackward): typeof denseBackward =>
  (_backend, dStates, dW, db, dLogits, states, W) => {
    let end = 0;
    states.forEach((state, k) => {
      const [from, to] = [end, (end += state.shape[1])];
      const [dWk, Wk] = [rowsOf(dW, from, to), rowsOf(W, from, to)];
      const [dWRows, dx, dBias] = [zerosLike(dWk), zerosLike(state), new Float64Array(db.size)];
      productBackward(dWRows, dx, dBias, rowsIn(dLogits), rowsIn(state), rowsIn(Wk));
      write(dWk, dWRows);
      write(dStates[k], dx);
      if (k === 0) dBias.forEach((value, n) => db.set(n, value));
    });
  };
