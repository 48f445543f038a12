/** Checkpoints of versions 2 and 3: every network, data with a name, and SGD. What is wrong with them is named. */
import { zeros } from '../../src/core/tensor.js';
import { type StoredTensor, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { storedTensor } from '../../src/files/stored-tensors.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint, signed } from '../../src/training/checkpoint.js';
import { type TrainOptions, namesInVersion, OPTION_NAMES, storedName } from '../../src/training/options.js';
import { type Change, inJson, refusalOf } from '../helpers/changed-files.js';
import { WRONG_NETWORKS } from '../helpers/random-model.js';
import { checkpointOf, IMAGES, smallSequences, STEPS } from '../helpers/small-data.js';

const DATA = {
  ...smallSequences({ inputs: 'classes', answers: 'labels', reads: 'every', ends: 'lengths' }, 9),
  task: 'small sequences',
};
const OPTIONS = {
  hidden: [3, 2],
  bidirectional: true,
  dropout: 0.25,
  forgetBias: 0.5,
  optimiser: 'sgd',
  batchSize: 4,
  trainingIters: 16,
} as const;
const NETWORK = {
  inputs: 5,
  layers: [
    { hidden: 3, bidirectional: true },
    { hidden: 2, bidirectional: true },
  ],
  outputs: 3,
  inputKind: 'classes',
  loss: 'crossEntropy',
  reads: 'every',
  dropout: 0.25,
  forgetBias: 0.5,
};
const PARAMETERS = [
  ...['0', '0.reverse', '1', '1.reverse'].flatMap((suffix) => [`kernel.${suffix}`, `bias.${suffix}`]),
  ...['outKernel', 'outBias'],
];

let checkpoint: Checkpoint;
let bytes: Uint8Array;
beforeAll(async () => {
  checkpoint = await checkpointOf(DATA, OPTIONS);
  bytes = checkpointBytes(checkpoint);
});

const versionOf = (one: Checkpoint): string | undefined =>
  parseSafetensors(checkpointBytes(one), 'f').metadata.get('formatVersion');

test.each(['sgd', 'adam'] as const)('a loaded checkpoint with %s has the bytes of the saved one', async (optimiser) => {
  const saved = await checkpointOf(DATA, { ...OPTIONS, optimiser });
  const file = checkpointBytes(saved);
  const loaded = parseCheckpoint(file, 'f');
  expect(loaded).toEqual(saved);
  expect(Buffer.compare(checkpointBytes(loaded), file)).toBe(0);

  const { metadata, tensors } = parseSafetensors(file, 'f');
  const moments = optimiser === 'sgd' ? ['sgd.v.'] : ['adam.m.', 'adam.v.'];
  const names = ['', ...moments].flatMap((prefix) => PARAMETERS.map((name) => prefix + name));
  expect([...tensors.keys()].sort()).toEqual([...names, 'order'].sort());
  expect(metadata.get('formatVersion')).toBe('2');
  expect(JSON.parse(metadata.get('model')!)).toEqual({ T: STEPS, network: NETWORK });
  expect(Object.keys(JSON.parse(metadata.get('options')!) as object)).toEqual(namesInVersion(2).map(storedName));
  expect(JSON.parse(metadata.get('training')!)).toMatchObject({ step: 3, task: 'small sequences' });
});

const TARGETS = smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' }, 9);
const IF_SET = ['loss', 'delta', 'quantiles', 'cell', 'eigenvalues']; // left out of a file if they have their defaults

const PROJECTED = NETWORK.layers.map((layer) => ({ ...layer, projection: 1, bias: false }));
const ofTargets = (outputs: number, loss: object): object => ({ inputs: 2, inputKind: 'numbers', outputs, ...loss });
const GRU = { cell: 'gru', forgetBias: 1 } as const;
const HUBER = { loss: 'huber', delta: 0.25 } as const;
const PINBALL = { loss: 'pinball', quantiles: [0.1, 0.9] } as const;

test.each<[Partial<TrainOptions>, object, object]>([
  [{ projection: 1, withoutBias: true }, { layers: PROJECTED }, {}],
  [GRU, { layers: NETWORK.layers.map((layer) => ({ ...layer, cell: 'gru' })), forgetBias: 1 }, { cell: 'gru' }],
  [{ loss: 'absoluteError' }, ofTargets(2, { loss: 'absoluteError' }), { loss: 'absoluteError' }],
  [{ loss: 'huber' }, ofTargets(2, { loss: 'huber', delta: 1 }), { loss: 'huber' }],
  [HUBER, ofTargets(2, HUBER), HUBER],
  [{ loss: 'pinball' }, ofTargets(6, { loss: 'pinball', quantiles: [0.05, 0.5, 0.95] }), { loss: 'pinball' }],
  [PINBALL, ofTargets(4, PINBALL), PINBALL],
])(
  'a network of %j needs version 3; a loaded checkpoint equals the saved one, byte for byte',
  async (option, network, stored) => {
    const saved = await checkpointOf('loss' in option ? TARGETS : DATA, { ...OPTIONS, ...option });
    const file = checkpointBytes(saved);
    expect(parseCheckpoint(file, 'f')).toEqual(saved);
    expect(Buffer.compare(checkpointBytes(parseCheckpoint(file, 'f')), file)).toBe(0);
    const { metadata, tensors } = parseSafetensors(file, 'f');
    expect(metadata.get('formatVersion')).toBe('3');
    expect(JSON.parse(metadata.get('model')!)).toEqual({ T: STEPS, network: { ...NETWORK, ...network } });
    const options = JSON.parse(metadata.get('options')!) as Record<string, unknown>;
    const names = OPTION_NAMES.map(storedName).filter((name) => !IF_SET.includes(name) || name in stored);
    expect(Object.keys(options)).toEqual(names);
    expect(options).toMatchObject(stored);
    expect(refusalOf(file, (_, changed) => changed.set('formatVersion', '2'))).toBe(
      'f: model: network has other cells than lstm, projections, no biases, a newer loss or class names: these need format version 3',
    );
    if (!('projection' in option)) return;
    expect([tensors.has('bias.0'), tensors.get('projection.1.reverse')?.shape]).toEqual([false, [2, 1]]);
    for (const other of ['bias.0', 'sgd.v.bias.0', 'adam.m.kernel.0', 'kernel.7']) {
      const extra = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const;
      const message = `f: tensor "${other}" does not belong to its network or run`;
      expect(refusalOf(file, (all) => all.set(other, extra))).toBe(message);
    }
  },
);

test('a run with the squared error has the file that it had before there were other losses', async () => {
  const saved = await checkpointOf(TARGETS, {
    ...OPTIONS,
    loss: 'squaredError',
    delta: 1,
    quantiles: [0.05, 0.5, 0.95],
  });
  const { metadata } = parseSafetensors(checkpointBytes(saved), 'f');
  expect(metadata.get('formatVersion')).toBe('2');
  expect(Object.keys(JSON.parse(metadata.get('options')!) as object)).toEqual(namesInVersion(2).map(storedName));
});

describe('a file is of version 1 if that can hold it', () => {
  const plain = { hidden: 2, batchSize: 16, trainingIters: 32 };

  test.each<[string, Partial<TrainOptions>]>([
    ['1', {}],
    ['1', { loss: 'squaredError', delta: 1, quantiles: [0.05, 0.5, 0.95] }],
    ['1', { schedule: 'cosine', clipNorm: 1, shuffle: 'legacy', layers: 1, dropout: 0, momentum: 0.9 }],
    ['2', { layers: 2 }],
    ['2', { hidden: [2] }],
    ['2', { bidirectional: true }],
    ['2', { layers: 2, dropout: 0.1 }],
    ['2', { outputInit: 'glorot' }],
    ['2', { biasInit: 'chrono' }],
    ['2', { optimiser: 'sgd' }],
    ['2', { optimiser: 'sgd', momentum: 0.8 }],
    ['2', { shift: 1 }],
    ['3', { projection: 1 }],
    ['3', { withoutBias: true, shift: 1 }],
  ])('%s with %j', async (version, options) => {
    const saved = await checkpointOf(IMAGES, { ...plain, ...options });
    expect(versionOf(saved)).toBe(version);
    const isPlain = Object.keys(saved.model.parameters).join() === 'kernel,bias,outKernel,outBias';
    expect(versionOf({ ...saved, training: null })).toBe(isPlain ? '1' : version);
    expect(parseCheckpoint(checkpointBytes(saved), 'f')).toEqual(saved);
  });

  test('and not with a vocabulary, which such a network cannot have', async () => {
    const { model } = await checkpointOf(IMAGES, plain);
    const vocabulary = { characters: ['a', 'b'], hasOther: false };
    expect(() => checkpointBytes({ model: { ...model, vocabulary }, training: null })).toThrow(
      /^checkpoint: model: a vocabulary of 2 classes, but the network reads \d+ numbers/,
    );
  });

  test('and not with a task, or with sequences that version 1 does not know', async () => {
    expect(versionOf(await checkpointOf({ ...IMAGES, task: 'mine' }, plain))).toBe('2');
    const numbers = smallSequences({ inputs: 'numbers', answers: 'labels', reads: 'last', ends: 'lengths' }, 16);
    expect(versionOf(await checkpointOf(numbers, plain))).toBe('1');
    const targets = smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'last', ends: 'lengths' }, 16);
    expect(versionOf(await checkpointOf(targets, plain))).toBe('2');
  });
});

test('NaN in a velocity is never written, nor read', () => {
  const spoilt = zeros([3]);
  spoilt.set(1, NaN);
  const { model, training } = checkpoint;
  const velocities = { ...training!.velocities, outBias: spoilt };
  expect(() => checkpointBytes({ model, training: { ...training!, velocities } })).toThrow(
    'sgd.v.outBias[1] is NaN at step 3: training has diverged',
  );
  const found = refusal((tensors) => tensors.set('sgd.v.outBias', storedTensor(spoilt)));
  expect(found).toBe('f: tensor "sgd.v.outBias": element 1 is NaN, must be finite');
});

/** The message that refuses a changed file whose checksum is correct. */
const refusal = (change: Change): string => refusalOf(bytes, change);
const refusalOfJson = (key: string, change: (value: Record<string, unknown>) => unknown): string =>
  refusal(inJson(key, change));

test.each<readonly [object, string]>([
  ...WRONG_NETWORKS,
  [{ forgetBias: 1e39 }, 'network: forgetBias is 1e+39: must be a number within f32 (±3.4028235e+38)'],
])('a network with %j is refused', (change, message) => {
  expect(refusalOfJson('model', (model) => Object.assign(model.network as object, change))).toMatch(
    `f: model: ${message}`,
  );
});

test('other models are refused', () => {
  const HUGE = 2 ** 53;
  const withLayers = (count: number) => ({ ...NETWORK, layers: Array<object>(count).fill({ hidden: 1 }) });
  for (const [change, message] of [
    [(model) => delete model.network, 'f: model: field network is missing'],
    [(model) => (model.network = null), 'f: model: network: null: must be an object'],
    [(model) => (model.network = []), 'f: model: network: an Array: must be an object with names'],
    [(model) => (model.network = 'LSTM'), 'f: model: network: "LSTM": must be an object'],
    [(model) => (model.network = withLayers(1001)), 'f: model: network has 1001 layers: must be at most 1000'],
    [(model) => (model.network = withLayers(1000)), 'f: tensor "kernel.0" is [8,12], must be [6,4]'],
    [(model) => (model.network = { ...NETWORK, inputs: 1e300 }), 'f: tensor "kernel.0" is [8,12], must be [1e+300,12]'],
    [(model) => (model.network = { ...NETWORK, outputs: HUGE }), `f: tensor "outKernel" is [4,3], must be [4,${HUGE}]`],
    [(model) => (model.network = { ...NETWORK, loss: 'x'.repeat(1e6) }), 'f: model: network: loss is "xxx'],
    [(model) => (model.network = { ...NETWORK, ['y'.repeat(1e6)]: 1 }), 'f: model: network: yyy'],
    [(model) => delete model.T, 'f: model: field T is missing'],
    [(model) => (model.T = 0), 'f: model: T is 0, must be a whole number from 1'],
    [(model) => (model.H = 3), 'f: model: unknown field "H"'],
  ] satisfies [(model: Record<string, unknown>) => unknown, string][]) {
    const found = refusalOfJson('model', change);
    expect(found.slice(0, message.length)).toBe(message);
    expect(found.length).toBeLessThan(400);
  }
  // numbers that JSON.stringify does not write
  const rewritten = (change: (json: string) => string): string =>
    refusal((_, metadata) => metadata.set('model', change(metadata.get('model')!)));
  expect(rewritten((json) => json.replace('"inputs":5', '"inputs":1e999'))).toBe(
    'f: model: network: inputs is Infinity: must be a whole number ≥ 1',
  );
  const nested = rewritten((json) => json.replace('[{', '[[{').replace('}]', '}]]'));
  expect(nested).toMatch(/^f: model: not valid JSON \(nested deeper than 4/);
});

test('a field of the network that is missing has its default', () => {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  const network: Partial<typeof NETWORK> = { ...NETWORK };
  delete network.loss;
  const changed = new Map(metadata).set('model', JSON.stringify({ T: STEPS, network }));
  expect(parseCheckpoint(writeSafetensors(signed({ metadata: changed, tensors })), 'f')).toEqual(checkpoint);
});

test('options of another network are refused', () => {
  const layer = (hidden: number, bidirectional = true) => JSON.stringify({ hidden, bidirectional });
  for (const [change, theirs, ours] of [
    [{ hidden: [3, 3] }, `layers[1] ${layer(3)}`, layer(2)],
    [{ hidden: [3, 2, 4] }, `layers[2] ${layer(4)}`, 'nothing'],
    [{ hidden: 3, dropout: 0 }, 'layers[1] nothing', layer(2)],
    [{ bidirectional: false }, `layers[0] ${layer(3, false)}`, layer(3)],
    [{ dropout: 0.5 }, 'dropout 0.5', 0.25],
    [{ forgetBias: 1 }, 'forgetBias 1', 0.5],
  ] as const) {
    expect(refusalOfJson('options', (options) => Object.assign(options, change))).toBe(
      `f: options of another network: ${theirs}; the file's network has ${ours}`,
    );
  }
});

test('every tensor of the network and of its optimiser must be present, in its shape', () => {
  for (const name of [...PARAMETERS, ...PARAMETERS.map((parameter) => `sgd.v.${parameter}`)]) {
    expect(refusal((tensors) => tensors.delete(name))).toMatch(`f: has no tensor "${name}", only `);
    const other: StoredTensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) };
    expect(refusal((tensors) => tensors.set(name, other))).toMatch(`f: tensor "${name}" is [1], must be [`);
  }
  const withAdam = refusalOfJson('options', (options) => (options.optimiser = 'adam'));
  expect(withAdam).toMatch('f: has no tensor "adam.m.kernel.0"');
});

test.each<[string, unknown, string]>([
  ['of 10 kB', 'x'.repeat(10_000), `task is "${'x'.repeat(58)}…, must be null or a text of 1 to 100 characters`],
  ['that is empty', '', 'task is "", must be null or a text of 1 to 100 characters'],
  ['that is no text', 5, 'task is 5, must be a text or null'],
  ['that is missing', undefined, 'field task is missing'],
])('a task %s is refused', (_, task, message) => {
  expect(refusalOfJson('training', (training) => (training.task = task))).toBe(`f: training: ${message}`);
});

test('a file of version 1 with parts of version 2 is refused', async () => {
  bytes = checkpointBytes(await checkpointOf(IMAGES, { hidden: 2, batchSize: 16, trainingIters: 32 }));
  expect(refusalOfJson('training', (training) => (training.task = null))).toBe('f: training: unknown field "task"');
  expect(refusalOfJson('model', (model) => (model.network = NETWORK))).toBe('f: model: unknown field "network"');
  expect(refusalOfJson('options', (options) => (options.layers = 1))).toBe('f: options: unknown field "layers"');
  expect(refusal((_, metadata) => metadata.set('formatVersion', '2'))).toBe('f: model: field network is missing');
});
