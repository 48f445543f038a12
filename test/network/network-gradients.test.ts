/**
 * Every gradient of networks with each feature, and with all of them: compared with numeric gradients in f64. No two sizes
 * are equal, and no initial state is zero.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { BatchSizes, NetworkConfig } from '../../src/network/config.js';
import { LOSSES, lstmsOf, networkParameterShapes, READS } from '../../src/network/config.js';
import { checkNetworkGradients } from '../../src/network/network-check.js';

interface Example extends BatchSizes {
  readonly network: NetworkConfig;
  readonly lengths?: readonly number[];
}

/** Each loss, at the last step and at each. */
const OF_LOSSES = LOSSES.flatMap((loss) =>
  READS.map((reads): [string, Example] => {
    const quantiles = loss === 'pinball' ? [0.1, 0.4, 0.9] : [];
    const network = { inputs: 2, layers: [{ hidden: 3 }], outputs: 3, loss, reads, quantiles };
    return [`${loss}, ${reads}`, { network, T: 5, B: 4 }];
  }),
);

const both = (hidden: number) => ({ hidden, bidirectional: true });

const EXAMPLES: Readonly<Record<string, Example>> = {
  'two layers': { network: { inputs: 2, layers: [{ hidden: 3 }, { hidden: 5 }], outputs: 4 }, T: 4, B: 3 },
  'both directions': { network: { inputs: 2, layers: [both(3)], outputs: 4 }, T: 5, B: 3 },
  'lengths, the loss at each sequence’s last step': {
    network: { inputs: 2, layers: [{ hidden: 4 }], outputs: 3 },
    T: 5,
    B: 4,
    lengths: [5, 3, 3, 1],
  },
  'lengths, of which none is T': {
    network: { inputs: 3, layers: [both(2)], outputs: 4, reads: 'every' },
    T: 5,
    B: 3,
    lengths: [4, 3, 1],
  },
  'a loss at every step': {
    network: { inputs: 2, layers: [{ hidden: 4 }], outputs: 3, reads: 'every', forgetBias: 0.37 },
    T: 5,
    B: 3,
  },
  'the squared error': {
    network: { inputs: 3, layers: [{ hidden: 4 }], outputs: 2, loss: 'squaredError' },
    T: 5,
    B: 3,
  },
  'the squared error at every step of sequences of unequal length': {
    network: { inputs: 3, layers: [{ hidden: 4 }], outputs: 2, loss: 'squaredError', reads: 'every', forgetBias: 0 },
    T: 4,
    B: 3,
    lengths: [4, 2, 1],
  },
  classes: {
    network: { inputs: 6, inputKind: 'classes', layers: [both(2)], outputs: 4, reads: 'every' },
    T: 5,
    B: 3,
    lengths: [5, 4, 2],
  },
  dropout: {
    network: { inputs: 2, layers: [both(2), { hidden: 3 }], outputs: 4, dropout: 0.4 },
    T: 3,
    B: 2,
  },
  'three layers, two of them in both directions, with lengths, dropout, and a loss at every step': {
    network: { inputs: 2, layers: [both(2), both(1), { hidden: 3 }], outputs: 4, reads: 'every', dropout: 0.25 },
    T: 5,
    B: 3,
    lengths: [5, 3, 2],
  },
  'a projection, no biases, lengths in any order': {
    network: {
      ...{
        inputs: 2,
        layers: [
          { ...both(3), projection: 2 },
          { hidden: 4, projection: 1, bias: false },
        ],
        outputs: 3,
      },
      ...{ reads: 'every', dropout: 0.3 },
    },
    T: 4,
    B: 5,
    lengths: [2, 4, 1, 4, 3],
  },
  'one step, one sequence': { network: { inputs: 3, layers: [both(2), { hidden: 4 }], outputs: 2 }, T: 1, B: 1 },
};

test.each([...Object.entries(EXAMPLES), ...OF_LOSSES])('%s', async (_, { network, T, B, lengths }) => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const reports = await checkNetworkGradients(backend, network, { T, B }, { seed: 3, ...(lengths && { lengths }) });
  const states = ['h0', 'c0'].flatMap((name) => lstmsOf(network).map(({ suffix }) => name + suffix));
  const names = [
    ...Object.keys(networkParameterShapes(network)),
    ...states,
    ...(network.inputKind === 'classes' ? [] : ['x']),
  ];
  expect(reports.map(({ name }) => name).sort()).toEqual(names.sort());
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
  // No tensor passes because all its gradients are 0.
  expect(reports.filter(({ worst }) => worst.backward === 0 && worst.numeric === 0).map(({ name }) => name)).toEqual(
    [],
  );
});
