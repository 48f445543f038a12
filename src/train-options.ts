/** What a training run is asked to do. Options left out are the tutorial's, which does no more than it must. */
import type { Limits } from './clipping.js';
import type { Shuffle } from './mnist.js';
import { F32_RANGE, isWithinF32 } from './numbers.js';
import type { Schedule } from './schedule.js';

export interface TrainOptions extends Schedule, Limits {
  /** Training goes on while step · batchSize < trainingIters; not asked where there are `epochs`. */
  readonly trainingIters: number;
  /** So many times all examples; null: as many as `trainingIters` says. */
  readonly epochs: number | null;
  readonly batchSize: number;
  /** A line is reported every so many steps. */
  readonly displayStep: number;
  /** Loss and accuracy of the validation set every so many steps; null: never. */
  readonly validateEvery: number | null;
  /** Training stops early when so many validations in a row have brought no smaller loss; null: never. */
  readonly patience: number | null;
  readonly hidden: number;
  readonly forgetBias: number;
  readonly seed: number;
  readonly shuffle: Shuffle;
}

/** The tutorial's constants. */
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

/** Throws a RangeError where an option is not a number of its kind. */
export function assertOptions(options: TrainOptions): void {
  const refuse = (name: keyof TrainOptions, kind: string): never => {
    throw new RangeError(`train: ${name} ${options[name] ?? 'null'}: must be ${kind}`);
  };
  for (const name of ['batchSize', 'displayStep', 'hidden', 'trainingIters', 'decayEvery'] as const) {
    if (!(Number.isInteger(options[name]) && options[name] >= 1)) refuse(name, 'a whole number ≥ 1');
  }
  for (const name of ['epochs', 'validateEvery', 'patience'] as const) {
    const value = options[name];
    if (value !== null && !(Number.isInteger(value) && value >= 1)) refuse(name, 'a whole number ≥ 1, or null');
  }
  for (const name of ['clipValue', 'clipNorm'] as const) {
    const value = options[name];
    if (value !== null && !(Number.isFinite(value) && value > 0)) refuse(name, 'a number > 0, or null');
  }
  if (!(Number.isInteger(options.warmUp) && options.warmUp >= 0)) refuse('warmUp', 'a whole number ≥ 0');
  for (const name of ['learningRate', 'decayRate', 'forgetBias', 'seed'] as const) {
    if (!Number.isFinite(options[name])) refuse(name, 'finite');
  }
  for (const name of ['learningRate', 'decayRate', 'forgetBias', 'clipValue', 'clipNorm'] as const) {
    if (!isWithinF32(options[name] ?? 0)) refuse(name, `within f32 (${F32_RANGE})`);
  }
  if (options.patience !== null && options.validateEvery === null)
    refuse('patience', 'null where nothing is validated');
}
