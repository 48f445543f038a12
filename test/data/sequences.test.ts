/** Sequences of one's own: what is wrong with them is named before anything runs. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { tensorFrom, zeros } from '../../src/core/tensor.js';
import type { Sequences } from '../../src/data/sequences.js';
import { Network } from '../../src/network/network.js';
import { evaluate } from '../../src/training/evaluate.js';
import { resumeTraining, train } from '../../src/training/loop.js';
import { Training } from '../../src/training/training.js';
import { untouchable } from '../helpers/counting-backend.js';
import { failureOf } from '../helpers/failures.js';
import { checkpointOf } from '../helpers/runs.js';
import type { Kind } from '../helpers/small-data.js';
import { smallSequences, STEPS } from '../helpers/small-data.js';

const COUNT = 3;
const OPTIONS = { batchSize: 2, trainingIters: 4 };
const KIND: Kind = { inputs: 'numbers', answers: 'labels', reads: 'last', ends: 'one length' };
const NUMBERS = { ...smallSequences(KIND, COUNT), labels: [0, -1, 2] };
const LONG = { ...NUMBERS, lengths: [2, 6, 1] };
const EVERY = { ...LONG, labels: Array.from({ length: COUNT * STEPS }, (_, n) => Number(n > 0)) };
const CLASSES: Sequences = { ...NUMBERS, x: tensorFrom(Array<number>(18).fill(3), [3, 6]), inputClasses: 4 };
const { labels: _, ...UNLABELLED } = NUMBERS;
const TARGETS = { ...UNLABELLED, targets: zeros([3, 2]) };
const FINITE = 'must be a finite number within f32 (±3.4028235e+38)';
const TENSOR = 'must be a tensor of f32 or f64, as tensorFrom(numbers, [count,T,I]) makes it';
const LIST = 'must be an array of numbers, or a typed array';
const RULE = '3 sequences need 3, or 18 for every step';

/** The numbers of a tensor, one of them replaced. */
function spoilt(shape: readonly number[], index: readonly number[], value: number) {
  const tensor = zeros(shape, 'f64');
  tensor.set(...index, value);
  return tensor;
}

const replaced = (n: number, label: unknown): ArrayLike<number> =>
  EVERY.labels.map((one, at) => (at === n ? label : one)) as ArrayLike<number>;

type Refusal = readonly [message: string, data: object, Kind?: new (message: string) => Error];

const MUST_HAVE = 'must have pixels, as images have, x, as sequences have, or characters, as a text has';
const UNCOUNTED = 'is -1 or beyond its sequence’s end: nothing counts';

const REFUSALS: readonly Refusal[] = [
  [`: an Object: ${MUST_HAVE}`, { labels: [1] }, TypeError],
  [`: an Array: ${MUST_HAVE}`, [], TypeError],
  [': target: unknown option; did you mean targets?', { ...UNLABELLED, target: zeros([3, 2]) }, TypeError],
  [
    ': pixels: unknown option; known options: x, labels, targets, lengths, inputClasses, classes, task',
    { ...NUMBERS, pixels: [] },
    TypeError,
  ],

  [`.x is an Array: ${TENSOR}`, { ...NUMBERS, x: [[[1]]] }, TypeError],
  [`.x is a Float32Array: ${TENSOR}`, { ...NUMBERS, x: new Float32Array(36) }, TypeError],
  [`.x is undefined: ${TENSOR}`, { ...NUMBERS, x: undefined }, TypeError],
  [`.x is an Object: ${TENSOR}`, { ...NUMBERS, x: { shape: [3, 6, 2] } }, TypeError],
  ['.x is [0,6,2]: must not be empty', { ...NUMBERS, x: NUMBERS.x.hi(0) }],
  ['.x is [36]: must be [count,T,I], or [count,T] for class indices', { ...NUMBERS, x: zeros([36]) }],
  ['.x is [3,6,1,2]: must be [count,T,I], or [count,T] for class indices', { ...NUMBERS, x: zeros([3, 6, 1, 2]) }],
  [`.x[2,5,1] is NaN: ${FINITE}`, { ...NUMBERS, x: spoilt([3, 6, 2], [2, 5, 1], NaN) }],
  [`.x[0,1,0] is -Infinity: ${FINITE}`, { ...LONG, x: spoilt([3, 6, 2], [0, 1, 0], -Infinity) }],
  [`.x[1,5,1] is 1e+39: ${FINITE}`, { ...LONG, x: spoilt([3, 6, 2], [1, 5, 1], 1e39) }],

  ['.x is [3,6], class indices: give inputClasses, the number of classes', { ...CLASSES, inputClasses: undefined }],
  [': inputClasses is 4, but x [3,6,2] is numbers: class indices are [count,T]', { ...NUMBERS, inputClasses: 4 }],
  [': inputClasses is 2.5: must be a whole number ≥ 1', { ...CLASSES, inputClasses: 2.5 }, RangeError],
  [': inputClasses is 16777217: must be at most 16777216', { ...CLASSES, inputClasses: 2 ** 24 + 1 }],
  ['.x[0,0] is 3: must be a class 0…2', { ...CLASSES, inputClasses: 3 }],
  ['.x[2,0] is -1: must be a class 0…3', { ...CLASSES, lengths: [2, 6, 1], x: spoilt([3, 6], [2, 0], -1) }],
  ['.x[1,5] is 0.5: must be a class 0…3', { ...CLASSES, lengths: [2, 6, 1], x: spoilt([3, 6], [1, 5], 0.5) }],

  [': neither labels nor targets are given: give one of them', UNLABELLED],
  [': labels and targets: give one of them', { ...NUMBERS, targets: zeros([3, 2]) }],
  [`.labels is "abc": ${LIST}`, { ...NUMBERS, labels: 'abc' }, TypeError],
  [`.labels is null: ${LIST}`, { ...NUMBERS, labels: null }, TypeError],
  [`.labels is a BigInt64Array: ${LIST}`, { ...NUMBERS, labels: BigInt64Array.of(0n, 1n, 2n) }, TypeError],
  [`.labels is an Object: ${LIST}`, { ...NUMBERS, labels: zeros([3]) }, TypeError],
  [`.labels has 4 numbers: ${RULE}`, { ...NUMBERS, labels: [0, 1, 2, 0] }],
  [`.labels has 0 numbers: ${RULE}`, { ...NUMBERS, labels: [] }],
  ['.labels[1] is -2: must be a class 0, 1, 2, …, or -1', { ...NUMBERS, labels: [0, -2, 1] }],
  ['.labels[2] is "1": must be a class 0, 1, 2, …, or -1', { ...NUMBERS, labels: [0, 1, '1'] }],
  ['.labels[0] is Infinity: must be a class 0, 1, 2, …, or -1', { ...NUMBERS, labels: [Infinity, 1, 1] }],
  [': classes is 16777217: must be at most 16777216', { ...NUMBERS, classes: 2 ** 24 + 1 }],
  ['.labels[1] is 16777216: must be a class 0…16777215, or -1', { ...NUMBERS, labels: [0, 2 ** 24, 1] }],
  ['.labels[2] is 2: must be a class 0…1, or -1', { ...NUMBERS, classes: 2 }],
  ['.labels[11] is NaN: must be a class 0, 1, 2, …, or -1', { ...EVERY, labels: replaced(11, NaN) }],
  ['.labels[1] is 4: must be a class 0…3, or -1', { ...EVERY, classes: 4, labels: replaced(1, 4) }],
  [': classes is 0: must be a whole number ≥ 1', { ...NUMBERS, classes: 0 }, RangeError],
  [`.labels: each of the 3 ${UNCOUNTED}`, { ...NUMBERS, labels: [-1, -1, -1] }],
  [
    `.labels: each of the 18 ${UNCOUNTED}`,
    { ...EVERY, lengths: [1, 1, 1], labels: EVERY.labels.map((one, n) => (n % STEPS === 0 ? -1 : one)) },
  ],

  [`.targets is an Array: ${TENSOR}`, { ...TARGETS, targets: [[1], [2], [3]] }, TypeError],
  [`.targets is null: ${TENSOR}`, { ...TARGETS, targets: null }, TypeError],
  ['.targets is [3]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([3]) }],
  ['.targets is [4,2]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([4, 2]) }],
  ['.targets is [3,5,2]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([3, 5, 2]) }],
  [`.targets[1,0] is NaN: ${FINITE}`, { ...TARGETS, lengths: [2, 6, 1], targets: spoilt([3, 2], [1, 0], NaN) }],
  [
    `.targets[0,1,1] is Infinity: ${FINITE}`,
    { ...TARGETS, lengths: [2, 6, 1], targets: spoilt([3, 6, 2], [0, 1, 1], Infinity) },
  ],
  [': classes is 2, but targets are numbers: classes belong to labels', { ...TARGETS, classes: 2 }],

  [`.lengths is 3: ${LIST}`, { ...NUMBERS, lengths: 3 }, TypeError],
  [`.lengths is null: ${LIST}`, { ...NUMBERS, lengths: null }, TypeError],
  ['.lengths has 2 numbers: 3 sequences need 3', { ...NUMBERS, lengths: [1, 2] }],
  ['.lengths[1] is 0: must be a whole number in 1…6', { ...NUMBERS, lengths: [6, 0, 1] }],
  ['.lengths[2] is 7: must be a whole number in 1…6', { ...NUMBERS, lengths: [6, 1, 7] }],
  ['.lengths[0] is "3": must be a whole number in 1…6', { ...NUMBERS, lengths: ['3', 1, 1] }],
  ['.lengths[0] is 1.5: must be a whole number in 1…6', { ...NUMBERS, lengths: [1.5, 1, 1] }],

  [': task is a text of 101: must be a text of 1 to 100 characters', { ...NUMBERS, task: 'x'.repeat(101) }],
  [': task is 5: must be a text of 1 to 100 characters', { ...NUMBERS, task: 5 }],
];

const CASES = REFUSALS.map(([message, data, Kind = DataError]) => [message, data, Kind] as const);

test.each(CASES)('train refuses data with “data%s”', async (message, data, Kind) => {
  const failure = await failureOf(train(untouchable, data as Sequences, OPTIONS));
  expect(failure).toEqual(new Kind(`train: data${message}`));
  expect(failure).toBeInstanceOf(Kind);
});

test('labels from 1 on are refused in a new run, unless classes confirms a class 0 that never occurs', async () => {
  const data = { ...NUMBERS, labels: [1, -1, 3] };
  const refusal = new DataError(
    'train: data.labels are 1…3, so there would be 4 classes, and class 0 never occurs: ' +
      'subtract 1 from each label, or write classes: 4 beside the labels',
  );
  expect(await failureOf(train(untouchable, data, OPTIONS))).toEqual(refusal);
  expect(() => Training.start(untouchable, { train: data, validation: undefined }, OPTIONS)).toThrow(refusal);
  // beyond a sequence's end nothing counts
  const later = {
    ...EVERY,
    lengths: [1, 6, 1],
    labels: EVERY.labels.map((one, n) => (n === 0 ? 1 : n === 1 ? 0 : one)),
  };
  expect(String(await failureOf(train(untouchable, later, OPTIONS)))).toContain('labels are 1…1, so there would be 2');

  const network = await train(createReferenceBackend(), { ...data, classes: 4 }, OPTIONS, { validation: data });
  expect(network.config.outputs).toBe(4);
  expect((await evaluate(network, data)).count).toBe(2);
  network.dispose();
});

test('a run of an earlier version on labels from 1 on is resumed', async () => {
  const data = { ...NUMBERS, labels: [1, -1, 3] };
  const checkpoint = await checkpointOf({ ...data, classes: 4 }, OPTIONS);
  (await resumeTraining(createReferenceBackend(), data, checkpoint, { trainingIters: 8 })).dispose();
});

test('what is allowed: each change above is what makes the data wrong', async () => {
  const others = [
    { ...TARGETS, targets: zeros([3, 6, 2]) },
    { ...NUMBERS, task: 'x'.repeat(100) },
  ];
  for (const data of [NUMBERS, LONG, EVERY, CLASSES, TARGETS, ...others]) {
    (await train(createReferenceBackend(), data, OPTIONS)).dispose();
  }
});

/** A network that `NUMBERS` fit. */
const fittingNetwork = (): Network =>
  new Network(createReferenceBackend(), { inputs: 2, layers: [{ hidden: 2 }], outputs: 3 }, { T: STEPS, B: 2 });

test('the door of validation data and of an evaluation is the same', async () => {
  const wrong = { ...NUMBERS, lengths: [1, 2] };
  const message = '.lengths has 2 numbers: 3 sequences need 3';
  expect(await failureOf(train(untouchable, NUMBERS, OPTIONS, { validation: wrong }))).toEqual(
    new DataError(`train: validation${message}`),
  );
  const network = fittingNetwork();
  expect(await failureOf(evaluate(network, wrong))).toEqual(new DataError(`evaluate: data${message}`));
  network.dispose();
});

test('a network and data of another kind do not fit, and the message lists what differs', async () => {
  const network = fittingNetwork();
  const misfits: readonly [Sequences, string, string][] = [
    [CLASSES, 'inputs 4, inputKind classes', 'inputs 2, inputKind numbers'],
    [EVERY, 'reads every', 'reads last'],
    [TARGETS, 'outputs 2, loss squaredError', 'outputs 3, loss crossEntropy'],
    [{ x: zeros([3, 5, 1]), labels: [3, 0, 0] }, 'T 5, inputs 1, outputs 4', 'T 6, inputs 2, outputs 3'],
  ];
  for (const [data, theirs, ours] of misfits) {
    expect(await failureOf(evaluate(network, data))).toEqual(
      new DataError(`evaluate: the data have ${theirs}, but the network has ${ours}`),
    );
    expect(await failureOf(train(untouchable, NUMBERS, OPTIONS, { validation: data }))).toEqual(
      new DataError(
        `train: the validation data have ${theirs}, but the training data have ${ours}: ` +
          'they must be of the same kind (of labels, `classes` is the number of outputs)',
      ),
    );
  }
  network.dispose();
});

test.each([
  [{ shift: 1 }, 'train: shift 1: must be 0, because only images can be moved', RangeError],
  [{ batchSize: 4 }, 'batch size 4 is larger than the set of 3 examples', DataError],
])('train refuses sequences with %j', async (options, message, Kind) => {
  expect(await failureOf(train(untouchable, NUMBERS, { ...OPTIONS, ...options }))).toEqual(new Kind(message));
});
