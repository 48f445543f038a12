/** What a forecast must beat: the last value, each season before, the mean of four seasons, and ridge regression on the same inputs. */

/** The seasons that `meanOfSeasons` reads. */
const SEASONS = 4;

/** The latest number at step `t` or before it; NaN if there is none. */
export function lastValue(y: Float64Array, t: number): number {
  while (t >= 0 && Number.isNaN(y[t])) t--;
  return t >= 0 ? y[t] : NaN;
}

/** The latest number at or before step `t` in the phase of step `target`; NaN if there is none. */
export function seasonalValue(y: Float64Array, target: number, t: number, period: number): number {
  let at = latestInPhase(target, t, period);
  while (at >= 0 && Number.isNaN(y[at])) at -= period;
  return at >= 0 ? y[at] : NaN;
}

/** The mean of the latest four numbers at or before step `t` in the phase of step `target`; NaN if there is none. */
export function meanOfSeasons(y: Float64Array, target: number, t: number, period: number): number {
  let [sum, count] = [0, 0];
  for (let at = latestInPhase(target, t, period); at >= 0 && count < SEASONS; at -= period) {
    if (Number.isNaN(y[at])) continue;
    sum += y[at];
    count++;
  }
  return count > 0 ? sum / count : NaN;
}

/** The latest step ≤ t that is a number of whole periods before `target`. */
export const latestInPhase = (target: number, t: number, period: number): number =>
  target - period * Math.ceil((target - t) / period);

/** Weights w of ridge regression, the last one for the constant 1. */
export type RidgeWeights = Float64Array;

/**
 * The sums that ridge regression needs, of rows that arrive one at a time: A = XᵀX and b = Xᵀy of rows with a constant 1 at their end. The
 * weights minimise Σ (y - x·w)² + lambda·Σ w², without the constant.
 */
export class Ridge {
  private readonly a: Float64Array;
  private readonly b: Float64Array;
  private readonly row: Float64Array;
  private count = 0;

  constructor(private readonly inputs: number) {
    const n = inputs + 1;
    this.a = new Float64Array(n * n);
    this.b = new Float64Array(n);
    this.row = new Float64Array(n);
    this.row[inputs] = 1;
  }

  /** Adds a row: x `[inputs]`, and the number that it should give. */
  add(x: ArrayLike<number>, y: number): void {
    const { a, b, row, inputs } = this;
    const n = inputs + 1;
    for (let i = 0; i < inputs; i++) row[i] = x[i];
    for (let i = 0; i < n; i++) {
      const scale = row[i];
      if (scale === 0) continue;
      b[i] += scale * y;
      for (let j = 0; j <= i; j++) a[i * n + j] += scale * row[j];
    }
    this.count++;
  }

  /** The weights. `lambda` > 0, for each row. */
  weights(lambda: number): RidgeWeights {
    const n = this.inputs + 1;
    const a = this.a.slice();
    for (let i = 0; i < this.inputs; i++) a[i * n + i] += lambda * Math.max(this.count, 1);
    a[n * n - 1] += 1e-9 * Math.max(this.count, 1);
    return solved(a, this.b.slice(), n);
  }
}

/** x·w, with the constant. */
export function ridgeValue(weights: RidgeWeights, x: ArrayLike<number>): number {
  let sum = weights[weights.length - 1];
  for (let i = 0; i + 1 < weights.length; i++) sum += weights[i] * x[i];
  return sum;
}

/** w of A·w = b by Cholesky's A = L·Lᵀ. A `[n,n]` is symmetric and positive, its lower half is read and overwritten; so is b. */
function solved(a: Float64Array, b: Float64Array, n: number): Float64Array {
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
