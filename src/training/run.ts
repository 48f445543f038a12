/**
 * A training run that makes one step at a time, on any backend: batch, forward, backward, clip, update. With the
 * default options the step is that of the tutorial. Read loop.ts next: it makes all steps of a run.
 */
import { Adam } from '../adam.js';
import { assertObject } from '../arguments.js';
import type { Backend } from '../backend.js';
import { clipGradients } from '../clipping.js';
import { BatchOrder } from '../data/batches.js';
import { dataDigest } from '../data/digest.js';
import type { LabelledImages } from '../data/mnist.js';
import { assertImages, CLASSES } from '../data/mnist.js';
import { DataError, NonFiniteError } from '../errors.js';
import type { ParameterName } from '../model.js';
import { Model } from '../model.js';
import { Random } from '../rng.js';
import { rateAt } from '../schedule.js';
import { loadBatch } from './batch.js';
import type { BestValidation, Checkpoint, SavedTraining } from './checkpoint.js';
import { evaluate } from './evaluate.js';
import type { TrainOptions } from './options.js';
import { assertOptions, stepCount } from './options.js';

/** What the tutorial prints every `displayStep` steps. */
export interface Line {
  /** Updates made so far. */
  readonly step: number;
  /** Examples seen: step · batchSize. */
  readonly iter: number;
  /** Mean loss of the step's batch after the step's update, in nats. */
  readonly loss: number;
  /** Share (0 … 1) of the step's batch that the model classifies correctly after the step's update. */
  readonly accuracy: number;
}

/** Loss and accuracy on the validation images. */
export interface Validation {
  /** Updates made so far. */
  readonly step: number;
  /** Mean loss over the validation images, in nats. */
  readonly loss: number;
  /** Share (0 … 1) of the validation images that the model classifies correctly. */
  readonly accuracy: number;
  /** Whether the loss is smaller than in every earlier validation. */
  readonly isBest: boolean;
}

/** The images of a run. */
export interface TrainingData {
  /** The training images. */
  readonly images: LabelledImages;
  /** The images that `validateEvery` evaluates; undefined if there are none. */
  readonly validation: LabelledImages | undefined;
}

const NO_VALIDATION = 'train: validateEvery needs hooks.validation, the images to validate with';

/** A training run that makes one step at a time. Begin with `start` or `resume`. */
export class Training {
  /** The network. */
  readonly model: Model;
  private readonly adam: Adam<ParameterName>;
  private readonly random: Random;
  private readonly batches: BatchOrder;
  /** The digest of the data, once it has been computed. */
  private digest: string | undefined;
  private best: BestValidation | null = null;
  private validationsSinceBest = 0;

  private constructor(
    backend: Backend,
    private readonly data: TrainingData,
    private options: TrainOptions,
  ) {
    assertOptions(options);
    const { seed, batchSize, shuffle, hidden, forgetBias } = options;
    const { count, rows: T, columns: I } = data.images;
    this.random = new Random(seed);
    this.batches = new BatchOrder(count, batchSize, shuffle, this.random);
    this.model = new Model(backend, { T, B: batchSize, I, H: hidden, C: CLASSES }, { forgetBias });
    try {
      this.adam = new Adam(backend, this.model.parameters);
    } catch (error) {
      this.model.dispose();
      throw error;
    }
  }

  /**
   * A new run, at step 0. Throws a TypeError for an unknown option or an argument of another type, and a RangeError for an
   * option out of range. A DataError reports inconsistent images, or fewer images than a batch.
   */
  static start(backend: Backend, data: TrainingData, options: TrainOptions): Training {
    assertOptions(options);
    assertData(data, options);
    const training = new Training(backend, data, options);
    return training.prepared(() => training.model.initialise(training.random));
  }

  /**
   * The run of a checkpoint. Throws a DataError if the run began with other data, or if the checkpoint holds only a
   * network. Also throws the errors of `start`.
   */
  static resume(
    backend: Backend,
    data: TrainingData,
    { model: saved, training: state }: Checkpoint,
    options: Partial<TrainOptions> = {},
  ): Training {
    if (!state) throw new DataError('resume: the checkpoint holds only a network, not the state of its training');
    assertData(data, state.options);
    const digest = dataDigest(...dataOf(data, state.options));
    assertSameData(data.images, saved.sizes, state, digest);
    const training = new Training(backend, data, { ...state.options, ...options });
    return training.prepared(() => {
      const { model } = training;
      training.random.restore(state.random);
      training.batches.resumeAt(state);
      training.digest = digest;
      training.best = state.best;
      training.validationsSinceBest = state.validationsSinceBest;
      model.load(saved.parameters);
      training.adam.load({ updates: state.step, means: state.means, squares: state.squares });
    });
  }

  /** Calls `prepare`, and disposes of the run if it fails. */
  private prepared(prepare: () => void): this {
    try {
      prepare();
      return this;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Frees the model and Adam's moments. */
  dispose(): void {
    this.adam.dispose();
    this.model.dispose();
  }

  /** Ends the run: frees Adam's moments and returns the model, which the caller disposes of. */
  takeModel(): Model {
    this.adam.dispose();
    return this.model;
  }

  /** Steps made. */
  get step(): number {
    return this.adam.updates;
  }

  /** Steps of the whole run, unless it stops early. */
  get steps(): number {
    return stepCount(this.options, this.data.images.count);
  }

  /** Whether all steps are made, or `patience` is exhausted. */
  get isOver(): boolean {
    const { patience } = this.options;
    return this.step >= this.steps || (patience !== null && this.validationsSinceBest >= patience);
  }

  /** The base learning rate; see `Schedule`. */
  get learningRate(): number {
    return this.options.learningRate;
  }

  /** Sets the base learning rate of the following steps. Throws a RangeError unless it is a number within f32. */
  changeLearningRate(learningRate: number): void {
    const options = { ...this.options, learningRate };
    assertOptions(options);
    this.options = options;
  }

  /** One step: a batch forward and backward, clipped gradients (9, 10), and an update (6) at the scheduled rate (8). */
  async makeStep(): Promise<void> {
    const { model, options } = this;
    await model.backend.keepPace();
    loadBatch(model, this.data.images, this.batches.next());
    model.forward();
    model.backward();
    const gradients = model.parameters.map(({ gradient }) => gradient);
    await clipGradients(model.backend, gradients, options);
    this.adam.update(rateAt(options, this.step + 1, this.steps));
  }

  /** The tutorial's line about the last step. Rejects with a NonFiniteError if training has diverged. */
  async line(): Promise<Line> {
    const { model, step } = this;
    model.forward();
    const { loss, accuracy } = await model.metrics();
    await model.assertFinite(step);
    await this.assertFiniteLoss('loss', loss);
    return { step, iter: step * model.sizes.B, loss, accuracy };
  }

  /**
   * Evaluates the validation images. Rejects with a NonFiniteError if training has diverged, and with a RangeError if there
   * are no validation images.
   */
  async validate(): Promise<Validation> {
    const { step } = this;
    const { validation } = this.data;
    if (!validation) throw new RangeError(NO_VALIDATION);
    const { loss, accuracy } = await evaluate(this.model, validation);
    await this.assertFiniteLoss('validation loss', loss);
    const isBest = this.best === null || loss < this.best.loss;
    if (isBest) this.best = { step, loss };
    this.validationsSinceBest = isBest ? 0 : this.validationsSinceBest + 1;
    return { step, loss, accuracy, isBest };
  }

  private async assertFiniteLoss(what: string, loss: number): Promise<void> {
    if (Number.isFinite(loss)) return;
    await this.model.assertFiniteInputs();
    throw new NonFiniteError(what, loss, this.step);
  }

  /** A copy of the present state of the run. Rejects with a NonFiniteError if training has diverged. */
  async checkpoint(): Promise<Checkpoint> {
    const { options, random, batches, model, best, validationsSinceBest } = this;
    await model.assertFinite(this.step);
    this.digest ??= dataDigest(...dataOf(this.data, options));
    const { T, I, H, C } = model.sizes;
    const { updates, means, squares } = await this.adam.save();
    return {
      model: { sizes: { T, I, H, C }, forgetBias: options.forgetBias, parameters: await model.save() },
      training: {
        options,
        random: random.state,
        ...batches.position,
        data: this.digest,
        best,
        validationsSinceBest,
        backend: model.backend.description,
        step: updates,
        means,
        squares,
      },
    };
  }
}

function assertData(data: TrainingData, { validateEvery }: TrainOptions): void {
  assertObject('train: data', data);
  const { images, validation } = data;
  assertImages('train: images', images);
  if (validation === undefined) {
    if (validateEvery !== null) throw new RangeError(NO_VALIDATION);
    return;
  }
  assertImages('train: validation', validation);
  if (images.rows !== validation.rows || images.columns !== validation.columns) {
    const sizes = [images, validation].map(({ rows, columns }) => `${rows} × ${columns}`);
    throw new DataError(`train: images are ${sizes[0]}, validation images ${sizes[1]}: they must have the same size`);
  }
}

/** All images that the run depends on. */
function dataOf({ images, validation }: TrainingData, { validateEvery }: TrainOptions): LabelledImages[] {
  return validateEvery !== null && validation ? [images, validation] : [images];
}

function assertSameData(
  images: LabelledImages,
  { T, I, C }: Checkpoint['model']['sizes'],
  { order, data }: SavedTraining,
  digest: string,
): void {
  if (images.rows !== T || images.columns !== I) {
    throw new DataError(
      `resume: the run began with images of ${T} × ${I}, these are ${images.rows} × ${images.columns}`,
    );
  }
  if (C !== CLASSES) throw new DataError(`resume: the run has ${C} classes, the images have ${CLASSES}`);
  if (images.count !== order.length || digest !== data) {
    throw new DataError(
      `resume: the run began with ${order.length} images, these are ${images.count} different ones: ` +
        'a run can only be resumed with the data that it began with',
    );
  }
}
