/** A network: its sizes, its parameters, its memory, the errors for wrong ones, and its gradients. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError, OutOfMemoryError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { copyInto, fill, valuesOf, zeros } from '../../src/core/tensor.js';
import type { BatchSizes, NetworkConfig } from '../../src/network/config.js';
import {
  assertClassesFit,
  completeConfig,
  LOSSES,
  lstmsOf,
  networkParameterShapes,
  READS,
} from '../../src/network/config.js';
import { checkNetworkGradients } from '../../src/network/network-check.js';
import { allocateLstm, bindLstm } from '../../src/equations/lstm-tensors.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { countingBackend } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';
import { randomNetwork, STACK, WRONG_NETWORKS } from '../helpers/random-model.js';

const backend = createReferenceBackend({ dtype: 'f64' });

describe('sizes', () => {
  test('defaults are filled in', () => {
    expect(completeConfig({ inputs: 2, layers: [{ hidden: 3 }], outputs: 4 })).toEqual({
      inputs: 2,
      layers: [{ hidden: 3, bidirectional: false, projection: 0, bias: true, cell: 'lstm' }],
      outputs: 4,
      inputKind: 'numbers',
      loss: 'crossEntropy',
      delta: 1,
      quantiles: [],
      reads: 'last',
      dropout: 0,
      forgetBias: 1,
      eigenvalues: 'positive',
      classNames: [],
    });
  });
  /** The parameters of a layer in both directions. */
  const BOTH = { 'kernel.0': [5, 12], 'bias.0': [12], 'kernel.0.reverse': [5, 12], 'bias.0.reverse': [12] };

  test.each<[NetworkConfig['layers'], Record<string, number[]>]>([
    [[{ hidden: 3 }], { kernel: [5, 12], bias: [12], outKernel: [3, 4], outBias: [4] }],
    [[{ hidden: 3, bidirectional: true }], { ...BOTH, outKernel: [6, 4], outBias: [4] }],
    [
      [{ hidden: 3, bidirectional: true }, { hidden: 1 }],
      { ...BOTH, 'kernel.1': [7, 4], 'bias.1': [4], outKernel: [1, 4], outBias: [4] },
    ],
    [
      [
        { hidden: 3, projection: 2 },
        { hidden: 1, bias: false },
      ],
      {
        'kernel.0': [4, 12],
        'bias.0': [12],
        'projection.0': [3, 2],
        'kernel.1': [3, 4],
        outKernel: [1, 4],
        outBias: [4],
      },
    ],
  ])('layers %j have the parameters %j', (layers, shapes) => {
    const network = { inputs: 2, layers, outputs: 4 };
    expect(Object.entries(networkParameterShapes(network))).toEqual(Object.entries(shapes));
    expect(Object.entries(networkParameterShapes(completeConfig(network)))).toEqual(Object.entries(shapes));
  });
  test.each<readonly [object, string]>([
    ...WRONG_NETWORKS,
    [{ outputs: 2 ** 24 + 1 }, 'network: outputs is 16777217 classes: must be at most 16777216, which f32 can tell'],
    [{ inputs: 2 ** 24 + 1, inputKind: 'classes' }, 'network: inputs is 16777217 classes: must be at most 16777216'],
    [{ dropout: NaN }, 'network: dropout is NaN: must be in 0 … 0.99'],
    [
      { layers: [{ hidden: 3 }], dropout: 0.5 },
      'network: dropout is 0.5: must be 0 with one layer: it drops numbers between two layers',
    ],
    [{ forgetBias: Infinity }, 'network: forgetBias is Infinity: must be finite'],
  ])('%j are refused', (change, message) => {
    const sizes = { inputs: 2, layers: [{ hidden: 3 }, { hidden: 1 }], outputs: 4, ...change } as NetworkConfig;
    expect(() => new Network(createReferenceBackend(), sizes, { T: 2, B: 2 })).toThrow(message);
  });

  test('more numbers than f32 has class indices may be read and predicted, and f64 has more of these', () => {
    const layers = [{ hidden: 1, bidirectional: false, projection: 0, bias: true }];
    const classes = { ...completeConfig({ inputs: 2 ** 25, outputs: 2 ** 25, layers }), inputKind: 'classes' } as const;
    expect(() => assertClassesFit(classes, backend)).not.toThrow();
    const numbers = { ...classes, inputKind: 'numbers', loss: 'squaredError' } as const;
    expect(() => assertClassesFit(numbers, createReferenceBackend())).not.toThrow();
  });
});

test('a network, a model and an LSTM keep their sizes and lists, though the caller changes the given objects', () => {
  const sizes = { T: 4, B: 2, I: 2, H: 3, C: 3 };
  const config = { inputs: 2, layers: [{ hidden: 3 }], outputs: 3 };
  const lstm = allocateLstm(backend, sizes);
  const inputs = [lstm.x];
  const bound = bindLstm(sizes, { ...lstm, inputs, dInputs: [] });
  const owners = [new Network(backend, config, sizes), new Model(backend, sizes), lstm, bound];
  const before = owners.map((owner) => ({ ...owner.sizes }));
  Object.assign(sizes, { T: 7, B: 9, H: 1 });
  config.layers[0].hidden = 5;
  inputs.push(lstm.x);
  expect(owners.map((owner) => owner.sizes)).toEqual(before);
  expect(bound.inputs).toEqual([lstm.x]);
  for (const owner of owners.slice(0, 2) as Network[]) {
    owner.setBatch({ x: zeros([4, 2, 2], 'f64'), labels: [0, 1] });
    owner.forward();
    owner.backward();
  }
});

test('a network of one layer computes the bits of a Model', () => {
  const model = new Model(backend, { T: 4, B: 2, I: 2, H: 3, C: 3 });
  const network = randomNetwork(backend, { inputs: 2, layers: [{ hidden: 3 }], outputs: 3 });
  model.load(valuesByName(network.parameters));
  for (const name of ['h', 'c'] as const) copyInto(model.lstm.initial[name], network.layers[0][0].initial[name]);
  for (const each of [model, network]) {
    each.setBatch({ x: network.activations.x, labels: [2, 0] });
    each.forward();
    each.backward();
  }
  expect(model.parameters.map(({ gradient }) => valuesOf(gradient))).toEqual(
    network.parameters.map(({ gradient }) => valuesOf(gradient)),
  );
});

describe('dropout', () => {
  test('needs masks, and its name: without them a pass is refused', () => {
    const network = randomNetwork(backend, STACK);
    expect(() => network.forward({ dropout: true })).toThrow(
      'forward: dropout: no masks have been drawn: call drawMasks',
    );
    expect(() => network.forward({ dropOut: true } as never)).toThrow('forward: dropOut: unknown option');
    expect(() => randomNetwork(backend, { ...STACK, dropout: 0 }).forward({ dropout: true })).not.toThrow();
  });

  test('the same seed draws the same masks, and another seed others', () => {
    const dropped = [7, 7, 8].map((seed) => {
      const network = randomNetwork(backend, STACK);
      network.drawMasks(new Random(seed));
      network.forward({ dropout: true });
      return valuesOf(network.layers[1][0].inputs[0]);
    });
    expect(dropped[1]).toEqual(dropped[0]);
    expect(dropped[2]).not.toEqual(dropped[0]);
  });
});

describe('numbers that are not finite', () => {
  const numbers = randomNetwork(backend, STACK);
  const { x } = numbers.activations;
  beforeEach(() => {
    fill(x, 0.5);
    numbers.setTargets({ labels: [0, 1, 2, 0, 1, 2, 0, 1], lengths: [4, 2] });
  });

  test('are allowed beyond a sequence’s end', async () => {
    x.set(2, 1, 0, NaN);
    await expect(numbers.assertFiniteInputs()).resolves.toBeUndefined();
  });
  test('are named elsewhere: in x, and in the initial states', async () => {
    x.set(1, 1, 0, NaN);
    expect(await failureOf(numbers.assertFiniteInputs())).toEqual(
      new DataError('x[1,1,0] is NaN: every input must be finite'),
    );
    x.set(1, 1, 0, 0);
    numbers.layers[0][1].initial.c.set(1, 2, Infinity);
    expect(await failureOf(numbers.assertFiniteInputs())).toEqual(
      new DataError('c0.0.reverse[1,2] is Infinity: every input must be finite'),
    );
  });
});

test('initial values: each kernel glorot-uniform, biases zero; the output layer normal or glorot-uniform', () => {
  const sizes: NetworkConfig = {
    ...STACK,
    layers: [{ hidden: 30, bidirectional: true }, { hidden: 20 }],
    outputs: 400,
  };
  const network = new Network(backend, sizes, { T: 1, B: 1 });
  for (const start of ['normal', 'glorot'] as const) {
    network.initialise(new Random(1), start);
    for (const { name, value } of network.parameters) {
      const numbers = [...valuesOf(value)];
      const largest = Math.max(...numbers.map(Math.abs));
      const [rows, columns = 0] = value.shape;
      const limit = Math.sqrt(6 / (rows + columns));
      if (start === 'normal' && name.startsWith('out')) expect(largest).toBeGreaterThan(2);
      else if (columns === 0) expect(largest).toBe(0);
      else expect([largest <= limit, largest > 0.99 * limit]).toEqual([true, true]);
    }
  }
});

test("initial biases 'chrono': f + i = 1 for each unit, and a state lasts 1 to T - 1 steps", () => {
  const layers = [{ hidden: 30, bidirectional: true }, { hidden: 20 }];
  const network = new Network(backend, { ...STACK, layers, forgetBias: 1.5 }, { T: 100, B: 1 });
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  network.initialise(new Random(1), 'glorot', 'chrono');
  const steps: number[] = [];
  for (const { name, value } of network.parameters.filter((parameter) => parameter.name.startsWith('bias.'))) {
    const H = value.shape[0] / 4;
    for (let n = 0; n < H; n++) {
      const [i, j, f, o] = [0, 1, 2, 3].map((gate) => value.get(gate * H + n));
      expect([name, j, o]).toEqual([name, 0, 0]);
      expect(sigmoid(i) + sigmoid(f + 1.5)).toBeCloseTo(1, 6);
      steps.push(Math.exp(-i));
    }
  }
  expect(steps).toHaveLength(80);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...steps)).toBeLessThanOrEqual(99);
  expect(steps.reduce((sum, u) => sum + u, 0) / steps.length).toBeCloseTo(50, -1); // uniform in 1 … 99: mean 50
  expect([...valuesOf(valuesByName(network.parameters).outBias)]).toEqual([0, 0, 0]);
  new Network(backend, STACK, { T: 1, B: 1 }).initialise(new Random(1), 'glorot', 'chrono'); // u is 1 for every unit
});

test('initial values of an unknown name are refused', () => {
  const network = new Network(backend, STACK, { T: 1, B: 1 });
  expect(() => network.initialise(new Random(1), 'Normal' as never)).toThrow(
    'initialise: output "Normal": must be one of normal, glorot',
  );
  expect(() => network.initialise(new Random(1), 'glorot', 'Chrono' as never)).toThrow(
    'initialise: bias "Chrono": must be one of zeros, chrono',
  );
});

describe('memory', () => {
  test('dispose frees every tensor, and a second call does nothing', () => {
    const counting = countingBackend();
    const network = new Network(counting.backend, STACK, { T: 2, B: 2 }, { inputGradient: true });
    expect(counting.held.size).toBeGreaterThan(40);
    network.dispose();
    network.dispose();
    expect(counting.held.size).toBe(0);
  });
  test.each([1, 12, 20, 30, 45])('a network that does not fit frees the %d tensors that fitted', (fitting) => {
    const { backend: full, held } = countingBackend({ fits: (_, tensors) => tensors.size < fitting });
    expect(() => new Network(full, STACK, { T: 2, B: 2 }, { inputGradient: true })).toThrow(OutOfMemoryError);
    expect(held.size).toBe(0);
  });
});

test('dx is computed only if asked for', () => {
  const network = new Network(backend, STACK, { T: 2, B: 2 });
  expect(() => network.dx).toThrow('network: dx is not computed; make the network with { inputGradient: true }');
});

test('parameters are saved and loaded by name', async () => {
  const [network, other] = [randomNetwork(backend, STACK), new Network(backend, STACK, { T: 1, B: 1 })];
  const saved = await network.save();
  other.load(saved);
  expect(await other.save()).toEqual(saved);
  const { 'kernel.0.reverse': _, ...missing } = saved;
  expect(() => other.load(missing)).toThrow('load: no tensor kernel.0.reverse, only kernel.0, bias.0');
});

/*
 * Every gradient of networks with each feature, and with all of them: compared with numeric gradients in f64. No two sizes
 * are equal, and no initial state is zero.
 */
type Example = [name: string, network: NetworkConfig, sizes: BatchSizes & { readonly lengths?: readonly number[] }];

const sizesOf = (inputs: number, layers: NetworkConfig['layers'], outputs: number) => ({ inputs, layers, outputs });
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
    return [`${loss}, ${reads}`, { ...sizesOf(2, [{ hidden: 3 }], 3), loss, reads, quantiles }, { T: 5, B: 4 }];
  }),
);

const EXAMPLES: readonly Example[] = [
  ['two layers', sizesOf(2, [{ hidden: 3 }, { hidden: 5 }], 4), { T: 4, B: 3 }],
  ['both directions', sizesOf(2, [both(3)], 4), { T: 5, B: 3 }],
  [
    'lengths, the loss at each sequence’s last step',
    sizesOf(2, [{ hidden: 4 }], 3),
    { T: 5, B: 4, lengths: [5, 3, 3, 1] },
  ],
  ['lengths, of which none is T', { ...sizesOf(3, [both(2)], 4), ...every }, { T: 5, B: 3, lengths: [4, 3, 1] }],
  ['a loss at every step', { ...sizesOf(2, [{ hidden: 4 }], 3), ...every, forgetBias: 0.37 }, { T: 5, B: 3 }],
  ['the squared error', { ...sizesOf(3, [{ hidden: 4 }], 2), ...squared }, { T: 5, B: 3 }],
  [
    'the squared error at every step of sequences of unequal length',
    { ...sizesOf(3, [{ hidden: 4 }], 2), ...squared, ...every, forgetBias: 0 },
    { T: 4, B: 3, lengths: [4, 2, 1] },
  ],
  ['classes', { ...sizesOf(6, [both(2)], 4), ...every, inputKind: 'classes' }, { T: 5, B: 3, lengths: [5, 4, 2] }],
  ['dropout', { ...sizesOf(2, [both(2), { hidden: 3 }], 4), dropout: 0.4 }, { T: 3, B: 2 }],
  [
    'three layers, two of them in both directions, with lengths, dropout, and a loss at every step',
    { ...sizesOf(2, [both(2), both(1), { hidden: 3 }], 4), ...every, dropout: 0.25 },
    { T: 5, B: 3, lengths: [5, 3, 2] },
  ],
  [
    'a projection, no biases, lengths in any order',
    { ...sizesOf(2, [LOWER, UPPER], 3), ...every, dropout: 0.3 },
    { T: 4, B: 5, lengths: [2, 4, 1, 4, 3] },
  ],
  ['one step, one sequence', sizesOf(3, [both(2), { hidden: 4 }], 2), { T: 1, B: 1 }],
];

test.each([...EXAMPLES, ...OF_LOSSES])('%s', async (_, config, { T, B, lengths }) => {
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
