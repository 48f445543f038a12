/** Arguments that TypeScript refuses but JavaScript can pass: an error names them before anything runs. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { type Tensor, zeros } from '../../src/core/tensor.js';
import { fillBatch, SHUFFLES } from '../../src/data/batches.js';
import type { LabelledImages } from '../../src/data/mnist.js';
import { textTask } from '../../src/data/text.js';
import { SCHEDULES } from '../../src/equations/schedule.js';
import * as library from '../../src/index.js';
import { Model } from '../../src/door/model.js';
import { Network } from '../../src/door/network.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { evaluate, predict, sample } from '../../src/door/predict.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { Adam } from '../../src/training/optimisers.js';
import { type TrainOptions, TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { untouchable } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';
import { checkpointOf, COLUMNS, IMAGES, OPTIONS, ROWS } from '../helpers/small-data.js';

const SIZE = ROWS * COLUMNS;
const DATA = { train: IMAGES, validation: undefined };
const spoiltLabels = IMAGES.labels.map((label, n) => (n === 7 ? 10 : label));

const BAD_IMAGES: readonly (readonly [string, object | undefined | null, new (message: string) => Error])[] = [
  [': undefined: must be an object', undefined, TypeError],
  [': null: must be an object', null, TypeError],
  [': count is 1.5: must be a whole number ≥ 1', { count: 1.5 }, RangeError],
  [': rows is 0: must be a whole number ≥ 1', { rows: 0 }, RangeError],
  [': columns is undefined: must be a whole number ≥ 1', { columns: undefined }, RangeError],
  ['.pixels is an Array: must be a Uint8Array', { pixels: [...IMAGES.pixels] }, TypeError],
  ['.pixels is a Float32Array: must be a Uint8Array', { pixels: Float32Array.from(IMAGES.pixels) }, TypeError],
  ['.labels is undefined: must be a Uint8Array', { labels: undefined }, TypeError],
  [
    `.pixels has ${64 * SIZE - 1} bytes: 64 images of 4 × 3 need ${64 * SIZE}`,
    { pixels: IMAGES.pixels.subarray(1) },
    DataError,
  ],
  [`.pixels has ${64 * SIZE} bytes: 65 images of 4 × 3 need ${65 * SIZE}`, { count: 65 }, DataError],
  ['.labels has 63 bytes: 64 images need 64', { labels: IMAGES.labels.subarray(1) }, DataError],
  ['.labels: label 10 at 7, expected 0…9', { labels: spoiltLabels }, DataError],
];

const spoiled = (change: object | undefined | null): LabelledImages =>
  (change ? { ...IMAGES, ...change } : change) as LabelledImages;

/** A run that ended. It is made once. */
let saved: Promise<Checkpoint> | undefined;
const savedRun = (): Promise<Checkpoint> => (saved ??= checkpointOf(IMAGES, OPTIONS));
const modelOf = (T = ROWS, I = COLUMNS): Model => new Model(createReferenceBackend(), { T, B: 2, I, H: 2, C: 10 });

test.each(BAD_IMAGES)(
  'the error “data%s” is thrown by every function that reads images',
  async (message, change, Kind) => {
    const images = spoiled(change);
    const ofTraining = new Kind(`train: data${message}`);
    const failure = await failureOf(train(untouchable, images, OPTIONS));
    expect(failure).toEqual(ofTraining);
    expect(failure).toBeInstanceOf(Kind);
    // undefined is allowed: it means no validation
    if (change !== undefined) {
      const refusal = await failureOf(train(untouchable, IMAGES, OPTIONS, { validation: images }));
      expect(refusal).toEqual(new Kind(`train: validation${message}`));
    }
    expect(() => Training.start(untouchable, { ...DATA, train: images }, TUTORIAL)).toThrow(ofTraining);
    expect(await failureOf(resumeTraining(untouchable, images, await savedRun()))).toEqual(ofTraining);
    expect(await failureOf(evaluate(modelOf(), images))).toEqual(new Kind(`evaluate: data${message}`));
  },
);

test.each([
  ['lr', 'did you mean learningRate?'],
  ['learning_rate', 'did you mean learningRate?'],
  ['LearningRate', 'did you mean learningRate?'],
  ['batch', 'did you mean batchSize?'],
  ['hiddenSize', 'did you mean hidden?'],
  ['epoch', 'did you mean epochs?'],
  ['optimizer', 'did you mean optimiser?'],
  ['units', 'did you mean hidden?'],
  ['Units', 'did you mean hidden?'],
  ['num_layers', 'did you mean layers?'],
  ['batch_size', 'did you mean batchSize?'],
  ['clipnorm', 'did you mean clipNorm?'],
  ['recurrent_dropout', `known options: ${Object.keys(TUTORIAL).join(', ')}`],
  ['constructor', `known options: ${Object.keys(TUTORIAL).join(', ')}`],
  ['iterations', `known options: ${Object.keys(TUTORIAL).join(', ')}`],
  ['x', `known options: ${Object.keys(TUTORIAL).join(', ')}`],
])('the unknown option %s is refused, with a suggestion or the known names', async (name, help) => {
  const expected = new TypeError(`train: ${name}: unknown option; ${help}`);
  const options = { ...OPTIONS, [name]: 1 };
  expect(await failureOf(train(untouchable, IMAGES, options))).toEqual(expected);
  expect(() => Training.start(untouchable, DATA, { ...TUTORIAL, ...options })).toThrow(expected);
});

test.each([
  ['schedule', 'foo', `"foo": must be one of ${SCHEDULES.join(', ')}`],
  ['shuffle', 3, `3: must be one of ${SHUFFLES.join(', ')}`],
  ['learningRate', '0.001', '"0.001": must be a number within f32 (±3.4028235e+38)'],
  ['seed', '1', '"1": must be a finite number'],
  ['hidden', '128', '"128": must be a whole number ≥ 1, or a list of them'],
  ['epochs', undefined, 'undefined: must be a whole number ≥ 1, or null'],
  ['validateEvery', undefined, 'undefined: must be a whole number ≥ 1, or null'],
  ['validateEvery', 'often', '"often": must be a whole number ≥ 1, or null'],
  ['batchSize', [16], 'an Array: must be a whole number ≥ 1'],
  ['clipNorm', '1', '"1": must be a number > 0, or null'],
])('the option %s is refused if its value is %p', async (name, value, message) => {
  const failure = await failureOf(train(untouchable, IMAGES, { ...OPTIONS, [name]: value }));
  expect(failure).toEqual(new RangeError(`train: ${name} ${message}`));
});

const anyOf = (value: unknown): never => value as never;
const nothing = anyOf(undefined);
const inPlaceOfOptions = (options: unknown) => () => train(untouchable, IMAGES, anyOf(options));
const withSignal = (signal: unknown) => () => evaluate(modelOf(), IMAGES, anyOf(signal));
const madeWith = (options: object) => () => new Model(untouchable, { T: 1, B: 1, I: 1, H: 1, C: 2 }, options);
const isNoSignal = (what: string): Error => new TypeError(`evaluate: signal ${what}: must be an AbortSignal`);

test.each<[Error, () => unknown]>([
  [isNoSignal('an Object'), withSignal({})],
  [isNoSignal('an AbortController'), withSignal(new AbortController())],
  [isNoSignal('5'), withSignal(5)],
  [new TypeError('train: null: must be an object'), inPlaceOfOptions(null)],
  [new TypeError('train: 5: must be an object'), inPlaceOfOptions(5)],
  [new TypeError('train: an Array: must be an object with names'), inPlaceOfOptions([])],
  [new TypeError('train: a function: must be an object'), inPlaceOfOptions(() => 1)],
  [new TypeError('train hooks: null: must be an object'), () => train(untouchable, IMAGES, OPTIONS, anyOf(null))],
  [new TypeError('evaluate: network: undefined: must be an object'), () => evaluate(nothing, IMAGES)],
  [
    new TypeError('resume: checkpoint: undefined: must be an object'),
    () => resumeTraining(untouchable, IMAGES, nothing),
  ],
  [new TypeError('train: data: undefined: must be an object'), () => Training.start(untouchable, nothing, TUTORIAL)],
  [new TypeError('train: undefined: must be an object'), () => Training.start(untouchable, DATA, nothing)],
  [new TypeError('model: forgetbias: unknown option; did you mean forgetBias?'), madeWith({ forgetbias: 2 })],
  [new TypeError('model: forgetBias "2": must be a number'), madeWith({ forgetBias: '2' })],
  [new TypeError('model: inputGradient 1: must be a boolean'), madeWith({ inputGradient: 1 })],
  [
    new DataError('evaluate: the data have T 4, inputs 3, but the network has T 5, inputs 6'),
    () => evaluate(modelOf(5, 6), IMAGES),
  ],
  [
    new DataError(
      'train: the validation data have T 3, inputs 4, but the training data have T 4, inputs 3: ' +
        'they must be of the same kind (`classes` beside the labels sets how many there are)',
    ),
    () => train(untouchable, IMAGES, OPTIONS, { validation: { ...IMAGES, rows: 3, columns: 4 } }),
  ],
  [
    new RangeError('train: validateEvery needs hooks.validation, the data to validate with'),
    () => train(untouchable, IMAGES, { ...OPTIONS, validateEvery: 1000 }),
  ],
  [
    new RangeError('fillBatch: label 12 of image 3: must be in 0…9'),
    () => {
      const { x, y } = modelOf().activations;
      fillBatch(x, y, spoiled({ labels: IMAGES.labels.map(() => 12) }), [3]);
    },
  ],
])('%p', async (error, call) => {
  const failure = await failureOf((async () => call())());
  expect(failure).toEqual(error);
  expect(failure).toBeInstanceOf(error.constructor);
});

test('an evaluation that is refused has not begun', async () => {
  const network = smallNetwork();
  await failureOf(evaluate(network, IMAGES, anyOf({})));
  network.forward();
});

test.each([
  [{ onLines: () => {} }, 'train hooks: onLines: unknown option; did you mean onLine?', TypeError],
  [{ checkpointEvery: 0 }, 'train hooks: checkpointEvery 0: must be a whole number ≥ 1', RangeError],
  [{ checkpointEvery: '5' }, 'train hooks: checkpointEvery "5": must be a number', TypeError],
  [{ onCheckpoint: 'file' }, 'train hooks: onCheckpoint "file": must be a function', TypeError],
  [{ onLine: {} }, 'train hooks: onLine an Object: must be a function', TypeError],
  [{ signal: {} }, 'train hooks: signal an Object: must be an AbortSignal', TypeError],
  [{ signal: AbortSignal }, 'train hooks: signal a function: must be an object', TypeError],
])('train and resumeTraining refuse the hooks %p', async (hooks, message, Kind) => {
  const expected = new Kind(message);
  expect(await failureOf(train(untouchable, IMAGES, OPTIONS, hooks as object))).toEqual(expected);
  expect(await failureOf(resumeTraining(untouchable, IMAGES, await savedRun(), {}, hooks as object))).toEqual(expected);
});

test.each([
  [{ hidden: 7 }, 'resume: hidden comes from the checkpoint and cannot be changed'],
  [{ forgetBias: 1 }, 'resume: forgetBias comes from the checkpoint and cannot be changed'],
  [{ lr: 1 }, 'resume: lr: unknown option; did you mean learningRate?'],
])('resumeTraining refuses the options %p', async (options, message) => {
  const checkpoint = await savedRun();
  const failure = await failureOf(resumeTraining(untouchable, IMAGES, checkpoint, options as object));
  expect(failure).toEqual(new TypeError(message));
  expect(() => Training.resume(untouchable, DATA, checkpoint, options as object)).toThrow(new TypeError(message));
});

test('options that are missing in a checkpoint are reported before its data are read', async () => {
  const { model, training } = await savedRun();
  const checkpoint = { model, training: { ...training!, options: {} as TrainOptions } };
  expect(() => Training.resume(untouchable, DATA, checkpoint)).toThrow(/^train: \w+ undefined: must be /);
});

describe('NaN in an input is reported as an error of the input, not as divergence', () => {
  test.each([
    ['x', [2, 1, 0], 'x[2,1,0]'],
    ['h', [0, 1, 2], 'h0[1,2]'],
    ['c', [0, 0, 1], 'c0[0,1]'],
  ] as const)('in %s', async (name, index, where) => {
    const model = new Model(createReferenceBackend(), { T: ROWS, B: 2, I: COLUMNS, H: 3, C: 10 });
    for (const { value } of model.parameters) value.data.fill(0.1);
    model.activations[name].set(...index, NaN);
    model.forward();
    model.backward();
    new Adam(model.backend, model.parameters).update(0.001);
    const failure = await failureOf(model.assertFinite(1));
    expect(failure).toEqual(new DataError(`${where} is NaN: every input must be finite`));
  });
});

const SIZES = { inputs: COLUMNS, layers: [{ hidden: 2 }], outputs: 10 };
const smallNetwork = () => new Network(createReferenceBackend(), SIZES, { T: ROWS, B: 2 });
const AWAIT = 'a Promise: write await before the call that returns it';

describe('a forgotten await, or another object in place of the argument, is named', () => {
  const TEXT = textTask('to be or not to be', { T: 2 }).train;
  const network = smallNetwork();
  const adam = new Adam(network.backend, network.parameters);
  const later = <Value>(value: Value): Promise<Value> => Promise.resolve(value);

  const NO_CHECKPOINT =
    'an Object: must be { model, training }, as hooks.onCheckpoint gets it, or await training.checkpoint() returns it';
  const BYTES = 'must be a Uint8Array, as readFileSync(file) returns it';

  test.each<[string, () => unknown]>([
    [`evaluate: network: ${AWAIT}`, () => evaluate(anyOf(later(network)), IMAGES)],
    [`evaluate: data: ${AWAIT}`, () => evaluate(network, anyOf(later(IMAGES)))],
    [`train: data: ${AWAIT}`, () => train(untouchable, anyOf(later(IMAGES)))],
    [`sample: network: ${AWAIT}`, () => sample(anyOf(later(network)), TEXT.vocabulary)],
    [`load: the saved tensors: ${AWAIT}`, () => network.load(anyOf(network.save()))],
    [`load: state: ${AWAIT}`, () => adam.load(anyOf(adam.save()))],
    [`checkpointBytes: ${AWAIT}`, () => checkpointBytes(anyOf(later({})))],
    [`checkpointBytes: ${NO_CHECKPOINT}`, () => checkpointBytes(anyOf(network))],
    [`resume: checkpoint: ${NO_CHECKPOINT}`, () => resumeTraining(untouchable, IMAGES, anyOf(network))],
    ['evaluate: network: an Object: must be a Network, as await train(…)', () => evaluate(anyOf({}), IMAGES)],
    [`run: bytes: a Promise: ${BYTES}`, () => parseCheckpoint(anyOf(later(Uint8Array.of(1))), 'run')],
    [`labels: bytes: "text": ${BYTES}`, () => library.parseIdx(anyOf('text'), 1, 'labels')],
    [
      'adam: an Object: must be a list of parameters, as network.parameters is',
      () => new Adam(network.backend, anyOf(network)),
    ],
    ['network: the sizes T, B: undefined: must be an object', () => new Network(untouchable, SIZES, nothing)],
    ['load: kernel is 1: must be a tensor of f32', () => network.load(anyOf({ kernel: 1 }))],
    [
      "textTask: text is a Uint8Array: must be a text, as readFileSync(file, 'utf8') returns it",
      () => textTask(anyOf(Buffer.from('to be or not'))),
    ],
    ['textTask: t: unknown option; known options: T,', () => textTask('to be', anyOf({ t: 5 }))],
    ['textTask: rare "2": must be a number', () => textTask('to be', anyOf({ rare: '2' }))],
    ['vocabularyOf: text is a Uint8Array', () => library.vocabularyOf(anyOf(Buffer.from('to')))],
  ])('%s', async (message, call) => {
    const failure = await failureOf((async () => call())());
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message.slice(0, message.length)).toBe(message);
  });
});

test('a tensor or list whose buffer was transferred is named', async () => {
  const detached = (shape: readonly number[]): Tensor => {
    const tensor = zeros(shape);
    structuredClone(0, { transfer: [tensor.data.buffer as ArrayBuffer] });
    return tensor;
  };
  const network = smallNetwork();
  const [x, labels, lengths] = [detached([4, 3, 2]), detached([4]).data, detached([4]).data];
  const calls: [string, () => unknown][] = [
    ['train: data.x', () => train(untouchable, { x, labels: [0, 1, 0, 1] })],
    ['train: data.labels', () => train(untouchable, { x: zeros([4, 3, 2]), labels })],
    ['train: data.lengths', () => train(untouchable, { x: zeros([4, 3, 2]), labels: [0, 1, 0, 1], lengths })],
    ['predict: x', () => predict(network, x)],
    ['setBatch: x', () => network.setBatch({ x: detached([3, 2, 2]), labels: [0, 1] })],
    ['upload: tensor', () => createReferenceBackend().upload(detached([2, 2]))],
  ];
  for (const [what, call] of calls) {
    const failure = await failureOf((async () => call())());
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toBe(
      `${what} has lost its numbers: postMessage transferred their buffer. Send a copy, or do not list the buffer`,
    );
  }
});

describe('a tensor that has lost its methods, as structuredClone and postMessage leave it, is named', () => {
  const COPY = 'is a copy of a tensor without its methods, which structuredClone and postMessage leave out: send its';
  const lost = <Value extends object>(value: Value): Value => ({ ...value }); // the own fields, as in such a copy
  const lostAll = (tensors: library.NamedTensors): library.NamedTensors =>
    Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name, lost(one)]));
  const backend = createReferenceBackend();
  const network = smallNetwork();
  const adam = new Adam(backend, network.parameters);
  const matrix = lost(zeros([2, 2]));
  const whole = zeros([2, 2]);
  const sequences = { x: lost(zeros([4, 3, 2])), labels: [0, 1, 0, 1] };

  test.each<[string, string, () => unknown]>([
    ['network.load', 'load: kernel', async () => network.load(lostAll(await network.save()))],
    ['setBatch', 'setBatch: x', () => network.setBatch({ x: lost(network.activations.x), labels: [0, 1] })],
    [
      'setInitial',
      'setInitial: h0',
      () => network.states.setInitial({ h0: lost(zeros([2, 2])), c0: lost(zeros([2, 2])) }),
    ],
    [
      'adam.load',
      'load: kernel',
      async () => {
        const { updates, means, squares } = await adam.save();
        adam.load({ updates, means: lostAll(means), squares: lostAll(squares) });
      },
    ],
    ['train', 'train: data.x', () => train(untouchable, sequences)],
    ['evaluate', 'evaluate: data.x', () => evaluate(network, sequences)],
    ['backend.copy', 'copy: tensor', () => backend.copy(whole, matrix)],
    ['backend.matmul', 'matmul: tensor', () => backend.matmul(whole, matrix, whole)],
    ['backend.upload', 'upload: tensor', () => backend.upload(matrix)],
    ['copyInto', 'copyInto: tensor', () => library.copyInto(whole, matrix)],
    ['fill', 'fill: tensor', () => library.fill(matrix, 1)],
    ['flatten', 'flatten: tensor', () => library.flatten(matrix)],
    ['matrixOf', 'matrix: tensor', () => library.matrixOf(matrix)],
    ['norm', 'norm: tensor', () => library.norm(matrix)],
    ['rowsOf', 'rows: tensor', () => library.rowsOf(matrix, 0, 1)],
    ['stepOf', 'step: tensor', () => library.stepOf(matrix, 0)],
    ['transposeOf', 'transpose: tensor', () => library.transposeOf(matrix)],
    ['valuesOf', 'valuesOf: tensor', () => library.valuesOf(matrix)],
    ['fillRandom', 'flatten: tensor', () => library.fillRandom(matrix, () => 1)],
  ])('%s', async (_, what, call) => {
    const failure = await failureOf((async () => call())());
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toBe(
      `${what} ${COPY} numbers and its shape, then call tensorFrom(numbers, shape)`,
    );
  });

  test('checkpointBytes', async () => {
    const { model, training } = await savedRun();
    const parameters = lostAll(model.parameters);
    expect(() => checkpointBytes({ model: { ...model, parameters }, training })).toThrow(
      new DataError(`checkpoint: kernel ${COPY} numbers and its shape, then call tensorFrom(numbers, shape)`),
    );
  });

  test('and so is what is no tensor', () => {
    expect(() => library.valuesOf(anyOf([1, 2]))).toThrow(
      new TypeError(
        'valuesOf: tensor is an Array: must be a tensor of f32 or f64, as tensorFrom(numbers, shape) makes it',
      ),
    );
  });
});

describe('a number out of range is refused before it is used', () => {
  const TEXT = textTask('to be or not to be', { T: 2 }).train;
  const batch = (change: object) => ({ x: zeros([ROWS, 2, COLUMNS], 'f64'), labels: [0, 1], ...change });
  const spoilt = (value: number, shape = [ROWS, 2, COLUMNS], index = [2, 1, 0]) => {
    const tensor = zeros(shape, 'f64');
    tensor.set(...index, value);
    return tensor;
  };
  const FINITE = 'must be a finite number within f32 (±3.4028235e+38)';

  const opened = (layers: unknown) => () =>
    new Network(untouchable, { ...SIZES, layers: anyOf(layers) }, { T: 1, B: 1 });
  const f64 = createReferenceBackend({ dtype: 'f64' });

  test.each<[string, () => unknown]>([
    ['textTask: T is 0: must be a whole number ≥ 1', () => textTask('to be', { T: 0 })],
    ['vocabularyOf: rare 1.5: must be a whole number ≥ 0', () => textTask('to be', { rare: 1.5 })],
    ['vocabularyOf: rare -1: must be a whole number ≥ 0', () => textTask('to be', { rare: -1 })],
    [
      'sample: seed 1.5: must be a whole number from 0 to 4294967295',
      () => sample(anyOf(smallNetwork()), TEXT.vocabulary, { seed: 1.5 }),
    ],
    ['Random: seed NaN: must be a finite number', () => new library.Random(NaN)],
    [
      'gradcheck: seed NaN: must be a whole number from 0',
      () => library.checkNetworkGradients(f64, SIZES, { T: 1, B: 1 }, { seed: NaN }),
    ],
    [`setBatch: x[2,1,0] is 1e+39: ${FINITE}`, () => smallNetwork().setBatch(batch({ x: spoilt(1e39) }))],
    [`setBatch: x[2,1,0] is NaN: ${FINITE}`, () => smallNetwork().setBatch(batch({ x: spoilt(NaN) }))],
    [`load: outBias[3] is NaN: ${FINITE}`, () => smallNetwork().load(anyOf(withNaN()))],
    ['network: T is "3": must be a whole number ≥ 1', () => new Network(untouchable, SIZES, anyOf({ T: '3', B: 2 }))],
    ['network: layers[0]: undefined: must be an object', opened([, { hidden: 1 }])], // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    ['network has 100000 layers: must be at most 1000', opened(Array(100_000).fill({ hidden: 1 }))],
  ])('%s', async (message, call) => {
    const failure = await failureOf((async () => call())());
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message.slice(0, message.length)).toBe(message);
  });

  const withNaN = () => ({
    kernel: zeros([COLUMNS + 2, 8]),
    bias: zeros([8]),
    outKernel: zeros([2, 10]),
    outBias: spoilt(NaN, [10], [3]),
  });

  test('numbers beyond a sequence’s end are not read, and f64 holds 1e39', () => {
    smallNetwork().setBatch(batch({ x: spoilt(NaN), lengths: [4, 2] }));
    const network = new Network(createReferenceBackend({ dtype: 'f64' }), SIZES, { T: ROWS, B: 2 });
    network.setBatch(batch({ x: spoilt(1e39) }));
    expect(network.activations.x.get(2, 1, 0)).toBe(1e39);
  });

  test('a refused batch or file leaves the network as it was', async () => {
    const network = smallNetwork();
    network.initialise(new library.Random(1));
    network.setBatch(batch({ x: spoilt(7) }));
    const before = await network.save();
    expect(() => network.load(anyOf(withNaN()))).toThrow('load: outBias[3]');
    expect(() => network.setBatch(batch({ x: spoilt(NaN), labels: [3, 4] }))).toThrow('setBatch: x');
    expect(await network.save()).toEqual(before);
    expect([network.activations.x.get(2, 1, 0), network.activations.y.get(0)]).toEqual([7, 0]);
  });

  test('the squared error’s targets are checked too', () => {
    const config = { ...SIZES, outputs: 2, loss: 'squaredError' } as const;
    const network = new Network(createReferenceBackend(), config, { T: ROWS, B: 2 });
    const targets = (value: number) => ({ x: zeros([ROWS, 2, COLUMNS]), targets: spoilt(value, [2, 2], [1, 0]) });
    expect(() => network.setBatch(targets(1e39))).toThrow(`targets[1,0] is 1e+39: ${FINITE}`);
    network.setBatch(targets(1e38));
  });

  test.each([null, 5, undefined])(
    'a vocabulary with %p in place of a character is refused, with its place',
    async (one) => {
      const characters = [...TEXT.vocabulary.characters];
      characters[3] = anyOf(one);
      const vocabulary = { ...TEXT.vocabulary, characters };
      const fault = `vocabulary: characters[3] is ${String(one)}: must be one character, in the order of code points`;
      expect(await failureOf(train(untouchable, { ...TEXT, vocabulary }))).toEqual(
        new DataError(`train: data.${fault}`),
      );
      expect(() => library.classesIn('to', vocabulary)).toThrow(new DataError(fault));
      expect(() => textTask('to be', { vocabulary })).toThrow(new DataError(fault));
      expect(() => sample(anyOf(smallNetwork()), vocabulary)).toThrow(new DataError(`sample: ${fault}`));
    },
  );
});
