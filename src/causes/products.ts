/**
 * The gradient of a product z = x·W + b inside a network, which is computed from those of x and W. If dx = dz·Wᵀ and dW = xᵀ·dz hold for
 * their wrong gradients too, then dz is what is wrong, and it can show what the sums of dx and dW hide.
 */
import { type Compared, areNear } from './compared.js';
import type { Candidate } from './terms.js';

type Matrix = readonly (readonly number[])[];

const turned = (a: Matrix): Matrix => a[0].map((_, k) => a.map((row) => row[k]));
const product = (a: Matrix, b: Matrix): Matrix => {
  const columns = turned(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, value, n) => sum + value * column[n], 0)));
};
const rowsOf = (values: readonly number[], columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, r) => values.slice(r * columns, (r + 1) * columns));
/** The largest sum of a row's absolute values. */
const normOf = (a: Matrix): number => Math.max(...a.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));

/** A product z, its gradient, and the tensors whose gradients follow from it. */
export interface Product {
  readonly names: readonly string[];
  readonly gradient: Compared;
  readonly z: Candidate;
}

/** The products of two tensors whose wrong gradients follow from one wrong gradient. `own`: the tensors' own numbers. */
export function productsOf(tensors: readonly Compared[], own: ReadonlyMap<string, readonly number[]>): Product[] {
  const wrong = tensors.filter(({ isRight, found }) => !isRight && found.every(Number.isFinite));
  return wrong.flatMap((x) =>
    wrong
      .filter((W) => W !== x && W.shape.length === 2 && x.shape.length > 1)
      .flatMap((W) => [false, true].flatMap((isTurned) => productOf(x, W, isTurned, tensors, own) ?? [])),
  );
}

/** z = x·W + b with x `[…,I]`, W `[I,H]` and b `[H]`. `isTurned`: z = x·Wᵀ + b, with W `[H,I]`. There may be no b. */
function productOf(
  x: Compared,
  W: Compared,
  isTurned: boolean,
  tensors: readonly Compared[],
  own: ReadonlyMap<string, readonly number[]>,
): Product | undefined {
  const [I, H] = isTurned ? [W.shape[1], W.shape[0]] : W.shape;
  if (x.shape.at(-1) !== I || I < H) return undefined;
  const valuesOf = ({ name }: Compared): readonly number[] => own.get(name) ?? [];
  const [inputs, rows] = [rowsOf(valuesOf(x), I), rowsOf(valuesOf(W), W.shape[1])];
  const weights = isTurned ? turned(rows) : rows;
  const inverse = leftInverse(weights);
  if (!inverse) return undefined;
  const [expected, found] = [x.expected, x.found].map((dx) => product(rowsOf(dx, I), turned(inverse)));
  const error = Math.max(...x.expected.map(x.tolerance)) * normOf(inverse); // of a number of dz
  const follows = (of: Compared, from: (dz: Matrix) => Matrix, norm: number): boolean => {
    const within = { tolerance: (value: number) => of.tolerance(value) + error * norm };
    return areNear(within, of.expected, from(expected).flat()) && areNear(within, of.found, from(found).flat());
  };
  const dW = (dz: Matrix): Matrix => (isTurned ? product(turned(dz), inputs) : product(turned(inputs), dz));
  if (!follows(x, (dz) => product(dz, turned(weights)), normOf(weights))) return undefined;
  if (!follows(W, dW, normOf(turned(inputs)))) return undefined;
  const db = (dz: Matrix): Matrix => product([inputs.map(() => 1)], dz);
  const b = tensors.find(
    ({ shape, ...of }) => shape.length === 1 && shape[0] === H && follows({ shape, ...of }, db, inputs.length),
  );
  const name = `${x.name}·${W.name}${isTurned ? 'ᵀ' : ''}${b ? ` + ${b.name}` : ''}`;
  const bias = b ? valuesOf(b) : weights[0].map(() => 0);
  const numbers = { expected: expected.flat(), found: found.flat() };
  const tolerance = (value: number): number => Math.max(x.tolerance(value), error);
  return {
    names: [x.name, W.name, ...(b ? [b.name] : [])],
    gradient: { name, shape: [...x.shape.slice(0, -1), H], ...numbers, isRight: false, tolerance },
    z: {
      words: name,
      letter: 'z',
      values: product(inputs, weights).flatMap((row) => row.map((one, k) => one + bias[k])),
    },
  };
}

/** (AᵀA)⁻¹·Aᵀ, by Gauss and Jordan; undefined if columns of A depend on others. */
function leftInverse(a: Matrix): Matrix | undefined {
  const [size, right] = [a[0].length, turned(a)];
  const rows = product(right, a).map((row, n) => [...row, ...right[n]]);
  for (let k = 0; k < size; k++) {
    const pivot = rows.reduce((best, row, n) => (n > k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? n : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    const by = rows[k][k];
    if (!(Math.abs(by) > 1e-9)) return undefined;
    rows[k] = rows[k].map((value) => value / by);
    for (const [n, row] of rows.entries())
      if (n !== k) rows[n] = row.map((value, column) => value - row[k] * rows[k][column]);
  }
  return rows.map((row) => row.slice(size));
}
