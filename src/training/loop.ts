/**
 * The tutorial's training loop: step after step, with what is reported and kept on the way.
 *
 * Prints nothing: hooks report, an AbortSignal stops.
 */
import type { TypeName } from '../arguments.js';
import { assertKinds, assertKnownNames, assertObject, describe } from '../arguments.js';
import type { Backend } from '../backend.js';
import type { LabelledImages } from '../data/mnist.js';
import type { Model } from '../model.js';
import type { Checkpoint } from './checkpoint.js';
import { yieldToEventLoop } from './event-loop.js';
import type { ResumeOptions, TrainOptions } from './options.js';
import { isChangeableOnResume, OPTION_NAMES, TUTORIAL } from './options.js';
import type { Line, Validation } from './run.js';
import { Training } from './run.js';

/** What is called during training, and what training needs besides the images. */
export interface TrainHooks {
  /** Called every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** Called after every step with its number and the number of steps of the run. */
  readonly onStep?: (step: number, steps: number) => void;
  /** The images that `validateEvery` evaluates. Default: none; `validateEvery` then is an error. */
  readonly validation?: LabelledImages;
  /** Called after each validation. */
  readonly onValidation?: (validation: Validation) => void;
  /** Called with the state of the run after each validation that is the best so far. */
  readonly onBest?: (checkpoint: Checkpoint) => void;
  /** Called with the state of the run every `checkpointEvery` steps, at the end, and when the signal stops it. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Steps between two calls of `onCheckpoint`. Default: Infinity, only at the end. */
  readonly checkpointEvery?: number;
  /** Aborting it stops training after the current step; `train` then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a new model and returns it; the caller disposes of it. Options left out are the tutorial's.
 *
 * Before anything runs it rejects with a TypeError for an option or hook that does not exist, a RangeError for an option
 * out of range, and a DataError for images that are not what they say, or fewer than a batch; later with a NonFiniteError
 * if training diverges.
 */
export async function train(
  backend: Backend,
  images: LabelledImages,
  options: Partial<TrainOptions> = {},
  hooks: TrainHooks = {},
): Promise<Model> {
  assertHooks(hooks);
  assertKnownNames('train', options, OPTION_NAMES);
  const all = { ...TUTORIAL, ...options };
  return finish(Training.start(backend, { images, validation: hooks.validation }, all), all, hooks);
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
  options: ResumeOptions = {},
  hooks: TrainHooks = {},
): Promise<Model> {
  assertHooks(hooks);
  assertChangeableOnResume(options);
  assertObject('resume: checkpoint', checkpoint);
  const saved = checkpoint.training?.options ?? TUTORIAL;
  if (saved.schedule === 'cosine' && (options.trainingIters ?? options.epochs ?? null) !== null) {
    throw new RangeError('resume: a cosine schedule ends with its run, which can be made neither longer nor shorter');
  }
  const training = Training.resume(backend, { images, validation: hooks.validation }, checkpoint, options);
  return finish(training, { ...saved, ...options }, hooks);
}

const HOOKS = {
  ...({ onLine: 'function', onStep: 'function', onValidation: 'function' } as const),
  ...({ onBest: 'function', onCheckpoint: 'function', checkpointEvery: 'number' } as const),
  ...({ validation: 'object', signal: 'object' } as const),
} satisfies Record<keyof TrainHooks, TypeName>;

function assertHooks(hooks: TrainHooks): void {
  assertKinds('train hooks', hooks, HOOKS);
  const { checkpointEvery = Infinity, signal } = hooks;
  if (signal && !((signal as unknown) instanceof AbortSignal)) {
    throw new TypeError(`train hooks: signal ${describe(signal)}: must be an AbortSignal`);
  }
  if (checkpointEvery !== Infinity && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1)) {
    throw new RangeError(`train hooks: checkpointEvery ${describe(checkpointEvery)}: must be a whole number ≥ 1`);
  }
}

function assertChangeableOnResume(options: object): void {
  assertKnownNames('resume', options, OPTION_NAMES);
  const fixed = OPTION_NAMES.find((name) => name in options && !isChangeableOnResume(name));
  if (fixed !== undefined) throw new TypeError(`resume: ${fixed} comes from the checkpoint and cannot be changed`);
}

async function finish(training: Training, options: TrainOptions, hooks: TrainHooks): Promise<Model> {
  try {
    await makeSteps(training, options, hooks);
    return training.model;
  } catch (error) {
    training.model.dispose();
    throw error;
  }
}

async function makeSteps(
  training: Training,
  { displayStep, validateEvery }: TrainOptions,
  hooks: TrainHooks,
): Promise<void> {
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
      const line = await training.line(); // also where nobody listens, since it checks the numbers
      onLine?.(line);
    }
    if (validateEvery !== null && step % validateEvery === 0) await validate(training, hooks);
    if (step % checkpointEvery === 0) await save();
    onStep?.(step, steps);
  }
  await training.model.assertFinite();
  if (savedAt !== training.step) await save();
  signal?.throwIfAborted();
}

async function validate(training: Training, { onValidation, onBest }: TrainHooks): Promise<void> {
  const validation = await training.validate();
  onValidation?.(validation);
  if (validation.isBest) onBest?.(await training.checkpoint());
}
