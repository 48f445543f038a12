/** Runs of networks with everything on: resumed at any step, and on any number of threads, they make the same bits. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { BatchOrder } from '../../src/data/batches.js';
import type { Sequences } from '../../src/data/sequences.js';
import type { TrainData } from '../../src/data/train-data.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { type Checkpoint, checkpointBytes } from '../../src/training/checkpoint.js';
import { evaluate } from '../../src/door/predict.js';
import { resumeTraining, train } from '../../src/door/train.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line, Validation } from '../../src/training/training.js';
import { failureOf } from '../helpers/failures.js';
import type { Run } from '../helpers/small-data.js';
import {
  checkpointOf,
  describeOnBackends,
  expectInterruptible,
  IMAGES,
  smallSequences,
} from '../helpers/small-data.js';

const SEQUENCES = {
  ...smallSequences({ inputs: 'classes', answers: 'labels', reads: 'every', ends: 'lengths' }, 23),
  task: 'small sequences',
};
const VALIDATION = smallSequences({ inputs: 'classes', answers: 'labels', reads: 'every', ends: 'lengths' }, 7, 2);

/** 23 sequences in batches of 5: epochs end inside batches 5 and 10. */
const EVERYTHING: Partial<TrainOptions> = {
  hidden: [5, 3],
  bidirectional: true,
  dropout: 0.3,
  outputInit: 'glorot',
  clipNorm: 0.5,
  clipValue: 0.2,
  schedule: 'cosine',
  warmUp: 3,
  learningRate: 0.05,
  batchSize: 5,
  trainingIters: 5 * 13,
  displayStep: 2,
  validateEvery: 4,
};

describeOnBackends((backendOf) => {
  test.each<[string, Run]>([
    ['everything and Adam', { data: SEQUENCES, validation: VALIDATION, options: EVERYTHING }],
    [
      'everything and SGD',
      { data: SEQUENCES, validation: VALIDATION, options: { ...EVERYTHING, optimiser: 'sgd', momentum: 0.7 } },
    ],
    [
      'shifted images',
      { data: IMAGES, validation: IMAGES, options: { ...EVERYTHING, shift: 1, batchSize: 15, trainingIters: 15 * 13 } },
    ],
  ])('a run with %s resumes to the same file', (_, run) =>
    expectInterruptible(backendOf(), run, (steps) => {
      expect(steps).toBe(12);
      return [1, 5, 6, 10];
    }),
  );
});

describe('the same bits on 1, 2 and 3 threads', () => {
  /** Large enough that every operation is split over the threads. */
  function largeSequences(): Sequences {
    const [count, T, inputClasses] = [60, 9, 50];
    const random = new Random(3);
    const lengths = Array.from({ length: count }, () => 1 + random.below(T));
    const characters = Float32Array.from({ length: count * T }, () => random.below(inputClasses));
    const x = tensorFrom(characters, [count, T]);
    const labels = Array.from({ length: count * T }, () => random.below(31) - 1);
    return { x, labels, lengths, inputClasses, classes: 30 };
  }

  test.each(['adam', 'sgd'] as const)('with %s', async (optimiser) => {
    const data = largeSequences();
    const options = {
      ...EVERYTHING,
      optimiser,
      hidden: [64, 40],
      batchSize: 40,
      trainingIters: 40 * 4,
      validateEvery: null,
    };
    const files: Uint8Array[] = [];
    for (const threads of [1, 2, 3]) {
      const backend = await createWasmBackend({ threads });
      const { model, training } = await checkpointOf(data, options, {}, backend);
      await backend.dispose();
      files.push(checkpointBytes({ model, training: { ...training!, backend: 'any' } }));
    }
    for (const file of files) expect(Buffer.compare(file, files[0])).toBe(0);
  });
});

const reference = createReferenceBackend();

test('lines, validations and evaluations are computed without dropout', async () => {
  const seen: number[] = [];
  const hooks = {
    validation: SEQUENCES,
    onLine: ({ loss }: Line) => seen.push(loss),
    onValidation: ({ loss }: Validation) => seen.push(loss),
  };
  // one batch has all sequences, in their order
  const all = { batchSize: 23, trainingIters: 23 * 2, shuffle: 'legacy', displayStep: 1, validateEvery: 1 } as const;
  const network = await train(reference, SEQUENCES, { ...EVERYTHING, ...all }, hooks);
  const without = new Network(reference, { ...network.config, dropout: 0 }, network.sizes);
  without.load(valuesByName(network.parameters));
  const { loss } = await evaluate(without, SEQUENCES);
  expect([...seen, (await evaluate(network, SEQUENCES)).loss]).toEqual([loss, loss, loss]);
  network.dispose();
  without.dispose();
});

describe('the random generator', () => {
  const stateAfter = async (data: TrainData, options: Partial<TrainOptions>) =>
    (await checkpointOf(data, options)).training!.random;
  const plain = { hidden: 4, batchSize: 15, trainingIters: 15 * 9, seed: 7 };

  test('draws only initial weights and batches if dropout and shift are 0', async () => {
    const random = new Random(7);
    const batches = new BatchOrder(IMAGES.count, 15, 'tf1', random);
    const config = { inputs: 3, layers: [{ hidden: 4 }, { hidden: 4 }], outputs: 10 };
    const network = new Network(reference, config, { T: 4, B: 15 });
    network.initialise(random);
    for (let step = 0; step < 8; step++) batches.next();
    expect(await stateAfter(IMAGES, { ...plain, layers: 2, optimiser: 'sgd' })).toEqual(random.state);
    network.dispose();
  });

  test.each([{ dropout: 0.1 }, { shift: 1 }])('draws more with %j', async (option) => {
    const options = { ...plain, layers: 2 };
    expect(await stateAfter(IMAGES, { ...options, ...option })).not.toEqual(await stateAfter(IMAGES, options));
  });
});

describe('resuming', () => {
  const small = { hidden: 3, batchSize: 5, trainingIters: 5 * 4 };
  let checkpoint: Checkpoint;
  beforeAll(async () => (checkpoint = await checkpointOf(SEQUENCES, small)));
  const refusal = async (data: Sequences): Promise<unknown> => failureOf(resumeTraining(reference, data, checkpoint));
  const OTHER = new DataError(
    'resume: the run began with 23 examples, these are 23 different ones: ' +
      'a run can only be resumed with the data that it began with',
  );

  test('is refused with one other number, class, label or length before an end', async () => {
    const { x, labels, lengths, ...others } = SEQUENCES;
    const other = x.data.map((value, n) => (n === 0 ? (value + 1) % 5 : value));
    expect(await refusal({ ...SEQUENCES, x: tensorFrom(other, x.shape) })).toEqual(OTHER);
    const changed = Array.from(labels, (label, n) => (n === 0 ? (label + 2) % 3 : label));
    expect(await refusal({ ...SEQUENCES, labels: changed })).toEqual(OTHER);
    const long = Array.from(lengths!).findIndex((length) => length > 1);
    const shorter = Array.from(lengths!, (length, n) => (n === long ? length - 1 : length));
    expect(await refusal({ ...others, x, labels: labels, lengths: shorter })).toEqual(OTHER);
  });

  test('is allowed with other numbers beyond the ends, and without `classes`', async () => {
    const { lengths, labels, x } = SEQUENCES;
    const [, T] = x.shape;
    const isBeyond = (n: number): boolean => n % T >= lengths![Math.floor(n / T)];
    const numbers = x.data.map((value, n) => (isBeyond(n) ? 4 : value));
    const others = Array.from(labels, (label, n) => (isBeyond(n) ? -5 : label));
    const data = { ...SEQUENCES, x: tensorFrom(numbers, x.shape), labels: others };
    (await resumeTraining(reference, data, checkpoint)).dispose();
    const saved = await checkpointOf({ ...SEQUENCES, classes: 9 }, small);
    const network = await resumeTraining(reference, SEQUENCES, saved, { trainingIters: 5 * 6 });
    expect(network.config.outputs).toBe(9);
    network.dispose();
  });
});
