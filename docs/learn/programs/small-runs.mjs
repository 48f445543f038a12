/** What the programs of docs/questions share: a backend that runs everywhere, a small network, and windows of a series. */
import { evaluate, Random, train, zeros } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';

export const backend = createReferenceBackend();

/** Each window has `steps` values of a series, and the target is the value after them: x [n,steps,1], targets [n,1]. */
export function windowsOf(values, steps) {
  const count = values.length - steps;
  const [x, targets] = [zeros([count, steps, 1]), zeros([count, 1])];
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < steps; t++) x.set(n, t, 0, values[n + t]);
    targets.set(n, 0, values[n + steps]);
  }
  return { x, targets };
}

/** Sequences of 8 steps of noise. The label says whether their sum is positive, but in every fifth it is wrong. */
export function noisySums(count, seed) {
  const T = 8;
  const random = new Random(seed);
  const x = zeros([count, T, 1]);
  const labels = Array.from({ length: count }, (_, n) => {
    let sum = 0;
    for (let t = 0; t < T; t++) {
      x.set(n, t, 0, random.normal(0, 1));
      sum += x.get(n, t, 0);
    }
    return sum > 0 !== random.below(5) < 1 ? 1 : 0;
  });
  return { x, labels };
}

/** An LSTM of 8 units by default. `hooks`: those of `train`. */
export const trained = (data, options, hooks) =>
  train(
    backend,
    data,
    { hidden: 8, batchSize: 20, learningRate: 0.01, outputInit: 'glorot', seed: 1, displayStep: 1e6, ...options },
    hooks,
  );

/** The root of the mean squared error. */
export async function errorOf(network, data) {
  const { loss } = await evaluate(network, data);
  return Math.sqrt(loss);
}
