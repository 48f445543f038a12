// @ts-check
/** The first example of docs/learn/what-an-rnn-is.md: an RNN with one unit and without a bias. It runs in Node and in the browser. */

/** T = 3 steps, one number each. The weights, and the number that h[3] must become. */
export const SEQUENCE = [1, 0, -1];
export const WEIGHTS = { Wx: 1, Wh: 0.5 };
export const TARGET = 0.2;

/**
 * One unit, one sequence: h has T+1 numbers, and h[0] is the initial state.
 *
 * @param {readonly number[]} x
 * @param {{ Wx: number, Wh: number }} weights
 */
export function statesOf(x, { Wx, Wh }) {
  const h = [0];
  for (let t = 0; t < x.length; t++) h[t + 1] = Math.tanh(Wx * x[t] + Wh * h[t]);
  return h;
}

/**
 * loss = (h[T] - target)²
 *
 * @param {readonly number[]} h
 * @param {number} target
 */
export const lossOf = (h, target) => (h[h.length - 1] - target) ** 2;

/**
 * The gradient of the loss: dh has T+1 numbers and dz T; dWx and dWh are sums over the steps. Chapter 2 derives these lines.
 *
 * @param {readonly number[]} x
 * @param {{ Wh: number }} weights
 * @param {readonly number[]} h
 * @param {number} target
 */
export function gradientsOf(x, { Wh }, h, target) {
  const T = x.length;
  /** @type {number[][]} */
  const [dh, dz] = [[], []];
  let [dWx, dWh] = [0, 0];
  dh[T] = 2 * (h[T] - target);
  for (let t = T - 1; t >= 0; t--) {
    dz[t] = dh[t + 1] * (1 - h[t + 1] ** 2);
    dWx += x[t] * dz[t];
    dWh += h[t] * dz[t];
    dh[t] = Wh * dz[t];
  }
  return { dh, dz, dWx, dWh };
}

/**
 * A nudge: Wh becomes Wh + δ. Returns what the gradient says of the loss, δ·dWh, and its measured change.
 *
 * @param {readonly number[]} x
 * @param {{ Wx: number, Wh: number }} weights
 * @param {number} target
 * @param {number} delta
 */
export function nudge(x, weights, target, delta) {
  const lossAt = (/** @type {number} */ Wh) => lossOf(statesOf(x, { ...weights, Wh }), target);
  const { dWh } = gradientsOf(x, weights, statesOf(x, weights), target);
  return { dWh, expected: delta * dWh, measured: lossAt(weights.Wh + delta) - lossAt(weights.Wh) };
}
