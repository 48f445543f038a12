/** Sequences of your own to train with: numbers or class indices, with labels or targets, of one length or of many. */
import { assertKnownNames, assertNumbers, assertSizes, assertTensor, describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE, isWithinF32, MOST_CLASSES } from '../core/numbers.js';
import type { Tensor } from '../core/tensor.js';
import { formatShape, indexOf, rowsOf, valuesOf } from '../core/tensor.js';
import { assertTask } from './task.js';

/**
 * Examples of any kind; the first axis counts them. Their shapes determine the network's inputs and outputs. The loss of labels is
 * the cross-entropy; for targets the option `loss` chooses it. If every step has a label or targets, the output layer reads every
 * step; if every sequence has, the last step.
 */
export interface Sequences {
  /** `[count,T,I]` numbers, or `[count,T]` class indices 0 … inputClasses-1. Beyond a sequence's end it may hold anything. */
  readonly x: Tensor;
  /** The class of each sequence, `[count]`, or of each of its steps, `[count·T]` sequence by sequence; -1 does not count. Default: none, see `targets`. */
  readonly labels?: ArrayLike<number>;
  /**
   * In place of labels: numbers to predict for each sequence, `[count,C]`, or for each of its steps, `[count,T,C]`. A number that is
   * NaN does not count. Default: none.
   */
  readonly targets?: Tensor;
  /** `[count]`: steps of each sequence, 1 … T. Default: T each. */
  readonly lengths?: ArrayLike<number>;
  /** I, if x is class indices. Default: none, x is numbers. */
  readonly inputClasses?: number;
  /** C, if there are labels. Default: the largest label + 1 in training; in evaluation as many as the network has. */
  readonly classes?: number;
  /** A name that checkpoints keep, so that `longhand eval` finds the data again. Default: none. */
  readonly task?: string;
}

const NAMES = [
  'x',
  'labels',
  'targets',
  'lengths',
  'inputClasses',
  'classes',
  'task',
] as const satisfies (keyof Sequences)[];

/**
 * Throws a TypeError if `sequences` is of another type. Throws a DataError that names a wrong shape, label, class or
 * length, or a number that f32 cannot hold. `what` is for messages.
 */
export function assertSequences(what: string, sequences: Sequences): void {
  assertKnownNames(what, sequences, NAMES);
  const { x, labels, targets, lengths, task } = sequences;
  assertTask(what, task);
  assertFilled(`${what}.x`, x);
  if (x.dimension !== 2 && x.dimension !== 3) {
    throw new DataError(`${what}.x is ${formatShape(x.shape)}: must be [count,T,I], or [count,T] for class indices`);
  }
  if (lengths !== undefined) assertLengths(`${what}.lengths`, sequences, lengths);
  assertInputClasses(what, sequences);
  assertInputs(`${what}.x`, sequences);
  if (labels !== undefined && targets !== undefined)
    throw new DataError(`${what}: labels and targets: give one of them`);
  if (targets !== undefined) assertTargets(what, sequences, targets);
  else assertLabels(what, sequences);
}

/** Whether there is a label or a target for every step. */
export function hasEveryStep({ x, labels, targets }: Sequences): boolean {
  const [count, T] = x.shape;
  return targets ? targets.dimension === 3 : T > 1 && labels?.length === count * T;
}

/** C, if there are labels. The largest label may not be the last class, so without `classes` C is the fewest. */
export function classesOf(sequences: Sequences): number {
  const { classes } = sequences;
  if (classes !== undefined) return classes;
  let largest = 0;
  for (let n = 0; n < sequences.x.shape[0]; n++) {
    for (const label of labelsOf(sequences, n)) largest = Math.max(largest, label);
  }
  return largest + 1;
}

/**
 * Throws a DataError if the labels of a new run begin above 0 and `classes` is not given: labels 1…3 would silently make four classes,
 * the first of which never occurs. `what` begins the message.
 */
export function assertFirstClass(what: string, sequences: Sequences): void {
  const { labels, classes } = sequences;
  if (labels === undefined || classes !== undefined) return;
  let least = Infinity;
  for (let n = 0; n < sequences.x.shape[0]; n++) {
    for (const label of labelsOf(sequences, n)) if (label >= 0) least = Math.min(least, label);
  }
  if (least === 0) return;
  const C = classesOf(sequences);
  throw new DataError(
    `${what}.labels are ${least}…${C - 1}, so there would be ${C} classes, and class 0 never occurs: ` +
      `subtract ${least} from each label, or write classes: ${C} beside the labels`,
  );
}

/** The steps of sequence n. */
export const lengthOf = ({ x, lengths }: Inputs, n: number): number => lengths?.[n] ?? x.shape[1];

/** The label of sequence n, or those of its steps before its end. */
export function labelsOf(sequences: Sequences, n: number): number[] {
  const { x, labels = [] } = sequences;
  const [, T] = x.shape;
  if (!hasEveryStep(sequences)) return [labels[n]];
  return Array.from({ length: lengthOf(sequences, n) }, (_, t) => labels[n * T + t]);
}

/** What x or targets hold for sequence n, in row order; without the steps beyond its end. */
export function valuesOfSequence(sequences: Sequences, tensor: Tensor, n: number): Float64Array {
  const rows = tensor.pick(n);
  const hasSteps = tensor === sequences.x || hasEveryStep(sequences);
  return valuesOf(hasSteps ? rowsOf(rows, 0, lengthOf(sequences, n)) : rows);
}

function assertFilled(what: string, tensor: Tensor): void {
  assertTensor(what, tensor, '[count,T,I]');
  if (tensor.shape.includes(0)) throw new DataError(`${what} is ${formatShape(tensor.shape)}: must not be empty`);
}

/** Throws a TypeError or a DataError unless there are `count` lengths in 1 … T. `what` begins the message. */
export function assertLengths(what: string, { x }: Pick<Sequences, 'x'>, lengths: ArrayLike<number>): void {
  const [count, T] = x.shape;
  assertNumbers(what, lengths);
  if (lengths.length !== count) {
    throw new DataError(`${what} has ${lengths.length} numbers: ${count} sequences need ${count}`);
  }
  for (let n = 0; n < count; n++) {
    if (Number.isInteger(lengths[n]) && lengths[n] >= 1 && lengths[n] <= T) continue;
    throw new DataError(`${what}[${n}] is ${describe(lengths[n])}: must be a whole number in 1…${T}`);
  }
}

/** Throws a DataError for a number or class in x that no network can read, before a sequence's end. `what` begins the message. */
export function assertInputs(what: string, sequences: Inputs): void {
  const { x, inputClasses = 0 } = sequences;
  if (x.dimension === 3) {
    assertValues(what, sequences, x, isWithinF32, FINITE);
    return;
  }
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < inputClasses;
  assertValues(what, sequences, x, isClass, `a class 0…${inputClasses - 1}`);
}

/** What a network reads of sequences. */
export type Inputs = Pick<Sequences, 'x' | 'lengths' | 'inputClasses'>;

const FINITE = `a finite number within f32 (${F32_RANGE})`;

function assertInputClasses(what: string, sequences: Sequences): void {
  const { x, inputClasses } = sequences;
  if (x.dimension === 3) {
    if (inputClasses === undefined) return;
    throw new DataError(
      `${what}: inputClasses is ${inputClasses}, but x ${formatShape(x.shape)} is numbers: class indices are [count,T]`,
    );
  }
  if (inputClasses === undefined) {
    throw new DataError(
      `${what}.x is ${formatShape(x.shape)}, class indices: give inputClasses, the number of classes`,
    );
  }
  assertSizes(what, sequences, ['inputClasses']);
  assertCount(`${what}: inputClasses is`, inputClasses);
}

/** `what` begins the message. */
function assertCount(what: string, classes: number): void {
  if (classes > MOST_CLASSES) throw new DataError(`${what} ${classes}: must be at most ${MOST_CLASSES}`);
}

function assertTargets(what: string, sequences: Sequences, targets: Tensor): void {
  assertFilled(`${what}.targets`, targets);
  const [count, T] = sequences.x.shape;
  const { shape } = targets;
  const fits = shape[0] === count && (shape.length === 2 || (shape.length === 3 && shape[1] === T));
  if (!fits) {
    throw new DataError(
      `${what}.targets is ${formatShape(shape)}: must be [${count},C], or [${count},${T},C] for every step`,
    );
  }
  if (sequences.classes !== undefined) {
    throw new DataError(`${what}: classes is ${sequences.classes}, but targets are numbers: classes belong to labels`);
  }
  const isRight = (value: number): boolean => Number.isNaN(value) || isWithinF32(value);
  assertValues(`${what}.targets`, sequences, targets, isRight, `${FINITE}, or NaN, which does not count`);
  for (let n = 0; n < count; n++) {
    if (valuesOfSequence(sequences, targets, n).some((value) => !Number.isNaN(value))) return;
  }
  throw new DataError(
    `${what}.targets: each of the ${targets.size} is NaN or beyond its sequence’s end: nothing counts`,
  );
}

/** Checks what x or targets hold before each sequence's end; `rule` says what `isRight` accepts. */
function assertValues(
  name: string,
  sequences: Sequences,
  tensor: Tensor,
  isRight: (value: number) => boolean,
  rule: string,
): void {
  const [count, ...others] = tensor.shape;
  for (let n = 0; n < count; n++) {
    const values = valuesOfSequence(sequences, tensor, n);
    const wrong = values.findIndex((value) => !isRight(value));
    if (wrong < 0) continue;
    const index = [n, ...indexOf(wrong, others)];
    throw new DataError(`${name}[${index.join(',')}] is ${values[wrong]}: must be ${rule}`);
  }
}

function assertLabels(what: string, sequences: Sequences): void {
  const { x, labels, classes } = sequences;
  const [count, T] = x.shape;
  if (labels === undefined) throw new DataError(`${what}: neither labels nor targets are given: give one of them`);
  assertNumbers(`${what}.labels`, labels);
  if (labels.length !== count && labels.length !== count * T) {
    throw new DataError(
      `${what}.labels has ${labels.length} numbers: ${count} sequences need ${count}, or ${count * T} for every step`,
    );
  }
  if (classes !== undefined) {
    assertSizes(what, sequences, ['classes']);
    assertCount(`${what}: classes is`, classes);
  }
  const C = classes ?? MOST_CLASSES;
  const stride = hasEveryStep(sequences) ? T : 1;
  let counted = 0;
  for (let n = 0; n < count; n++) {
    for (const [t, label] of labelsOf(sequences, n).entries()) {
      if (!(Number.isInteger(label) && label >= -1 && label < C)) {
        const isTooLarge = Number.isInteger(label) && label >= C;
        const rule = classes === undefined && !isTooLarge ? '0, 1, 2, …' : `0…${C - 1}`;
        throw new DataError(`${what}.labels[${n * stride + t}] is ${describe(label)}: must be a class ${rule}, or -1`);
      }
      if (label >= 0) counted++;
    }
  }
  if (counted > 0) return;
  throw new DataError(
    `${what}.labels: each of the ${labels.length} is -1 or beyond its sequence’s end: nothing counts`,
  );
}
