/** Sequences of your own to train with: numbers or class indices, with labels or targets, of one length or of many. */
import {
  assertKnownNames,
  assertNotTransferred,
  assertNumbers,
  assertSizes,
  assertTensor,
  counted,
  describe,
} from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE, isWithinF32, MOST_CLASSES } from '../core/numbers.js';
import type { NestedNumbers, Tensor } from '../core/tensor.js';
import { formatShape, indexOf, isList, rowsOf, tensorFrom, tensorOfLists, valuesOf } from '../core/tensor.js';
import { assertClassNames } from '../network/config.js';
import { assertTask } from './examples.js';

/** A class, 0, 1, 2, …, or -1, which does not count; or the name of a class, or null, which does not count. */
export type Labels = ArrayLike<number> | readonly (string | null)[];

/** What sequences of your own have besides their labels or their targets. */
export interface SequenceInputs {
  /**
   * `[count,T,I]` numbers, or `[count,T]` class indices 0 … inputClasses-1. Also as lists of lists, `x[n][t][i]`: then each sequence may have
   * its own length. Beyond a sequence's end a tensor may hold anything. A run reads tensors until it ends, so do not write into them
   * meanwhile; it copies lists.
   */
  readonly x: Tensor | NestedNumbers;
  /** `[count]`: steps of each sequence, 1 … T. Default: T each; those of its list, if x is lists. */
  readonly lengths?: ArrayLike<number> | undefined;
  /** I, if x is class indices. Default: none, x is numbers. */
  readonly inputClasses?: number | undefined;
  /** A name that checkpoints keep, so that `longhand eval` finds the data again. Default: none. */
  readonly task?: string | undefined;
}

/** Sequences with classes. */
export interface LabelledSequences extends SequenceInputs {
  /** The class of each sequence, `[count]`, or of each of its steps: `[count·T]` sequence by sequence, or a list for each sequence. */
  readonly labels: Labels | readonly Labels[];
  /** Default: none, because there are labels. */
  readonly targets?: undefined;
  /**
   * C, or the names of the classes in their order. Default: the largest label + 1, or the names in the labels, sorted as `sort()` does, in
   * training; in evaluation those of the network.
   */
  readonly classes?: number | readonly string[] | undefined;
}

/** Sequences with numbers to predict. */
export interface TargetSequences extends SequenceInputs {
  /**
   * Numbers to predict for each sequence, `[count,C]`, or for each of its steps, `[count,T,C]`. Also as lists of lists, or a list of one
   * number for each sequence. A number that is NaN does not count.
   */
  readonly targets: Tensor | NestedNumbers | ArrayLike<number>;
  /** Default: none, because there are targets. */
  readonly labels?: undefined;
  /** Default: none, because there are targets. */
  readonly classes?: undefined;
}

/**
 * Examples of any kind; the first axis counts them. Their shapes determine the network's inputs and outputs. The loss of labels is
 * the cross-entropy; for targets the option `loss` chooses it. If every step has a label or targets, the output layer reads every
 * step; if every sequence has, the last step.
 */
export type GivenSequences = LabelledSequences | TargetSequences;

/** Fields of `Sequences`, besides labels and targets. */
interface CheckedInputs extends SequenceInputs {
  /** `[count,T,I]`, or class indices `[count,T]`. */
  readonly x: Tensor;
  /** Of the labels. Default: none, they have no names. */
  readonly classNames?: readonly string[] | undefined;
}

/** `LabelledSequences` with tensors, and numbers as labels. */
export interface CheckedLabels extends CheckedInputs {
  /** `[count]`, or `[count·T]` sequence by sequence. */
  readonly labels: ArrayLike<number>;
  readonly targets?: undefined;
  readonly classes?: number | undefined;
}

/** `TargetSequences` with tensors. */
export interface CheckedTargets extends CheckedInputs {
  /** `[count,C]`, or `[count,T,C]`. */
  readonly targets: Tensor;
  readonly labels?: undefined;
  readonly classes?: undefined;
}

/** As `GivenSequences`, with tensors, and numbers as labels: `checkedSequences` makes them. */
export type Sequences = CheckedLabels | CheckedTargets;

const NAMES: (keyof GivenSequences)[] = ['x', 'labels', 'targets', 'lengths', 'inputClasses', 'classes', 'task'];

/**
 * The sequences with tensors in place of lists, and classes in place of names. `names`: those of the network's classes, [] if it has none.
 * Default: a new network, which gets those of the labels. `T`: the network's steps, of which lists
 * may have fewer. Default: it has those of the longest list. Throws a TypeError if a part is of another type. Throws a DataError that names a
 * wrong shape, label, class or length, or a number that f32 cannot hold. `what` is for messages.
 */
export function checkedSequences(what: string, given: GivenSequences, names?: readonly string[], T = 1): Sequences {
  assertKnownNames(what, given, NAMES);
  const { areLists, ...inTensors } = withoutLists(what, given, T);
  const placeOf = placeIn(inTensors.x, areLists);
  const sequences = withoutNames(what, inTensors, names, placeOf);
  assertSequences(what, sequences, placeOf);
  return sequences as Sequences;
}

/** As `Sequences`, before it is checked that these are labels or targets. */
type Unchecked = CheckedInputs & {
  readonly labels?: ArrayLike<number> | undefined;
  readonly targets?: Tensor | undefined;
  readonly classes?: number | undefined;
};

/** Labels may still be names. */
type Named = Omit<Unchecked, 'labels' | 'classes'> & {
  readonly labels?: ArrayLike<unknown>;
  readonly classes?: LabelledSequences['classes'];
};

/** Where the caller finds a label, for messages: `[n]`; of a list for each sequence, `[n][t]`. */
type PlaceOf = (at: number) => string;

function placeIn({ shape: [, T] }: Tensor, areLists: boolean): PlaceOf {
  return (at) => (areLists ? `[${Math.floor(at / T)}][${at % T}]` : `[${at}]`);
}

/** Lists of lists become tensors; lists of labels, one list. `areLists`: whether the labels were a list for each sequence. */
function withoutLists(what: string, given: GivenSequences, T: number): Named & { readonly areLists: boolean } {
  const { x: steps, labels, targets, lengths, ...others } = namedOnly(given);
  if (!Array.isArray(steps)) assertTensor(`${what}.x`, steps, '[count,T,I]');
  if (lengths !== undefined) assertNumbers(`${what}.lengths`, lengths);
  const x = Array.isArray(steps) ? asData(() => tensorOfLists(`${what}.x`, steps, 1)) : (steps as Tensor);
  const own =
    Array.isArray(steps) && x.dimension > 1 ? steps.map((list: ArrayLike<unknown>) => list.length) : undefined;
  const isRagged = own?.some((length) => length < Math.max(T, x.shape[1])) ?? false;
  if (own && isRagged && lengths !== undefined) {
    const wrong = own.findIndex((length, n) => lengths[n] > length);
    if (wrong >= 0) {
      throw new DataError(
        `${what}.lengths[${wrong}] is ${lengths[wrong]}, but x[${wrong}] has ${counted(own[wrong], 'step')}`,
      );
    }
  }
  const ends = lengths === undefined && isRagged ? own : lengths;
  const lengthOf = (n: number): number => ends?.[n] ?? x.shape[1];
  return {
    ...others,
    x,
    areLists: isListOfLists(labels),
    ...(labels !== undefined && {
      labels: copyOfList(`${what}.labels`, flatLabels(`${what}.labels`, labels, x, lengthOf)),
    }),
    ...(targets !== undefined && { targets: targetTensor(`${what}.targets`, targets, x, lengthOf) }),
    ...(ends !== undefined && { lengths: copyOfList(`${what}.lengths`, ends) }),
  };
}

/** A run may last long: what the caller changes in a list must not change it. What is no list is refused later. */
function copyOfList<List>(what: string, list: List): List {
  assertNotTransferred(what, list);
  return (isList(list) ? (list as unknown as Float64Array).slice() : list) as List;
}

/** The fields that are given, wherever JavaScript finds them by name; undefined counts as left out. */
function namedOnly(given: GivenSequences): GivenSequences {
  const values = given as unknown as Record<string, unknown>;
  const entries = NAMES.map((name) => [name, values[name]] as const).filter(([, one]) => one !== undefined);
  return Object.fromEntries<unknown>(entries) as unknown as GivenSequences;
}

/** Calls `work`; its RangeError becomes a DataError. */
function asData<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new DataError(error.message);
    throw error;
  }
}

function targetTensor(what: string, targets: unknown, x: Tensor, lengthOf: (n: number) => number): Tensor {
  if (!isList(targets)) return targets as Tensor;
  const isEvery = isList(targets[0]) && isList(targets[0][0]);
  const tensor = asData(() => tensorOfLists(what, targets, isEvery ? x.shape[1] : undefined));
  if (isEvery) assertReachEnds(what, targets as ArrayLike<ArrayLike<unknown>>, lengthOf);
  return tensor.dimension === 1 ? tensorFrom(tensor.data, [tensor.size, 1]) : tensor;
}

/** Throws a DataError if a list has fewer steps than its sequence. */
function assertReachEnds(what: string, lists: ArrayLike<ArrayLike<unknown>>, lengthOf: (n: number) => number): void {
  for (let n = 0; n < lists.length; n++) {
    if (lists[n].length >= lengthOf(n)) continue;
    throw new DataError(`${what}[${n}] has ${counted(lists[n].length, 'step')}, but its sequence has ${lengthOf(n)}`);
  }
}

const isListOfLists = (labels: unknown): labels is readonly unknown[] => Array.isArray(labels) && labels.some(isList);

/** Lists of labels, one for each sequence, become one list, with a label that is not read beyond their ends. */
function flatLabels(
  what: string,
  labels: ArrayLike<unknown>,
  x: Tensor,
  lengthOf: (n: number) => number,
): ArrayLike<unknown> {
  if (!isListOfLists(labels)) return labels;
  const [count, T] = x.shape;
  if (labels.length !== count) {
    throw new DataError(
      `${what} has ${counted(labels.length, 'list')}, but x has ${counted(count, 'sequence')}: must be a list for each sequence`,
    );
  }
  const wrong = labels.findIndex((list) => !isList(list) || list.length > T);
  if (wrong >= 0) {
    const found = isList(labels[wrong])
      ? `has ${counted(labels[wrong].length, 'label')}`
      : `is ${describe(labels[wrong])}`;
    throw new DataError(`${what}[${wrong}] ${found}: must be a list of at most ${T}, one for each step`);
  }
  const lists = labels as readonly ArrayLike<unknown>[];
  assertReachEnds(what, lists, lengthOf);
  return lists.flatMap((list) => Array.from({ length: T }, (_, t) => (t < list.length ? list[t] : -1)));
}

/** Names of classes become numbers, and null becomes -1. */
function withoutNames(what: string, given: Named, names: readonly string[] | undefined, placeOf: PlaceOf): Unchecked {
  const { labels, classes, ...others } = given;
  const listed = typeof classes === 'object' ? classes : undefined;
  if (listed) {
    asData(() => assertClassNames(`${what}.classes`, listed));
    if (names !== undefined && names.length > 0) assertSameNames(`${what}.classes`, listed, names);
  }
  const known = listed ?? (names?.length === 0 ? undefined : names);
  const sequences = { ...others, labels: labels as ArrayLike<number> | undefined };
  const stride = hasEveryStep(sequences) ? others.x.shape[1] : 1;
  const isRead = (at: number): boolean => stride === 1 || at % stride < lengthOf(sequences, Math.floor(at / stride));
  const isFirst = (label: unknown, at: number): boolean => label !== null && isRead(at);
  const areTexts = Array.isArray(labels) && typeof labels.find(isFirst) === 'string';
  if (!areTexts) {
    return {
      ...others,
      ...(labels !== undefined && { labels }),
      ...(listed ? namedClasses(listed) : classes !== undefined && { classes }),
    } as Unchecked;
  }
  if (!known && names) {
    throw new DataError(
      `${what}.labels are texts, but the network has no class names: give numbers, or train it with texts`,
    );
  }
  const all = Array.from<unknown>(labels); // map would leave out the holes of a sparse list
  const classNames = known ?? distinctTexts(all.filter((_, at) => isRead(at)));
  const classOf = new Map<unknown, number>([[null, -1], ...classNames.map((name, k) => [name, k] as const)]);
  const numbers = all.map((label, at) => {
    const found = classOf.get(label);
    if (found !== undefined) return found;
    if (!isRead(at)) return -1;
    const few = classNames.slice(0, 10).map((name) => JSON.stringify(name));
    const rule =
      typeof label === 'string' ? `one of ${few.join(', ')}${classNames.length > 10 ? ', …' : ''}` : 'a text, or null';
    throw new DataError(`${what}.labels${placeOf(at)} is ${describe(label)}: must be ${rule}`);
  });
  return { ...others, labels: numbers, ...namedClasses(classNames) };
}

const namedClasses = (names: readonly string[]) => ({ classes: names.length, classNames: [...names] });

const distinctTexts = (labels: readonly unknown[]): string[] =>
  [...new Set(labels.filter((label): label is string => typeof label === 'string' && label !== ''))].sort();

/** Throws a DataError, with both names, if a class is named otherwise in the network. */
function assertSameNames(what: string, listed: readonly string[], names: readonly string[]): void {
  const wrong = Array.from({ length: Math.max(listed.length, names.length) }).findIndex(
    (_, k) => listed[k] !== names[k],
  );
  if (wrong < 0) return;
  const [given, ours] = [listed, names].map((list) => (wrong < list.length ? JSON.stringify(list[wrong]) : 'missing'));
  throw new DataError(`${what}: class ${wrong} is ${given}, but in the network it is ${ours}`);
}

function assertSequences(what: string, sequences: Unchecked, placeOf: PlaceOf): void {
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
  else assertLabels(what, sequences, placeOf);
}

/** Whether there is a label or a target for every step. */
export function hasEveryStep({ x, labels, targets }: Unchecked): boolean {
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
    `${what}.labels are ${least}…${C - 1}, so there would be ${counted(C, 'class', 'classes')}, and class 0 never occurs: ` +
      `subtract ${least} from each label, or write classes: ${C} beside the labels`,
  );
}

/** The steps of sequence n. */
export const lengthOf = ({ x, lengths }: Inputs, n: number): number => lengths?.[n] ?? x.shape[1];

/** The label of sequence n, or those of its steps before its end. */
export function labelsOf(sequences: Unchecked, n: number): number[] {
  const { x, labels = [] } = sequences;
  const [, T] = x.shape;
  if (!hasEveryStep(sequences)) return [labels[n]];
  return Array.from({ length: lengthOf(sequences, n) }, (_, t) => labels[n * T + t]);
}

/** What x or targets hold for sequence n, in row order; without the steps beyond its end. */
export function valuesOfSequence(sequences: Unchecked, tensor: Tensor, n: number): Float64Array {
  const rows = tensor.pick(n);
  const hasSteps = tensor === sequences.x || hasEveryStep(sequences);
  const steps = hasSteps ? lengthOf(sequences, n) : rows.shape[0];
  return valuesOf(steps === rows.shape[0] ? rows : rowsOf(rows, 0, steps));
}

function assertFilled(what: string, tensor: Tensor): void {
  assertTensor(what, tensor, '[count,T,I]');
  if (tensor.shape.includes(0)) throw new DataError(`${what} is ${formatShape(tensor.shape)}: must not be empty`);
}

/** Throws a TypeError or a DataError unless there are `count` lengths in 1 … T. `what` begins the message. */
export function assertLengths(what: string, { x }: Pick<Unchecked, 'x'>, lengths: ArrayLike<number>): void {
  const [count, T] = x.shape;
  assertNumbers(what, lengths);
  if (lengths.length !== count) {
    throw new DataError(`${what} has ${counted(lengths.length, 'number')}: ${count} sequences need ${count}`);
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
export type Inputs = Pick<CheckedInputs, 'x' | 'lengths' | 'inputClasses'>;

const FINITE = `a finite number within f32 (${F32_RANGE})`;

function assertInputClasses(what: string, sequences: Unchecked): void {
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
  assertSizes(what, { inputClasses }, ['inputClasses']);
  assertCount(`${what}: inputClasses is`, inputClasses);
}

/** `what` begins the message. */
function assertCount(what: string, classes: number): void {
  if (classes > MOST_CLASSES) throw new DataError(`${what} ${classes}: must be at most ${MOST_CLASSES}`);
}

function assertTargets(what: string, sequences: Unchecked, targets: Tensor): void {
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
  sequences: Unchecked,
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

function assertLabels(what: string, sequences: Unchecked, placeOf: PlaceOf): void {
  const { x, labels, classes } = sequences;
  const [count, T] = x.shape;
  if (labels === undefined) throw new DataError(`${what}: neither labels nor targets are given: give one of them`);
  assertNumbers(`${what}.labels`, labels);
  if (labels.length !== count && labels.length !== count * T) {
    throw new DataError(
      `${what}.labels has ${counted(labels.length, 'number')}: ${count} sequences need ${count}, or ${count * T} for every step`,
    );
  }
  if (classes !== undefined) {
    assertSizes(what, { classes }, ['classes']);
    assertCount(`${what}: classes is`, classes);
  }
  const C = classes ?? MOST_CLASSES;
  const stride = hasEveryStep(sequences) ? T : 1;
  let labelled = 0;
  for (let n = 0; n < count; n++) {
    for (const [t, label] of labelsOf(sequences, n).entries()) {
      if (!(Number.isInteger(label) && label >= -1 && label < C)) {
        const isTooLarge = Number.isInteger(label) && label >= C;
        const rule = classes === undefined && !isTooLarge ? '0, 1, 2, …' : `0…${C - 1}`;
        const place = placeOf(n * stride + t);
        throw new DataError(`${what}.labels${place} is ${describe(label)}: must be a class ${rule}, or -1`);
      }
      if (label >= 0) labelled++;
    }
  }
  if (labelled > 0) return;
  throw new DataError(
    `${what}.labels: each of the ${labels.length} is -1 or beyond its sequence’s end: nothing counts`,
  );
}
