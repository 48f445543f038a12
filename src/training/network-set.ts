/** Several networks that are trained one after the other, as those of a forecaster and of a classifier are, in one run that can be resumed. */
import type { Backend } from '../core/backend.js';
import type { Examples } from '../data/examples.js';
import type { TrainingData } from '../data/train-data.js';
import type { Checkpoint } from './checkpoint.js';
import { type LoopHooks, makeAllSteps } from './loop.js';
import { type TrainOptions, stepCount } from './options.js';
import { Training } from './training.js';

/** One network of a set. */
export interface SetMember {
  /** Its name in the file. */
  readonly name: string;
  /** From 1. */
  readonly seed: number;
}

/** What the run of a set reports. */
export interface SetHooks<Member extends SetMember> extends Pick<
  LoopHooks,
  'onLine' | 'onStep' | 'onWarning' | 'checkpointEvery' | 'signal'
> {
  /** Called before a network is trained; `number` counts from 1. */
  readonly onNetwork?: (member: Member, number: number, count: number) => void;
  /** Called after each validation with the smallest loss so far. */
  readonly onBest?: (member: Member, checkpoint: Checkpoint) => void;
  /** Called with the state of a network's run every `checkpointEvery` steps, and at its end. */
  readonly onCheckpoint: (member: Member, checkpoint: Checkpoint) => void;
}

/**
 * Trains the networks of `members` that `saved` does not have, and continues those that it has, with their own options. The seeds of new
 * networks follow one another from `options.seed`.
 */
export async function trainNetworks<Member extends SetMember>(
  backend: Backend,
  members: readonly Member[],
  examplesOf: (member: Member) => TrainingData<Examples>,
  options: TrainOptions,
  saved: ReadonlyMap<string, Checkpoint>,
  { onNetwork, onBest, onCheckpoint, ...hooks }: SetHooks<Member>,
): Promise<void> {
  for (const [n, member] of members.entries()) {
    const before = saved.get(member.name);
    const training = before?.training
      ? Training.resume(backend, {
          examples: examplesOf(member),
          options: before.training.options,
          checkpoint: { model: before.model, training: before.training },
        })
      : Training.start(backend, {
          examples: examplesOf(member),
          options: { ...options, seed: options.seed + member.seed - 1 },
        });
    if (before && training.isOver) {
      training.dispose();
      continue;
    }
    onNetwork?.(member, n + 1, members.length);
    const network = await makeAllSteps(training, {
      ...hooks,
      onBest: (checkpoint) => onBest?.(member, checkpoint),
      onCheckpoint: (checkpoint) => onCheckpoint(member, checkpoint),
    });
    network.dispose();
  }
}

/** The options with which the networks of a run began; `otherwise` if none has begun. */
export function optionsOfSet(
  members: readonly SetMember[],
  networks: ReadonlyMap<string, Checkpoint>,
  otherwise: TrainOptions,
): TrainOptions {
  for (const { name, seed } of members) {
    const options = networks.get(name)?.training?.options;
    if (options) return { ...options, seed: options.seed - seed + 1 };
  }
  return otherwise;
}

/** Whether the run of a network has ended. A network without the state of its run has none that could continue. */
export function hasEnded(saved: Checkpoint | undefined): boolean {
  if (!saved?.training) return saved !== undefined;
  const { options, step, order, validationsSinceBest } = saved.training;
  const hasLostPatience = options.patience !== null && validationsSinceBest >= options.patience;
  return step >= stepCount(options, order.length) || hasLostPatience;
}
