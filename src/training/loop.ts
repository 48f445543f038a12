/**
 * The training loop: makes all steps of a run, and calls hooks with its lines, validations and checkpoints.
 *
 * training.ts makes a single step. This file prints nothing but warnings that no hook takes: src/cli/commands/run-training.ts prints what the
 * hooks report.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertSignal, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import type { GivenData } from '../data/train-data.js';
import type { Network } from '../network/network.js';
import type { NamedTensors } from '../network/parameters.js';
import type { Checkpoint } from './checkpoint.js';
import type { GivenOptions, ResumeOptions } from './options.js';
import { completeOptions } from './options.js';
import { assertValidates, checkedNewData, examplesIn } from './run-data.js';
import type { Line, Validation } from './training.js';
import { Training } from './training.js';

/** Functions that training calls, and its inputs besides the training data. */
export interface TrainHooks {
  /** Called every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** Called after every step with its number, the number of steps of the run, and the network. Training awaits what it returns. */
  readonly onStep?: (step: number, steps: number, network: Network) => unknown;
  /** The data that `validateEvery` evaluates. Each without the other is an error. Default: none. */
  readonly validation?: GivenData;
  /** Called after each validation. */
  readonly onValidation?: (validation: Validation) => void;
  /** Called with the state of the run after each validation with the smallest loss so far. */
  readonly onBest?: (checkpoint: Checkpoint) => void;
  /**
   * Called with the state of the run every `checkpointEvery` steps, at its end, and when `signal` stops it. These are the weights of
   * that step, also if `train` then returns those of the best validation.
   */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Steps from one call of `onCheckpoint` to the next. Default: Infinity, only at the end. */
  readonly checkpointEvery?: number;
  /**
   * Called with one sentence if the run can be made, but is unlikely to do what was meant: with values that are not normalised, for
   * example. Default: `console.warn`.
   */
  readonly onWarning?: (message: string) => void;
  /** Aborting it stops training after the current step; `train` then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a new network and returns it; the caller disposes of it. `data` are images, sequences of your own, or a
 * text. Defaults are the tutorial's values. If the run validates, the network has the weights of the validation with the smallest
 * loss, otherwise those of the last step.
 *
 * Rejects before the first step with a TypeError for an unknown option or hook, or an option that is given under two names. A
 * RangeError reports an option out of range, or only one of `validation` and `validateEvery`. A DataError reports inconsistent data, or fewer examples than a batch. Rejects
 * with a NonFiniteError if training diverges.
 */
export async function train(
  backend: Backend,
  data: GivenData,
  options: GivenOptions = {},
  hooks: TrainHooks = {},
): Promise<Network> {
  assertHooks(hooks);
  const all = completeOptions(options);
  const sets = { train: data, validation: hooks.validation };
  const examples = examplesIn(checkedNewData(sets), all);
  assertValidates(examples, all);
  return makeAllSteps(Training.startChecked(backend, examples, all), hooks, { returnsBest: true });
}

/**
 * Resumes a run from its checkpoint. On the same backend it makes the same bits as an uninterrupted run. `options` may
 * change the length of the run, and how often it reports. The network is as `train` returns it. A checkpoint does not hold the weights
 * of an earlier best validation. If none was better since, the network has the weights of the last step, and a warning says so.
 *
 * Rejects with the errors of `train`. A DataError also reports that the run began with other data, or that the checkpoint
 * holds only a network. A TypeError reports an option that cannot be changed. A RangeError reports a length that the run
 * cannot have: fewer steps than it has made, or another length with a cosine schedule.
 */
export async function resumeTraining(
  backend: Backend,
  data: GivenData,
  checkpoint: Checkpoint,
  options: ResumeOptions = {},
  hooks: TrainHooks = {},
): Promise<Network> {
  assertHooks(hooks);
  const training = Training.resume(backend, { train: data, validation: hooks.validation }, checkpoint, options);
  // a text's validation part belongs to its digest
  if (hooks.validation !== undefined && training.options.validateEvery === null && !('characters' in data)) {
    training.dispose();
    throw new RangeError('resume: hooks.validation is given, but the run has no validateEvery: leave it out');
  }
  return makeAllSteps(training, hooks, { returnsBest: true });
}

const HOOKS = {
  onLine: 'function',
  onStep: 'function',
  validation: 'object',
  onValidation: 'function',
  onBest: 'function',
  onCheckpoint: 'function',
  checkpointEvery: 'number',
  onWarning: 'function',
  signal: 'object',
} satisfies Record<keyof TrainHooks, TypeName>;

function assertHooks(hooks: TrainHooks): void {
  assertKinds('train hooks', hooks, HOOKS);
  const { checkpointEvery = Infinity, signal } = hooks;
  assertSignal('train hooks', signal);
  if (checkpointEvery !== Infinity && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1)) {
    throw new RangeError(`train hooks: checkpointEvery ${describe(checkpointEvery)}: must be a whole number ≥ 1`);
  }
}

/**
 * Returns the trained network; disposes of it if a step or a hook fails. `hooks` have been checked. `returnsBest`: with the weights
 * of the best validation. Default: with those of the last step.
 */
export async function makeAllSteps(
  training: Training,
  hooks: TrainHooks,
  { returnsBest = false }: { returnsBest?: boolean } = {},
): Promise<Network> {
  const best = returnsBest ? new BestWeights(training) : undefined;
  try {
    await makeSteps(training, hooks, best);
    best?.putBack(hooks);
    return training.takeNetwork();
  } catch (error) {
    training.dispose();
    throw error;
  }
}

/** The weights of the best validation since the run began, or was resumed; also those of the checkpoint, if that is the best one's. */
class BestWeights {
  private weights: NamedTensors | undefined;

  constructor(private readonly training: Training) {}

  async keep(): Promise<void> {
    this.weights = await this.training.network.save();
  }

  putBack({ onWarning = warn }: TrainHooks): void {
    const { network, best, step } = this.training;
    if (this.weights) network.load(this.weights);
    else if (best) {
      onWarning(
        `resume: the best validation, of step ${best.step}, was made before the checkpoint, which does not hold its weights: ` +
          `the network has those of the last step, ${step}`,
      );
    }
  }
}

const warn = (message: string): void => console.warn(`longhand: ${message}`);

async function makeSteps(training: Training, hooks: TrainHooks, best?: BestWeights): Promise<void> {
  const { displayStep, validateEvery } = training.options;
  const { signal, onLine, onStep, onCheckpoint, checkpointEvery = Infinity, onWarning = warn } = hooks;
  const { steps } = training;
  let savedAt: number | undefined;
  const save = async (): Promise<void> => {
    savedAt = training.step;
    onCheckpoint?.(await training.checkpoint());
  };
  if (training.best?.step === training.step) await best?.keep();
  if (training.step === 0) for (const message of training.warnings) onWarning(message);
  while (!training.isOver) {
    await yieldToEventLoop();
    if (signal?.aborted) break;

    await training.makeStep();
    const { step } = training;
    if (step % displayStep === 0) {
      const line = await training.line(); // also without `onLine`, because it checks that the numbers are finite
      onLine?.(line);
    }
    if (validateEvery !== null && step % validateEvery === 0) await validate(training, hooks, best);
    if (step % checkpointEvery === 0) await save();
    await onStep?.(step, steps, training.network);
  }
  await training.network.assertFinite(training.step);
  if (savedAt !== training.step) await save();
  signal?.throwIfAborted();
}

async function validate(training: Training, { onValidation, onBest }: TrainHooks, best?: BestWeights): Promise<void> {
  const validation = await training.validate();
  if (validation.isBest) await best?.keep();
  onValidation?.(validation);
  if (validation.isBest) onBest?.(await training.checkpoint());
}
