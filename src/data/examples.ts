/**
 * The examples of a run in one form, from images, sequences or a text. They determine what a network reads and computes, and
 * they fill its batches: see loadBatch in training/evaluate.ts. train-data.ts makes them.
 */
import type { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import type { CompleteConfig, NetworkConfig } from '../network/config.js';
import type { BatchTargets } from '../network/output.js';
import type { Vocabulary } from './text.js';
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

/** How a batch is filled. */
export interface FillOptions {
  /** Images are moved by up to this many pixels in each direction, at random. Default: 0. */
  readonly shift: number;
  /** Draws the shifts; not used if `shift` is 0. */
  readonly random: Random;
}

/** A batch that has been filled. */
export interface FilledBatch {
  /** Its labels or targets, and lengths. */
  readonly targets: BatchTargets;
  /** The example in each row: sequences are sorted by length, the longest first. */
  readonly indices: Uint32Array;
}

/** What a network and its data have in common. Options determine the layers, and how errors of targets are counted. */
export interface DataKind extends Required<Pick<NetworkConfig, 'inputs' | 'inputKind' | 'reads'>> {
  /** Steps of the longest sequence. */
  readonly T: number;
  /** How many classes the labels have; 0 if there are targets. */
  readonly classes: number;
  /** Numbers to predict, for each sequence or step; 0 if there are labels. */
  readonly targets: number;
}

/** Examples of one kind. */
export interface Examples extends DataKind {
  /** Images, sequences, or sequences of a text. */
  readonly count: number;
  /** Whether a network may have more classes: the labels need not show every class. */
  readonly fitsMoreClasses: boolean;
  /** Whether a network may have more steps: each example has its length. Default: false. */
  readonly fitsMoreSteps?: boolean;
  /** Whether each batch continues the one before: the examples are read in order, and the states are carried. */
  readonly continues: boolean;
  /** A name that checkpoints keep; undefined for MNIST and for data without a name. */
  readonly task: string | undefined;
  /** The characters of a text. Default: none, other data have no characters. */
  readonly vocabulary?: Vocabulary;
  /** The names of the classes. Default: none, they have no names. */
  readonly classNames?: readonly string[] | undefined;
  /** What is unlikely to be meant: each follows the data's name in a message. Default: nothing is. */
  readonly warnings?: () => readonly string[];
  /** Writes the examples with these indices into x. If they are fewer than B, the other rows do not count. */
  readonly fill: (x: Tensor, indices: Uint32Array, options?: FillOptions) => FilledBatch;
  /** The data, for a digest: a run can only be resumed with the data that it began with. */
  readonly bytes: Iterable<Uint8Array>;
}

/** The data that a network of T steps reads and predicts. */
export function kindOf({ inputs, inputKind, reads, loss, outputs, quantiles }: CompleteConfig, T: number): DataKind {
  const isClassifier = loss === 'crossEntropy';
  const targets = outputs / Math.max(quantiles.length, 1);
  return { T, inputs, inputKind, reads, classes: isClassifier ? outputs : 0, targets: isClassifier ? 0 : targets };
}

/**
 * What of the examples does not fit `other`, and the same of `other`, for messages: `T 4, inputs 3` and `T 5, inputs 6`.
 * Undefined if they fit.
 */
export function misfitOf(examples: Examples, other: DataKind): { examples: string; other: string } | undefined {
  const names = ['T', 'inputs', 'inputKind', 'classes', 'targets', 'reads'] as const satisfies (keyof DataKind)[];
  const fits = (name: (typeof names)[number]): boolean =>
    examples[name] === other[name] ||
    (name === 'reads' && examples.T === 1) || // the last step is every step
    (name === 'T' && examples.fitsMoreSteps === true && examples.T < other.T) ||
    (name === 'classes' && examples.fitsMoreClasses && examples.classes < other.classes);
  const wrong = names.filter((name) => !fits(name));
  if (wrong.length === 0) return undefined;
  const listed = (kind: DataKind): string => wrong.map((name) => `${name} ${kind[name]}`).join(', ');
  return { examples: listed(examples), other: listed(other) };
}

/** `[B]`: a label for each index, then -1. */
export function rowsFrom(B: number, indices: Uint32Array, labelOf: (n: number) => number): Int32Array {
  return Int32Array.from({ length: B }, (_, b) => (b < indices.length ? labelOf(indices[b]) : -1));
}

const LONGEST_TASK = 100;

/** Whether checkpoints can hold this name of data. */
export const isTask = (task: unknown): boolean =>
  typeof task === 'string' && task.length > 0 && task.length <= LONGEST_TASK;

/** What `isTask` accepts, for messages. */
export const TASK_RULE = `a text of 1 to ${LONGEST_TASK} characters`;

/** Throws a DataError unless the name is missing, or one that checkpoints can hold. `what` is for messages. */
export function assertTask(what: string, task: unknown): void {
  if (task === undefined || isTask(task)) return;
  const found = typeof task === 'string' ? `a text of ${task.length}` : describe(task);
  throw new DataError(`${what}: task is ${found}: must be ${TASK_RULE}`);
}
