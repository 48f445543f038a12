/** Training, evaluation and predictions on sequences of every kind: what counts, what does not, and how batches are filled. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { asRun } from '../../src/cli/current-run.js';
import { type TrainFlags, runTraining } from '../../src/cli/commands/run-training.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { type Tensor, copyInto, fill, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { addingProblem } from '../../src/data/memory-tasks.js';
import type { GivenSequences, Sequences } from '../../src/data/sequences.js';
import { textTask } from '../../src/data/text.js';
import type { TrainData } from '../../src/data/train-data.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { type PredictOptions, evaluate, predict } from '../../src/door/predict.js';
import { train } from '../../src/door/train.js';
import { type TrainOptions, TUTORIAL } from '../../src/training/options.js';
import { examplesIn } from '../../src/training/run-data.js';
import { Training } from '../../src/door/training.js';
import { failureOf } from '../helpers/failures.js';
import type { Kind } from '../helpers/small-data.js';
import {
  checkpointOf,
  describeOnBackends,
  expectAsOnReference,
  IMAGES,
  KINDS,
  sliceSequences,
  smallSequences,
  STEPS,
} from '../helpers/small-data.js';

const OPTIONS = { hidden: 6, batchSize: 8, learningRate: 0.03, trainingIters: 8 * 60 };
const COUNT = 21; // the last batch of an evaluation is not full

const backend = createReferenceBackend();
const trained = (data: Sequences, options: Partial<TrainOptions> = {}): Promise<Network> =>
  train(backend, data, { ...OPTIONS, ...options });
const weightsOf = ({ parameters }: Network): Float64Array[] => parameters.map(({ value }) => valuesOf(value));

describe.each(KINDS)('sequences of $inputs with $answers, reads $reads, $ends', (kind) => {
  const data = smallSequences(kind, COUNT);
  let network: Network;
  beforeAll(async () => (network = await trained(data)));
  afterAll(() => network.dispose());

  test('training lowers the loss', async () => {
    const untrained = await trained(data, { trainingIters: 1 });
    const [before, after] = [await evaluate(untrained, data), await evaluate(network, data)];
    expect(before.loss).toBeGreaterThan(0.1);
    expect(after.loss).toBeLessThan(before.loss / 2);
    if (kind.answers === 'labels') expect(after.accuracy).toBeGreaterThan(0.7);
    else expect([after.accuracy, after.correct.length, after.predicted.length]).toEqual([NaN, 0, 0]);
  });

  test('an evaluation and predictions in batches are those of each sequence alone, in the order of x', async () => {
    const { x, lengths = Array<number>(COUNT).fill(STEPS) } = data;
    const [isEvery, hasLabels, C] = [kind.reads === 'every', kind.answers === 'labels', network.config.outputs];
    const rows = isEvery ? STEPS : 1;
    const whole = await evaluate(network, data);
    const { outputs, classes, probabilities } = await predict(network, x, { lengths });
    expect(outputs.shape).toEqual(isEvery ? [COUNT, STEPS, C] : [COUNT, C]);
    expect([classes !== undefined, probabilities !== undefined]).toEqual([hasLabels, hasLabels]);
    const one = new Network(backend, network.config, { T: STEPS, B: 1 });
    one.load(valuesByName(network.parameters));
    const sums = { loss: 0, right: 0, count: 0 };
    for (let n = 0; n < COUNT; n++) {
      const alone = sliceSequences(data, n, n + 1);
      const answers = hasLabels
        ? { labels: new Uint8Array(rows) }
        : { targets: zeros(isEvery ? [1, STEPS, C] : [1, C]) };
      one.setBatch({ x: alone.x, layout: 'batch-first', lengths: [lengths[n]], ...answers });
      one.forward();
      const end = isEvery ? lengths[n] * C : C;
      const expected = valuesOf(one.activations.logits).map((logit, at) => (at < end ? logit : NaN));
      expect(valuesOf(outputs.pick(n))).toEqual(expected);
      for (let t = 0; t < rows && classes && probabilities; t++) {
        const [at, logits] = [n * rows + t, [...expected.subarray(t * C, (t + 1) * C)]];
        const shares = [...valuesOf(probabilities.pick(n)).subarray(t * C, (t + 1) * C)];
        const isBeyond = Number.isNaN(logits[0]);
        expect(classes[at]).toBe(isBeyond ? -1 : logits.indexOf(Math.max(...logits)));
        if (whole.predicted[at] >= 0) expect(whole.predicted[at]).toBe(classes[at]);
        if (isBeyond) expect(shares).toEqual(logits);
        const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
        if (!isBeyond) shares.forEach((share, k) => expect(share).toBeCloseTo(Math.exp(logits[k]) / sum, 6));
      }

      const ofSequence = (list: Uint8Array | Int32Array): number[] => [...list.subarray(n * rows, n * rows + rows)];
      const [correct, predicted] = [ofSequence(whole.correct), ofSequence(whole.predicted)];
      if (nothingCounts(alone)) {
        expect([correct, predicted]).toEqual([correct.map(() => 0), predicted.map(() => -1)]);
        continue;
      }
      const { loss, accuracy, count, ...lists } = await evaluate(one, alone);
      expect([[...lists.correct], [...lists.predicted]]).toEqual([correct, predicted]);
      sums.loss += loss * count;
      sums.right += Math.round(accuracy * count);
      sums.count += count;
    }
    one.dispose();
    expect([whole.count, rowsThatCount(data)]).toEqual([sums.count, sums.count]);
    expect(whole.loss).toBeCloseTo(sums.loss / sums.count, 12);
    if (hasLabels) expect(whole.accuracy).toBe(sums.right / sums.count);
  });

  test('predictions do not depend on B, nor on the form of x; lists may end where their sequences end', async () => {
    const { x, lengths } = data;
    const given = lengths && { lengths };
    const whole = await predict(network, x, given);
    for (const B of [1, 5, COUNT + 1]) {
      const other = new Network(backend, network.config, { T: STEPS, B });
      other.load(valuesByName(network.parameters));
      for (const state of other.layers.flat().flatMap(({ initial: { h, c } }) => [h, c])) state.set(0, 0, 9);
      expect(await predict(other, x, given)).toEqual(whole);
      other.dispose();
    }
    const stepOf = (n: number, t: number): unknown =>
      x.dimension === 2 ? x.get(n, t) : [...valuesOf(x.pick(n, t, null))];
    const lists = Array.from({ length: COUNT }, (_, n) =>
      Array.from({ length: lengths?.[n] ?? STEPS }, (_, t) => stepOf(n, t)),
    ) as number[][];
    expect(Math.max(...lists.map(({ length }) => length))).toBe(STEPS);
    expect(await predict(network, lists, given)).toEqual(whole);
  });

  if (kind.ends === 'lengths')
    test('what stands beyond the ends changes no bit of a run', async () => {
      expect(weightsOf(await trained(withoutRubbish(data)))).toEqual(weightsOf(network));
    });
});

const lengthOf = ({ x, lengths }: Sequences, n: number): number => lengths?.[n] ?? x.shape[1];

/** Counted here in another way: row by row. */
function rowsThatCount(data: Sequences): number {
  const { x, labels, targets } = data;
  const [count, T] = x.shape;
  const isEvery = targets ? targets.dimension === 3 : labels.length > count;
  let rows = 0;
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < (isEvery ? T : 1); t++) {
      if ((!isEvery || t < lengthOf(data, n)) && (!labels || labels[isEvery ? n * T + t : n] >= 0)) rows++;
    }
  }
  return rows;
}

const nothingCounts = (data: Sequences): boolean => rowsThatCount(data) === 0;

/** The same sequences with zeros beyond their ends. */
function withoutRubbish(data: Sequences): Sequences {
  const { x, labels, targets } = data;
  const [count, T] = x.shape;
  const isBeyond = (n: number, t: number): boolean => t >= lengthOf(data, n);
  const cleaned = (tensor: Tensor): Tensor => {
    const clean = zeros(tensor.shape);
    copyInto(clean, tensor);
    for (let n = 0; n < count; n++) {
      for (let t = 0; t < T; t++) if (isBeyond(n, t)) fill(clean.pick(n, t), 0);
    }
    return clean;
  };
  const isEvery = labels && labels.length > count;
  return {
    ...data,
    x: cleaned(x),
    ...(targets?.dimension === 3 && { targets: cleaned(targets) }),
    ...(isEvery && { labels: Array.from(labels, (label, n) => (isBeyond(Math.floor(n / T), n % T) ? 0 : label)) }),
  } as Sequences;
}

const LABELLED = { inputs: 'numbers', answers: 'labels', reads: 'last', ends: 'one length' } as const satisfies Kind;

interface ListType {
  from(list: ArrayLike<number>): ArrayLike<number>;
}

test('labels and lengths can be lists of every type, and x and targets views of f64: no bit of a run changes', async () => {
  const labelled = smallSequences({ ...LABELLED, ends: 'lengths' }, COUNT);
  const lists = [Int8Array, Int32Array, Float64Array, Array].map((List: ListType) => ({
    labels: List.from(labelled.labels),
    lengths: List.from(labelled.lengths!),
  }));
  const ofOneLength = smallSequences(LABELLED, COUNT);
  const counted = { ...ofOneLength, labels: Array.from(ofOneLength.labels, Math.abs) };
  const targets = smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' }, COUNT);
  /** As `[T,count,…]` in memory, with the first two axes exchanged. */
  const exchanged = (tensor: Tensor): Tensor => {
    const [count, T, width] = tensor.shape;
    const view = zeros([T, count, width], 'f64').transpose(1, 0, 2);
    copyInto(view, tensor);
    return view;
  };
  const cases: [Sequences, object[]][] = [
    [labelled, lists],
    [counted, [{ labels: Uint8Array.from(counted.labels) }]],
    [targets, [{ x: exchanged(targets.x), targets: exchanged(targets.targets) }]],
  ];
  for (const [data, changes] of cases) {
    const [expected, ...found] = await Promise.all(
      [{}, ...changes].map((change) => trained({ ...data, ...change }, { trainingIters: 8 * 5 })),
    );
    for (const network of found) expect(weightsOf(network)).toEqual(weightsOf(expected));
  }
});

test('on a backend of f64, targets are not rounded to f32', async () => {
  const f64 = createReferenceBackend({ dtype: 'f64' });
  const config: NetworkConfig = { inputs: 1, layers: [{ hidden: 1 }], outputs: 1, loss: 'squaredError' };
  const network = new Network(f64, config, { T: 1, B: 1 });
  const data = { x: zeros([1, 1, 1]), targets: tensorFrom([0.1], [1, 1], 'f64') };
  const { loss } = await evaluate(network, data); // all weights are 0, so the output is 0
  expect(loss).toBe(0.1 * 0.1);
  network.dispose();
});

test('one step: the labels of a step are those of the sequence', async () => {
  const x = tensorFrom([1, -1, 2, -2], [4, 1, 1]);
  const options = { hidden: 3, batchSize: 4, trainingIters: 4 * 100, learningRate: 0.05 };
  const network = await train(backend, { x, labels: [1, 0, 1, 0] }, options);
  expect(network.config.reads).toBe('last');
  expect([...(await evaluate(network, { x, labels: [1, 0, 1, 1] })).predicted]).toEqual([1, 0, 1, 0]);
  network.dispose();
});

test('one step: a network that reads every step can be evaluated with a label for each sequence', async () => {
  const sizes: NetworkConfig = { inputs: 1, layers: [{ hidden: 2 }], outputs: 2, reads: 'every' };
  const network = new Network(backend, sizes, { T: 1, B: 2 });
  const { correct } = await evaluate(network, { x: tensorFrom([1, -1, 2], [3, 1, 1]), labels: [0, 0, 1] });
  expect([...correct]).toEqual([1, 1, 0]); // all weights are 0
  network.dispose();
});

test('the rows beyond the last examples do not keep what an earlier batch had beyond an end', async () => {
  const sizes: NetworkConfig = { inputs: 3, inputKind: 'classes', layers: [{ hidden: 2 }], outputs: 2 };
  const network = new Network(backend, sizes, { T: 2, B: 2 });
  network.setBatch({ x: tensorFrom([0, 0, 1, NaN], [2, 2]), labels: [0, 1], lengths: [2, 1] });
  const data = { x: tensorFrom([0, 1, 2, 1, 0, 2], [3, 2]), labels: [0, 0, 1], inputClasses: 3 };
  expect((await evaluate(network, data)).count).toBe(3);
  network.dispose();
});

/** The sequences without about a third of their targets, and without any of the first sequence's. */
function withMissing(data: Sequences): Sequences {
  const random = new Random(4);
  const values = valuesOf(data.targets!);
  const ofFirst = values.length / COUNT;
  const missing = values.map((value, n) => (n < ofFirst || random.below(3) === 0 ? NaN : value));
  return { ...data, targets: tensorFrom(missing, data.targets!.shape) } as Sequences;
}

/** What an error costs; one output for each target, or one for each quantile. */
const COSTS: readonly (readonly [TrainOptions['loss'], Partial<TrainOptions>, (r: number, q: number) => number])[] = [
  ['squaredError', {}, (r) => r ** 2],
  ['absoluteError', {}, Math.abs],
  ['huber', { delta: 0.3 }, (r) => (Math.abs(r) < 0.3 ? r ** 2 / 2 : 0.3 * (Math.abs(r) - 0.15))],
  ['pinball', { quantiles: [0.2, 0.5, 0.9] }, (r, q) => Math.max(-q * r, (1 - q) * r)],
];

describe.each(COSTS)('the loss %s %j', (loss, others, cost) => {
  describe.each([
    ['last', 'lengths'],
    ['every', 'one length'],
    ['every', 'lengths'],
  ] as const)('reads %s, %s; of targets that are NaN', (reads, ends) => {
    const data = withMissing(smallSequences({ inputs: 'numbers', answers: 'targets', reads, ends }, COUNT));

    test('training lowers it, and it is the mean over the targets that count, in a validation too', async () => {
      const options = { loss, ...others, epochs: 1, validateEvery: 1 };
      const validations: number[] = [];
      const hooks = { validation: data, onValidation: (one: { loss: number }) => validations.push(one.loss) };
      const untrained = await train(backend, data, { ...OPTIONS, ...options, outputInit: 'glorot' }, hooks);
      const network = await trained(data, { loss, ...others, outputInit: 'glorot', trainingIters: 8 * 100 });
      expect(network.config).toMatchObject({ loss, ...others });
      const [before, after] = [await evaluate(untrained, data), await evaluate(network, data)];
      expect(validations.at(-1)).toBe(before.loss);
      expect(after.loss).toBeLessThan(0.6 * before.loss);

      const { outputs } = await predict(network, data.x, data.lengths && { lengths: data.lengths });
      const { quantiles = [NaN] } = others;
      const [found, expected] = [valuesOf(outputs), valuesOf(data.targets!)];
      const costs = Array.from(found).flatMap((output, n) => {
        const target = expected[Math.floor(n / quantiles.length)];
        return Number.isNaN(output) || Number.isNaN(target)
          ? []
          : [cost(output - target, quantiles[n % quantiles.length])];
      });
      expect(costs.length).toBeGreaterThan(COUNT / 2);
      expect(after.loss).toBeCloseTo(costs.reduce((sum, one) => sum + one, 0) / costs.length, 6);
    });
  });
});

describeOnBackends((device) => {
  test.each(['squaredError', 'pinball'] as const)(
    'predictions and missing targets with %s are as on the host',
    async (loss) => {
      const data = withMissing(
        smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' }, COUNT),
      );
      await expectAsOnReference(device(), data, { ...OPTIONS, loss, trainingIters: 8 * 5, epochs: 2 });
    },
  );
});

test('what missing targets do to a digest does not depend on the bits of NaN', async () => {
  const targets = tensorFrom([0.5, NaN, 0.25, NaN], [4, 1], 'f64');
  const data = { x: zeros([4, 2, 1]), targets };
  const digestOf = async (): Promise<string | undefined> =>
    (await checkpointOf(data, { batchSize: 2, trainingIters: 4, hidden: 1 })).training?.data;
  const digest = await digestOf();
  new DataView(targets.data.buffer).setBigUint64(8, 0xfff8_0000_0000_0001n, true); // another NaN
  expect(targets.get(1, 0)).toBeNaN();
  expect(await digestOf()).toBe(digest);
});

test('the rows beyond the last examples have no targets', async () => {
  const sizes: NetworkConfig = { inputs: 1, layers: [{ hidden: 2 }], outputs: 1, loss: 'huber' };
  const network = new Network(backend, sizes, { T: 2, B: 2 });
  await evaluate(network, { x: zeros([3, 2, 1]), targets: zeros([3, 1]) });
  expect([0, 1].map((row) => network.countsRow(row))).toEqual([true, false]);
  network.dispose();
});

test('one step: targets of the step are those of the sequence', async () => {
  const x = tensorFrom([1, -1, 2, -2], [4, 1, 1]);
  const [ofSequence, ofStep] = [
    [4, 1],
    [4, 1, 1],
  ].map((shape) => ({ x, targets: tensorFrom([2, -2, 4, NaN], shape) }));
  for (const data of [ofSequence, ofStep]) {
    const network = await trained(data, { batchSize: 4 });
    const evaluation = await evaluate(network, ofStep);
    expect(evaluation.count).toBe(3);
    expect(await evaluate(network, ofSequence)).toEqual(evaluation);
  }
});

describe('predict', () => {
  const config: NetworkConfig = { inputs: 2, layers: [{ hidden: 3 }], outputs: 2, loss: 'squaredError' };
  const network = new Network(backend, config, { T: 6, B: 2 });
  network.initialise(new Random(3));
  const readsClasses = new Network(backend, { ...config, inputs: 4, inputKind: 'classes' }, { T: 6, B: 2 });
  const x = zeros([5, 6, 2]);
  const short = [6, 5, 1, 2, 6];
  const spoilt = (value: number): Tensor => {
    const copy = zeros([5, 6, 2], 'f64');
    copy.set(2, 4, 1, value);
    return copy;
  };
  const lists = (change: (sequences: unknown[][][]) => unknown): never => {
    const sequences: unknown[][][] = Array.from({ length: 5 }, () => Array.from({ length: 6 }, () => [0, 0]));
    change(sequences);
    return sequences as never;
  };
  const RULE = 'must be [count,6,2]';
  const LONGER = `${RULE}; for longer sequences, load the weights into a network with another T`;
  const SWAPPED = `${RULE}, one sequence after another; if it is [T,count,I], give x.transpose(1, 0, 2)`;
  const FINITE = 'must be a finite number within f32 (±3.4028235e+38)';
  const A_TENSOR = 'must be a tensor of f32 or f64, as tensorFrom(numbers, [count,T,I]) makes it';
  const AN_ARRAY = 'must be an array of numbers, or a typed array';

  const refusals: readonly (readonly [string, Tensor, PredictOptions?])[] = [
    [`x is [5,6,3]: ${RULE}`, zeros([5, 6, 3])],
    [`x is [5,6]: ${RULE}`, zeros([5, 6])],
    [`x is [6,2]: ${RULE}`, zeros([6, 2])],
    [`x is [5,7,2]: ${LONGER}`, zeros([5, 7, 2])],
    [`x is [5,7,2]: ${LONGER}`, zeros([5, 7, 2]), { lengths: short }],
    [`x is [5,4,2]: ${RULE}; for shorter sequences, give lengths`, zeros([5, 4, 2])],
    [`x is [6,5,2]: ${SWAPPED}`, zeros([6, 5, 2])],
    [`x is [6,9,2]: ${SWAPPED}`, zeros([6, 9, 2])],
    [`x is [6,5,2]: ${SWAPPED}`, zeros([6, 5, 2]), { lengths: short }],
    [`x[2,4,1] is NaN: ${FINITE}`, spoilt(NaN)],
    [`x[2,4,1] is 1e+39: ${FINITE}`, spoilt(1e39)],
    [`x[2,4,1] is NaN: ${FINITE}`, spoilt(NaN), { lengths: [6, 1, 5, 2, 6] }],
    ['x[1][2] has 1 number: must have 2', lists((all) => (all[1][2] = [0]))],
    ['x[1] is an empty list', lists((all) => all[1].splice(0))],
    ['x[1] has 4 steps, but lengths[1] is 5', lists((all) => all[1].splice(4)), { lengths: short }],
    [`x[4,0,1] is NaN: ${FINITE}`, lists((all) => (all[4][0][1] = NaN))],
    [`x is [5,7,2]: ${LONGER}`, lists((all) => all.forEach((one) => one.push([0, 0])))],
    [
      `x is [6,7,2]: ${SWAPPED}`,
      lists((all) => {
        all.push(all[0].slice());
        all.forEach((one) => one.push([0, 0]));
      }),
    ],
    ['x has 0 sequences, and none has a step', lists((all) => all.splice(0))],
    ['x has 5 sequences, and none has a step', lists((all) => all.fill([]))],
    ['lengths has 2 numbers: 5 sequences need 5', x, { lengths: [1, 2] }],
    ['lengths[2] is 7: must be a whole number in 1…6', x, { lengths: [1, 2, 7, 1, 1] }],
    ['lengths[2] is 0: must be a whole number in 1…6', x, { lengths: [1, 2, 0, 1, 1] }],
  ];
  const wrongTypes: readonly (readonly [string, unknown, unknown?])[] = [
    [`x is a Float32Array: ${A_TENSOR}`, new Float32Array(12)],
    [`x is null: ${A_TENSOR}`, null],
    [`x[3][1] is 7: ${AN_ARRAY}`, lists((all) => (all[3][1] = 7 as never))],
    [`x[3] is undefined: ${AN_ARRAY}`, lists((all) => Reflect.deleteProperty(all, 3))],
    ['x[3][1][0] "7": must be a number', lists((all) => (all[3][1][0] = '7'))],
    ['x[3][1][0] null: must be a number', lists((all) => (all[3][1][0] = null))],
    ['options: length: unknown option; did you mean lengths?', x, { length: short }],
    [`lengths is null: ${AN_ARRAY}`, x, { lengths: null }],
    ['options: signal an Object: must be an AbortSignal', x, { signal: {} }],
  ];
  test.each([
    ...refusals.map(([message, ...given]) => ({ error: new DataError(`predict: ${message}`), given })),
    ...wrongTypes.map(([message, ...given]) => ({ error: new TypeError(`predict: ${message}`), given })),
  ])('refuses with “$error.message”', async ({ error, given }) => {
    const [wrong, options] = given as [Tensor, PredictOptions?];
    expect(await failureOf(predict(network, wrong, options))).toEqual(error);
  });

  test('as many lists as the network has steps, each shorter, are sequences', async () => {
    const short = lists((all) => {
      all.push(all[0].slice());
      all.forEach((one) => one.splice(5));
    });
    const { outputs } = await predict(network, short);
    const padded = await predict(network, zeros([6, 6, 2]), { lengths: Array(6).fill(5) });
    expect(outputs).toEqual(padded.outputs);
  });

  test('refuses class indices out of range', async () => {
    for (const [given, message] of [
      [tensorFrom([0, 1, 2, 3, 4, 0], [1, 6]), '[0,4] is 4: must be a class 0…3'],
      [[[0, 1, 2, 3, 0.5, 0]], '[0,4] is 0.5: must be a class 0…3'],
      [x, ' is [5,6,2]: must be [count,6], class indices'],
      [
        zeros([6, 5]),
        ' is [6,5]: must be [count,6], class indices, one sequence after another; if it is [T,count], give x.transpose(1, 0)',
      ],
    ] as const) {
      expect(await failureOf(predict(readsClasses, given))).toEqual(new DataError(`predict: x${message}`));
    }
  });

  test('accepts fewer steps with lengths, views, and typed arrays in a list; what stands beyond an end is not read', async () => {
    const numbers = Array.from({ length: 5 * 4 * 2 }, (_, n) => Math.sin(n));
    const lengths = [4, 1, 2, 3, 4];
    const [batchFirst, timeFirst, whole] = [tensorFrom(numbers, [5, 4, 2]), zeros([4, 5, 2]), zeros([5, 6, 2])];
    whole.data.fill(NaN);
    copyInto(timeFirst.transpose(1, 0, 2), batchFirst);
    lengths.forEach((length, n) => copyInto(whole.pick(n).hi(length), batchFirst.pick(n).hi(length)));
    const expected = await predict(network, whole, { lengths });
    expect(await predict(network, batchFirst, { lengths })).toEqual(expected);
    expect(await predict(network, timeFirst.transpose(1, 0, 2), { lengths })).toEqual(expected);
    const rows = lengths.map((length, n) =>
      Array.from({ length }, (_, t) => Float64Array.from(valuesOf(batchFirst.pick(n, t)))),
    );
    expect(await predict(network, rows, { lengths: Uint8Array.from(lengths) })).toEqual(expected);
    expect(await predict(network, rows)).toEqual(expected);
    const [alone] = [await predict(network, [rows[2]])]; // all of its lists have one length, but the network has more steps
    expect(Array.from(valuesOf(alone.outputs))).toEqual(Array.from(valuesOf(expected.outputs.pick(2))));
  });

  test('has the numbers and the lengths of its call, though the caller writes the next ones meanwhile', async () => {
    const lengths = [4, 1, 2, 3, 4];
    const given = zeros([5, 6, 2]);
    fill(given, 0.5);
    const expected = await predict(network, given, { lengths });
    const result = predict(network, given, { lengths });
    fill(given, NaN);
    lengths.fill(7);
    expect(await result).toEqual(expected);
  });

  test('is refused beside an evaluation, and after dispose; it can be aborted, and a weight of NaN is named', async () => {
    const data = { x, targets: zeros([5, 2]) };
    const [, beside] = await Promise.all([evaluate(network, data), failureOf(predict(network, x))]);
    expect(String(beside)).toMatch(/^Error: predict: another call on this network is still running \(evaluate\)/);
    expect(await failureOf(predict(network, x, { signal: AbortSignal.abort('stop') }))).toBe('stop');
    expect((await predict(network, x)).outputs.shape).toEqual([5, 2]);

    const other = new Network(backend, config, { T: 6, B: 2 });
    other.parameters.at(-1)!.value.set(1, Infinity);
    const problem = await failureOf(predict(other, x));
    expect(problem).toBeInstanceOf(NonFiniteError);
    expect(String(problem)).toContain('predict: outputs[0,1] is Infinity: a number in the network has overflowed');
    other.dispose();
    expect(await failureOf(predict({} as never, x))).toBeInstanceOf(TypeError);
  });

  test.each([
    ['before a batch', false, '[6,2,2]'],
    ['while a batch is downloaded', true, '[2,2]'],
  ])('a network that is disposed of %s is not read again', async (_, isLate, shape) => {
    const download: Backend['download'] = async (tensor) => {
      await backend.download(tensor);
      freed.dispose();
    };
    const freed = new Network(isLate ? { ...backend, download } : backend, config, { T: 6, B: 2 });
    const failure = failureOf(predict(freed, x));
    if (!isLate) freed.dispose();
    expect(await failure).toEqual(new RangeError(`predict: ${shape} has been freed`));
  });
});

describe.each([
  ['of several lengths', [3, 1, 2]],
  ['of one length', [3, 3, 3]],
])('sequences %s that end before the steps of the network', (_, lengths) => {
  const T = 5;
  const x = lengths.map((length, n) => Array.from({ length }, (__, t) => [Math.sin(7 * n + t)]));
  const longest = Math.max(...lengths);
  const padded = zeros([3, T, 1]);
  x.forEach((steps, n) => steps.forEach(([value], t) => padded.set(n, t, 0, value)));

  test.each(['last', 'every'] as const)('are evaluated, with labels or targets of the %s step', async (reads) => {
    const rows = reads === 'every' ? T : 1;
    const label = (n: number, t: number): number => (n + t) % 2;
    for (const loss of ['crossEntropy', 'squaredError'] as const) {
      const network = new Network(
        backend,
        { inputs: 1, layers: [{ hidden: 2 }], outputs: 2, loss, reads },
        { T, B: 2 },
      );
      network.initialise(new Random(1));
      const flat = (steps: number): number[] =>
        lengths.flatMap((__, n) => Array.from({ length: steps }, (___, t) => label(n, t)));
      const targets = tensorFrom(
        flat(rows).flatMap((one) => [one, -one]),
        reads === 'every' ? [3, T, 2] : [3, 2],
      );
      const expected = await evaluate(network, {
        x: padded,
        lengths,
        ...(loss === 'crossEntropy' ? { labels: flat(rows) } : { targets }),
      });
      const listed = lengths.map((length, n) => Array.from({ length }, (__, t) => label(n, t)));
      const ofSteps =
        loss === 'crossEntropy'
          ? { labels: listed }
          : { targets: listed.map((list) => list.map((one) => [one, -one])) };
      const ofSequence = loss === 'crossEntropy' ? { labels: flat(1) } : { targets: flat(1).map((one) => [one, -one]) };
      const given = { x, ...(reads === 'every' ? ofSteps : ofSequence) } as GivenSequences;
      const { correct, predicted, ...sums } = await evaluate(network, given);
      expect(sums).toEqual({ loss: expected.loss, accuracy: expected.accuracy, count: expected.count });
      const shown = reads === 'every' ? longest : 1;
      const inOrder = (all: ArrayLike<number>): number[] => Array.from(all).filter((__, at) => at % rows < shown);
      expect([Array.from(correct), Array.from(predicted)]).toEqual([
        inOrder(expected.correct),
        inOrder(expected.predicted),
      ]);
      network.dispose();
    }
  });

  test('are validated', async () => {
    const labels = [0, 1, 0];
    const whole = {
      x: Array.from({ length: 4 }, () => Array.from({ length: T }, (__, t) => [t])),
      labels: [0, 1, 0, 1],
    };
    const run = (validation: GivenSequences) =>
      train(backend, whole, { ...OPTIONS, trainingIters: 4, batchSize: 2, validateEvery: 1 }, { validation });
    const [ofLists, ofTensor] = [await run({ x, labels }), await run({ x: padded, lengths, labels })];
    expect(weightsOf(ofLists)).toEqual(weightsOf(ofTensor));
  });
});

describe('classes', () => {
  const data = smallSequences(LABELLED, COUNT);
  const untrained = { trainingIters: 1 };

  test('are the largest label that counts + 1, unless `classes` gives more', async () => {
    const ended = smallSequences({ ...LABELLED, reads: 'every', ends: 'lengths' }, COUNT); // beyond the ends: 77
    for (const [sequences, outputs] of [
      [data, 3],
      [ended, 3],
      [{ ...data, classes: 5 }, 5],
    ] as const) {
      expect((await trained(sequences, untrained)).config.outputs).toBe(outputs);
    }
  });

  test('may be more than the labels of an evaluation or a validation show', async () => {
    const few = { ...sliceSequences(data, 0, 4), labels: [0, 0, -1, 0] };
    const network = await trained(data, untrained);
    expect((await evaluate(network, few)).count).toBe(3);
    const hooks = { validation: few };
    await expect(train(backend, data, { ...OPTIONS, ...untrained, validateEvery: 1 }, hooks)).resolves.toBeDefined();
  });

  test('may not be fewer, nor other than `classes`', async () => {
    const network = await trained(data, untrained);
    for (const change of [{ labels: Array<number>(COUNT).fill(3) }, { classes: 4 }]) {
      await expect(evaluate(network, { ...data, ...change })).rejects.toThrow(
        new DataError('evaluate: the data have classes 4, but the network has classes 3'),
      );
    }
  });
});

test('a batch in which nothing counts changes no weight, and its line shows a loss of 0', async () => {
  const data = smallSequences(LABELLED, 8);
  const labels = [-1, -1, -1, -1, 0, 1, 2, 0]; // two batches in the order of the data
  const options: TrainOptions = { ...TUTORIAL, ...OPTIONS, batchSize: 4, shuffle: 'legacy' };
  const training = Training.start(backend, { train: { ...data, labels }, validation: undefined }, options);
  const weights = weightsOf(training.network);
  await training.makeStep();
  expect(weightsOf(training.network)).toEqual(weights);
  expect(await training.line()).toEqual({ step: 1, iter: 4, loss: 0, accuracy: 0 });
  await training.makeStep();
  expect(weightsOf(training.network)).not.toEqual(weights);
  expect((await training.line()).loss).toBeGreaterThan(0);
  training.dispose();
});

test('the label of an example that does not count is never used, even in the rows of a batch that is not full', async () => {
  const data = smallSequences({ ...LABELLED, reads: 'every' }, 3);
  const network = await trained(data, { batchSize: 3, trainingIters: 1 });
  const large = new Network(backend, network.config, { T: STEPS, B: 4 });
  large.load(valuesByName(network.parameters));
  const whole = await evaluate(large, data);
  await evaluate(large, sliceSequences(data, 1, 3)); // leaves other numbers in the rows of the batch
  expect(await evaluate(large, data)).toEqual(whole);
});

describe('numbers that are not normalised', () => {
  const RULE =
    'networks learn from numbers around 1. Subtract the mean of the training data from each column, and divide by their standard deviation';
  const quiet = { hidden: 2, batchSize: 2, trainingIters: 6 };
  const warningsFor = async (data: TrainData, options: object = {}): Promise<string[]> => {
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    (await train(backend, data, { ...quiet, ...options }, { onWarning })).dispose();
    return warnings;
  };
  const births = (targetScale: number): Sequences => {
    const random = new Random(1);
    const [x, targets] = [zeros([4, 3, 2]), zeros([4, 1])];
    for (let n = 0; n < 4; n++) {
      for (let t = 0; t < 3; t++)
        [random.normal(0, 1), random.normal(9000, 20)].forEach((one, i) => x.set(n, t, i, one));
      targets.set(n, 0, targetScale * random.normal(9000, 20));
    }
    return { x, targets };
  };

  test('are reported once at the start, with their column', async () => {
    expect(await warningsFor(births(1))).toEqual([
      `train: data.x: column 1 has numbers around 9000 (root mean square): ${RULE}`,
      `train: data.targets: column 0 has numbers around 9000 (root mean square): ${RULE}`,
    ]);
    expect(await warningsFor(births(1e-4))).toHaveLength(1);
  });

  test('are reported by console.warn without a hook, and on standard error by the command line', async () => {
    const printed = jest.spyOn(console, 'warn').mockImplementation(() => {});
    (await train(backend, births(1e-4), quiet)).dispose();
    const line = `train: data.x: column 1 has numbers around 9000 (root mean square): ${RULE}`;
    expect(printed.mock.calls).toEqual([[`longhand: ${line}`]]);
    printed.mockClear();

    const data = births(1e-4);
    const split = { train: data, validation: data, test: data };
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const options = { ...TUTORIAL, ...quiet };
    await asRun({ stdout, stderr, signals: new EventEmitter() }, () =>
      runTraining(backend, split, examplesIn(split, options), quiet, flags, undefined, new AbortController().signal),
    );
    for (const stream of [stdout, stderr]) stream.end();
    expect((await text(stderr)).split('\n').filter((one) => one.startsWith('warning'))).toEqual([`warning: ${line}`]);
    expect(await text(stdout)).toMatch(/^Optimization Finished!\nTesting Mean Squared Error/);
    expect(printed.mock.calls).toEqual([]);
    printed.mockRestore();
  });
  const flags: TrainFlags = {
    backend: 'reference',
    gpuMode: 'auto',
    deterministic: false,
    task: 'mnist',
    permute: false,
    rare: 0,
    json: false,
    checkpointEvery: 100,
    sampleEvery: 0,
  };

  test('are not numbers beyond an end, class indices, or usual data', async () => {
    const random = new Random(1);
    const temperatures = zeros([4, 3, 1]);
    temperatures.data.forEach((_, n) => (temperatures.data[n] = random.normal(15, 10)));
    const beyond = births(1e-4);
    for (let n = 0; n < 4; n++) {
      for (let t = 0; t < 3; t++) beyond.x.set(n, t, 1, t < 2 ? 0.5 : 9000);
    }
    const lengths = [2, 2, 2, 2];
    const usual: [TrainData, object?][] = [
      [{ x: temperatures, labels: [0, 1, 0, 1] }],
      [{ ...beyond, lengths }],
      [{ x: tensorFrom([100, 200, 300, 400, 500, 600], [2, 3]), inputClasses: 1000, labels: [0, 1] }],
      [IMAGES],
      [addingProblem(20, 10, 1)],
      [textTask('to be or not to be, that is the question\n'.repeat(3), { T: 3 }).train],
    ];
    for (const [data, options] of usual) expect(await warningsFor(data, options)).toEqual([]);
  });
});
