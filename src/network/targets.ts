/** The labels or targets of a batch: which rows have a loss, and how many. A loss at every step has T·B rows, row t·B+b. */
import { assertNumbers, assertTensor, describe } from '../core/arguments.js';
import type { Tensor } from '../core/tensor.js';
import { assertHolds, assertShape, copyInto, fill, formatShape, matrixOf } from '../core/tensor.js';
import { assertLengths } from '../equations/ended-sequences.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import { lossRows } from './config.js';

/** What the network should compute for a batch, and how long its sequences are. */
export interface Targets {
  /** The class of each row, 0 … C-1; -1 does not count. `[B]`, or `[T·B]` with a loss at every step. Default: none, see `targets`. */
  readonly labels?: ArrayLike<number>;
  /** For the squared error: `[B,C]`, or `[T,B,C]` with a loss at every step. Default: none, see `labels`. */
  readonly targets?: Tensor;
  /** `[B]`: steps of each sequence, in any order. Default: T each. */
  readonly lengths?: ArrayLike<number>;
}

/** The names of `Targets`. */
export const TARGET_NAMES = ['labels', 'targets', 'lengths'] as const satisfies (keyof Targets)[];

/** Which rows count, and how many: the divisor of the mean. Before the first `set`, every row counts. */
export class RowMask {
  /** For each row 1 if it counts, else 0. */
  readonly mask: Uint8Array;
  /** The number of rows that count. */
  count: number;
  /** `[B]`: steps of each sequence. */
  lengths: readonly number[];

  constructor(
    private readonly config: CompleteConfig,
    private readonly sizes: BatchSizes,
  ) {
    this.count = lossRows(config, sizes);
    this.mask = new Uint8Array(this.count).fill(1);
    this.lengths = this.fullLengths();
  }

  /**
   * Writes labels into y, with -1 in rows that do not count; or targets, with 0 in those rows. Returns whether the lengths changed. Throws a
   * TypeError or a RangeError for a wrong shape, label or length, or if fewer than `least` rows count; then nothing changes.
   */
  set(given: Targets, y: Tensor, least = 0): boolean {
    const { labels, targets } = given;
    const newLengths = this.checkedLengths(given);
    if (this.config.loss === 'crossEntropy') {
      if (targets !== undefined) throw new RangeError('targets: given, but the loss is crossEntropy: give labels');
      this.setLabels(labels, newLengths, y, least);
    } else {
      if (labels !== undefined) throw new RangeError('labels: given, but the loss is squaredError: give targets');
      this.setTargets(targets, newLengths, y, least);
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

  private setLabels(labels: Targets['labels'], lengths: readonly number[], y: Tensor, least: number): void {
    const { outputs: C } = this.config;
    const rows = this.mask.length;
    if (labels === undefined) throw new RangeError(`labels: none given, but ${rows} rows have a loss`);
    assertNumbers('labels', labels);
    if (labels.length !== rows) {
      throw new RangeError(`labels: ${labels.length} given, but ${rows} rows have a loss`);
    }
    this.mark(least, (row) => {
      const label = labels[row];
      if (this.isBeyondEnd(row, lengths)) return false;
      if (Number.isInteger(label) && label >= -1 && label < C) return label >= 0;
      throw new RangeError(`labels[${row}] is ${describe(label)}: must be a class 0…${C - 1}, or -1`);
    });
    this.mask.forEach((counts, row) => y.set(row, counts === 1 ? labels[row] : -1));
  }

  private setTargets(targets: Targets['targets'], lengths: readonly number[], y: Tensor, least: number): void {
    if (!targets) {
      throw new RangeError(`targets: none given, but the loss is squaredError: they must be ${formatShape(y.shape)}`);
    }
    assertTensor('targets', targets, formatShape(y.shape));
    assertShape('setBatch', 'targets', targets, y.shape);
    const isRead = ([t, b]: number[]): boolean => this.config.reads === 'last' || t < lengths[b];
    assertHolds('targets', targets, y.dtype === 'float32' ? 'f32' : 'f64', isRead);
    this.mark(least, (row) => !this.isBeyondEnd(row, lengths));
    copyInto(y, targets);
    const rows = matrixOf(y);
    this.mask.forEach((counts, row) => {
      if (counts === 0) fill(rows.pick(row), 0);
    });
  }

  /** Whether the row's step is beyond its sequence's end. Row t·B+b is step t of sequence b, if there is a loss at every step. */
  private isBeyondEnd(row: number, lengths: readonly number[]): boolean {
    const { B } = this.sizes;
    return this.config.reads === 'every' && Math.floor(row / B) >= lengths[row % B];
  }

  private mark(least: number, counts: (row: number) => boolean): void {
    const marks = this.mask.map((_, row) => Number(counts(row)));
    const count = marks.reduce((sum, mark) => sum + mark, 0);
    if (count < least) {
      throw new RangeError(`labels: each of the ${marks.length} is -1 or beyond its sequence’s end: nothing counts`);
    }
    this.mask.set(marks);
    this.count = count;
  }
}
