/** Matrices of numbers for the networks of gradcheck-wrong-passes.test.ts. */
export type Matrix = readonly (readonly number[])[];

/** f of the elements of matrices, of which some may have one row or one column for all. */
export const each = (f: (...elements: number[]) => number, ...of: readonly Matrix[]): Matrix => {
  const [rows, columns] = [Math.max(...of.map((one) => one.length)), Math.max(...of.map(([row]) => row.length))];
  const at = (one: Matrix, r: number, k: number): number => {
    const row = one.length === 1 ? one[0] : one[r];
    return row.length === 1 ? row[0] : row[k];
  };
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (__, k) => f(...of.map((one) => at(one, r, k)))),
  );
};
export const turn = (a: Matrix): Matrix => a[0].map((_, k) => a.map((row) => row[k]));
export const dot = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, k) => row.reduce((sum, value, n) => sum + value * b[n][k], 0)));
export const add = (...of: readonly Matrix[]): Matrix => each((...list) => list.reduce((sum, one) => sum + one), ...of);
export const times = (...of: readonly Matrix[]): Matrix =>
  each((...list) => list.reduce((product, one) => product * one), ...of);
export const scaled = (factor: number, a: Matrix): Matrix => each((one) => factor * one, a);
/** Of each column, `[1,C]`. */
export const sums = (a: Matrix): Matrix => [a[0].map((_, k) => a.reduce((sum, row) => sum + row[k], 0))];
/** Of each row, `[R,1]`. */
export const rowSums = (a: Matrix): Matrix => turn(sums(turn(a)));
export const means = (a: Matrix): Matrix => scaled(1 / a.length, sums(a));
export const rowMeans = (a: Matrix): Matrix => turn(means(turn(a)));

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
/** The normal distribution's density, and its integral Φ by a series. */
export const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
export function normal(z: number): number {
  let [term, sum] = [z, z];
  for (let n = 1; n < 100; n++) {
    term *= (z * z) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + density(z) * sum;
}
