/** Training and evaluation on sequences of every kind: what counts, what does not, and how batches are filled. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { asRun } from '../../src/cli/current-run.js';
import type { TrainFlags } from '../../src/cli/run-training.js';
import { runTraining } from '../../src/cli/run-training.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { copyInto, fill, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { addingProblem } from '../../src/data/memory-tasks.js';
import type { Sequences } from '../../src/data/sequences.js';
import { textTask } from '../../src/data/text.js';
import type { TrainData } from '../../src/data/train-data.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Network } from '../../src/network/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { evaluate } from '../../src/training/evaluate.js';
import { train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import { TUTORIAL } from '../../src/training/options.js';
import { examplesIn } from '../../src/training/run-data.js';
import { Training } from '../../src/training/training.js';
import type { Kind } from '../helpers/small-data.js';
import { IMAGES, KINDS, sliceSequences, smallSequences, STEPS } from '../helpers/small-data.js';

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
    else expect(after.accuracy).toBeNaN();
  });

  test('an evaluation in batches gives what each sequence alone gives', async () => {
    const whole = await evaluate(network, data);
    const one = new Network(backend, network.config, { T: STEPS, B: 1 });
    one.load(valuesByName(network.parameters));
    const sums = { loss: 0, right: 0, count: 0 };
    const rows = whole.correct.length / COUNT;
    for (let n = 0; n < COUNT; n++) {
      const alone = sliceSequences(data, n, n + 1);
      const [correct, predicted] = [whole.correct, whole.predicted].map((list) => [
        ...list.subarray(n * rows, (n + 1) * rows),
      ]);
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
    expect(whole.count).toBe(sums.count);
    expect(whole.count).toBe(rowsThatCount(data));
    expect(whole.loss).toBeCloseTo(sums.loss / sums.count, 12);
    if (kind.answers === 'labels') expect(whole.accuracy).toBe(sums.right / sums.count);
  });

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

/** The weights of a short run, and those of a run on `changed` data. */
async function weightsWith(data: Sequences, changed: Partial<Sequences>): Promise<[Float64Array[], Float64Array[]]> {
  const options = { trainingIters: 8 * 5 };
  return [
    weightsOf(await trained(data, options)),
    weightsOf(await trained({ ...data, ...changed } as Sequences, options)),
  ];
}

interface ListType {
  from(list: ArrayLike<number>): ArrayLike<number>;
}

test.each<ListType>([Int8Array, Int32Array, Float64Array, Array])('labels and lengths can be %p', async (List) => {
  const data = smallSequences({ ...LABELLED, ends: 'lengths' }, COUNT);
  const lists = { labels: List.from(data.labels), lengths: List.from(data.lengths!) };
  const [expected, found] = await weightsWith(data, lists);
  expect(found).toEqual(expected);
});

test('labels can be a Uint8Array if every label counts', async () => {
  const data = smallSequences(LABELLED, COUNT);
  const labels = Array.from(data.labels, Math.abs);
  const [expected, found] = await weightsWith({ ...data, labels }, { labels: Uint8Array.from(labels) });
  expect(found).toEqual(expected);
});

test('x and targets can be views, such as transposed ones, and of f64', async () => {
  const data = smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'every', ends: 'lengths' }, COUNT);
  /** As `[T,count,…]` in memory, with the first two axes exchanged. */
  const exchanged = (tensor: Tensor): Tensor => {
    const [count, T, width] = tensor.shape;
    const stored = zeros([T, count, width], 'f64');
    const view = stored.transpose(1, 0, 2);
    copyInto(view, tensor);
    return view;
  };
  const [expected, found] = await weightsWith(data, { x: exchanged(data.x), targets: exchanged(data.targets) });
  expect(found).toEqual(expected);
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
        new DataError('evaluate: the data have outputs 4, but the network has outputs 3'),
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
    expect(
      String(stderr.read())
        .split('\n')
        .filter((one) => one.startsWith('warning')),
    ).toEqual([`warning: ${line}`]);
    expect(String(stdout.read())).toMatch(/^Optimization Finished!\nTesting Mean Squared Error/);
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
