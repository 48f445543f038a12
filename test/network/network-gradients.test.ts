/**
 * Every gradient of networks with each feature, and with all of them: compared with numeric gradients in f64. No two sizes
 * are equal, and no initial state is zero.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { BatchSizes, NetworkConfig } from '../../src/network/config.js';
import { LOSSES, lstmsOf, networkParameterShapes, READS } from '../../src/network/config.js';
import { checkNetworkGradients } from '../../src/network/network-check.js';

type Example = [name: string, network: NetworkConfig, sizes: BatchSizes & { readonly lengths?: readonly number[] }];

const network = (inputs: number, layers: NetworkConfig['layers'], outputs: number) => ({ inputs, layers, outputs });
const both = (hidden: number) => ({ hidden, bidirectional: true });
const every = { reads: 'every' } as const;
const squared = { loss: 'squaredError' } as const;
const [LOWER, UPPER] = [
  { ...both(3), projection: 2 },
  { hidden: 4, projection: 1, bias: false },
];

/** Each loss, at the last step and at each. */
const OF_LOSSES = LOSSES.flatMap((loss) =>
  READS.map((reads): Example => {
    const quantiles = loss === 'pinball' ? [0.1, 0.4, 0.9] : [];
    return [`${loss}, ${reads}`, { ...network(2, [{ hidden: 3 }], 3), loss, reads, quantiles }, { T: 5, B: 4 }];
  }),
);

const EXAMPLES: readonly Example[] = [
  ['two layers', network(2, [{ hidden: 3 }, { hidden: 5 }], 4), { T: 4, B: 3 }],
  ['both directions', network(2, [both(3)], 4), { T: 5, B: 3 }],
  [
    'lengths, the loss at each sequence’s last step',
    network(2, [{ hidden: 4 }], 3),
    { T: 5, B: 4, lengths: [5, 3, 3, 1] },
  ],
  ['lengths, of which none is T', { ...network(3, [both(2)], 4), ...every }, { T: 5, B: 3, lengths: [4, 3, 1] }],
  ['a loss at every step', { ...network(2, [{ hidden: 4 }], 3), ...every, forgetBias: 0.37 }, { T: 5, B: 3 }],
  ['the squared error', { ...network(3, [{ hidden: 4 }], 2), ...squared }, { T: 5, B: 3 }],
  [
    'the squared error at every step of sequences of unequal length',
    { ...network(3, [{ hidden: 4 }], 2), ...squared, ...every, forgetBias: 0 },
    { T: 4, B: 3, lengths: [4, 2, 1] },
  ],
  ['classes', { ...network(6, [both(2)], 4), ...every, inputKind: 'classes' }, { T: 5, B: 3, lengths: [5, 4, 2] }],
  ['dropout', { ...network(2, [both(2), { hidden: 3 }], 4), dropout: 0.4 }, { T: 3, B: 2 }],
  [
    'three layers, two of them in both directions, with lengths, dropout, and a loss at every step',
    { ...network(2, [both(2), both(1), { hidden: 3 }], 4), ...every, dropout: 0.25 },
    { T: 5, B: 3, lengths: [5, 3, 2] },
  ],
  [
    'a projection, no biases, lengths in any order',
    { ...network(2, [LOWER, UPPER], 3), ...every, dropout: 0.3 },
    { T: 4, B: 5, lengths: [2, 4, 1, 4, 3] },
  ],
  ['one step, one sequence', network(3, [both(2), { hidden: 4 }], 2), { T: 1, B: 1 }],
];

test.each([...EXAMPLES, ...OF_LOSSES])('%s', async (_, config, { T, B, lengths }) => {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const reports = await checkNetworkGradients(backend, config, { T, B }, { seed: 3, ...(lengths && { lengths }) });
  const states = ['h0', 'c0'].flatMap((name) => lstmsOf(config).map(({ suffix }) => name + suffix));
  const names = [
    ...Object.keys(networkParameterShapes(config)),
    ...states,
    ...(config.inputKind === 'classes' ? [] : ['x']),
  ];
  expect(reports.map(({ name }) => name).sort()).toEqual(names.sort());
  expect(reports.filter(({ ok }) => !ok)).toEqual([]);
  // No tensor passes because all its gradients are 0.
  expect(reports.filter(({ worst }) => worst.backward === 0 && worst.numeric === 0).map(({ name }) => name)).toEqual(
    [],
  );
});
