/** A function with four inputs, its right backward pass, and the reports of a check of a spoilt one. */
import { Random } from '../../src/core/rng.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';

/** By the inputs' names. */
export type Gradients = Record<string, Float64Array>;

/** y = tanh(x·W + b)·V of shape [4,3], with x [4,5], W [5,5], b [5], V [5,3], and its right backward pass. */
export function problemOf(seed: number) {
  const random = new Random(seed);
  const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.normal(0, 1));
  const [x, W, b, V] = [numbers(20), numbers(25), numbers(5), numbers(15)];
  const hidden = (): Float64Array =>
    Float64Array.from({ length: 20 }, (_, n) => {
      let z = b[n % 5];
      for (let k = 0; k < 5; k++) z += x[Math.floor(n / 5) * 5 + k] * W[k * 5 + (n % 5)];
      return Math.tanh(z);
    });
  const outputs = (): Float64Array => {
    const h = hidden();
    return Float64Array.from({ length: 12 }, (_, n) => {
      let y = 0;
      for (let k = 0; k < 5; k++) y += h[Math.floor(n / 3) * 5 + k] * V[k * 3 + (n % 3)];
      return y;
    });
  };
  /** `isIn`: the rows that count. */
  const gradients = (dy: Float64Array, isIn = (_row: number): boolean => true): Gradients => {
    const h = hidden();
    const d = { x: new Float64Array(20), W: new Float64Array(25), b: new Float64Array(5), V: new Float64Array(15) };
    for (let r = 0; r < 4; r++) {
      if (!isIn(r)) continue;
      for (let n = 0; n < 5; n++) {
        let dh = 0;
        for (let k = 0; k < 3; k++) {
          dh += dy[r * 3 + k] * V[n * 3 + k];
          d.V[n * 3 + k] += dy[r * 3 + k] * h[r * 5 + n];
        }
        const dz = dh * (1 - h[r * 5 + n] ** 2);
        d.b[n] += dz;
        for (let k = 0; k < 5; k++) {
          d.W[k * 5 + n] += dz * x[r * 5 + k];
          d.x[r * 5 + k] += dz * W[k * 5 + n];
        }
      }
    }
    return d;
  };
  const inputs = { x: tensorFrom(x, [4, 5]), W: tensorFrom(W, [5, 5]), b, V: tensorFrom(V, [5, 3]) };
  return { inputs, values: { x, W, b, V }, outputs, gradients };
}

export const COLUMNS: Readonly<Record<string, number>> = { x: 5, W: 5, b: 1, V: 3 };

/** The reports of a check in which `change` spoils the right gradients; and what was right. */
export async function reportsWith(seed: number, change: (right: Gradients, dy: Float64Array) => Gradients) {
  const { inputs, values, outputs, gradients } = problemOf(seed);
  let [right, dOutputs]: [Gradients, Float64Array] = [{}, new Float64Array()];
  const reports = await checkGradients({
    inputs,
    outputs: () => tensorFrom(outputs(), [4, 3]),
    seed,
    gradients(dy) {
      dOutputs = dy.slice();
      right = gradients(dy);
      return Object.fromEntries(Object.entries(change(gradients(dy), dy)).map(([name, list]) => [name, [...list]]));
    },
  });
  return { reports, right, values, dOutputs, outputs: outputs(), gradients };
}

export const times = (factor: number) => (list: Float64Array) => list.map((value) => factor * value);
