/**
 * The tutorial's training loop (TensorFlow 1.x `recurrent_network.py`, the Adam form), on any backend.
 *
 * Prints nothing: callbacks report, an AbortSignal stops.
 */
import type { Backend } from './backend.js';
import type { LabelledImages, Shuffle } from './mnist.js';
import { BatchOrder, CLASSES, fillBatch } from './mnist.js';
import { Model, NonFiniteError } from './model.js';
import { Random } from './rng.js';

export interface TrainOptions {
  readonly learningRate: number;
  /** Training goes on while step · batchSize < trainingIters. */
  readonly trainingIters: number;
  readonly batchSize: number;
  /** A line is reported every so many steps. */
  readonly displayStep: number;
  readonly hidden: number;
  readonly forgetBias: number;
  readonly seed: number;
  readonly shuffle: Shuffle;
}

/** The tutorial's constants. */
export const TUTORIAL: TrainOptions = {
  learningRate: 0.001,
  trainingIters: 100_000,
  batchSize: 128,
  displayStep: 10,
  hidden: 128,
  forgetBias: 1,
  seed: 1,
  shuffle: 'tf1',
};

export interface Line {
  readonly step: number;
  /** Examples seen: step · batchSize. */
  readonly iter: number;
  /** Mean loss of the step's batch, after the step's update. */
  readonly loss: number;
  /** Share of the step's batch classified rightly, after the step's update. */
  readonly accuracy: number;
}

export interface TrainCallbacks {
  /** Every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** After every step. */
  readonly onStep?: (step: number, steps: number) => void;
  /** Aborting it stops training after the present step; `train` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How many updates the loop makes: the largest step with step · batchSize < trainingIters. */
export function stepCount({ batchSize, trainingIters }: Pick<TrainOptions, 'batchSize' | 'trainingIters'>): number {
  return Math.max(0, Math.ceil(trainingIters / batchSize) - 1);
}

/**
 * Trains a new model and returns it; the caller disposes of it. Options left out are the tutorial's.
 *
 * Rejects with a RangeError where an option is not a number of its kind, with a DataError where the batch is larger than the set, and with a NonFiniteError where training diverges.
 */
export async function train(
  backend: Backend,
  images: LabelledImages,
  options: Partial<TrainOptions> = {},
  { onLine, onStep, signal }: TrainCallbacks = {},
): Promise<Model> {
  const settings = { ...TUTORIAL, ...options };
  const { learningRate, batchSize, displayStep, hidden, forgetBias, seed, shuffle } = settings;
  assertOptions(settings);
  const steps = stepCount(settings);
  const random = new Random(seed);
  const batches = new BatchOrder(images.count, batchSize, shuffle, random);
  const model = new Model(
    backend,
    { T: images.rows, B: batchSize, I: images.columns, H: hidden, C: CLASSES },
    { forgetBias },
  );

  try {
    model.initialise(random);
    for (let step = 1; step <= steps; step++) {
      await backend.keepPace();
      await breathe();
      signal?.throwIfAborted();

      loadBatch(model, images, batches.next());
      model.forward();
      model.backward();
      model.update(learningRate);

      if (step % displayStep === 0) {
        model.forward();
        const { loss, accuracy } = await model.metrics();
        await model.assertFinite();
        if (!Number.isFinite(loss)) throw new NonFiniteError('loss', loss, step);
        onLine?.({ step, iter: step * batchSize, loss, accuracy });
      }
      onStep?.(step, steps);
    }
    signal?.throwIfAborted();
    await model.assertFinite();
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function assertOptions(settings: TrainOptions): void {
  for (const name of ['batchSize', 'displayStep', 'hidden', 'trainingIters'] as const) {
    if (!(Number.isInteger(settings[name]) && settings[name] >= 1)) {
      throw new RangeError(`train: ${name} ${settings[name]}: must be a whole number ≥ 1`);
    }
  }
  for (const name of ['learningRate', 'forgetBias', 'seed'] as const) {
    if (!Number.isFinite(settings[name])) throw new RangeError(`train: ${name} ${settings[name]}: must be finite`);
  }
}

export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
  /** For each image 1 where the model is right, else 0. */
  readonly correct: Uint8Array;
}

/** Loss and accuracy over all `images`, batch by batch. */
export async function evaluate(model: Model, images: LabelledImages, signal?: AbortSignal): Promise<Evaluation> {
  const { B } = model.sizes;
  const correct = new Uint8Array(images.count);
  let loss = 0;
  let right = 0;
  for (let start = 0; start < images.count; start += B) {
    await breathe();
    signal?.throwIfAborted();
    const count = Math.min(B, images.count - start);
    loadBatch(
      model,
      images,
      Uint32Array.from({ length: count }, (_, n) => start + n),
    );
    model.forward();
    const metrics = await model.metrics(count);
    loss += metrics.loss * count;
    for (let b = 0; b < count; b++) {
      correct[start + b] = model.activations.correct.get(b);
      right += correct[start + b];
    }
  }
  return { loss: loss / images.count, accuracy: right / images.count, correct };
}

function loadBatch(model: Model, images: LabelledImages, indices: Uint32Array): void {
  const { x, y } = model.activations;
  fillBatch(x, y, images, indices);
  model.backend.upload(x);
  model.backend.upload(y);
}

const LONGEST_BREATH_MS = 40;
let lastBreath = 0;

/** Lets timers, signals and the page have their turn, but only so often that it costs a fast backend nothing. */
async function breathe(): Promise<void> {
  if (performance.now() - lastBreath < LONGEST_BREATH_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  lastBreath = performance.now();
}
