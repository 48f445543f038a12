/** The examples of a run: what it trains with, and what it validates with. They must suit the options and each other. */
import { assertObject, counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE, LARGEST_F32 } from '../core/numbers.js';
import { type Examples, kindOf, misfitOf } from '../data/examples.js';
import { assertFirstClass } from '../data/sequences.js';
import type { Vocabulary } from '../data/text.js';
import { type TrainData, type TrainingData, checkedData, examplesOf } from '../data/train-data.js';
import { rateAt } from '../equations/schedule.js';
import { sha256Of } from '../files/sha256.js';
import type { Checkpoint, Resumable, SavedModel, SavedTraining } from './checkpoint.js';
import { assertCheckpoint, assertParts, assertReadable } from './checkpoint.js';
import { assertFits } from './evaluate.js';
import type { GivenOptions, ResumeOptions, TrainOptions } from './options.js';
import { completeOptions, misfitOfOptions, resumedOptions, stepCount } from './options.js';

/** A run cannot be validated without data. */
export const NO_VALIDATION = 'train: validateEvery needs hooks.validation, the data to validate with';

/** A run that begins: checked examples and options. */
export interface NewRun {
  readonly examples: TrainingData<Examples>;
  readonly options: TrainOptions;
}

/** A run that continues. */
export interface ResumedRun extends NewRun {
  readonly checkpoint: Resumable;
}

/**
 * A new run. Throws a TypeError for an unknown option or an argument of another type, and a RangeError for an option out of
 * range. A DataError reports inconsistent data, or fewer examples than a batch.
 */
export function newRun(data: TrainingData, given: GivenOptions): NewRun {
  const options = completeOptions(given);
  return { examples: examplesIn(checkedNewData(data), options), options };
}

/**
 * The run of a checkpoint. `given` may change the length of the run, and how often it reports. Throws a DataError if the
 * checkpoint holds only a network, or a part that no file could hold. Throws a TypeError for an option that cannot be changed, and a
 * RangeError for a length that the run cannot have. Also throws the errors of `newRun`.
 */
export function resumedRun(data: TrainingData, given: Checkpoint, changed: ResumeOptions = {}): ResumedRun {
  assertCheckpoint('resume: checkpoint', given);
  const { model, training, metadata } = given;
  if (training === null)
    throw new DataError('resume: the checkpoint holds only a network, not the state of its training');
  assertParts(given);
  const options = resumedOptions(training, changed);
  assertReadable(given);
  const checked = checkedTrainingData(data, model.network.classNames);
  const examples = examplesIn(checked, training.options, { areSaved: true });
  const fault = faultOfLastRate(options, examples.train.count);
  if (fault !== undefined) throw new RangeError(`resume: ${fault}`);
  return { examples, options, checkpoint: { model, training, metadata } };
}

/**
 * The data with tensors in place of lists. `names`: those of the network's classes. Default: a new network. Throws a TypeError,
 * RangeError or DataError that says what is wrong with the data.
 */
function checkedTrainingData(data: TrainingData, names?: readonly string[]): TrainingData<TrainData> {
  assertObject('train: data', data);
  const train = checkedData('train: data', data.train, names);
  const classNames = names ?? ('classNames' in train ? train.classNames : undefined) ?? [];
  const T = 'x' in train ? train.x.shape[1] : undefined;
  const validation =
    data.validation === undefined ? undefined : checkedData('train: validation', data.validation, classNames, T);
  return { train, validation, digest: data.digest };
}

/** As `checkedTrainingData`, for a new run: its labels say how many classes the network has. */
function checkedNewData(data: TrainingData): TrainingData<TrainData> {
  const checked = checkedTrainingData(data);
  const { train } = checked;
  if ('x' in train) assertFirstClass('train: data', train);
  return checked;
}

/**
 * The examples of checked data. Throws a RangeError or a DataError that says what does not suit the options. `areSaved`: the options
 * come from a checkpoint, so the caller cannot change them. Default: false.
 */
export function examplesIn(
  { train, validation, digest }: TrainingData<TrainData>,
  options: TrainOptions,
  { areSaved = false }: { areSaved?: boolean } = {},
): TrainingData<Examples> {
  const { validateEvery, batchSize: B } = options;
  const misfit = misfitOfOptions(options, train);
  if (misfit !== undefined) {
    throw areSaved
      ? new DataError(`resume: the checkpoint has an option that its data cannot have: ${misfit}`)
      : new RangeError(`train: ${misfit}`);
  }
  const examples = examplesOf('train: data', train, { B, toEnd: false });
  const fault = faultOfLastRate(options, examples.count);
  if (fault !== undefined) throw areSaved ? new DataError(`resume: ${fault}`) : new RangeError(`train: ${fault}`);
  if (validation === undefined) {
    if (validateEvery !== null) throw new RangeError(NO_VALIDATION);
    return { train: examples, validation, digest };
  }
  const others = examplesOf('train: validation', validation, { B, toEnd: true });
  assertSameKind(examples, others);
  return { train: examples, validation: others, digest };
}

/** Throws a RangeError for validation data that a new run would not use. */
export function assertValidates(
  { train, validation }: TrainingData<Examples>,
  { validateEvery, batchSize }: TrainOptions,
): void {
  if (validation === undefined || validateEvery !== null) return;
  const anEpoch = Math.max(1, Math.floor(train.count / batchSize));
  throw new RangeError(
    'train: hooks.validation is given, but not the option validateEvery, so it would never be evaluated: ' +
      `set validateEvery, in steps (${anEpoch} is once an epoch), or leave hooks.validation out`,
  );
}

/** Why the learning rate at the end of the run is beyond f32, which a step schedule can make it; undefined if it is within. */
function faultOfLastRate(options: TrainOptions, examples: number): string | undefined {
  const { schedule, decayRate, decayEvery } = options;
  if (schedule !== 'step' || decayRate <= 1) return undefined;
  const steps = stepCount(options, examples);
  if (steps === 0) return undefined;
  const rate = rateAt(options, steps, steps);
  if (rate <= LARGEST_F32) return undefined;
  return (
    `decayRate ${decayRate}: every ${counted(decayEvery, 'step')} (decayEvery) it multiplies the learning rate, which is ${rate} at the end of ` +
    `${counted(steps, 'step')}: must be within f32 (${F32_RANGE})`
  );
}

function assertSameKind(train: Examples, validation: Examples): void {
  const misfit = misfitOf(validation, train);
  if (!misfit) {
    assertSameVocabulary(validation.vocabulary, train.vocabulary, 'train: validation');
    return;
  }
  throw new DataError(
    `train: the validation data have ${misfit.examples}, but the training data have ${misfit.other}: ` +
      'they must be of the same kind (`classes` beside the labels sets how many there are)',
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

/**
 * All data that the run depends on, for a digest. A text is one file, and a run on it ends with its validation part, so this part
 * counts without `validateEvery` too.
 */
export function bytesOf(
  { train, validation }: TrainingData<Examples>,
  { validateEvery }: Pick<TrainOptions, 'validateEvery'>,
): Iterable<Uint8Array> {
  const isRead = validateEvery !== null || train.continues;
  const sets = isRead && validation ? [train, validation] : [train];
  return {
    *[Symbol.iterator]() {
      for (const { bytes } of sets) yield* bytes;
    },
  };
}

/** Throws a DataError unless the run of a checkpoint began with these data. */
export function assertSameData(examples: TrainingData<Examples>, model: SavedModel, state: SavedTraining): void {
  const { train } = examples;
  assertFits('resume', train, kindOf(model.network, model.T));
  assertSameVocabulary(train.vocabulary, model.vocabulary, 'resume: data');
  if (train.count !== state.order.length || !hasDigest(examples, state)) {
    const what = train.continues ? ' (or their text ends otherwise)' : '';
    throw new DataError(
      `resume: the run began with ${state.order.length} examples, these are ${train.count} different ones${what}: ` +
        'a run can only be resumed with the data that it began with',
    );
  }
}

/** Whether the run of a checkpoint began with these data. */
export function hasDigest(examples: TrainingData<Examples>, { data, options }: SavedTraining): boolean {
  if ((examples.digest ?? sha256Of(bytesOf(examples, options))) === data) return true;
  // 0.2.0 left out the validation part of a text without `validateEvery`
  const { train } = examples;
  return train.continues && options.validateEvery === null && sha256Of(train.bytes) === data;
}
