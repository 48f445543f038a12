/** A batch as a caller may give it: tensors or lists, in either order of the axes T and B. Here it is checked. */
import { assertChoice, assertKnownNames, assertNumbers, assertTensor, describe } from '../core/arguments.js';
import type { DType, NestedNumbers, Shape, Tensor } from '../core/tensor.js';
import {
  assertHolds,
  assertShape,
  formatShape,
  indexOf,
  isList,
  tensorFrom,
  tensorOfLists,
  valuesOf,
} from '../core/tensor.js';
import { assertClasses } from '../equations/embedding.js';
import { assertLengths } from '../equations/ended-sequences.js';
import { type BatchSizes, type CompleteConfig, lossRows, targetShape } from './config.js';
import type { BatchTargets } from './output.js';

/** Which of the axes T and B is the first one. */
const LAYOUTS = ['time-first', 'batch-first'] as const;
/** Which of the axes T and B is the first one. */
export type Layout = (typeof LAYOUTS)[number];

/** What the network should compute for a batch, and how long its sequences are. */
export interface Targets {
  /**
   * The class of each row, 0 … C-1; -1 does not count. `[B]`, or `[T·B]` with a loss at every step, also as T lists of B. Default: none,
   * see `targets`.
   */
  readonly labels?: ArrayLike<number> | readonly ArrayLike<number>[] | undefined;
  /**
   * For the other losses: `[B,C]`, or `[T,B,C]` with a loss at every step; C/Q numbers in place of C with Q quantiles. A number that
   * is NaN does not count. Also lists of lists, or a list of B numbers for `[B,1]`. Default: none, see `labels`.
   */
  readonly targets?: Tensor | NestedNumbers | ArrayLike<number> | undefined;
  /** `[B]`: steps of each sequence, in any order. Default: T each. */
  readonly lengths?: ArrayLike<number>;
  /** With `'batch-first'`, `[B,T]` stands in place of `[T,B]`: x is `[B,T,I]`, and labels of steps come sequence by sequence. Default: 'time-first'. */
  readonly layout?: Layout;
}

/** What a batch has besides its labels or its targets. */
export interface BatchInputs extends Pick<Targets, 'lengths' | 'layout'> {
  /** `[T,B,I]`, or class indices `[T,B]`, also as lists of lists. Numbers beyond a sequence's end are not read. */
  readonly x: Tensor | NestedNumbers;
}

/** A batch with classes. */
export interface LabelledBatch extends BatchInputs {
  /** As in `Targets`. */
  readonly labels: NonNullable<Targets['labels']>;
  /** Default: none, because there are labels. */
  readonly targets?: undefined;
}

/** A batch with numbers to predict. */
export interface TargetBatch extends BatchInputs {
  /** `[B,C]` or `[T,B,C]`, as in `Targets`. */
  readonly targets: NonNullable<Targets['targets']>;
  /** Default: none, because there are targets. */
  readonly labels?: undefined;
}

/** A batch on the host. */
export type Batch = LabelledBatch | TargetBatch;

/** The network that reads a batch, and the precision of its backend. */
export interface Reader {
  readonly config: CompleteConfig;
  readonly sizes: BatchSizes;
  readonly backend: { readonly dtype: DType };
}

/** The method that was given a batch or its targets; errors name it. */
type Operation = 'setBatch' | 'setTargets';

/** The names of `Targets`. */
const TARGET_NAMES = ['labels', 'targets', 'lengths', 'layout'] as const satisfies (keyof Targets)[];

/** A tensor of the caller: `given`, or its lists of lists. A list of numbers is a column, if `shape` has one. */
function givenTensor(what: string, given: unknown, shape: Shape): Tensor {
  if (isList(given) && (Array.isArray(given) || shape.length === 2)) {
    const isColumn = !isList(given[0]) && shape.length === 2 && shape[1] === 1;
    const tensor = tensorOfLists(what, given);
    return isColumn ? tensorFrom(tensor.data, [given.length, 1]) : tensor;
  }
  assertTensor(what, given, formatShape(shape));
  return given as Tensor;
}

/** The shape in this layout of a tensor that is `[T,B,…]`. */
const inLayout = ([T, B, ...others]: Shape, layout: Layout): Shape =>
  layout === 'batch-first' ? [B, T, ...others] : [T, B, ...others];

/** Throws a RangeError unless `tensor` is `[T,B,…]`, or in this layout. It says so if the first two axes are exchanged. */
function assertLayout(operation: Operation, name: string, tensor: Tensor, timeFirst: Shape, layout: Layout): void {
  const [expected, other] = [layout, LAYOUTS.find((one) => one !== layout) ?? layout].map((one) =>
    inLayout(timeFirst, one),
  );
  const [given, exchanged, needed] = [tensor.shape, other, expected].map(formatShape);
  if (given === exchanged && given !== needed) {
    const advice =
      layout === 'time-first'
        ? "it is [B,T,…], not [T,B,…]: pass layout: 'batch-first'"
        : "it is [T,B,…], not [B,T,…]: leave out layout: 'batch-first'";
    throw new RangeError(`${operation}: ${name} ${given} must be ${needed}; ${advice}`);
  }
  assertShape(operation, name, tensor, expected);
}

/**
 * x in the layout of the network, and its labels or targets. Throws a TypeError for an unknown name, or lists with anything but
 * numbers. Throws a RangeError for another shape, for a label, class or length out of range, for a number that the precision cannot
 * hold, or if nothing counts.
 */
export function batchFrom(batch: Batch, reader: Reader): { readonly x: Tensor; readonly targets: BatchTargets } {
  assertKnownNames('setBatch', batch, ['x', ...TARGET_NAMES]);
  const { layout = 'time-first' } = batch;
  assertChoice('setBatch: layout', layout, LAYOUTS);
  const { config, sizes, backend } = reader;
  const shape = [sizes.T, sizes.B, ...(config.inputKind === 'classes' ? [] : [config.inputs])];
  const given = givenTensor('setBatch: x', batch.x, shape);
  assertLayout('setBatch', 'x', given, shape, layout);
  const lengths = lengthsFrom(batch, sizes);
  const [t, b] = layout === 'batch-first' ? [1, 0] : [0, 1];
  const isRead = (index: number[]): boolean => index[t] < lengths[index[b]];
  if (config.inputKind === 'classes') assertClasses(given, config.inputs, isRead);
  else assertHolds('setBatch: x', given, backend.dtype, isRead);
  const targets = rowsFrom('setBatch', batch, reader);
  return { x: layout === 'batch-first' ? given.transpose(1, 0, 2) : given, targets };
}

/** Labels or targets alone. Throws the errors of `batchFrom`, but nothing needs to count. */
export function targetsFrom(targets: Targets, reader: Reader): BatchTargets {
  assertKnownNames('setTargets', targets, TARGET_NAMES);
  return rowsFrom('setTargets', targets, reader);
}

function rowsFrom(operation: Operation, given: Targets, reader: Reader): BatchTargets {
  const { labels, targets, layout = 'time-first' } = given;
  const { config, sizes } = reader;
  assertChoice(`${operation}: layout`, layout, LAYOUTS);
  const lengths = lengthsFrom(given, sizes);
  const rows = { operation, reader, layout, lengths };
  if (config.loss === 'crossEntropy') {
    if (targets !== undefined) throw new RangeError('targets: given, but the loss is crossEntropy: give labels');
    return { labels: labelsFrom(labels, rows), lengths };
  }
  if (labels !== undefined) throw new RangeError(`labels: given, but the loss is ${config.loss}: give targets`);
  return { targets: tensorFromTargets(targets, rows), lengths };
}

/** What the rows of a batch are checked with. */
interface Rows {
  readonly operation: Operation;
  readonly reader: Reader;
  readonly layout: Layout;
  readonly lengths: readonly number[];
}

/** The lengths of a batch: B whole numbers in 1 … T. */
function lengthsFrom({ lengths }: Targets, sizes: BatchSizes): readonly number[] {
  if (lengths === undefined) return Array<number>(sizes.B).fill(sizes.T);
  assertNumbers('lengths', lengths);
  assertLengths(sizes, lengths);
  return Array.from(lengths);
}

/** `[N]`, row t·B+b. */
function labelsFrom(given: Targets['labels'], { operation, reader, layout, lengths }: Rows): Int32Array {
  const { config, sizes } = reader;
  const C = config.outputs;
  const rows = lossRows(config, sizes);
  if (given === undefined) throw new RangeError(`labels: none given, but ${rows} rows have a loss`);
  const labels = flatLabels(operation, given, reader, layout);
  assertNumbers('labels', labels);
  if (labels.length !== rows) {
    throw new RangeError(`labels: ${labels.length} given, but ${rows} rows have a loss`);
  }
  const isSteps = config.reads === 'every';
  let count = 0;
  const inOrder = Int32Array.from({ length: rows }, (_, row) => {
    const [t, b] = [Math.floor(row / sizes.B), row % sizes.B];
    const place = isSteps && layout === 'batch-first' ? b * sizes.T + t : row;
    const label = labels[place];
    if (isSteps && t >= lengths[b]) return label; // it is not read
    if (!Number.isInteger(label) || label < -1 || label >= C)
      throw new RangeError(`labels[${place}] is ${describe(label)}: must be a class 0…${C - 1}, or -1`);
    count += Number(label >= 0);
    return label;
  });
  assertCounts('labels', count, operation, rows);
  return inOrder;
}

/** Labels of steps may be lists of lists. */
function flatLabels(
  operation: Operation,
  labels: NonNullable<Targets['labels']>,
  { config, sizes: { T, B } }: Reader,
  layout: Layout,
): ArrayLike<number> {
  if (config.reads === 'last' || !isList(labels) || !isList(labels[0])) return labels as ArrayLike<number>;
  const lists = tensorOfLists('labels', labels);
  assertLayout(operation, 'labels', lists, [T, B], layout);
  return lists.data;
}

/** A copy, because the caller may give a tensor of the network: `[B,G]` or `[T,B,G]`. */
function tensorFromTargets(given: Targets['targets'], { operation, reader, layout, lengths }: Rows): Tensor {
  const { config, sizes, backend } = reader;
  const shape = targetShape(config, sizes);
  if (!given) {
    throw new RangeError(`targets: none given, but the loss is ${config.loss}: they must be ${formatShape(shape)}`);
  }
  const targets = givenTensor('targets', given, shape);
  const isSteps = config.reads === 'every';
  if (isSteps) assertLayout(operation, 'targets', targets, shape, layout);
  else assertShape(operation, 'targets', targets, shape);
  const isBatchFirst = isSteps && layout === 'batch-first';
  const timeFirst = isBatchFirst ? targets.transpose(1, 0, 2) : targets;
  const counts = (value: number, [t, b]: number[]): boolean => (!isSteps || t < lengths[b]) && !Number.isNaN(value);
  const inOrder = ([first, second, ...others]: number[]): number[] =>
    isBatchFirst ? [second, first, ...others] : [first, second, ...others];
  assertHolds('targets', targets, backend.dtype, (index) => counts(targets.get(...index), inOrder(index)));
  const copy = tensorFrom(valuesOf(timeFirst), shape, 'f64');
  let count = 0;
  copy.data.forEach((value, at) => (count += Number(counts(value, indexOf(at, shape)))));
  const Q = Math.max(config.quantiles.length, 1);
  assertCounts('targets', count * Q, operation, copy.size * Q);
  return copy;
}

/** `count` of the `all` labels, or numbers of the outputs, count. A batch needs one that counts; targets alone do not. */
function assertCounts(what: 'labels' | 'targets', count: number, operation: Operation, all: number): void {
  if (count > 0 || operation === 'setTargets') return;
  const none = what === 'labels' ? '-1' : 'NaN';
  throw new RangeError(`${what}: each of the ${all} is ${none} or beyond its sequence’s end: nothing counts`);
}
