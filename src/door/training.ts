/** A training run that the package exports: it guards the one of src/training/training.ts as network.ts guards the network. */
import type { Backend } from '../core/backend.js';
import type { TrainingData } from '../data/train-data.js';
import type { BestValidation, Checkpoint } from '../training/checkpoint.js';
import { type GivenOptions, type ResumeOptions, type TrainOptions, assertOptions } from '../training/options.js';
import { newRun, resumedRun } from '../training/run-data.js';
import { type Line, type Validation, Training as Computing } from '../training/training.js';
import { Network } from './network.js';

/** A training run that makes one step at a time. Begin with `start` or `resume`. */
export class Training {
  /** The network. */
  readonly network: Network;
  private hasEnded = false;
  /** The network's batch in the last step; undefined before it. */
  private stepBatch: object | undefined;

  /** Guards a run. @internal */
  constructor(private readonly inner: Computing) {
    this.network = new Network(inner.network);
  }

  /**
   * A new run, at step 0. Throws a TypeError for an unknown option or an argument of another type, and a RangeError for an
   * option out of range. A DataError reports inconsistent data, or fewer examples than a batch.
   */
  static start(backend: Backend, data: TrainingData, options: GivenOptions): Training {
    return new Training(Computing.start(backend, newRun(data, options)));
  }

  /**
   * The run of a checkpoint. `options` may change the length of the run, and how often it reports. Throws a DataError if the
   * run began with other data, or if the checkpoint holds only a network, or a part that no file could hold. Throws a TypeError for an
   * option that cannot be changed, and a RangeError for a length that the run cannot have. Also throws the errors of `start`.
   */
  static resume(backend: Backend, data: TrainingData, checkpoint: Checkpoint, options: ResumeOptions = {}): Training {
    return new Training(Computing.resume(backend, resumedRun(data, checkpoint, options)));
  }

  /** Ends the run: frees the network and the optimiser's moments. */
  dispose(): void {
    if (!this.hasEnded) this.takeNetwork();
    this.network.dispose();
  }

  /**
   * Ends the run: frees the optimiser's moments and returns the network, which the caller disposes of. The methods that
   * step, report or save then throw an Error, or reject with it.
   */
  takeNetwork(): Network {
    this.assertNotEnded('takeNetwork');
    this.hasEnded = true;
    this.inner.takeNetwork();
    return this.network;
  }

  /** Steps made. */
  get step(): number {
    return this.inner.step;
  }

  /** Steps of the whole run, unless it stops early. */
  get steps(): number {
    return this.inner.steps;
  }

  /** Whether all steps are made, or `patience` is exhausted. */
  get isOver(): boolean {
    return this.inner.isOver;
  }

  /** Whether the validation loss has not decreased for `patience` validations: early stopping. */
  get hasLostPatience(): boolean {
    return this.inner.hasLostPatience;
  }

  /** The validation with the smallest loss so far; null before the first one. */
  get best(): BestValidation | null {
    return this.inner.best;
  }

  /** What is unlikely to be meant, one sentence each: values that are not normalised, or no validation before the end. */
  get warnings(): readonly string[] {
    return this.inner.warnings;
  }

  /** Every option of the run. */
  get options(): TrainOptions {
    return this.inner.options;
  }

  /** The base learning rate; see `Schedule`. */
  get learningRate(): number {
    return this.inner.learningRate;
  }

  /** Sets the base learning rate of the following steps. Throws a RangeError unless it is a number > 0 within f32. */
  changeLearningRate(learningRate: number): void {
    this.assertNotEnded('changeLearningRate');
    assertOptions({ ...this.options, learningRate }, ['learningRate']);
    this.inner.changeLearningRate(learningRate);
  }

  /**
   * One step: a batch forward and backward, clipped gradients (9, 10), and an update (6) or (11) at the scheduled rate (8). As
   * `line`, `validate` and `checkpoint`, rejects with an Error while another of these calls, or `evaluate`, runs on the network.
   */
  async makeStep(): Promise<void> {
    this.assertNotEnded('makeStep');
    await this.network.exclusively('train: makeStep', () => this.inner.makeStep());
    this.stepBatch = this.network.batch;
  }

  /**
   * The tutorial's line about the last step, without dropout, from the initial states with which the step began. Rejects
   * with a NonFiniteError if training has diverged, and with an Error unless the network still holds the step's batch: `validate`
   * and `evaluate` put others in its place.
   */
  async line(): Promise<Line> {
    this.assertNotEnded('line');
    return this.network.exclusively('train: line', () => this.inner.line(), {
      leaves: 'a pass over its batch',
      needs: () => {
        if (this.network.batch !== this.stepBatch)
          throw new Error('train: line: the network does not hold the batch of a step: call makeStep first');
      },
    });
  }

  /**
   * Evaluates the validation data; a text's in B streams, which is faster than `evaluate`, and at each stream's start less
   * exact. Rejects with a NonFiniteError if training has diverged, and with a RangeError if there
   * are none.
   */
  async validate(): Promise<Validation> {
    this.assertNotEnded('validate');
    return this.network.exclusively('train: validate', () => this.inner.validate(), {
      needs: () => this.inner.validation,
    });
  }

  /** Rejects if a parameter is not finite. @internal */
  async assertFinite(): Promise<void> {
    return this.network.assertFinite(this.step);
  }

  /** A copy of the present state of the run. Rejects with a NonFiniteError if training has diverged. */
  async checkpoint(): Promise<Checkpoint> {
    this.assertNotEnded('checkpoint');
    return this.network.exclusively('train: checkpoint', () => this.inner.checkpoint(), { leaves: 'what it holds' });
  }

  private assertNotEnded(method: string): void {
    if (this.hasEnded) throw new Error(`train: ${method}: the run has ended: its memory has been freed`);
  }
}
