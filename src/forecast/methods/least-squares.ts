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

/** A minimum that was found. */
export interface Minimum {
  readonly parameters: Float64Array;
  /** The sum of the squares there. */
  readonly sum: number;
}

/** The width of a numeric derivative. */
const WIDTH = 1e-6;
/** A search for a minimum has no more. */
export const MOST_STEPS = 60;
/** A step that lowers the sum by a smaller share is the last one. */
const LEAST_GAIN = 1e-7;
const MOST_DAMPING = 1e9;

/** Writes r into its second argument, and returns whether the model is defined at the parameters. */
type ResidualsAt = (parameters: Float64Array, r: Float64Array) => boolean;

/**
 * A search for the parameters p that minimise Σ r(p)², by the method of Levenberg and Marquardt. A step solves
 * (JᵀJ + damping·diag(JᵀJ))·step = -Jᵀr with J = ∂r/∂p, and is damped more until it lowers the sum. r has `rows` numbers at each p. Parameters
 * should be around 1.
 */
export class LeastSquares {
  private r: Float64Array;
  private found: Minimum;
  private damping = 1e-3;
  private isEnded = false;

  constructor(
    private readonly residualsAt: ResidualsAt,
    private readonly rows: number,
    start: Float64Array,
  ) {
    this.r = new Float64Array(rows);
    this.found = minimumAt(residualsAt, start, this.r);
  }

  /** The minimum after at most so many more steps. */
  after(steps: number): Minimum {
    const { residualsAt, rows } = this;
    let [found, r, damping] = [this.found, this.r, this.damping];
    const columns = Array.from(found.parameters, () => new Float64Array(rows));
    let other: Float64Array = new Float64Array(rows);
    for (let count = 0; found.sum < Infinity && count < steps && damping < MOST_DAMPING && !this.isEnded; count++) {
      const { sum, step } = { ...found, step: stepFrom(residualsAt, found.parameters, r, columns) };
      for (; found.sum >= sum && damping < MOST_DAMPING; damping *= 4) {
        const there = minimumAt(residualsAt, step(damping), other);
        if (there.sum < sum) [found, r, other] = [there, other, r];
      }
      damping /= 40; // what helped, less ten times
      this.isEnded = sum - found.sum <= LEAST_GAIN * sum;
    }
    [this.found, this.r, this.damping] = [found, r, damping];
    return found;
  }
}

/** The parameters that `LeastSquares` finds from `start` on. After many steps it stops anyway. */
export const leastSquares = (residualsAt: ResidualsAt, rows: number, start: Float64Array): Minimum =>
  new LeastSquares(residualsAt, rows, start).after(MOST_STEPS);

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
