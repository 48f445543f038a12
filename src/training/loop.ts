/**
 * The training loop: makes all steps of a run, and calls hooks with its lines, validations and checkpoints.
 *
 * training.ts makes a single step. This file prints nothing but warnings that no hook takes: src/cli/commands/run-training.ts prints what the
 * hooks report.
 */
import { yieldToEventLoop } from '../core/event-loop.js';
import type { Network } from '../network/network.js';
import type { NamedTensors } from '../network/parameters.js';
import type { Checkpoint } from './checkpoint.js';
import type { Line, Training, Validation } from './training.js';

/** Functions that training calls, and what stops it. `OwnNetwork`: the network that they see. */
export interface LoopHooks<OwnNetwork = unknown> {
  /** Called every `displayStep` steps. */
  readonly onLine?: (line: Line) => void;
  /** Called after every step with its number, the number of steps of the run, and the network. Training awaits what it returns. */
  readonly onStep?: (step: number, steps: number, network: OwnNetwork) => unknown;
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

/** What the loop uses of a run: `Training`, or the one of src/door/training.ts that guards it. */
export interface Run<OwnNetwork extends SomeNetwork> extends Pick<
  Training,
  | 'options'
  | 'step'
  | 'steps'
  | 'isOver'
  | 'best'
  | 'warnings'
  | 'makeStep'
  | 'line'
  | 'validate'
  | 'checkpoint'
  | 'dispose'
> {
  readonly network: OwnNetwork;
  takeNetwork(): OwnNetwork;
  assertFinite(): Promise<void>;
}

type SomeNetwork = Pick<Network, 'save' | 'load'>;

/**
 * Returns the trained network; disposes of it if a step or a hook fails. `hooks` have been checked. `returnsBest`: with the weights
 * of the best validation. Default: with those of the last step.
 */
export async function makeAllSteps<OwnNetwork extends SomeNetwork>(
  training: Run<OwnNetwork>,
  hooks: LoopHooks<OwnNetwork>,
  { returnsBest = false }: { returnsBest?: boolean } = {},
): Promise<OwnNetwork> {
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

  constructor(private readonly training: Run<SomeNetwork>) {}

  async keep(): Promise<void> {
    this.weights = await this.training.network.save();
  }

  putBack({ onWarning = warn }: Pick<LoopHooks, 'onWarning'>): void {
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

async function makeSteps<OwnNetwork extends SomeNetwork>(
  training: Run<OwnNetwork>,
  hooks: LoopHooks<OwnNetwork>,
  best?: BestWeights,
): Promise<void> {
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
  await training.assertFinite();
  if (savedAt !== training.step) await save();
  signal?.throwIfAborted();
}

async function validate(
  training: Run<SomeNetwork>,
  { onValidation, onBest }: Pick<LoopHooks, 'onValidation' | 'onBest'>,
  best?: BestWeights,
): Promise<void> {
  const validation = await training.validate();
  if (validation.isBest) await best?.keep();
  onValidation?.(validation);
  if (validation.isBest) onBest?.(await training.checkpoint());
}
