/** Small problems of least squares: linear ones by Cholesky, others by Levenberg and Marquardt. */

/** w of A·w = b by Cholesky's A = L·Lᵀ. A `[n,n]` is symmetric and positive, its lower half is read and overwritten; so is b. */
export function solved(a: Float64Array, b: Float64Array, n: number): Float64Array {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(Math.max(sum, Number.EPSILON)) : sum / a[j * n + j];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

/** A minimum that `leastSquares` found. */
export interface Minimum {
  readonly parameters: Float64Array;
  /** The sum of the squares there. */
  readonly sum: number;
}

/** The width of a numeric derivative. */
const WIDTH = 1e-6;
const MOST_STEPS = 60;
/** A step that lowers the sum by a smaller share is the last one. */
const LEAST_GAIN = 1e-7;
const MOST_DAMPING = 1e9;

/** Writes r into its second argument, and returns whether the model is defined at the parameters. */
type ResidualsAt = (parameters: Float64Array, r: Float64Array) => boolean;

/**
 * The parameters p that minimise Σ r(p)², by the method of Levenberg and Marquardt, from `start` on. A step solves
 * (JᵀJ + damping·diag(JᵀJ))·step = -Jᵀr with J = ∂r/∂p, and is damped more until it lowers the sum. r has `rows` numbers at each p. Parameters
 * should be around 1. After `most` steps it stops anyway.
 */
export function leastSquares(residualsAt: ResidualsAt, rows: number, start: Float64Array, most = MOST_STEPS): Minimum {
  const columns = Array.from(start, () => new Float64Array(rows));
  let [r, other] = [new Float64Array(rows), new Float64Array(rows)];
  let found = minimumAt(residualsAt, start, r);
  let damping = 1e-3;
  for (let count = 0; found.sum < Infinity && count < most && damping < MOST_DAMPING; count++) {
    const { sum, step } = { ...found, step: stepFrom(residualsAt, found.parameters, r, columns) };
    for (; found.sum >= sum && damping < MOST_DAMPING; damping *= 4) {
      const there = minimumAt(residualsAt, step(damping), other);
      if (there.sum < sum) [found, r, other] = [there, other, r];
    }
    damping /= 40; // what helped, less ten times
    if (sum - found.sum <= LEAST_GAIN * sum) break;
  }
  return found;
}

function minimumAt(residualsAt: ResidualsAt, parameters: Float64Array, r: Float64Array): Minimum {
  const sum = residualsAt(parameters, r) ? dot(r, r) : Infinity;
  return { parameters, sum: Number.isFinite(sum) ? sum : Infinity };
}

/**
 * Where the step of any damping leads. Its equations are in units of the diagonal's roots, so that their diagonal is 1 + damping. `columns` become
 * those of J.
 */
function stepFrom(
  residualsAt: ResidualsAt,
  parameters: Float64Array,
  r: Float64Array,
  columns: readonly Float64Array[],
): (damping: number) => Float64Array {
  const n = parameters.length;
  const there = parameters.slice();
  for (const [j, column] of columns.entries()) {
    there[j] = parameters[j] + WIDTH;
    if (!residualsAt(there, column)) column.set(r); // no derivative at the edge
    there[j] = parameters[j];
    for (let t = 0; t < r.length; t++) column[t] = (column[t] - r[t]) / WIDTH;
  }
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j += 4)
      setDots(
        a.subarray(i * n + j, i * n + i + 1),
        columns[i],
        [0, 1, 2, 3].map((k) => columns[Math.min(j + k, i)]),
      );
  const units = columns.map((_, j) => Math.sqrt(a[j * n + j]) || 1);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[i * n + j] / units[i] / units[j];
  const b = Float64Array.from(columns, (column, j) => -dot(column, r) / units[j]);
  return (damping) => {
    const damped = a.slice();
    for (let j = 0; j < n; j++) damped[j * n + j] += damping;
    const step = solved(damped, b.slice(), n);
    return parameters.map((value, j) => value + step[j] / units[j]);
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += a[t] * b[t];
  return sum;
}

/** Sets the first of `out` to the dot products of x with four others, in one pass: one sum alone would wait for each of its additions. */
function setDots(out: Float64Array, x: Float64Array, [a, b, c, d]: readonly Float64Array[]): void {
  let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
  for (let t = 0; t < x.length; t++) {
    ofA += x[t] * a[t];
    ofB += x[t] * b[t];
    ofC += x[t] * c[t];
    ofD += x[t] * d[t];
  }
  out[0] = ofA;
  if (out.length > 1) out[1] = ofB;
  if (out.length > 2) out[2] = ofC;
  if (out.length > 3) out[3] = ofD;
}
