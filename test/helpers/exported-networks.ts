/** Networks of every kind, with random weights, and what Longhand computes from them: for the tests of export and import. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { networkOn } from '../../src/cli/memory.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import type { SavedModel } from '../../src/training/checkpoint.js';
import { randomise, savedModel, SIZES } from './random-model.js';

export const B = 3;

export const MODEL = savedModel();

/** A network of random weights, as a checkpoint holds it. */
export function savedNetwork(network: NetworkConfig, T = SIZES.T, forgetBias = 0.8): SavedModel {
  const backend = createReferenceBackend();
  const { parameters, config: complete } = new Network(backend, { ...network, forgetBias }, { T, B });
  const values = valuesByName(parameters);
  randomise(backend, Object.values(values), new Random(7));
  return { T, network: complete, parameters: values };
}

export const [ONE, BOTH] = [{ hidden: 5 }, { hidden: 5, bidirectional: true }];
const LAYERS = {
  'one layer': [ONE],
  'both directions': [BOTH],
  'two layers': [{ hidden: 3 }, ONE],
  'two layers in both directions': [BOTH, BOTH],
  'both directions, then one': [BOTH, { hidden: 4 }],
  'one direction, then both': [ONE, BOTH],
};

/** Every kind of network, by name. */
export const NETWORKS = new Map<string, SavedModel>();
for (const [name, layers] of Object.entries(LAYERS)) {
  for (const inputKind of ['numbers', 'classes'] as const) {
    for (const loss of ['crossEntropy', 'squaredError'] as const) {
      for (const reads of ['last', 'every'] as const) {
        const network = { inputs: 3, layers, outputs: 4, inputKind, loss, reads, dropout: layers.length > 1 ? 0.2 : 0 };
        NETWORKS.set(`${name}, ${inputKind}, ${loss}, ${reads}`, savedNetwork(network));
      }
    }
  }
}
/** Projections, and LSTMs without biases. */
export const PROJECTED: Readonly<Record<string, SavedModel>> = {
  'a projection': savedNetwork({ inputs: 3, layers: [{ hidden: 5, projection: 2 }], outputs: 4 }),
  'projections in both directions of two equal layers': savedNetwork({
    ...{
      inputs: 3,
      layers: [
        { ...BOTH, projection: 2 },
        { ...BOTH, projection: 2 },
      ],
      outputs: 4,
    },
    ...{ inputKind: 'classes', loss: 'squaredError', reads: 'every' },
  }),
  'a projection, then both directions without biases': savedNetwork({
    ...{
      inputs: 3,
      layers: [
        { hidden: 4, projection: 3 },
        { ...BOTH, bias: false },
      ],
      outputs: 4,
    },
    ...{ reads: 'every', dropout: 0.2 },
  }),
  'both directions, then a projection without biases': savedNetwork({
    ...{ inputs: 3, layers: [BOTH, { ...BOTH, projection: 1, bias: false }], outputs: 4 },
  }),
};
/** The losses of errors, of which each target has an output, or one for each quantile. */
export const LOSSES: Readonly<Record<string, SavedModel>> = {
  'absolute errors': savedNetwork({ inputs: 3, layers: [ONE], outputs: 4, loss: 'absoluteError' }),
  'Huber’s loss at every step': savedNetwork({
    ...{ inputs: 3, layers: [BOTH], outputs: 4, loss: 'huber', delta: 0.25, reads: 'every' },
  }),
  'quantiles of two targets': savedNetwork({
    ...{ inputs: 3, layers: [ONE, BOTH], outputs: 4, inputKind: 'classes', loss: 'pinball', quantiles: [0.1, 0.9] },
  }),
};
const [GRU, RNN] = [{ ...BOTH, cell: 'gru' } as const, { hidden: 4, cell: 'rnn' } as const];
const OF_CELLS = { inputs: 3, outputs: 4, inputKind: 'classes', loss: 'squaredError', reads: 'every' } as const;
/** Networks of other cells than the LSTM. */
export const CELLS: Readonly<Record<string, SavedModel>> = {
  'a gru': savedNetwork({ inputs: 3, layers: [{ ...ONE, cell: 'gru' }], outputs: 4 }),
  'grus in both directions of two equal layers': savedNetwork({ ...OF_CELLS, layers: [GRU, GRU] }),
  'a gru without biases': savedNetwork({ inputs: 3, layers: [{ ...GRU, bias: false }, GRU], outputs: 4, dropout: 0.2 }),
  'an rnn': savedNetwork({ inputs: 3, layers: [RNN], outputs: 4 }),
  'rnns in both directions, the lower without biases': savedNetwork({
    ...{
      ...OF_CELLS,
      layers: [
        { ...RNN, bidirectional: true, bias: false },
        { ...RNN, bidirectional: true },
      ],
    },
  }),
  'an rnn, an lstm, a gru': savedNetwork({ inputs: 3, layers: [RNN, BOTH, { ...GRU, hidden: 2 }], outputs: 4 }),
};
/** Half of the others, so that each pair of properties occurs, for the engines that need a quarter of a second each. */
export const HALF = [...NETWORKS.keys()].filter((_, n) => (n + (n >> 1) + (n >> 2) + (n >> 3)) % 2 === 0);
export const networkNamed = (name: string): SavedModel =>
  NETWORKS.get(name) ?? { ...PROJECTED, ...LOSSES, ...CELLS }[name];

/** x `[T,B,I]`, the same as in test/fixtures/export.py. */
export const x = (t: number, b: number, i: number): number => ((7 * t + 5 * b + 3 * i) % 11) / 8 - 0.5;
/** Class indices `[T,B]`, also as there. */
export const classAt = (t: number, b: number, I: number): number => (7 * t + 5 * b) % I;

interface Outputs {
  readonly logits: Float64Array;
  /** Those of the softmax, or the logits if the network has none. */
  readonly results: Float64Array;
}

export function outputsOf(model: SavedModel): Outputs {
  const network = networkOn(createReferenceBackend(), model, B);
  const { logits, probabilities, x: input } = network.activations;
  const { T } = model;
  const { inputs: I, inputKind } = model.network;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      if (inputKind === 'classes') input.set(t, b, classAt(t, b, I));
      else for (let i = 0; i < I; i++) input.set(t, b, i, x(t, b, i));
    }
  }
  network.forward();
  return { logits: valuesOf(logits), results: valuesOf(probabilities ?? logits) };
}

export function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, n) => expect(Math.abs(actual[n] - value)).toBeLessThan(1e-5));
}

/** For comparisons: all sizes and numbers. */
export const bitsOf = ({ T, network, parameters }: SavedModel) => ({
  T,
  network,
  ...Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, [...valuesOf(tensor)]])),
});
