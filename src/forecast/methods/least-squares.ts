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

/**
 * The parameters p that minimise Σ r(p)², by the method of Levenberg and Marquardt, from `start` on. A step solves
 * (JᵀJ + damping·diag(JᵀJ))·step = -Jᵀr with J = ∂r/∂p, and is damped more until it lowers the sum. `residualsAt(p)` returns r in a new array, of
 * the same length at each p, or undefined where the model is not defined. Parameters should be around 1. After `most` steps it stops anyway.
 */
export function leastSquares(
  residualsAt: (parameters: Float64Array) => Float64Array | undefined,
  start: Float64Array,
  most = MOST_STEPS,
): Minimum {
  let found = minimumAt(residualsAt, start);
  let damping = 1e-3;
  for (let count = 0; found.r && count < most && damping < MOST_DAMPING; count++) {
    const { sum, step } = { ...found, step: stepFrom(residualsAt, found.parameters, found.r) };
    for (; found.sum >= sum && damping < MOST_DAMPING; damping *= 4) {
      const there = minimumAt(residualsAt, step(damping));
      if (there.sum < sum) found = there;
    }
    damping /= 40; // what helped, less ten times
    if (sum - found.sum <= LEAST_GAIN * sum) break;
  }
  return found;
}

function minimumAt(
  residualsAt: (parameters: Float64Array) => Float64Array | undefined,
  parameters: Float64Array,
): Minimum & { readonly r: Float64Array | undefined } {
  const r = residualsAt(parameters);
  const sum = r ? dot(r, r) : Infinity;
  return Number.isFinite(sum) ? { parameters, r, sum } : { parameters, r: undefined, sum: Infinity };
}

/** Where the step of any damping leads. Its equations are in units of the diagonal's roots, so that their diagonal is 1 + damping. */
function stepFrom(
  residualsAt: (parameters: Float64Array) => Float64Array | undefined,
  parameters: Float64Array,
  r: Float64Array,
): (damping: number) => Float64Array {
  const n = parameters.length;
  const columns = Array.from(parameters, (value, j) => {
    const there = parameters.slice();
    there[j] = value + WIDTH;
    const beside = residualsAt(there) ?? r; // no derivative at the edge
    const column = new Float64Array(r.length);
    for (let t = 0; t < r.length; t++) column[t] = (beside[t] - r[t]) / WIDTH;
    return column;
  });
  const units = columns.map((column) => Math.sqrt(dot(column, column)) || 1);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) a[i * n + j] = dot(columns[i], columns[j]) / units[i] / units[j];
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
