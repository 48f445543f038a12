/** What counts in the loss of a batch, and how long its sequences are. A loss at every step has T·B rows, row t·B+b. */
import type { Tensor } from '../core/tensor.js';
import { matrixOf } from '../core/tensor.js';
import type { BatchSizes, CompleteConfig } from './config.js';
import { lossRows } from './config.js';

/** Labels, or with another loss targets, as the network computes with them; `targetsOf` makes them from what a caller gives. */
export interface BatchTargets {
  /** `[N]`: the class of each row, 0 … C-1; -1 does not count. */
  readonly labels?: ArrayLike<number>;
  /** `[B,G]` or `[T,B,G]` for G targets, C/Q of them with Q quantiles; NaN does not count. Not y itself. */
  readonly targets?: Tensor;
  /** `[B]`: steps of each sequence, in any order. Default: T each. */
  readonly lengths?: readonly number[];
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
    this.lengths = this.lengthsOf({});
  }

  /** The lengths of a batch. */
  lengthsOf({ lengths }: BatchTargets): readonly number[] {
    return lengths ?? Array<number>(this.sizes.B).fill(this.sizes.T);
  }

  /** Writes labels into y, with -1 where they do not count; or targets, with 0 there. Returns whether the lengths changed. */
  set(given: BatchTargets, y: Tensor): boolean {
    const { labels = [], targets } = given;
    const before = this.lengths;
    this.lengths = this.lengthsOf(given);
    if (targets) this.setTargets(matrixOf(targets), matrixOf(y));
    else this.setLabels(labels, y);
    this.count = this.mask.reduce((sum, counts) => sum + counts, 0);
    return this.lengths.some((length, b) => length !== before[b]);
  }

  private setLabels(labels: ArrayLike<number>, y: Tensor): void {
    for (let row = 0; row < this.mask.length; row++) {
      const counts = labels[row] >= 0 && this.isWithin(row);
      this.mask[row] = Number(counts);
      y.set(row, counts ? labels[row] : -1);
    }
  }

  /** Output g·Q+n belongs to target g. */
  private setTargets(targets: Tensor, y: Tensor): void {
    const Q = Math.max(this.config.quantiles.length, 1);
    for (let at = 0; at < this.mask.length; at++) {
      const [row, column] = [Math.floor(at / this.width), at % this.width];
      const target = targets.get(row, Math.floor(column / Q));
      const counts = !Number.isNaN(target) && this.isWithin(row);
      this.mask[at] = Number(counts);
      y.set(row, column, counts ? target : 0);
    }
  }

  /** Whether the row's step is within its sequence. Row t·B+b is step t of sequence b, if there is a loss at every step. */
  private isWithin(row: number): boolean {
    const { B } = this.sizes;
    return this.config.reads === 'last' || Math.floor(row / B) < this.lengths[row % B];
  }

  /** How many labels, or numbers, of a row count. */
  countIn(row: number): number {
    let count = 0;
    for (let k = 0; k < this.width; k++) count += this.mask[row * this.width + k];
    return count;
  }
}
