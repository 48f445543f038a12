/** The examples of a run: what it trains with, and what it validates with. They must suit the options and each other. */
import { assertObject } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Examples } from '../data/examples.js';
import { misfitOf } from '../data/examples.js';
import type { Vocabulary } from '../data/text.js';
import type { TrainData, TrainingData } from '../data/train-data.js';
import { assertTrainData, examplesOf } from '../data/train-data.js';
import type { SavedModel, SavedTraining } from './checkpoint.js';
import { assertFits } from './evaluate.js';
import type { TrainOptions } from './options.js';

/** A run cannot be validated without data. */
export const NO_VALIDATION = 'train: validateEvery needs hooks.validation, the data to validate with';

/** Throws a TypeError, RangeError or DataError that says what is wrong with the data. */
export function assertTrainingData(data: TrainingData): void {
  assertObject('train: data', data);
  assertTrainData('train: data', data.train);
  if (data.validation !== undefined) assertTrainData('train: validation', data.validation);
}

/** The examples of checked data. Throws a RangeError or a DataError that says what does not suit the options. */
export function examplesIn({ train, validation, digest }: TrainingData, options: TrainOptions): TrainingData<Examples> {
  const { validateEvery, shift, batchSize: B } = options;
  if ('characters' in train) assertCanContinue(options);
  if (shift > 0) assertCanShift(train, shift);
  const examples = examplesOf('train: data', train, { B, toEnd: false });
  if (validation === undefined) {
    if (validateEvery !== null) throw new RangeError(NO_VALIDATION);
    return { train: examples, validation, digest };
  }
  const others = examplesOf('train: validation', validation, { B, toEnd: true });
  assertSameKind(examples, others);
  return { train: examples, validation: others, digest };
}

/** Throws a RangeError for options that do not suit a text. */
function assertCanContinue({ bidirectional, shuffle }: TrainOptions): void {
  if (bidirectional) {
    throw new RangeError(
      'train: bidirectional: must be false for a text: the reverse direction reads what is predicted',
    );
  }
  if (shuffle !== 'tf1')
    throw new RangeError(`train: shuffle ${shuffle}: must be left out for a text, which is read in order`);
}

function assertCanShift(data: TrainData, shift: number): void {
  if (!('pixels' in data)) throw new RangeError(`train: shift ${shift}: must be 0, because only images can be moved`);
  const { rows, columns } = data;
  if (shift < Math.min(rows, columns)) return;
  throw new RangeError(`train: shift ${shift}: must be smaller than each side of the images, ${rows} × ${columns}`);
}

function assertSameKind(train: Examples, validation: Examples): void {
  const misfit = misfitOf(validation, train);
  if (!misfit) {
    assertSameVocabulary(validation.vocabulary, train.vocabulary, 'train: validation');
    return;
  }
  throw new DataError(
    `train: the validation data have ${misfit.examples}, but the training data have ${misfit.other}: ` +
      'they must be of the same kind (of labels, `classes` is the number of outputs)',
  );
}

/** Throws a DataError, with both characters, if a class of the two texts differs. Data that are no texts have no vocabulary. */
function assertSameVocabulary(given: Vocabulary | undefined, expected: Vocabulary | undefined, whose: string): void {
  const [ours, theirs] = [classNames(given), classNames(expected)];
  const longer = ours.length > theirs.length ? ours : theirs;
  const wrong = longer.findIndex((_, n) => ours.at(n) !== theirs.at(n));
  if (wrong < 0) return;
  const [one, other] = [ours, theirs].map((names) => names.at(wrong) ?? 'missing');
  throw new DataError(`${whose}: another vocabulary: class ${wrong} is ${one}, but must be ${other}`);
}

const classNames = ({ characters, hasOther }: Vocabulary = { characters: [], hasOther: false }): string[] => [
  ...characters.map((character) => JSON.stringify(character)),
  ...(hasOther ? ['that of other characters'] : []),
];

/** All data that the run depends on, for a digest. */
export function bytesOf(
  { train, validation }: TrainingData<Examples>,
  { validateEvery }: TrainOptions,
): Iterable<Uint8Array> {
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
  assertSameVocabulary(train.vocabulary, model.vocabulary, 'resume: data');
  if (train.count !== order.length || digest !== data) {
    throw new DataError(
      `resume: the run began with ${order.length} examples, these are ${train.count} different ones: ` +
        'a run can only be resumed with the data that it began with',
    );
  }
}
