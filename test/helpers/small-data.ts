/** Images and sequences so small that training on them takes milliseconds, the images as files of MNIST, and short runs. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { Random } from '../../src/core/rng.js';
import { type Tensor, rowsOf, zeros, valuesOf } from '../../src/core/tensor.js';
import type { LabelledImages } from '../../src/data/mnist.js';
import type { CheckedLabels, CheckedTargets, Sequences } from '../../src/data/sequences.js';
import type { GivenData } from '../../src/data/train-data.js';
import { evaluate, predict } from '../../src/door/predict.js';
import { type TrainHooks, resumeTraining, train } from '../../src/door/train.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line, Validation } from '../../src/training/training.js';
import { failureOf } from './failures.js';

/** Dark noise with one bright pixel. Its place gives the label if an image has 10 pixels or more: a network can learn it. */
export function smallImages(count: number, rows: number, columns: number): LabelledImages {
  const random = new Random(1);
  const size = rows * columns;
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  const pixels = Uint8Array.from({ length: count * size }, () => random.below(100));
  labels.forEach((label, n) => (pixels[n * size + (label % size)] = 255));
  return { count, rows, columns, pixels, labels };
}

export const ROWS = 4;
export const COLUMNS = 3;
export const IMAGES = smallImages(64, ROWS, COLUMNS);

/** Options of a run on `IMAGES`: 12 steps, 4 lines. */
export const OPTIONS = { hidden: 5, batchSize: 16, trainingIters: 200, displayStep: 3 };

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x800 + shape.length, 0);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** The size of the images in these files. */
export const IDX_ROWS = 2;
export const IDX_COLUMNS = 3;

export const imagesFile = (count: number): Buffer =>
  idx([count, IDX_ROWS, IDX_COLUMNS], smallImages(count, IDX_ROWS, IDX_COLUMNS).pixels);
export const labelsFile = (count: number): Buffer => idx([count], smallImages(count, IDX_ROWS, IDX_COLUMNS).labels);

/** The four files of a small, valid MNIST, under their usual names. */
export const mnistFiles = (trainCount: number, testCount: number) => ({
  'train-images-idx3-ubyte': imagesFile(trainCount),
  'train-labels-idx1-ubyte': labelsFile(trainCount),
  't10k-images-idx3-ubyte': imagesFile(testCount),
  't10k-labels-idx1-ubyte': labelsFile(testCount),
});

/** What can differ between kinds of sequences. */
export interface Kind {
  readonly inputs: 'numbers' | 'classes';
  readonly answers: 'labels' | 'targets';
  readonly reads: 'last' | 'every';
  readonly ends: 'one length' | 'lengths';
}

/** All sixteen kinds. */
export const KINDS: readonly Kind[] = (['numbers', 'classes'] as const).flatMap((inputs) =>
  (['labels', 'targets'] as const).flatMap((answers) =>
    (['last', 'every'] as const).flatMap((reads) =>
      (['one length', 'lengths'] as const).map((ends) => ({ inputs, answers, reads, ends })),
    ),
  ),
);

export const STEPS = 6;
const INPUT_CLASSES = 5;

/**
 * Each answer depends on the last two inputs before it, so a network can learn it. With labels, one answer in five does not
 * count. Beyond the ends, every array holds what would be wrong elsewhere.
 */
export function smallSequences<Answers extends Kind['answers']>(
  { inputs, answers, reads, ends }: Kind & { readonly answers: Answers },
  count: number,
  seed = 1,
): Answers extends 'labels' ? CheckedLabels : CheckedTargets {
  const random = new Random(seed);
  const lengths = Array.from({ length: count }, () => (ends === 'lengths' ? 1 + random.below(STEPS) : STEPS));
  const [I, C] = [2, answers === 'labels' ? 3 : 2];
  const x = inputs === 'numbers' ? zeros([count, STEPS, I]) : zeros([count, STEPS]);
  const targets = zeros(reads === 'every' ? [count, STEPS, C] : [count, C]);
  const labels: number[] = [];
  for (let n = 0; n < count; n++) {
    const signal = readInputs(x, n, random, lengths[n]);
    for (let t = 0; t < STEPS; t++) {
      if (reads === 'last' && t !== lengths[n] - 1) continue;
      const isBeyond = t >= lengths[n];
      const sum = isBeyond ? NaN : signal[t] + (t > 0 ? signal[t - 1] : 0);
      const row = reads === 'every' ? targets.pick(n, t, null) : targets.pick(n, null);
      for (let k = 0; k < C; k++) row.set(k, k === 0 ? sum : -sum / 2);
      labels.push(isBeyond ? 77 : random.below(5) === 0 ? -1 : sum < -0.5 ? 0 : sum < 0.5 ? 1 : 2);
    }
  }
  return {
    x,
    ...(answers === 'labels' ? { labels } : { targets }),
    ...(ends === 'lengths' && { lengths }),
    ...(inputs === 'classes' && { inputClasses: INPUT_CLASSES }),
  } as Sequences as Answers extends 'labels' ? CheckedLabels : CheckedTargets;
}

/** Fills the inputs of sequence n, NaN beyond its end. Returns a number near ±1 for each step before it. */
function readInputs(x: Tensor, n: number, random: Random, length: number): number[] {
  return Array.from({ length: STEPS }, (_, t) => {
    if (x.dimension === 2) {
      const index = random.below(INPUT_CLASSES);
      x.set(n, t, t < length ? index : NaN);
      return (2 * index) / (INPUT_CLASSES - 1) - 1;
    }
    const value = Math.fround(random.normal(0, 0.7));
    x.set(n, t, 0, t < length ? value : NaN);
    x.set(n, t, 1, t < length ? -value : Infinity);
    return value;
  });
}

/** Sequences `from … to - 1`. */
export function sliceSequences<Kept extends Sequences>(sequences: Kept, from: number, to: number): Kept {
  const { x, labels, targets, lengths, ...others } = sequences;
  const perSequence = labels && labels.length / x.shape[0];
  return {
    ...others,
    x: rowsOf(x, from, to),
    ...(labels && perSequence && { labels: Array.from(labels).slice(from * perSequence, to * perSequence) }),
    ...(targets && { targets: rowsOf(targets, from, to) }),
    ...(lengths && { lengths: Array.from(lengths).slice(from, to) }),
  } as unknown as Kept;
}

/* Short runs: their last checkpoints, what they report, and what an interruption may not change. */

/** The last checkpoint of a run. */
export async function checkpointOf(
  data: GivenData,
  options: Partial<TrainOptions>,
  hooks: TrainHooks = {},
  backend = createReferenceBackend(),
): Promise<Checkpoint> {
  const saved: Checkpoint[] = [];
  const onCheckpoint = (checkpoint: Checkpoint) => saved.push(checkpoint);
  (await train(backend, data, options, { ...hooks, onCheckpoint })).dispose();
  return saved.at(-1)!;
}

interface Recorded {
  readonly lines: Line[];
  readonly validations: Validation[];
  readonly checkpoints: Checkpoint[];
  readonly best: Checkpoint[];
  readonly warnings: string[];
}

/** Hooks that record their calls, and stop the run after step `last`. */
export function recordingOf(
  validation: GivenData | undefined,
  last = Infinity,
): { recorded: Recorded; hooks: TrainHooks } {
  const recorded: Recorded = { lines: [], validations: [], checkpoints: [], best: [], warnings: [] };
  const controller = new AbortController();
  const hooks: TrainHooks = {
    onLine: (line) => recorded.lines.push(line),
    onValidation: (one) => recorded.validations.push(one),
    onBest: (checkpoint) => recorded.best.push(checkpoint),
    onCheckpoint: (checkpoint) => recorded.checkpoints.push(checkpoint),
    onStep: (step) => {
      if (step === last) controller.abort('stopped');
    },
    onWarning: (message) => recorded.warnings.push(message),
    ...(validation && { validation }),
    signal: controller.signal,
  };
  return { recorded, hooks };
}

/** Defines tests on the reference backend, and on two threads of WebAssembly. */
export function describeOnBackends(define: (backend: () => Backend) => void): void {
  describe.each<[string, () => Promise<Backend>]>([
    ['reference', async () => createReferenceBackend()],
    ['wasm', async () => (await import('../../kernels/wasm/index.js')).createWasmBackend({ threads: 2, check: true })],
  ])('on the backend %s', (_, make) => {
    let backend: Backend;
    beforeAll(async () => (backend = await make()));
    afterAll(() => backend.dispose());
    define(() => backend);
  });
}

/** A run on a backend, and what the trained network predicts and costs, are those on the reference backend, but for rounding. */
export async function expectAsOnReference(
  backend: Backend,
  data: Sequences,
  options: Partial<TrainOptions>,
): Promise<void> {
  const results: number[][] = [];
  for (const one of [backend, createReferenceBackend()]) {
    const network = await train(one, data, options);
    const { outputs, probabilities } = await predict(network, data.x, data.lengths && { lengths: data.lengths });
    const { loss, count } = await evaluate(network, data);
    results.push([
      count,
      loss,
      ...[outputs, ...(probabilities ? [probabilities] : [])].flatMap((all) => [...valuesOf(all)]),
    ]);
    network.dispose();
  }
  const [found, expected] = results;
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, n) => {
    if (Number.isNaN(value)) expect(found[n]).toBeNaN();
    else expect(Math.abs(found[n] - value)).toBeLessThan(1e-3);
  });
}

/** A run, and the data that it reads. */
export interface Run {
  readonly data: GivenData;
  /** Used if the options validate. */
  readonly validation: GivenData;
  readonly options: Partial<TrainOptions>;
}

/**
 * A run that is interrupted after one of its steps, and resumed, has the lines, the validations and the last bytes of the
 * whole run. `stepsOf` gives the steps after which a run of n steps is interrupted.
 */
export async function expectInterruptible(
  backend: Backend,
  { data, validation: given, options }: Run,
  stepsOf: (steps: number) => readonly number[],
): Promise<void> {
  const validation = (options.validateEvery ?? null) === null ? undefined : given;
  const whole = recordingOf(validation);
  (await train(backend, data, options, whole.hooks)).dispose();
  const end = whole.recorded.checkpoints[0];
  const lasts = stepsOf(end.training!.step);
  expect(lasts.length).toBeGreaterThan(2);
  for (const last of lasts) {
    const first = recordingOf(validation, last);
    expect(await failureOf(train(backend, data, options, first.hooks))).toBe('stopped');
    expect(first.recorded.checkpoints).toHaveLength(1);
    // through the bytes of a file, as a process would
    const saved = parseCheckpoint(checkpointBytes(first.recorded.checkpoints[0]), 'saved');
    expect(saved.training?.step).toBe(last);

    const second = recordingOf(validation);
    (await resumeTraining(backend, data, saved, {}, second.hooks)).dispose();
    expect([...first.recorded.lines, ...second.recorded.lines]).toEqual(whole.recorded.lines);
    expect([...first.recorded.validations, ...second.recorded.validations]).toEqual(whole.recorded.validations);
    expect(Buffer.compare(checkpointBytes(second.recorded.checkpoints[0]), checkpointBytes(end))).toBe(0);
  }
}
