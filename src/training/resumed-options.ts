/** The options of a resumed run: which of them may change, and which lengths the run may have. */
import { assertKnownNames, counted, plainCopyOf } from '../core/arguments.js';
import type { SavedTraining } from './checkpoint.js';
import type { OptionName, ResumeOptions, TrainOptions } from './options.js';
import { assertOptions, isChangeableOnResume, OPTION_NAMES, stepCount } from './options.js';

/** The options that set the length of a run. */
const LENGTHS = ['trainingIters', 'epochs'] as const;

/**
 * The options of a checkpoint's run, with those that the caller gives. Throws a TypeError for an option that cannot be changed.
 * Throws a RangeError for an option out of range, or a length that the run cannot have. Without a new length, the length is not
 * checked: a run that has made all its steps makes none.
 */
export function resumedOptions(saved: SavedTraining, given: ResumeOptions): TrainOptions {
  const changed = withOneLength(assertChangeable(given));
  const options = { ...saved.options, ...changed };
  assertOptions(
    options,
    OPTION_NAMES.filter((name) => name in changed),
  );
  const fault = givesLength(changed) ? lengthFaultOf(saved, changed) : undefined;
  if (fault !== undefined) throw new RangeError(`resume: ${fault}`);
  return options;
}

/** A plain copy of the options, which may all be changed. */
function assertChangeable(given: ResumeOptions): ResumeOptions {
  assertKnownNames('resume', given, OPTION_NAMES);
  const fixed = OPTION_NAMES.find((name) => name in given && !isChangeableOnResume(name));
  if (fixed !== undefined) throw new TypeError(`resume: ${fixed} comes from the checkpoint and cannot be changed`);
  return plainCopyOf(given);
}

/** `trainingIters` alone also replaces the saved `epochs`, which would otherwise set the length. */
export const withOneLength = <Given extends ResumeOptions>(given: Given): Given =>
  'trainingIters' in given && !('epochs' in given) ? { ...given, epochs: null } : given;

/** Also if the value is null, which can change the length too. */
const givesLength = (given: ResumeOptions): boolean => LENGTHS.some((name) => name in given);

/**
 * Why the run cannot have the length of the options; undefined if it can. `nameOf`: an option's name in the message. Default:
 * as in the library.
 */
export function lengthFaultOf(
  { options, step, order }: Pick<SavedTraining, 'options' | 'step' | 'order'>,
  given: ResumeOptions,
  nameOf: (name: OptionName) => string = (name) => name,
): string | undefined {
  if (options.schedule === 'cosine' && givesLength(given)) {
    const names = LENGTHS.map(nameOf).join(' and ');
    return `a cosine schedule depends on the length of its run, so ${names} cannot change it`;
  }
  const steps = stepCount({ ...options, ...given }, order.length);
  if (steps >= step) return undefined;
  return `the new length is ${counted(steps, 'step')}, but the run is at step ${step}: choose a greater length`;
}
