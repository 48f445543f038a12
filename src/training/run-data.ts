/** The data of a run: what it trains with, and what it validates with. Both are checked, and must be of the same kind. */
import { assertObject } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Examples } from '../data/examples.js';
import { misfitOf } from '../data/examples.js';
import type { TrainData } from '../data/train-data.js';
import { examplesOf } from '../data/train-data.js';
import type { SavedModel, SavedTraining } from './checkpoint.js';
import { assertFits } from './evaluate.js';
import type { TrainOptions } from './options.js';

/** The data of a run. */
export interface TrainingData {
  /** What the run trains with. */
  readonly train: TrainData;
  /** What `validateEvery` evaluates; undefined if there is none. */
  readonly validation: TrainData | undefined;
  /**
   * `SavedTraining.data` of an earlier run on the same data with the same `validateEvery`: they are then not hashed again.
   * Default: computed.
   */
  readonly digest?: string | undefined;
}

/** The data of a run, checked. */
export interface RunExamples {
  readonly train: Examples;
  readonly validation: Examples | undefined;
}

/** A run cannot be validated without data. */
export const NO_VALIDATION = 'train: validateEvery needs hooks.validation, the data to validate with';

/** Throws a TypeError, RangeError or DataError that says what is wrong with the data, or that they do not fit the options. */
export function examplesIn(data: TrainingData, options: TrainOptions): RunExamples {
  const { validateEvery, shift, batchSize: B } = options;
  assertObject('train: data', data);
  const train = examplesOf('train: data', data.train, { B, toEnd: false });
  if (train.continues) assertCanContinue(options);
  if (shift > 0) assertCanShift(data.train, shift);
  if (data.validation === undefined) {
    if (validateEvery !== null) throw new RangeError(NO_VALIDATION);
    return { train, validation: undefined };
  }
  const validation = examplesOf('train: validation', data.validation, { B, toEnd: true });
  assertSameKind(train, validation);
  return { train, validation };
}

/** Throws a RangeError for options that do not suit a text. */
export function assertCanContinue({ bidirectional, shuffle }: TrainOptions): void {
  if (bidirectional) {
    throw new RangeError(
      'train: bidirectional: must be false for a text: the reverse direction reads what is predicted',
    );
  }
  if (shuffle !== 'tf1')
    throw new RangeError(`train: shuffle ${shuffle}: must be left out for a text, which is read in order`);
}

export function assertCanShift(data: TrainData, shift: number): void {
  if (!('pixels' in data)) throw new RangeError(`train: shift ${shift}: must be 0, because only images can be moved`);
  const { rows, columns } = data;
  if (shift < Math.min(rows, columns)) return;
  throw new RangeError(`train: shift ${shift}: must be smaller than each side of the images, ${rows} × ${columns}`);
}

function assertSameKind(train: Examples, validation: Examples): void {
  const misfit = misfitOf(validation, train);
  if (!misfit) return;
  throw new DataError(
    `train: the validation data have ${misfit.examples}, but the training data have ${misfit.other}: ` +
      'they must be of the same kind (of labels, `classes` is the number of outputs)',
  );
}

/** All data that the run depends on, for a digest. */
export function bytesOf({ train, validation }: RunExamples, { validateEvery }: TrainOptions): Iterable<Uint8Array> {
  const sets = validateEvery !== null && validation ? [train, validation] : [train];
  return {
    *[Symbol.iterator]() {
      for (const { bytes } of sets) yield* bytes;
    },
  };
}

/** Throws a DataError unless the run of a checkpoint began with these data; `digest` is theirs. */
export function assertSameData(
  train: Examples,
  model: SavedModel,
  { order, data }: SavedTraining,
  digest: string,
): void {
  assertFits('resume', train, { ...model.network, T: model.T });
  if (train.count !== order.length || digest !== data) {
    throw new DataError(
      `resume: the run began with ${order.length} examples, these are ${train.count} different ones: ` +
        'a run can only be resumed with the data that it began with',
    );
  }
}
