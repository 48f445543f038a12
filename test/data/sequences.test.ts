/** Sequences of one's own: what is wrong with them is named before anything runs; and those of parity. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { parity } from '../../src/data/memory-tasks.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import type { GivenSequences, Sequences } from '../../src/data/sequences.js';
import { Network } from '../../src/door/network.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { evaluate } from '../../src/door/predict.js';
import { resumeTraining, train } from '../../src/door/train.js';
import { Training } from '../../src/door/training.js';
import { untouchable } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';
import { expectNumbers } from '../helpers/numeric.js';
import { type Kind, checkpointOf, smallSequences, STEPS } from '../helpers/small-data.js';

const COUNT = 3;
const OPTIONS = { batchSize: 2, trainingIters: 4 };
const KIND = { inputs: 'numbers', answers: 'labels', reads: 'last', ends: 'one length' } as const satisfies Kind;
const NUMBERS = { ...smallSequences(KIND, COUNT), labels: [0, -1, 2] };
const LONG = { ...NUMBERS, lengths: [2, 6, 1] };
const EVERY = { ...LONG, labels: Array.from({ length: COUNT * STEPS }, (_, n) => Number(n > 0)) };
const CLASSES: Sequences = { ...NUMBERS, x: tensorFrom(Array<number>(18).fill(3), [3, 6]), inputClasses: 4 };
const UNLABELLED = { x: NUMBERS.x };
const TARGETS = { ...UNLABELLED, targets: zeros([3, 2]) };
const FINITE = 'must be a finite number within f32 (±3.4028235e+38)';
const OR_NAN = ', or NaN, which does not count';
const onlyAt = (at: number): number[] => Array.from({ length: 18 }, (_, n) => (n === at ? 1 : NaN));
const ALL_MISSING = tensorFrom(Array<number>(6).fill(NaN), [3, 2]);
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

  [`.targets is null: ${TENSOR}`, { ...TARGETS, targets: null }, TypeError],
  ['.targets is [3]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([3]) }],
  ['.targets is [4,2]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([4, 2]) }],
  ['.targets is [3,5,2]: must be [3,C], or [3,6,C] for every step', { ...TARGETS, targets: zeros([3, 5, 2]) }],
  [`.targets[1,0] is 1e+39: ${FINITE}${OR_NAN}`, { ...TARGETS, targets: spoilt([3, 2], [1, 0], 1e39) }],
  [
    `.targets[0,1,1] is Infinity: ${FINITE}${OR_NAN}`,
    { ...TARGETS, lengths: [2, 6, 1], targets: spoilt([3, 6, 2], [0, 1, 1], Infinity) },
  ],
  ['.targets: each of the 6 is NaN or beyond its sequence’s end: nothing counts', { ...TARGETS, targets: ALL_MISSING }],
  [
    '.targets: each of the 18 is NaN or beyond its sequence’s end: nothing counts',
    { ...TARGETS, lengths: [6, 2, 6], targets: tensorFrom(onlyAt(9), [3, 6, 1]) },
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

  const network = await train(createReferenceBackend(), { ...data, classes: 4 }, OPTIONS);
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
    { ...TARGETS, targets: spoilt([3, 2], [1, 0], NaN) },
    { ...TARGETS, lengths: [6, 4, 6], targets: tensorFrom(onlyAt(9), [3, 6, 1]) },
    { ...NUMBERS, task: 'x'.repeat(100) },
  ];
  for (const data of [NUMBERS, LONG, EVERY, CLASSES, TARGETS, ...others])
    (await train(createReferenceBackend(), data, OPTIONS)).dispose();
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
    [TARGETS, 'classes 0, targets 2', 'classes 3, targets 0'],
    [{ x: zeros([3, 5, 1]), labels: [3, 0, 0] }, 'T 5, inputs 1, classes 4', 'T 6, inputs 2, classes 3'],
  ];
  for (const [data, theirs, ours] of misfits) {
    expect(await failureOf(evaluate(network, data))).toEqual(
      new DataError(`evaluate: the data have ${theirs}, but the network has ${ours}`),
    );
    expect(await failureOf(train(untouchable, NUMBERS, OPTIONS, { validation: data }))).toEqual(
      new DataError(
        `train: the validation data have ${theirs}, but the training data have ${ours}: ` +
          'they must be of the same kind (`classes` beside the labels sets how many there are)',
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

describe('sequences as lists', () => {
  const backend = createReferenceBackend();
  const [T, I] = [STEPS, 2];
  const random = new Random(3);
  const lists = (count: number, lengthOf: (n: number) => number, C: number): number[][][] =>
    Array.from({ length: count }, (_, n) =>
      Array.from({ length: lengthOf(n) }, () => Array.from({ length: C }, () => Math.fround(random.normal(0, 1)))),
    );
  const lengths = [2, T, 1];
  const [x, ragged] = [lists(COUNT, () => T, I), lists(COUNT, (n) => lengths[n], I)];
  /** `[count,T,C]`, with NaN beyond the ends. */
  const padded = (given: number[][][]) => {
    const tensor = tensorFrom(Array<number>(COUNT * T * given[0][0].length).fill(NaN), [COUNT, T, given[0][0].length]);
    given.forEach((rows, n) => rows.forEach((row, t) => row.forEach((one, k) => tensor.set(n, t, k, one))));
    return tensor;
  };
  /** Bits of everything that a run depends on, and of its results. */
  const bitsOf = async (data: GivenSequences): Promise<unknown> => {
    const { model, training } = await checkpointOf(data, OPTIONS);
    const bits = Object.values(model.parameters).map((one) => Buffer.from(valuesOf(one).buffer).toString('base64'));
    return [training?.data, model.network, bits];
  };
  const eachStep = <One>(make: (n: number, t: number) => One): One[][] =>
    ragged.map((rows, n) => rows.map((_, t) => make(n, t)));

  test('are the same data as tensors', async () => {
    const labels = [0, 2, 1];
    const expected = await bitsOf({ x: padded(x), labels });
    expect(await bitsOf({ x, labels })).toEqual(expected);
    expect(await bitsOf({ x: x.map((rows) => rows.map((row) => Float32Array.from(row))), labels })).toEqual(expected);
    const targets = [[0.5], [1], [-1]];
    const errors = await bitsOf({ x: padded(x), targets: tensorFrom(targets.flat(), [COUNT, 1]) });
    for (const given of [targets, targets.flat(), Float64Array.from(targets.flat())])
      expect(await bitsOf({ x, targets: given })).toEqual(errors);
    const indices = tensorFrom([0, 1, 2, 3, 0, 1, 1, 1, 1], [3, 3]);
    const listed = [0, 1, 2].map((n) => [...valuesOf(indices.pick(n))]);
    const classes = { inputClasses: 4, labels };
    expect(await bitsOf({ x: listed, ...classes })).toEqual(await bitsOf({ x: indices, ...classes }));
  });

  test('of different lengths need no `lengths`, and their labels and targets of steps no padding', async () => {
    const steps = eachStep((n, t) => (n + t) % 3);
    const flat = ragged.flatMap((_, n) => Array.from({ length: T }, (_, t) => (t < lengths[n] ? steps[n][t] : 77)));
    const expected = await bitsOf({ x: padded(ragged), lengths, labels: flat });
    for (const data of [
      { labels: steps },
      { labels: flat },
      { labels: steps.map((row) => Int8Array.from(row)), lengths },
    ]) {
      expect(await bitsOf({ x: ragged, ...data })).toEqual(expected);
    }
    expect(await bitsOf({ x: padded(ragged), lengths, labels: steps })).toEqual(expected);
    const targets = eachStep((n, t) => [n - t, 0.5]);
    expect(await bitsOf({ x: ragged, targets })).toEqual(
      await bitsOf({ x: padded(ragged), lengths, targets: padded(targets) }),
    );
    const shorter = await bitsOf({ x: padded(ragged), lengths: [1, 3, 1], labels: [0, 1, 2] });
    expect(await bitsOf({ x: ragged, lengths: [1, 3, 1], labels: [0, 1, 2] })).toEqual(shorter);
  });

  const CLASS = 'must be a class 0, 1, 2, …, or -1';
  const EVEN = [0, 1, 0, 1, 0, 1];
  const NAMED: unknown[] = ['a', 'b', 'a', 'b', 'a', 'b'];
  const LIST_OF_STEPS = 'must be a list of at most 6, one for each step';
  const targets = (...given: readonly unknown[]) => ({ labels: undefined, targets: given });
  /** The list, with a hole in place of an element. */
  const holed = (list: readonly unknown[], at: number): unknown[] =>
    Object.assign(Array<unknown>(list.length), Object.fromEntries([...list.entries()].filter(([n]) => n !== at)));
  const missing = (label: unknown) => [EVEN, EVEN.map((one, t) => (t === 3 ? label : one)), EVEN];

  test.each<[string, object]>([
    [
      '.x[1][2] has 1 element: must have 2, as data.x[0][0] has',
      { x: [x[0], [x[1][0], x[1][1], [1], ...x[1].slice(3)], x[2]] },
    ],
    ['.x[1][0][1] is "2": must be a number', { x: [x[0], [[1, '2'], ...x[1].slice(1)], x[2]] }],
    ['.x[2] is 5: must be a list, as data.x[0] is', { x: [x[0], x[1], 5] }],
    ['.x[2] is an empty list', { x: [x[0], x[1], []] }],
    ['.x is an empty list', { x: [] }],
    ['.x is [3]: must be [count,T,I], or [count,T] for class indices', { x: [1, 2, 3] }],
    [`.x[1,0,1] is NaN: ${FINITE}`, { x: [x[0], [[1, NaN], ...x[1].slice(1)], x[2]] }],
    ['.lengths[0] is 3, but x[0] has 2 steps', { x: ragged, lengths: [3, 6, 1] }],
    ['.labels[1] has 5 steps, but its sequence has 6', { x: ragged, labels: [[0, 1], [0, 1, 2, 0, 1], [2]] }],
    [`.labels[0] has 7 labels: ${LIST_OF_STEPS}`, { labels: [Array(7).fill(0), [], []] }],
    ['.labels has 2 lists, but x has 3 sequences: must be a list for each sequence', { labels: [EVEN, EVEN] }],
    [`.labels[2] is 1: ${LIST_OF_STEPS}`, { x: ragged, labels: [[0, 1], EVEN, 1] }],
    ['.targets[0] has 1 step, but its sequence has 2', { x: ragged, ...targets([[1]], Array(6).fill([1]), [[1]]) }],
    ['.targets[1][0] is "a": must be a number', targets([1], ['a'], [2])],
    [`.x is null: ${TENSOR}`, { x: null, labels: [[1], [2], [0]] }],
    [`.x is 5: ${TENSOR}`, { x: 5, labels: [[1], [2], [0]] }],
    [`.x is undefined: ${TENSOR}`, { x: undefined, ...targets([[1]], [[2]], [[3]]) }],
    [`.lengths is null: ${LIST}`, { x: ragged, lengths: null }],
    ['.targets is [2,1]: must be [3,C], or [3,6,C] for every step', targets(1, 2)],
    // a label that is missing is no -1
    [`.labels[1][3] is undefined: ${CLASS}`, { labels: missing(undefined) }],
    [`.labels[1][3] is null: ${CLASS}`, { labels: missing(null) }],
    [`.labels[1][3] is undefined: ${CLASS}`, { labels: [[0, 1], holed(EVEN, 3), [1]], x: ragged }],
    [`.labels[1] is undefined: ${LIST_OF_STEPS}`, { labels: holed([EVEN, EVEN, EVEN], 1) }],
    [`.labels[1][3] is 2.5: ${CLASS}`, { labels: missing(2.5) }],
    ['.labels[1][3] is 3: must be a class 0…2, or -1', { labels: missing(3), classes: 3 }],
    [`.labels[1] is undefined: ${CLASS}`, { labels: holed([0, 1, 1], 1) }],
    ['.labels[1] is undefined: must be a text, or null', { labels: holed(['a', 'b', 'b'], 1) }],
    ...[undefined, 2].map((label): [string, object] => [
      `.labels[1][3] is ${label}: must be a text, or null`,
      { labels: [NAMED, [...NAMED].fill(label, 3, 4), NAMED] },
    ]),
    ['.labels[0][1] is "": must be one of "a", "b"', { labels: [[...NAMED].fill('', 1, 2), NAMED, NAMED] }],
    ['.targets[0][1][0] is undefined: must be a number', targets([[1], [undefined]])],
    ['.x[0][1][0] is null: must be a number', { x: [[x[0][0], [null, 1]], x[1], x[2]] }],
  ])('are refused with “data%s”', async (message, change) => {
    const failure = await failureOf(train(untouchable, { x, labels: [0, 1, 2], ...change }, OPTIONS));
    expect((failure as Error).message).toBe(`train: data${message}`);
  });

  describe('with names of classes as labels', () => {
    const labels = ['walk', 'run', 'walk'];

    test('the classes are the names in sorted order, which the network and its checkpoint keep', async () => {
      const data = { x, labels: ['walk', null, 'Run'] };
      const saved = await checkpointOf(data, OPTIONS);
      expect([saved.model.network.classNames, saved.model.network.outputs]).toEqual([['Run', 'walk'], 2]);
      const numbers = await checkpointOf({ x, labels: [1, -1, 0] }, OPTIONS);
      expect(saved.model.parameters).toEqual(numbers.model.parameters);
      const bytes = checkpointBytes(saved);
      expect(parseSafetensors(bytes, 'f').metadata.get('formatVersion')).toBe('3');
      expect(parseSafetensors(checkpointBytes(numbers), 'f').metadata.get('formatVersion')).toBe('1');
      const loaded = parseCheckpoint(bytes, 'f');
      expect(loaded).toEqual(saved);

      (await resumeTraining(backend, data, loaded, { trainingIters: 8 })).dispose();
      (await resumeTraining(backend, { x, labels: [1, -1, 0] }, loaded, { trainingIters: 8 })).dispose();
      const other = resumeTraining(backend, { x, labels: ['walk', null, 'run'] }, loaded, { trainingIters: 8 });
      expect(await failureOf(other)).toEqual(
        new DataError('train: data.labels[2] is "run": must be one of "Run", "walk"'),
      );
      const network = new Network(backend, loaded.model.network, { T, B: 2 });
      network.load(loaded.model.parameters);
      expect([...(await evaluate(network, { x, labels: ['walk', 'walk', 'walk'] })).correct]).toEqual([
        ...(await evaluate(network, { x, labels: [1, 1, 1] })).correct,
      ]);
      for (const [wrong, message] of [
        [{ labels: ['walk', 'sit', null] }, '.labels[1] is "sit": must be one of "Run", "walk"'],
        [{ labels: ['walk', 1, null] }, '.labels[1] is 1: must be a text, or null'],
        [{ labels, classes: ['walk', 'run'] }, '.classes: class 0 is "walk", but in the network it is "Run"'],
        [{ labels, classes: ['Run'] }, '.classes: class 1 is missing, but in the network it is "walk"'],
      ] as const) {
        const failure = await failureOf(evaluate(network, { x, ...wrong } as GivenSequences));
        expect(failure).toEqual(new DataError(`evaluate: data${message}`));
      }
    });

    test('their order can be given, also for numbers; validation data use it', async () => {
      const classes = ['walk', 'run', 'sit'];
      const hooks = { validation: { x, labels: ['sit', null, 'run'] } };
      const named = await train(backend, { x, labels, classes }, { ...OPTIONS, validateEvery: 1 }, hooks);
      const numbered = await train(backend, { x, labels: [0, 1, 0], classes }, OPTIONS);
      for (const { config } of [named, numbered]) expect([config.classNames, config.outputs]).toEqual([classes, 3]);
      const unknown = { validation: { x, labels: ['stand', null, 'run'] } };
      expect(
        await failureOf(train(untouchable, { x, labels, classes }, { ...OPTIONS, validateEvery: 1 }, unknown)),
      ).toEqual(new DataError('train: validation.labels[0] is "stand": must be one of "walk", "run", "sit"'));
    });

    test('of steps, beyond whose ends nothing is read', async () => {
      const steps = eachStep((n, t) => ((n + t) % 2 === 0 ? 'even' : 'odd'));
      const flat = ragged.flatMap((_, n) => Array.from({ length: T }, (_, t) => steps[n][t] ?? 'beyond'));
      const expected = await bitsOf({ x: ragged, labels: eachStep((n, t) => (n + t) % 2), classes: ['even', 'odd'] });
      expect(await bitsOf({ x: ragged, labels: steps })).toEqual(expected);
      expect(await bitsOf({ x: ragged, labels: flat })).toEqual(expected);
    });

    test.each([
      ['the first one', [[null, 'b'], ['a', 'b', 'a', 'b', null, 'a'], ['b']]],
      ['all of the first sequence', [[null, null], ['a', 'b', 'a', 'b', 'b', 'a'], ['b']]],
      ['one beyond an end', [['a', null, null, 7], 'ababba'.split(''), [null, 7]]],
    ])('of steps, of which null does not count: %s', async (_, labels) => {
      const classOf = (label: unknown): number => (label === null ? -1 : ['a', 'b'].indexOf(label as string));
      const numbers = labels.map((list, n) => list.slice(0, lengths[n]).map(classOf));
      const expected = await bitsOf({ x: ragged, labels: numbers, classes: ['a', 'b'] });
      expect(await bitsOf({ x: ragged, labels } as GivenSequences)).toEqual(expected);
    });

    test('a network without names refuses them, unless their order is given', async () => {
      const network = await train(backend, { x, labels: [0, 1, 0] }, OPTIONS);
      expect(network.config.classNames).toEqual([]);
      expect(await failureOf(evaluate(network, { x, labels }))).toEqual(
        new DataError(
          'evaluate: data.labels are texts, but the network has no class names: give numbers, or train it with texts',
        ),
      );
      expect((await evaluate(network, { x, labels, classes: ['walk', 'run'] })).count).toBe(3);
    });

    test.each<[object, string]>([
      [{ classes: ['a', 'a'] }, '.classes[1] is "a", which occurs before'],
      [{ classes: ['a', ''] }, '.classes[1] is "": must be a text'],
      [{ classes: ['a', 5] }, '.classes[1] is 5: must be a text'],
      [{ classes: [] }, '.classes has 0 texts: must have one for each class'],
      [{ labels: ['', 'a', 'b'] }, '.labels[0] is "": must be one of "a", "b"'],
      [{ labels: [null, null, null] }, '.labels[0] is null: must be a class 0, 1, 2, …, or -1'],
    ])('%j is refused', async (change, message) => {
      const failure = await failureOf(train(untouchable, { x, labels: ['a', 'b', 'a'], ...change }, OPTIONS));
      expect((failure as Error).message).toContain(`train: data${message}`);
    });
  });

  test('TypeScript refuses neither or both of labels and targets', async () => {
    // @ts-expect-error: neither labels nor targets
    const neither: GivenSequences = { x };
    // @ts-expect-error: both are given
    const both: GivenSequences = { x, labels: [0, 1, 2], targets: [[1], [2], [3]] };
    for (const data of [neither, both])
      expect(await failureOf(train(untouchable, data, OPTIONS))).toBeInstanceOf(DataError);
  });
});

/** Sequences of zeros and ones, labelled by whether the number of ones is odd. */
describe('parity', () => {
  test('the labels say whether the number of ones is odd, up to the end of each sequence', () => {
    const [count, T] = [500, 12];
    const { x, labels, lengths = [], inputClasses, classes } = parity(count, T, [2, 9], 1);
    expect([inputClasses, classes, x.shape]).toEqual([2, 2, [count, T]]);
    const bits = Array.from({ length: count }, (_, n) => Array.from({ length: T }, (__, t) => x.get(n, t)));
    expectNumbers(
      labels as Uint8Array,
      bits.map((row) => row.filter((bit) => bit === 1).length % 2),
    );
    const found = new Set(Array.from(lengths));
    expect([...found].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    bits.forEach((row, n) => expect(row.slice(lengths[n])).toEqual(Array(T - lengths[n]).fill(0)));
    const odd = Array.from(labels as Uint8Array).filter((label) => label === 1).length;
    expect(odd).toBeGreaterThan(200); // about half
    expect(odd).toBeLessThan(300);
  });

  test('the same seed gives the same sequences, another seed others', () => {
    const of = (seed: number): number[] => [...parity(20, 5, [1, 5], seed).x.data];
    expect(of(3)).toEqual(of(3));
    expect(of(3)).not.toEqual(of(4));
  });

  test.each([
    [[5, 4], 5],
    [[1, 6], 5],
  ] as const)('refuses lengths %j with T %i', ([shortest, longest], T) => {
    expect(() => parity(1, T, [shortest, longest], 1)).toThrow(
      `parity: lengths from ${shortest} to ${longest}: must grow, and T is ${T}: must not be smaller`,
    );
  });
});
