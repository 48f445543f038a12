/**
 * The tutorial's training loop (TensorFlow 1.x `recurrent_network.py`, the Adam form), on any backend.
 *
 * Prints nothing: hooks report, an AbortSignal stops.
 */
import type { Backend } from './backend.js';
import type { Checkpoint, SavedTraining } from './checkpoint.js';
import { dataDigest } from './checkpoint.js';
import { clipGradients } from './clipping.js';
import { DataError } from './data-error.js';
import type { LabelledImages } from './mnist.js';
import { BatchOrder, CLASSES, fillBatch } from './mnist.js';
import { Model, NonFiniteError } from './model.js';
import { Random } from './rng.js';
import { rateAt } from './schedule.js';
import type { Tensor } from './tensor.js';
import type { TrainOptions } from './train-options.js';
import { assertOptions, stepCount, TUTORIAL } from './train-options.js';

export interface Line {
  readonly step: number;
  /** Examples seen: step · batchSize. */
  readonly iter: number;
  /** Mean loss of the step's batch, after the step's update. */
  readonly loss: number;
  /** Share of the step's batch classified rightly, after the step's update. */
  readonly accuracy: number;
}

export interface Validation {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** No loss before was smaller. */
  readonly isBest: boolean;
}

export interface TrainHooks {
  /** Every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** After every step. */
  readonly onStep?: (step: number, steps: number) => void;
  /** What `validateEvery` and `patience` look at. */
  readonly validation?: LabelledImages;
  readonly onValidation?: (validation: Validation) => void;
  /** With the run as it is after each validation that is the best so far. */
  readonly onBest?: (checkpoint: Checkpoint) => void;
  /** With the run as it is, every `checkpointEvery` steps, at the end, and where the signal stops it. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  readonly checkpointEvery?: number;
  /** Aborting it stops training after the present step; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A run in its midst. */
interface Run {
  readonly options: TrainOptions;
  readonly images: LabelledImages;
  readonly random: Random;
  readonly batches: BatchOrder;
  readonly model: Model;
  /** Of the data, once it is known. */
  digest: string | undefined;
  best: { readonly step: number; readonly loss: number } | null;
  validationsSinceBest: number;
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
  hooks: TrainHooks = {},
): Promise<Model> {
  const run = startRun(backend, images, { ...TUTORIAL, ...options });
  return finishRun(run, hooks, () => run.model.initialise(run.random));
}

/**
 * Goes on from a checkpoint: on the same backend with the same bits as a run that was never interrupted. `options` may
 * replace those that do not reach back: how long to train, and when to report.
 *
 * Rejects with a DataError where the checkpoint is of other data, or holds only a network; else as `train`.
 */
export async function resumeTraining(
  backend: Backend,
  images: LabelledImages,
  checkpoint: Checkpoint,
  options: Partial<Pick<TrainOptions, 'trainingIters' | 'epochs' | 'displayStep'>> = {},
  hooks: TrainHooks = {},
): Promise<Model> {
  const { model, training } = checkpoint;
  if (!training) throw new DataError('resume: the file holds only a network, not the state of its training');
  if (training.options.schedule === 'cosine' && (options.trainingIters ?? options.epochs ?? null) !== null) {
    throw new RangeError('resume: a cosine schedule ends with its run, which can be made neither longer nor shorter');
  }
  const digest = dataDigest(...dataOf(images, training.options, hooks));
  assertSameData(images, checkpoint, training, digest);
  const run = startRun(backend, images, { ...training.options, ...options });
  run.digest = digest;
  return finishRun(run, hooks, () => {
    run.random.state = training.random;
    run.batches.position = training;
    run.best = training.best;
    run.validationsSinceBest = training.validationsSinceBest;
    run.model.updates = training.step;
    run.model.load('parameters', model.parameters);
    run.model.load('means', training.means);
    run.model.load('squares', training.squares);
  });
}

function startRun(backend: Backend, images: LabelledImages, options: TrainOptions): Run {
  assertOptions(options);
  const { seed, batchSize, shuffle, hidden, forgetBias } = options;
  const random = new Random(seed);
  const batches = new BatchOrder(images.count, batchSize, shuffle, random);
  const sizes = { T: images.rows, B: batchSize, I: images.columns, H: hidden, C: CLASSES };
  const model = new Model(backend, sizes, { forgetBias });
  return { options, images, random, batches, model, digest: undefined, best: null, validationsSinceBest: 0 };
}

async function finishRun(run: Run, hooks: TrainHooks, prepare: () => void): Promise<Model> {
  try {
    prepare();
    await makeSteps(run, hooks);
    return run.model;
  } catch (error) {
    run.model.dispose();
    throw error;
  }
}

async function makeSteps(run: Run, hooks: TrainHooks): Promise<void> {
  const { options, images, batches, model } = run;
  const { signal, onCheckpoint, checkpointEvery = Infinity } = hooks;
  const steps = stepCount(options, images.count);
  let savedAt: number | undefined;
  const save = async (): Promise<void> => {
    savedAt = model.updates;
    onCheckpoint?.(await checkpointOf(run, hooks));
  };
  while (model.updates < steps && !hasStoppedEarly(run)) {
    await model.backend.keepPace();
    await breathe();
    if (signal?.aborted) break;

    const step = model.updates + 1;
    loadBatch(model, images, batches.next());
    model.forward();
    model.backward();
    await clipGradients(model.backend, Object.values(model.gradients), options);
    model.update(rateAt(options, step, steps));

    if (step % options.displayStep === 0) {
      const line = await lineOf(model); // also where nobody listens, since it checks the numbers
      hooks.onLine?.(line);
    }
    if (options.validateEvery !== null && step % options.validateEvery === 0) await validate(run, hooks);
    if (step % checkpointEvery === 0) await save();
    hooks.onStep?.(step, steps);
  }
  await model.assertFinite();
  if (savedAt !== model.updates) await save();
  signal?.throwIfAborted();
}

async function lineOf(model: Model): Promise<Line> {
  model.forward();
  const { loss, accuracy } = await model.metrics();
  await model.assertFinite();
  const step = model.updates;
  if (!Number.isFinite(loss)) throw new NonFiniteError('loss', loss, step);
  return { step, iter: step * model.sizes.B, loss, accuracy };
}

async function validate(run: Run, hooks: TrainHooks): Promise<void> {
  const { validation, onValidation, onBest } = hooks;
  if (!validation) throw new RangeError('train: validateEvery needs hooks.validation, the images to validate with');
  const { loss, accuracy } = await evaluate(run.model, validation);
  const step = run.model.updates;
  if (!Number.isFinite(loss)) throw new NonFiniteError('validation loss', loss, step);
  const isBest = run.best === null || loss < run.best.loss;
  if (isBest) run.best = { step, loss };
  run.validationsSinceBest = isBest ? 0 : run.validationsSinceBest + 1;
  onValidation?.({ step, loss, accuracy, isBest });
  if (isBest) onBest?.(await checkpointOf(run, hooks));
}

function hasStoppedEarly({ options: { patience }, validationsSinceBest }: Run): boolean {
  return patience !== null && validationsSinceBest >= patience;
}

/** A copy of the run as it is between two steps. Rejects with a NonFiniteError where training has diverged. */
async function checkpointOf(run: Run, hooks: TrainHooks): Promise<Checkpoint> {
  const { options, images, random, batches, model, best, validationsSinceBest } = run;
  await model.assertFinite();
  run.digest ??= dataDigest(...dataOf(images, options, hooks));
  const { T, I, H, C } = model.sizes;
  return {
    model: {
      sizes: { T, I, H, C },
      forgetBias: options.forgetBias,
      parameters: await model.save('parameters'),
    },
    training: {
      ...{ options, random: random.state, ...batches.position, data: run.digest, best, validationsSinceBest },
      backend: model.backend.description,
      step: model.updates,
      means: await model.save('means'),
      squares: await model.save('squares'),
    },
  };
}

/** All images that a run depends on. */
function dataOf(images: LabelledImages, options: TrainOptions, { validation }: TrainHooks): LabelledImages[] {
  return options.validateEvery !== null && validation ? [images, validation] : [images];
}

function assertSameData(images: LabelledImages, { model }: Checkpoint, training: SavedTraining, digest: string): void {
  const { T, I, C } = model.sizes;
  if (images.rows !== T || images.columns !== I) {
    throw new DataError(`resume: trained on images of ${T} × ${I}, these are ${images.rows} × ${images.columns}`);
  }
  if (C !== CLASSES) throw new DataError(`resume: trained for ${C} classes, here are ${CLASSES}`);
  if (images.count !== training.order.length || digest !== training.data) {
    throw new DataError(
      `resume: trained on ${training.order.length} images, these are ${images.count} others: ` +
        'a run can go on only with the data that it began with',
    );
  }
}

export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
  /** For each image 1 where the model is right, else 0. */
  readonly correct: Uint8Array;
  /** For each image the class with the largest logit. */
  readonly predicted: Uint8Array;
}

/** Loss and accuracy over all `images`, batch by batch. */
export async function evaluate(model: Model, images: LabelledImages, signal?: AbortSignal): Promise<Evaluation> {
  const { B } = model.sizes;
  const correct = new Uint8Array(images.count);
  const predicted = new Uint8Array(images.count);
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
    await model.backend.download(model.activations.logits);
    loss += metrics.loss * count;
    for (let b = 0; b < count; b++) {
      correct[start + b] = model.activations.correct.get(b);
      right += correct[start + b];
      predicted[start + b] = largestOf(model.activations.logits, b);
    }
  }
  return { loss: loss / images.count, accuracy: right / images.count, correct, predicted };
}

/** The column of the largest number in row b. */
function largestOf(matrix: Tensor, b: number): number {
  let largest = 0;
  for (let k = 1; k < matrix.shape[1]; k++) if (matrix.get(b, k) > matrix.get(b, largest)) largest = k;
  return largest;
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
