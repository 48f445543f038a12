/** Sequences of your own to train with: numbers or class indices, with labels or targets, of one length or of many. */
import { assertKnownNames, assertObject, assertSizes, describe } from '../arguments.js';
import { DataError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { assertDense, findNonFinite, formatShape, indexOf } from '../tensor.js';

/**
 * Examples of any kind, the first axis counts them. What a network computes from them follows from their shapes: labels or
 * targets give the loss, and one for each step, or one for each sequence, gives what the output layer reads.
 */
export interface Sequences {
  /** `[count,T,I]` numbers, or `[count,T]` class indices 0 … inputClasses-1. Beyond a sequence's end it may hold anything. */
  readonly x: Tensor;
  /** The class of each sequence, `[count]`, or of each of its steps, `[count·T]` row by row; -1 does not count. */
  readonly labels?: ArrayLike<number>;
  /** In place of labels: numbers to predict for each sequence, `[count,C]`, or for each of its steps, `[count,T,C]`. */
  readonly targets?: Tensor;
  /** `[count]`: steps of each sequence, 1 … T. Default: T each. */
  readonly lengths?: ArrayLike<number>;
  /** I, if x is class indices. */
  readonly inputClasses?: number;
  /** C, if there are labels. Default: the largest label + 1. */
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
 * length, or a number that is not finite. `what` is for messages.
 */
export function assertSequences(what: string, sequences: Sequences): void {
  assertKnownNames(what, sequences, NAMES);
  const { x, targets } = sequences;
  assertTensor(`${what}.x`, x);
  if (x.dimension !== 2 && x.dimension !== 3) {
    throw new DataError(`${what}.x is ${formatShape(x.shape)}: must be [count,T,I], or [count,T] for class indices`);
  }
  assertLengths(what, sequences);
  if (x.dimension === 2) assertInputClasses(what, sequences);
  else assertFiniteBeforeEnds(`${what}.x`, x, sequences);
  if ((sequences.labels === undefined) === (targets === undefined)) {
    throw new DataError(
      `${what}: ${targets ? 'labels and targets are' : 'neither labels nor targets are'} given: give one`,
    );
  }
  if (targets) assertTargets(what, targets, sequences);
  else assertLabels(what, sequences);
}

/** Whether there is a label or a target for every step. */
export function hasEveryStep({ x, labels, targets }: Sequences): boolean {
  const [count, T] = x.shape;
  return targets ? targets.dimension === 3 : T > 1 && labels?.length === count * T;
}

/** C: classes, or numbers to predict. */
export function outputsOf({ labels = [], targets, classes }: Sequences): number {
  if (targets) return targets.shape[targets.dimension - 1];
  if (classes !== undefined) return classes;
  let largest = 0;
  for (const label of Array.from(labels)) largest = Math.max(largest, label);
  return largest + 1;
}

/** The steps of sequence n. */
export const lengthOf = ({ x, lengths }: Sequences, n: number): number => lengths?.[n] ?? x.shape[1];

const isList = (value: unknown): boolean => Array.isArray(value);

function assertTensor(what: string, tensor: Tensor): void {
  assertObject(what, tensor);
  if (!isList(tensor.shape)) {
    throw new TypeError(`${what} is ${describe(tensor)}: must be a tensor, as in tensorFrom(numbers, [count,T,I])`);
  }
  assertDense(what, tensor);
}

function assertLengths(what: string, { x, lengths }: Sequences): void {
  if (lengths === undefined) return;
  const [count, T] = x.shape;
  if (lengths.length !== count) {
    throw new DataError(`${what}.lengths has ${lengths.length} numbers: ${count} sequences need ${count}`);
  }
  for (let n = 0; n < count; n++) {
    if (Number.isInteger(lengths[n]) && lengths[n] >= 1 && lengths[n] <= T) continue;
    throw new DataError(`${what}.lengths[${n}] is ${lengths[n]}: must be a whole number in 1…${T}`);
  }
}

function assertInputClasses(what: string, sequences: Sequences): void {
  const { x, inputClasses } = sequences;
  if (inputClasses === undefined) {
    throw new DataError(
      `${what}.x is ${formatShape(x.shape)}, class indices: give inputClasses, the number of classes`,
    );
  }
  assertSizes(what, sequences, ['inputClasses']);
  const [count] = x.shape;
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < lengthOf(sequences, n); t++) {
      const index = x.get(n, t);
      if (Number.isInteger(index) && index >= 0 && index < inputClasses) continue;
      throw new DataError(`${what}.x[${n},${t}] is ${index}: must be a class 0…${inputClasses - 1}`);
    }
  }
}

/** Only elements before a sequence's end count. */
function assertFiniteBeforeEnds(name: string, tensor: Tensor, sequences: Sequences): void {
  const [count, T, width] = tensor.shape;
  const { data, offset } = tensor;
  for (let n = 0; n < count; n++) {
    const start = offset + n * T * width;
    const end = start + lengthOf(sequences, n) * width;
    for (let at = start; at < end; at++) {
      if (Number.isFinite(data[at])) continue;
      const index = indexOf(at - offset, tensor.shape);
      throw new DataError(`${name}[${index.join(',')}] is ${data[at]}: must be finite`);
    }
  }
}

function assertTargets(what: string, targets: Tensor, sequences: Sequences): void {
  assertTensor(`${what}.targets`, targets);
  const [count, T] = sequences.x.shape;
  const { shape } = targets;
  const fits = shape[0] === count && (shape.length === 2 || (shape.length === 3 && shape[1] === T));
  if (!fits) {
    throw new DataError(
      `${what}.targets is ${formatShape(shape)}: must be [${count},C], or [${count},${T},C] for every step`,
    );
  }
  if (shape.length === 3) assertFiniteBeforeEnds(`${what}.targets`, targets, sequences);
  else {
    const found = findNonFinite(targets);
    if (found) throw new DataError(`${what}.targets[${found.index.join(',')}] is ${found.value}: must be finite`);
  }
}

function assertLabels(what: string, sequences: Sequences): void {
  const { x, labels = [], classes } = sequences;
  const [count, T] = x.shape;
  if (labels.length !== count && labels.length !== count * T) {
    throw new DataError(
      `${what}.labels has ${labels.length} numbers: ${count} sequences need ${count}, or ${count * T} for every step`,
    );
  }
  if (classes !== undefined) assertSizes(what, sequences, ['classes']);
  const C = outputsOf(sequences);
  const everyStep = hasEveryStep(sequences);
  let counted = 0;
  for (let n = 0; n < labels.length; n++) {
    if (everyStep && n % T >= lengthOf(sequences, Math.floor(n / T))) continue;
    const label = labels[n];
    if (!(Number.isInteger(label) && label >= -1 && label < C)) {
      throw new DataError(`${what}.labels[${n}] is ${label}: must be a class 0…${C - 1}, or -1`);
    }
    if (label >= 0) counted++;
  }
  if (counted === 0)
    throw new DataError(`${what}.labels: every label is -1 or beyond its sequence’s end: nothing counts`);
}
