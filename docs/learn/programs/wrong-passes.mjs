/**
 * Five backward passes, each with one mistake: the gradient check finds each of them, and says what is true of its numbers. See
 * docs/your-own.md.
 *
 *     node docs/learn/programs/wrong-passes.mjs
 */
import { fileURLToPath } from 'node:url';
import { checkGradients, Random, tensorFrom } from 'longhand';

const random = new Random(1);
const numbers = (...shape) =>
  tensorFrom(
    Float64Array.from({ length: shape.reduce((product, extent) => product * extent) }, () => random.normal(0, 1)),
    shape,
  );
const sum = (count, of) => Array.from({ length: count }, (_, n) => of(n)).reduce((total, value) => total + value, 0);
/** A matrix whose element in row r and column k is of(r, k). */
const matrix = (rows, columns, of) =>
  tensorFrom(
    Float64Array.from({ length: rows * columns }, (_, n) => of(Math.floor(n / columns), n % columns)),
    [rows, columns],
  );
/** The numbers of a list as a matrix. */
const asMatrix = (list, rows, columns) => matrix(rows, columns, (r, k) => list[r * columns + k]);

/** y[n] = Σk x[n+k]·w[k] of 8 numbers x and 3 weights. The mistake: dw is written from its other end. */
export function convolution() {
  const [x, w] = [numbers(8), numbers(3)];
  return {
    inputs: { x, w },
    outputs: () => Array.from({ length: 6 }, (_, n) => sum(3, (k) => x.get(n + k) * w.get(k))),
    gradients(dy) {
      const [dx, dw] = [new Float64Array(8), new Float64Array(3)];
      for (let n = 0; n < 6; n++) {
        for (let k = 0; k < 3; k++) {
          dx[n + k] += dy[n] * w.get(k);
          dw[2 - k] += dy[n] * x.get(n + k); // right: dw[k]
        }
      }
      return { x: dx, w: dw };
    },
  };
}

/** y = (x - mean)/deviation of each of 4 rows. The mistake: dx has no gradient through the mean. */
export function layerNorm() {
  const [rows, columns] = [4, 5];
  const x = numbers(rows, columns);
  const mean = (of) => sum(columns, of) / columns;
  const meanOf = (r) => mean((k) => x.get(r, k));
  const deviationOf = (r) => Math.sqrt(mean((k) => (x.get(r, k) - meanOf(r)) ** 2));
  const outputs = () => matrix(rows, columns, (r, k) => (x.get(r, k) - meanOf(r)) / deviationOf(r));
  return {
    inputs: { x },
    outputs,
    gradients(list) {
      const [y, dy] = [outputs(), asMatrix(list, rows, columns)];
      const share = (r, k) => y.get(r, k) * mean((n) => dy.get(r, n) * y.get(r, n));
      // right: (dy - mean of dy - share)/deviation
      return { x: matrix(rows, columns, (r, k) => (dy.get(r, k) - share(r, k)) / deviationOf(r)) };
    },
  };
}

function softmaxOf(x) {
  const [rows, columns] = x.shape;
  const total = (r) => sum(columns, (k) => Math.exp(x.get(r, k)));
  return matrix(rows, columns, (r, k) => Math.exp(x.get(r, k)) / total(r));
}

/** Softmax of each of 3 rows. The mistake: dx has no term for the sum in the denominator. */
export function softmax() {
  const x = numbers(3, 4);
  return {
    inputs: { x },
    outputs: () => softmaxOf(x),
    gradients(list) {
      const [y, dy] = [softmaxOf(x), asMatrix(list, 3, 4)];
      return { x: matrix(3, 4, (r, k) => y.get(r, k) * dy.get(r, k)) }; // right: y·(dy - Σ dy·y)
    },
  };
}

/** softmax(q·kᵀ/√3)·v for 4 queries, keys and values of 3 numbers. The mistake: dq and dk have no factor 1/√3. */
export function attention() {
  const [T, D] = [4, 3];
  const [q, k, v] = [numbers(T, D), numbers(T, D), numbers(T, D)];
  const shares = () => softmaxOf(matrix(T, T, (t, s) => sum(D, (d) => q.get(t, d) * k.get(s, d)) / Math.sqrt(D)));
  const outputs = () => {
    const p = shares();
    return matrix(T, D, (t, d) => sum(T, (s) => p.get(t, s) * v.get(s, d)));
  };
  return {
    inputs: { q, k, v },
    outputs,
    gradients(list) {
      const [p, dy] = [shares(), asMatrix(list, T, D)];
      const dp = matrix(T, T, (t, s) => sum(D, (d) => dy.get(t, d) * v.get(s, d)));
      const total = (t) => sum(T, (s) => p.get(t, s) * dp.get(t, s));
      const dScores = matrix(T, T, (t, s) => p.get(t, s) * (dp.get(t, s) - total(t)));
      return {
        q: matrix(T, D, (t, d) => sum(T, (s) => dScores.get(t, s) * k.get(s, d))), // right: / √D
        k: matrix(T, D, (s, d) => sum(T, (t) => dScores.get(t, s) * q.get(t, d))), // right: / √D
        v: matrix(T, D, (s, d) => sum(T, (t) => p.get(t, s) * dy.get(t, d))),
      };
    },
  };
}

/** Rows of a table by their indices, of which 2 comes twice. The mistake: = in place of +=. */
export function embedding() {
  const table = numbers(5, 3);
  const indices = [4, 2, 0, 2];
  return {
    inputs: { table },
    outputs: () => matrix(4, 3, (n, d) => table.get(indices[n], d)),
    gradients(list) {
      const gradient = new Float64Array(15);
      for (const [n, index] of indices.entries()) {
        for (let d = 0; d < 3; d++) gradient[index * 3 + d] = list[n * 3 + d]; // right: +=
      }
      return { table: gradient };
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const pass of [convolution, layerNorm, softmax, attention, embedding]) {
    console.log(`${pass.name}:`);
    await checkGradients(pass(), { report: 'text' });
  }
}
