/** What a network for classes must beat: logistic regression (softmax regression), and 1-NN, by which a window has the class of the nearest training window. */
import { yieldToEventLoop } from '../core/event-loop.js';

/** Rows of numbers with a class each. */
export interface Samples {
  /** n rows of F numbers. */
  readonly rows: readonly Float64Array[];
  /** The class of each row, 0 … C-1. */
  readonly labels: Int32Array;
}

/** The weights `[C,F+1]` of C classes, row by row; the last of each row is the constant's. */
export interface Logistic {
  readonly classes: number;
  readonly features: number;
  readonly weights: Float64Array;
}

/** The probability of each class: the softmax of W·(row, 1). */
export function logisticProbabilities({ classes, features, weights }: Logistic, row: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    const first = k * (features + 1);
    let score = weights[first + features];
    for (let i = 0; i < features; i++) score += weights[first + i] * row[i];
    scores[k] = score;
  }
  return softmax(scores);
}

/** exp(score), divided by the sum over all scores. */
export function softmax(scores: Float64Array): Float64Array {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

/** The mean cross-entropy of the samples in nats, without a penalty. */
export const logisticLoss = (model: Logistic, { rows, labels }: Samples): number =>
  rows.reduce((sum, row, n) => sum - Math.log(logisticProbabilities(model, row)[labels[n]] + Number.MIN_VALUE), 0) /
  rows.length;

/**
 * The gradient of logisticLoss + ½·λ·Σw², without a penalty for the constants: the mean of (p - y)·(row, 1)ᵀ, plus λ·w. `[C,F+1]`
 */
export function logisticGradient(model: Logistic, { rows, labels }: Samples, lambda: number): Float64Array {
  const { classes, features, weights } = model;
  const gradient = new Float64Array(weights.length);
  for (const [n, row] of rows.entries()) {
    const p = logisticProbabilities(model, row);
    p[labels[n]] -= 1;
    for (let k = 0; k < classes; k++) {
      const [first, error] = [k * (features + 1), p[k] / rows.length];
      for (let i = 0; i < features; i++) gradient[first + i] += error * row[i];
      gradient[first + features] += error;
    }
  }
  for (let n = 0; n < gradient.length; n++) if ((n + 1) % (features + 1) !== 0) gradient[n] += lambda * weights[n];
  return gradient;
}

const MOST_STEPS = 500;
/** The largest element of the gradient at which the fit ends. */
const FLAT = 1e-5;

/**
 * The weights with the smallest loss, by full-batch gradient descent with Nesterov's momentum. Its rate is 1/L: no curvature of the loss is
 * greater than L, half of the mean squared length of a row (with the constant), plus λ.
 */
export function fitLogistic(samples: Samples, classes: number, lambda: number): Logistic {
  const { rows } = samples;
  const features = rows[0].length;
  const squares = rows.reduce((sum, row) => sum + row.reduce((all, x) => all + x * x, 1), 0) / rows.length;
  const rate = 1 / (squares / 2 + lambda);
  let weights = new Float64Array(classes * (features + 1));
  let ahead = weights; // where the gradient is computed
  let [t, step] = [1, 0];
  while (step++ < MOST_STEPS) {
    const gradient = logisticGradient({ classes, features, weights: ahead }, samples, lambda);
    if (gradient.every((one) => Math.abs(one) < FLAT)) break;
    const next = ahead.map((w, n) => w - rate * gradient[n]);
    const turns = gradient.reduce((sum, one, n) => sum + one * (next[n] - weights[n]), 0) > 0;
    const following = turns ? 1 : (1 + Math.sqrt(1 + 4 * t * t)) / 2; // momentum that points uphill ends
    const momentum = turns ? 0 : (t - 1) / following;
    ahead = next.map((w, n) => w + momentum * (w - weights[n]));
    [weights, t] = [next, following];
  }
  return { classes, features, weights: ahead };
}

/** The penalties that are tried. */
export const LAMBDAS = [1e-4, 1e-3, 1e-2, 1e-1, 1];

/** Fitted to `train`, with the λ that has the smallest loss on `validation`. */
export async function chosenLogistic(
  train: Samples,
  validation: Samples,
  classes: number,
  signal?: AbortSignal,
): Promise<Logistic> {
  const tried: { model: Logistic; loss: number }[] = [];
  for (const lambda of LAMBDAS) {
    await yieldToEventLoop(signal);
    const model = fitLogistic(train, classes, lambda);
    tried.push({ model, loss: logisticLoss(model, validation) });
  }
  return tried.reduce((a, b) => (b.loss < a.loss ? b : a)).model;
}

/**
 * The squared distance of x `[n,I]` and y `[m,I]` with dynamic time warping: the smallest sum of |x[s] - y[t]|² over the places of a path that
 * leads from the first rows to the last. It steps by one row of x, of y or of both, and stays within |s - t| ≤ band, or |n - m| if that is
 * more. With n = m and the band 0 it is the Euclidean one. Infinity as soon as it cannot be less than `limit`.
 */
export function warpedDistance(x: Float64Array, y: Float64Array, I: number, band: number, limit = Infinity): number {
  const [n, m] = [x.length / I, y.length / I];
  const width = Math.max(band, Math.abs(n - m));
  /** The smallest sums of the paths to row s - 1 of x, and to row s; index t + 1 is row t of y. */
  let [before, now] = [new Float64Array(m + 1).fill(Infinity), new Float64Array(m + 1).fill(Infinity)];
  before[0] = 0;
  for (let s = 0; s < n; s++) {
    const [from, to] = [Math.max(0, s - width), Math.min(m - 1, s + width)];
    let least = Infinity;
    now[from] = Infinity;
    for (let t = from; t <= to; t++) {
      let cost = 0;
      for (let i = 0, a = s * I, b = t * I; i < I; i++) cost += (x[a + i] - y[b + i]) ** 2;
      let best = before[t];
      if (before[t + 1] < best) best = before[t + 1];
      if (now[t] < best) best = now[t];
      now[t + 1] = cost + best;
      if (now[t + 1] < least) least = now[t + 1];
    }
    if (least >= limit) return Infinity;
    [before, now] = [now, before];
  }
  return before[m];
}

/** For each of `rows`, `[n,I]` each, and each class the squared distance to the nearest sample of it, negative: the largest is that of 1-NN. */
export async function nearestScores(
  { rows: known, labels }: Samples,
  rows: readonly Float64Array[],
  { classes, inputs, band }: { readonly classes: number; readonly inputs: number; readonly band: number },
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (const row of rows) {
    await yieldToEventLoop(signal);
    const least = new Float64Array(classes).fill(Infinity);
    for (const [n, one] of known.entries()) {
      const label = labels[n];
      least[label] = Math.min(least[label], warpedDistance(row, one, inputs, band, least[label]));
    }
    found.push(least.map((distance) => -distance));
  }
  return found;
}
