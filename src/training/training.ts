/**
 * A training run that makes one step at a time, on any backend: batch, forward, backward, clip, update. With the
 * default options the step is that of the tutorial. Read loop.ts next: it makes all steps of a run.
 */
import { counted } from '../core/arguments.js';
import { type Backend, withoutVectors } from '../core/backend.js';
import { Random } from '../core/rng.js';
import { BatchOrder } from '../data/batches.js';
import type { DataKind, Examples } from '../data/examples.js';
import type { TrainingData } from '../data/train-data.js';
import { clipGradients } from '../equations/clipping.js';
import { rateAt } from '../equations/schedule.js';
import { fastSha256Of } from '../files/sha256.js';
import { type NetworkConfig, completeConfig } from '../network/config.js';
import { assertFiniteNetwork } from '../network/finite.js';
import { Network } from '../network/network.js';
import type { Parameter } from '../network/parameters.js';
import { CarriedState } from './carried-state.js';
import { checkedMetadata } from './checkpoint-fields.js';
import type { BestValidation, Checkpoint } from './checkpoint.js';
import { assertFiniteLoss, evaluateExamples, loadBatch } from './evaluate.js';
import { Adam, Sgd } from './optimisers.js';
import { type TrainOptions, layersOf, ownOptions, stepCount } from './options.js';
import { type NewRun, type ResumedRun, assertSameData, bytesOf, NO_VALIDATION } from './run-data.js';

/** What the tutorial prints every `displayStep` steps. */
export interface Line {
  /** Updates made so far. */
  readonly step: number;
  /** Examples seen: step · batchSize. */
  readonly iter: number;
  /** Mean loss of the step's batch after the step's update: in nats, or what an error of the targets costs. */
  readonly loss: number;
  /** Share (0 … 1) of the step's batch that is classified correctly after the step's update. NaN for targets. */
  readonly accuracy: number;
}

/** Loss and accuracy on the validation data. */
export interface Validation {
  /** Updates made so far. */
  readonly step: number;
  /** Mean loss over the validation data: in nats, or what an error of the targets costs. */
  readonly loss: number;
  /** Share (0 … 1) of the validation data that is classified correctly. NaN for targets. */
  readonly accuracy: number;
  /** Whether the loss is smaller than in every earlier validation. */
  readonly isBest: boolean;
}

/** The network that the options describe, for data of this kind. */
export function networkFor(kind: DataKind, options: TrainOptions): NetworkConfig {
  const { inputs, inputKind, reads, classes, targets } = kind;
  const { dropout, forgetBias, eigenvalues, loss, delta, quantiles } = options;
  const common = { inputs, layers: layersOf(options), inputKind, reads, dropout, forgetBias, eigenvalues };
  if (classes > 0) return { ...common, outputs: classes };
  if (loss === 'pinball') return { ...common, outputs: targets * quantiles.length, loss, quantiles };
  return { ...common, outputs: targets, loss, delta };
}

/** A training run that makes one step at a time. It trusts its caller; src/door/training.ts guards it. */
export class Training {
  /** The network. */
  readonly network: Network;
  private readonly optimiser: Adam | Sgd;
  private currentOptions: TrainOptions;
  /** Undefined if the examples do not continue each other. */
  private readonly carried: CarriedState | undefined;
  private readonly random: Random;
  private readonly batches: BatchOrder;
  /** The caller's metadata in the checkpoint that the run resumes. */
  private metadata: Checkpoint['metadata'];
  /** The digest of the data, once it has been computed. */
  private digest: string | undefined;
  private bestSoFar: BestValidation | null = null;
  private validationsSinceBest = 0;

  private constructor(
    backend: Backend,
    private readonly examples: TrainingData<Examples>,
    network: NetworkConfig,
    options: TrainOptions,
  ) {
    this.currentOptions = ownOptions(options);
    const { seed, batchSize, shuffle } = options;
    const { train } = examples;
    this.random = new Random(seed);
    this.batches = new BatchOrder(train.count, batchSize, train.continues ? 'inOrder' : shuffle, this.random);
    this.network = new Network(backend, completeConfig(network), { T: train.T, B: batchSize });
    try {
      this.carried = train.continues ? new CarriedState(this.network) : undefined;
      this.optimiser = optimiserFor(backend, this.network.parameters, options);
    } catch (error) {
      this.carried?.dispose();
      this.network.dispose();
      throw error;
    }
  }

  /** A new run, at step 0. */
  static start(backend: Backend, { examples, options }: NewRun): Training {
    const { classNames = [] } = examples.train;
    const network = { ...networkFor(examples.train, options), classNames };
    const training = new Training(backend, examples, network, options);
    training.digest = examples.digest;
    const { outputInit, biasInit } = options;
    return training.prepared(() => training.network.initialise(training.random, outputInit, biasInit));
  }

  /** The run of a checkpoint. Throws a DataError if the run began with other data. */
  static resume(backend: Backend, { examples, options, checkpoint }: ResumedRun): Training {
    const { model: saved, training: state, metadata } = checkpoint;
    assertSameData(examples, saved, state);
    const training = new Training(backend, examples, saved.network, options);
    return training.prepared(() => {
      training.metadata = metadata && checkedMetadata('resume: checkpoint: metadata', metadata); // a copy
      training.random.restore(state.random);
      training.batches.resumeAt(state);
      training.digest = state.data;
      training.bestSoFar = state.best && { ...state.best };
      training.validationsSinceBest = state.validationsSinceBest;
      training.network.load(saved.parameters);
      training.carried?.load(state.states);
      const { step: updates, means, squares, velocities } = state;
      training.optimiser.load({ updates, means, squares, velocities });
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

  /** Frees the network and the optimiser's moments. */
  dispose(): void {
    this.takeNetwork().dispose();
  }

  /** Ends the run: frees the optimiser's moments and returns the network, which the caller disposes of. */
  takeNetwork(): Network {
    this.optimiser.dispose();
    this.carried?.dispose();
    return this.network;
  }

  /** Steps made. */
  get step(): number {
    return this.optimiser.updates;
  }

  /** Steps of the whole run, unless it stops early. */
  get steps(): number {
    return stepCount(this.options, this.examples.train.count);
  }

  /** Whether all steps are made, or `patience` is exhausted. */
  get isOver(): boolean {
    return this.step >= this.steps || this.hasLostPatience;
  }

  /** Whether the validation loss has not decreased for `patience` validations: early stopping. */
  get hasLostPatience(): boolean {
    const { patience } = this.options;
    return patience !== null && this.validationsSinceBest >= patience;
  }

  /** The validation with the smallest loss so far; null before the first one. */
  get best(): BestValidation | null {
    return this.bestSoFar && { ...this.bestSoFar };
  }

  /** What is unlikely to be meant, one sentence each: values that are not normalised, or no validation before the end. */
  get warnings(): readonly string[] {
    const { validateEvery } = this.options;
    const { train } = this.examples;
    const never = validateEvery !== null && this.steps > 0 && validateEvery > this.steps;
    return [
      ...(train.warnings?.() ?? []).map((message) => `train: data${message}`),
      ...(never
        ? [
            `train: validateEvery is ${validateEvery}, but the run has ${counted(this.steps, 'step')}: it ends without a validation`,
          ]
        : []),
    ];
  }

  /** Every option of the run. */
  get options(): TrainOptions {
    return this.currentOptions;
  }

  /** The base learning rate; see `Schedule`. */
  get learningRate(): number {
    return this.options.learningRate;
  }

  /** Sets the base learning rate of the following steps, a number > 0 within f32. */
  changeLearningRate(learningRate: number): void {
    this.currentOptions = ownOptions({ ...this.options, learningRate });
  }

  /** One step: a batch forward and backward, clipped gradients (9, 10), and an update (6) or (11) at the scheduled rate (8). */
  async makeStep(): Promise<void> {
    const { network, options, random, carried } = this;
    await network.backend.keepPace();
    if (this.batches.isAtStart) carried?.reset();
    carried?.restore();
    loadBatch(network, this.examples.train, this.batches.next(), { shift: options.shift, random });
    network.drawMasks(random);
    network.forward({ dropout: true });
    carried?.keep();
    network.backward();
    const gradients = network.parameters.map(({ gradient }) => gradient);
    await clipGradients(network.backend, gradients, { clipValue: options.clipValue, clipNorm: options.clipNorm });
    this.optimiser.update(rateAt(options, this.step + 1, this.steps));
  }

  /**
   * The tutorial's line about the last step, without dropout, from the initial states with which the step began. The network must
   * still hold the step's batch. Rejects with a NonFiniteError if training has diverged.
   */
  async line(): Promise<Line> {
    const { network, step } = this;
    network.forward();
    const { loss, accuracy } = await network.metrics();
    await this.assertFinite();
    await assertFiniteLoss(network, 'loss', loss, step);
    return { step, iter: step * network.sizes.B, loss, accuracy };
  }

  /** The data that `validate` evaluates. Throws a RangeError if there are none. */
  get validation(): Examples {
    const { validation } = this.examples;
    if (!validation) throw new RangeError(NO_VALIDATION);
    return validation;
  }

  /**
   * Evaluates the validation data; a text's in B streams, which is faster than `evaluate`, and at each stream's start less
   * exact. Rejects with a NonFiniteError if training has diverged.
   */
  async validate(): Promise<Validation> {
    const { network, step } = this;
    const { loss, accuracy } = await evaluateExamples(network, this.validation);
    await assertFiniteLoss(network, 'validation loss', loss, step);
    const isBest = this.bestSoFar === null || loss < this.bestSoFar.loss;
    if (isBest) this.bestSoFar = { step, loss };
    this.validationsSinceBest = isBest ? 0 : this.validationsSinceBest + 1;
    return { step, loss, accuracy, isBest };
  }

  /** Rejects if a parameter is not finite; see `assertFiniteNetwork`. */
  async assertFinite(): Promise<void> {
    return assertFiniteNetwork(this.network, this.step);
  }

  /** A copy of the present state of the run. Rejects with a NonFiniteError if training has diverged. */
  async checkpoint(): Promise<Checkpoint> {
    const { network, options, random, batches, best, validationsSinceBest, examples, metadata } = this;
    const { vocabulary } = examples.train;
    await this.assertFinite();
    this.digest ??= await fastSha256Of(bytesOf(examples, options));
    const { updates, ...moments } = await this.optimiser.save();
    return {
      model: {
        T: network.sizes.T,
        network: completeConfig(network.config), // a copy, as all parts are
        ...(vocabulary && { vocabulary }),
        parameters: await network.save(),
      },
      training: {
        options,
        task: examples.train.task ?? null,
        random: random.state,
        ...batches.position,
        data: this.digest,
        best,
        validationsSinceBest,
        backend: withoutVectors(network.backend.description),
        step: updates,
        means: {},
        squares: {},
        velocities: {},
        ...moments,
        states: (await this.carried?.save()) ?? {},
      },
      ...(metadata && { metadata: checkedMetadata('checkpoint: metadata', metadata) }),
    };
  }
}

function optimiserFor(
  backend: Backend,
  parameters: readonly Parameter[],
  { optimiser, momentum }: TrainOptions,
): Adam | Sgd {
  return optimiser === 'sgd' ? new Sgd(backend, parameters, momentum) : new Adam(backend, parameters);
}
