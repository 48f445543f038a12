/** Training by the library: its arguments are checked here; src/training/loop.ts makes the steps. */
import { type TypeName, assertKinds, assertSignal, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { GivenData } from '../data/train-data.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { type LoopHooks, makeAllSteps } from '../training/loop.js';
import type { GivenOptions, ResumeOptions } from '../training/options.js';
import { assertValidates, newRun } from '../training/run-data.js';
import { Training as Computing } from '../training/training.js';
import type { Network } from './network.js';
import { Training } from './training.js';

/** Functions that training calls, and its inputs besides the training data. */
export interface TrainHooks extends LoopHooks<Network> {
  /** The data that `validateEvery` evaluates. Each without the other is an error. Default: none. */
  readonly validation?: GivenData;
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
  const run = newRun({ train: data, validation: hooks.validation }, options);
  assertValidates(run.examples, run.options);
  return makeAllSteps(new Training(Computing.start(backend, run)), hooks, { returnsBest: true });
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
  if (checkpointEvery !== Infinity && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1))
    throw new RangeError(`train hooks: checkpointEvery ${describe(checkpointEvery)}: must be a whole number ≥ 1`);
}
