/**
 * The training loop: makes all steps of a run, and calls hooks with its lines, validations and checkpoints.
 *
 * training.ts makes a single step. This file prints nothing: src/cli/run-training.ts prints what the hooks report.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertSignal, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import type { TrainData } from '../data/train-data.js';
import type { Network } from '../network/network.js';
import type { Checkpoint } from './checkpoint.js';
import type { GivenOptions, ResumeOptions } from './options.js';
import { completeOptions } from './options.js';
import { assertNewData, examplesIn } from './run-data.js';
import type { Line, Validation } from './training.js';
import { Training } from './training.js';

/** Functions that training calls, and its inputs besides the training data. */
export interface TrainHooks {
  /** Called every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** Called after every step with its number, the number of steps of the run, and the network. Training awaits what it returns. */
  readonly onStep?: (step: number, steps: number, network: Network) => unknown;
  /** The data that `validateEvery` evaluates. Default: none; setting `validateEvery` is then an error. */
  readonly validation?: TrainData;
  /** Called after each validation. */
  readonly onValidation?: (validation: Validation) => void;
  /** Called with the state of the run after each validation with the smallest loss so far. */
  readonly onBest?: (checkpoint: Checkpoint) => void;
  /** Called with the state of the run every `checkpointEvery` steps, at its end, and when `signal` stops it. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Steps from one call of `onCheckpoint` to the next. Default: Infinity, only at the end. */
  readonly checkpointEvery?: number;
  /** Aborting it stops training after the current step; `train` then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a new network and returns it; the caller disposes of it. `data` are images, sequences of your own, or a
 * text. Defaults are the tutorial's values.
 *
 * Rejects before the first step with a TypeError for an unknown option or hook, or an option that is given under two names. A
 * RangeError reports an option out of range. A DataError reports inconsistent data, or fewer examples than a batch. Rejects
 * with a NonFiniteError if training diverges.
 */
export async function train(
  backend: Backend,
  data: TrainData,
  options: GivenOptions = {},
  hooks: TrainHooks = {},
): Promise<Network> {
  assertHooks(hooks);
  const all = completeOptions(options);
  const sets = { train: data, validation: hooks.validation };
  assertNewData(sets);
  return makeAllSteps(Training.startChecked(backend, examplesIn(sets, all), all), hooks);
}

/**
 * Resumes a run from its checkpoint. On the same backend it makes the same bits as an uninterrupted run. `options` may
 * change the length of the run, and how often it reports.
 *
 * Rejects with the errors of `train`. A DataError also reports that the run began with other data, or that the checkpoint
 * holds only a network. A TypeError reports an option that cannot be changed. A RangeError reports a length that the run
 * cannot have: fewer steps than it has made, or another length with a cosine schedule.
 */
export async function resumeTraining(
  backend: Backend,
  data: TrainData,
  checkpoint: Checkpoint,
  options: ResumeOptions = {},
  hooks: TrainHooks = {},
): Promise<Network> {
  assertHooks(hooks);
  const training = Training.resume(backend, { train: data, validation: hooks.validation }, checkpoint, options);
  return makeAllSteps(training, hooks);
}

const HOOKS = {
  onLine: 'function',
  onStep: 'function',
  validation: 'object',
  onValidation: 'function',
  onBest: 'function',
  onCheckpoint: 'function',
  checkpointEvery: 'number',
  signal: 'object',
} satisfies Record<keyof TrainHooks, TypeName>;

function assertHooks(hooks: TrainHooks): void {
  assertKinds('train hooks', hooks, HOOKS);
  const { checkpointEvery = Infinity, signal } = hooks;
  assertSignal('train hooks: signal', signal);
  if (checkpointEvery !== Infinity && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1)) {
    throw new RangeError(`train hooks: checkpointEvery ${describe(checkpointEvery)}: must be a whole number ≥ 1`);
  }
}

/** Returns the trained network; disposes of it if a step or a hook fails. `hooks` have been checked. */
export async function makeAllSteps(training: Training, hooks: TrainHooks): Promise<Network> {
  try {
    await makeSteps(training, hooks);
    return training.takeNetwork();
  } catch (error) {
    training.dispose();
    throw error;
  }
}

async function makeSteps(training: Training, hooks: TrainHooks): Promise<void> {
  const { displayStep, validateEvery } = training.options;
  const { signal, onLine, onStep, onCheckpoint, checkpointEvery = Infinity } = hooks;
  const { steps } = training;
  let savedAt: number | undefined;
  const save = async (): Promise<void> => {
    savedAt = training.step;
    onCheckpoint?.(await training.checkpoint());
  };
  while (!training.isOver) {
    await yieldToEventLoop();
    if (signal?.aborted) break;

    await training.makeStep();
    const { step } = training;
    if (step % displayStep === 0) {
      const line = await training.line(); // also without `onLine`, because it checks that the numbers are finite
      onLine?.(line);
    }
    if (validateEvery !== null && step % validateEvery === 0) await validate(training, hooks);
    if (step % checkpointEvery === 0) await save();
    await onStep?.(step, steps, training.network);
  }
  await training.network.assertFinite(training.step);
  if (savedAt !== training.step) await save();
  signal?.throwIfAborted();
}

async function validate(training: Training, { onValidation, onBest }: TrainHooks): Promise<void> {
  const validation = await training.validate();
  onValidation?.(validation);
  if (validation.isBest) onBest?.(await training.checkpoint());
}
