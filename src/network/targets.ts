/** The labels or targets of a batch: which rows have a loss, and how many. A loss at every step has T·B rows, row t·B+b. */
import { assertChoice, assertNumbers, assertTensor, describe } from '../core/arguments.js';
import type { NestedNumbers, Shape, Tensor } from '../core/tensor.js';
import {
  assertHolds,
  assertShape,
  formatShape,
  isList,
  matrixOf,
  tensorFrom,
  tensorOfLists,
  valuesOf,
} from '../core/tensor.js';
import { assertLengths } from '../equations/ended-sequences.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import { lossRows, targetShape } from './config.js';

/** Which of the axes T and B is the first one. */
export const LAYOUTS = ['time-first', 'batch-first'] as const;
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

/** The names of `Targets`. */
export const TARGET_NAMES = ['labels', 'targets', 'lengths', 'layout'] as const satisfies (keyof Targets)[];

/** A tensor of the caller: `given`, or its lists of lists. A list of numbers is a column, if `shape` has one. */
export function givenTensor(what: string, given: unknown, shape: Shape): Tensor {
  if (isList(given) && (Array.isArray(given) || shape.length === 2)) {
    const isColumn = !isList(given[0]) && shape.length === 2 && shape[1] === 1;
    const tensor = tensorOfLists(what, given);
    return isColumn ? tensorFrom(tensor.data, [given.length, 1]) : tensor;
  }
  assertTensor(what, given, formatShape(shape));
  return given as Tensor;
}

/** The shape in this layout of a tensor that is `[T,B,…]`. */
export const inLayout = ([T, B, ...others]: Shape, layout: Layout): Shape =>
  layout === 'batch-first' ? [B, T, ...others] : [T, B, ...others];

/** Throws a RangeError unless `tensor` is `[T,B,…]`, or in this layout. It says so if the first two axes are exchanged. */
export function assertLayout(name: string, tensor: Tensor, timeFirst: Shape, layout: Layout): void {
  const [expected, other] = [layout, LAYOUTS.find((one) => one !== layout) ?? layout].map((one) =>
    inLayout(timeFirst, one),
  );
  const [given, exchanged, needed] = [tensor.shape, other, expected].map(formatShape);
  if (given === exchanged && given !== needed) {
    const advice =
      layout === 'time-first'
        ? "it is [B,T,…], not [T,B,…]: pass layout: 'batch-first'"
        : "it is [T,B,…], not [B,T,…]: leave out layout: 'batch-first'";
    throw new RangeError(`setBatch: ${name} ${given} must be ${needed}; ${advice}`);
  }
  assertShape('setBatch', name, tensor, expected);
}

/** What counts in the loss, and how much of it: the divisor of the mean. Before the first `set`, everything counts. */
export class LossMask {
  /** For each label, or each of a row's C targets, 1 if it counts, else 0. */
  readonly mask: Uint8Array;
  /** The sum of `mask`. */
  count: number;
  /** `[B]`: steps of each sequence. */
  lengths: readonly number[];
  /** Numbers of `mask` in each row. */
  private readonly width: number;

  constructor(
    private readonly config: CompleteConfig,
    private readonly sizes: BatchSizes,
  ) {
    this.width = config.loss === 'crossEntropy' ? 1 : config.outputs;
    this.count = lossRows(config, sizes) * this.width;
    this.mask = new Uint8Array(this.count).fill(1);
    this.lengths = this.fullLengths();
  }

  /**
   * Writes labels into y, with -1 where they do not count; or targets, with 0 there. Returns whether the lengths changed. Throws a
   * TypeError or a RangeError for a wrong shape, label or length, or if fewer than `least` of them count; then nothing changes.
   */
  set(given: Targets, y: Tensor, least = 0): boolean {
    const { labels, targets, layout = 'time-first' } = given;
    assertChoice('setBatch: layout', layout, LAYOUTS);
    const newLengths = this.checkedLengths(given);
    if (this.config.loss === 'crossEntropy') {
      if (targets !== undefined) throw new RangeError('targets: given, but the loss is crossEntropy: give labels');
      this.setLabels(labels, layout, newLengths, y, least);
    } else {
      if (labels !== undefined)
        throw new RangeError(`labels: given, but the loss is ${this.config.loss}: give targets`);
      this.setTargets(targets, layout, newLengths, y, least);
    }
    const changed = newLengths.some((length, b) => length !== this.lengths[b]);
    this.lengths = newLengths;
    return changed;
  }

  /** The lengths of a batch. Throws a RangeError unless they are B whole numbers in 1 … T. */
  checkedLengths({ lengths }: Targets): readonly number[] {
    if (lengths === undefined) return this.fullLengths();
    assertNumbers('lengths', lengths);
    assertLengths(this.sizes, lengths);
    return Array.from(lengths);
  }

  private fullLengths(): number[] {
    return Array<number>(this.sizes.B).fill(this.sizes.T);
  }

  private setLabels(
    given: Targets['labels'],
    layout: Layout,
    lengths: readonly number[],
    y: Tensor,
    least: number,
  ): void {
    const { outputs: C } = this.config;
    const rows = this.mask.length;
    if (given === undefined) throw new RangeError(`labels: none given, but ${rows} rows have a loss`);
    const labels = this.flatLabels(given, layout);
    assertNumbers('labels', labels);
    if (labels.length !== rows) {
      throw new RangeError(`labels: ${labels.length} given, but ${rows} rows have a loss`);
    }
    const place = this.placesIn(layout);
    this.mark(least, 'labels', (row) => {
      const label = labels[place(row)];
      if (this.isBeyondEnd(row, lengths)) return false;
      if (Number.isInteger(label) && label >= -1 && label < C) return label >= 0;
      throw new RangeError(`labels[${place(row)}] is ${describe(label)}: must be a class 0…${C - 1}, or -1`);
    });
    this.counted((row) => labels[place(row)], -1).forEach((label, row) => y.set(row, label));
  }

  /** The numbers that count, and `other` in place of the rest. They are a copy: the caller may give y itself. */
  private counted(given: (at: number) => number, other: number): Float64Array {
    const values = new Float64Array(this.mask.length).fill(other);
    for (let at = 0; at < values.length; at++) if (this.mask[at] === 1) values[at] = given(at);
    return values;
  }

  /** Labels of steps may be lists of lists. */
  private flatLabels(labels: NonNullable<Targets['labels']>, layout: Layout): ArrayLike<number> {
    const { T, B } = this.sizes;
    if (this.config.reads === 'last' || !isList(labels) || !isList(labels[0])) return labels as ArrayLike<number>;
    const lists = tensorOfLists('labels', labels);
    assertLayout('labels', lists, [T, B], layout);
    return lists.data;
  }

  private setTargets(
    given: Targets['targets'],
    layout: Layout,
    lengths: readonly number[],
    y: Tensor,
    least: number,
  ): void {
    const shape = targetShape(this.config, this.sizes);
    if (!given) {
      throw new RangeError(
        `targets: none given, but the loss is ${this.config.loss}: they must be ${formatShape(shape)}`,
      );
    }
    const targets = givenTensor('targets', given, shape);
    const isEvery = this.config.reads === 'every';
    if (isEvery) assertLayout('targets', targets, shape, layout);
    else assertShape('setBatch', 'targets', targets, shape);
    const rowsGiven = matrixOf(tensorFrom(valuesOf(targets), targets.shape, 'f64')); // a view may have gaps
    const Q = Math.max(this.config.quantiles.length, 1);
    const place = this.placesIn(layout);
    const target = (at: number): number =>
      rowsGiven.get(place(Math.floor(at / this.width)), Math.floor((at % this.width) / Q));
    const isMissing = (index: number[]): boolean => Number.isNaN(targets.get(...index));
    const isRead = ([first, second]: number[]): boolean => {
      if (!isEvery) return true;
      const [t, b] = layout === 'batch-first' ? [second, first] : [first, second];
      return t < lengths[b];
    };
    assertHolds(
      'targets',
      targets,
      y.dtype === 'float32' ? 'f32' : 'f64',
      (index) => isRead(index) && !isMissing(index),
    );
    this.mark(
      least,
      'targets',
      (at) => !this.isBeyondEnd(Math.floor(at / this.width), lengths) && !Number.isNaN(target(at)),
    );
    const rows = matrixOf(y);
    this.counted(target, 0).forEach((value, at) => rows.set(Math.floor(at / this.width), at % this.width, value));
  }

  /** Where row t·B+b stands in what the caller gives: with `'batch-first'`, in row b·T+t. */
  private placesIn(layout: Layout): (row: number) => number {
    const { T, B } = this.sizes;
    if (layout === 'time-first' || this.config.reads === 'last') return (row) => row;
    return (row) => (row % B) * T + Math.floor(row / B);
  }

  /** How many labels, or numbers, of a row count. */
  countIn(row: number): number {
    let count = 0;
    for (let k = 0; k < this.width; k++) count += this.mask[row * this.width + k];
    return count;
  }

  /** Whether the row's step is beyond its sequence's end. Row t·B+b is step t of sequence b, if there is a loss at every step. */
  private isBeyondEnd(row: number, lengths: readonly number[]): boolean {
    const { B } = this.sizes;
    return this.config.reads === 'every' && Math.floor(row / B) >= lengths[row % B];
  }

  private mark(least: number, what: 'labels' | 'targets', counts: (at: number) => boolean): void {
    const marks = this.mask.map((_, at) => Number(counts(at)));
    const count = marks.reduce((sum, mark) => sum + mark, 0);
    if (count < least) {
      const none = what === 'labels' ? '-1' : 'NaN';
      throw new RangeError(
        `${what}: each of the ${marks.length} is ${none} or beyond its sequence’s end: nothing counts`,
      );
    }
    this.mask.set(marks);
    this.count = count;
  }
}
