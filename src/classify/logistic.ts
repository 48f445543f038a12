/** Logistic regression (softmax regression): what a network for classes must beat. */
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
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const model = fitLogistic(train, classes, lambda);
    tried.push({ model, loss: logisticLoss(model, validation) });
  }
  return tried.reduce((a, b) => (b.loss < a.loss ? b : a)).model;
}
