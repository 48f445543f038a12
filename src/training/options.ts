/** The options of a training run. Defaults are the tutorial's values. */
import { assertKnownNames, describe } from '../arguments.js';
import type { Limits } from '../clipping.js';
import type { Shuffle } from '../data/batches.js';
import { SHUFFLES } from '../data/batches.js';
import { F32_RANGE, isWithinF32 } from '../numbers.js';
import type { Schedule } from '../schedule.js';
import { SCHEDULES } from '../schedule.js';

/** The options of a training run; `TUTORIAL` holds the defaults. */
export interface TrainOptions extends Schedule, Limits {
  /** In images: training continues while step · batchSize < trainingIters. Ignored if `epochs` is set. Default: 100000. */
  readonly trainingIters: number;
  /** Passes over all training images, in place of `trainingIters`. Default: null, as `trainingIters` says. */
  readonly epochs: number | null;
  /** B: images a step. Default: 128. */
  readonly batchSize: number;
  /** A line is reported every `displayStep` steps. Default: 10. */
  readonly displayStep: number;
  /** Every `validateEvery` steps the validation images are evaluated. Default: null, never. */
  readonly validateEvery: number | null;
  /** Training stops after `patience` validations in a row without a smaller loss. Default: null, it does not stop early. */
  readonly patience: number | null;
  /** H: hidden units. Default: 128. */
  readonly hidden: number;
  /** Added to the forget gate's pre-activation. Default: 1. */
  readonly forgetBias: number;
  /** Seed of the start values and of the order of the images. The same seed gives the same run. Default: 1. */
  readonly seed: number;
  /** Which of TensorFlow's two `next_batch` forms draws the batches: see `Shuffle`. Default: 'tf1'. */
  readonly shuffle: Shuffle;
}

/** The tutorial's constants, and the default of every option that it does not have. */
export const TUTORIAL: TrainOptions = {
  learningRate: 0.001,
  schedule: 'constant',
  warmUp: 0,
  decayEvery: 1000,
  decayRate: 0.5,
  clipValue: null,
  clipNorm: null,
  trainingIters: 100_000,
  epochs: null,
  batchSize: 128,
  displayStep: 10,
  validateEvery: null,
  patience: null,
  hidden: 128,
  forgetBias: 1,
  seed: 1,
  shuffle: 'tf1',
};

type StepOptions = Pick<TrainOptions, 'batchSize' | 'trainingIters' | 'epochs' | 'shuffle'>;

/** How many updates a run makes on `count` examples: the largest step with step · batchSize < trainingIters, or whole epochs. */
export function stepCount({ batchSize, trainingIters, epochs, shuffle }: StepOptions, count: number): number {
  if (epochs === null) return Math.max(0, Math.ceil(trainingIters / batchSize) - 1);
  return shuffle === 'legacy' ? epochs * Math.floor(count / batchSize) : Math.floor((epochs * count) / batchSize);
}

/** A resumed run takes the others from its checkpoint. */
export const FREE_ON_RESUME = [
  'trainingIters',
  'epochs',
  'displayStep',
] as const satisfies readonly (keyof TrainOptions)[];

/** Throws a TypeError for an option that does not exist, and a RangeError for a value out of range. */
export function assertOptions(options: TrainOptions): void {
  assertKnownNames('train', options, Object.keys(TUTORIAL));
  for (const name of ['batchSize', 'displayStep', 'hidden', 'trainingIters', 'decayEvery'] as const) {
    if (!(Number.isInteger(options[name]) && options[name] >= 1)) refuse(options, name, 'a whole number ≥ 1');
  }
  for (const name of ['epochs', 'validateEvery', 'patience'] as const) {
    const value = options[name];
    if (value !== null && !(Number.isInteger(value) && value >= 1))
      refuse(options, name, 'a whole number ≥ 1, or null');
  }
  for (const name of ['clipValue', 'clipNorm'] as const) {
    const value = options[name];
    if (value !== null && !(Number.isFinite(value) && value > 0)) refuse(options, name, 'a number > 0, or null');
  }
  if (!(Number.isInteger(options.warmUp) && options.warmUp >= 0)) refuse(options, 'warmUp', 'a whole number ≥ 0');
  for (const name of ['learningRate', 'decayRate', 'forgetBias', 'seed'] as const) {
    if (!Number.isFinite(options[name])) refuse(options, name, 'finite');
  }
  // not the clipping limits: they are compared in f64, and 0.1.0 has written larger ones into checkpoints
  for (const name of ['learningRate', 'decayRate', 'forgetBias'] as const) {
    if (!isWithinF32(options[name])) refuse(options, name, `within f32 (${F32_RANGE})`);
  }
  if (!SCHEDULES.includes(options.schedule)) refuse(options, 'schedule', `one of ${SCHEDULES.join(', ')}`);
  if (!SHUFFLES.includes(options.shuffle)) refuse(options, 'shuffle', `one of ${SHUFFLES.join(', ')}`);
  if (options.patience !== null && options.validateEvery === null)
    refuse(options, 'patience', 'null where nothing is validated');
}

function refuse(options: TrainOptions, name: keyof TrainOptions, kind: string): never {
  throw new RangeError(`train: ${name} ${describe(options[name])}: must be ${kind}`);
}
