/** Runs of networks with everything on: resumed at any step, and on any number of threads, they make the same bits. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { BatchOrder } from '../../src/data/batches.js';
import type { Sequences } from '../../src/data/sequences.js';
import type { TrainData } from '../../src/data/train-data.js';
import { Network } from '../../src/network/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { evaluate } from '../../src/training/evaluate.js';
import { resumeTraining, train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line, Validation } from '../../src/training/run.js';
import { failureOf } from '../helpers/failures.js';
import { IMAGES } from '../helpers/small-images.js';
import { smallSequences } from '../helpers/small-sequences.js';

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

const RUNS: readonly (readonly [string, TrainData, TrainData, Partial<TrainOptions>])[] = [
  ['everything and Adam', SEQUENCES, VALIDATION, EVERYTHING],
  ['everything and SGD', SEQUENCES, VALIDATION, { ...EVERYTHING, optimiser: 'sgd', momentum: 0.7 }],
  ['shifted images', IMAGES, IMAGES, { ...EVERYTHING, shift: 1, batchSize: 15, trainingIters: 15 * 13 }],
];

interface Recorded {
  readonly lines: Line[];
  readonly checkpoints: Checkpoint[];
}

/** Hooks that record their calls, and stop the run after step `last`. */
function recording(validation: TrainData, last = Infinity) {
  const recorded: Recorded = { lines: [], checkpoints: [] };
  const controller = new AbortController();
  const hooks = {
    validation,
    signal: controller.signal,
    onLine: (line: Line) => recorded.lines.push(line),
    onCheckpoint: (checkpoint: Checkpoint) => recorded.checkpoints.push(checkpoint),
    onStep: (step: number) => {
      if (step === last) controller.abort('stopped');
    },
  };
  return { recorded, hooks };
}

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['reference', async () => createReferenceBackend()],
  ['wasm', () => createWasmBackend({ threads: 2, check: true })],
];

describe.each(backends)('on the backend %s', (_, make) => {
  let backend: Backend;
  beforeAll(async () => (backend = await make()));
  afterAll(() => backend.dispose());

  test.each(RUNS)('a run with %s resumes to the same file', async (_name, data, validation, options) => {
    const whole = recording(validation);
    (await train(backend, data, options, whole.hooks)).dispose();
    const [end] = whole.recorded.checkpoints;
    expect(end.training?.step).toBe(12);

    for (const last of [1, 5, 6, 10]) {
      const first = recording(validation, last);
      expect(await failureOf(train(backend, data, options, first.hooks))).toBe('stopped');
      // through the bytes of a file, as a process would
      const saved = parseCheckpoint(checkpointBytes(first.recorded.checkpoints[0]), 'saved');
      expect(saved.training?.step).toBe(last);

      const second = recording(validation);
      (await resumeTraining(backend, data, saved, {}, second.hooks)).dispose();
      expect([...first.recorded.lines, ...second.recorded.lines]).toEqual(whole.recorded.lines);
      expect(Buffer.compare(checkpointBytes(second.recorded.checkpoints[0]), checkpointBytes(end))).toBe(0);
    }
  });
});

describe('the same bits on 1, 2 and 3 threads', () => {
  /** Large enough that every operation is split over the threads. */
  function largeSequences(): Sequences {
    const [count, T, inputClasses] = [60, 9, 50];
    const random = new Random(3);
    const lengths = Array.from({ length: count }, () => 1 + random.below(T));
    const x = tensorFrom(
      Float32Array.from({ length: count * T }, () => random.below(inputClasses)),
      [count, T],
    );
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
      const { recorded, hooks } = recording(data);
      (await train(backend, data, options, hooks)).dispose();
      await backend.dispose();
      const [{ model, training }] = recorded.checkpoints;
      files.push(checkpointBytes({ model, training: { ...training!, backend: 'any' } }));
    }
    for (const file of files) expect(Buffer.compare(file, files[0])).toBe(0);
  });
});

const reference = createReferenceBackend();

async function checkpointOf(data: TrainData, options: Partial<TrainOptions>): Promise<Checkpoint> {
  const { recorded, hooks } = recording(data);
  (await train(reference, data, options, hooks)).dispose();
  return recorded.checkpoints[0];
}

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
  const without = new Network(reference, { ...network.network, dropout: 0 }, network.sizes);
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
    const network = new Network(
      reference,
      { inputs: 3, layers: [{ hidden: 4 }, { hidden: 4 }], outputs: 10 },
      { T: 4, B: 15 },
    );
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
    const other = tensorFrom(
      x.data.map((value, n) => (n === 0 ? (value + 1) % 5 : value)),
      x.shape,
    );
    expect(await refusal({ ...SEQUENCES, x: other })).toEqual(OTHER);
    const changed = Array.from(labels!, (label, n) => (n === 0 ? (label + 2) % 3 : label));
    expect(await refusal({ ...SEQUENCES, labels: changed })).toEqual(OTHER);
    const long = Array.from(lengths!).findIndex((length) => length > 1);
    const shorter = Array.from(lengths!, (length, n) => (n === long ? length - 1 : length));
    expect(await refusal({ ...others, x, labels: labels!, lengths: shorter })).toEqual(OTHER);
  });

  test('is allowed with other numbers beyond the ends, and without `classes`', async () => {
    const { lengths, labels, x } = SEQUENCES;
    const [, T] = x.shape;
    const isBeyond = (n: number): boolean => n % T >= lengths![Math.floor(n / T)];
    const data = {
      ...SEQUENCES,
      x: tensorFrom(
        x.data.map((value, n) => (isBeyond(n) ? 4 : value)),
        x.shape,
      ),
      labels: Array.from(labels!, (label, n) => (isBeyond(n) ? -5 : label)),
    };
    (await resumeTraining(reference, data, checkpoint)).dispose();
    const saved = await checkpointOf({ ...SEQUENCES, classes: 9 }, small);
    const network = await resumeTraining(reference, SEQUENCES, saved, { trainingIters: 5 * 6 });
    expect(network.network.outputs).toBe(9);
    network.dispose();
  });
});
