/** Batches of examples: the order in which they are drawn, and images as the input of a network. */
import { assertChoice, assertWhole, counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Random } from '../core/rng.js';
import { type Tensor, assertNotFreed, assertShape } from '../core/tensor.js';
import { type LabelledImages, CLASSES } from './mnist.js';

/**
 * The orders in which examples are drawn.
 * - `tf1`, as in later TensorFlow 1.x: shuffled before the first epoch. The examples that remain at an epoch's end share
 *   a batch with the first examples of the next, reshuffled epoch, so every example is seen once per epoch.
 * - `legacy`, as in TensorFlow's first releases: file order in the first epoch. At an epoch's end the remaining examples
 *   are dropped, and all examples are shuffled.
 */
export const SHUFFLES = ['tf1', 'legacy'] as const;

/** `'tf1'` or `'legacy'`: the two forms of `SHUFFLES`. */
export type Shuffle = (typeof SHUFFLES)[number];

/** How far a `BatchOrder` has come. */
export interface BatchPosition {
  /** `[count]`: the current epoch's permutation of the examples' indices. */
  readonly order: Uint32Array;
  /** How many indices of `order` have been used. */
  readonly cursor: number;
}

/** Draws the batches of a training set, epoch after epoch. */
export class BatchOrder {
  private order: Uint32Array;
  private cursor = 0;

  /**
   * `'inOrder'`: every epoch in the order of the indices, as a text is read. Throws a RangeError for a wrong argument, and a
   * DataError if a batch is larger than the set.
   */
  constructor(
    count: number,
    private readonly batchSize: number,
    private readonly shuffle: Shuffle | 'inOrder',
    private readonly random: Random,
  ) {
    assertWhole('batch order: count', count, 1);
    assertChoice('batch order: shuffle', shuffle, [...SHUFFLES, 'inOrder']);
    if (batchSize > count) throw new DataError(`batch size ${batchSize} is larger than the set of ${count} examples`);
    assertWhole('batch order: batch size', batchSize, 1);
    this.order = Uint32Array.from({ length: count }, (_, n) => n);
    if (shuffle === 'tf1') random.shuffle(this.order);
  }

  /** A copy of the present position. */
  get position(): BatchPosition {
    return { order: this.order.slice(), cursor: this.cursor };
  }

  /** Draws the batches that follow `position`. */
  resumeAt({ order, cursor }: BatchPosition): void {
    this.order = order.slice();
    this.cursor = cursor;
  }

  /** Whether the next batch is an epoch's first one. */
  get isAtStart(): boolean {
    return this.cursor === 0 || this.order.length - this.cursor < this.batchSize;
  }

  /** The indices of the next batch. */
  next(): Uint32Array {
    const rest = this.order.length - this.cursor;
    if (rest >= this.batchSize) {
      this.cursor += this.batchSize;
      return this.order.slice(this.cursor - this.batchSize, this.cursor);
    }
    const batch = new Uint32Array(this.batchSize);
    const kept = this.shuffle === 'tf1' ? rest : 0;
    batch.set(this.order.subarray(this.cursor, this.cursor + kept));
    if (this.shuffle !== 'inOrder') this.random.shuffle(this.order);
    this.cursor = this.batchSize - kept;
    batch.set(this.order.subarray(0, this.cursor), kept);
    return batch;
  }
}

/** A pixel as the network sees it: float32(value) × float32(1/255), rounded to float32, as in TF 1.x. */
const INTENSITY = Float32Array.from({ length: 256 }, (_, value) => value * Math.fround(1 / 255));

/**
 * Writes images into x `[T,B,I]`, image row t as the input of step t, and their labels into y `[B]`. With fewer indices than
 * B, the rest of x and y keeps its values.
 */
export function fillBatch(x: Tensor, y: Tensor, images: LabelledImages, indices: ArrayLike<number>): void {
  assertShape('fillBatch', 'y', y, [x.shape[1]]);
  assertNotFreed('fillBatch', y);
  fillImages('fillBatch', x, images, indices);
  for (let b = 0; b < indices.length; b++) {
    const label = images.labels[indices[b]];
    if (!(label < CLASSES))
      throw new RangeError(`fillBatch: label ${label} of image ${indices[b]}: must be in 0…${CLASSES - 1}`);
    y.set(b, label);
  }
}

/** Moves the pixels of an image: from pixel (row, column) to (row + down, column + right). */
export interface Shift {
  readonly down: number;
  readonly right: number;
}

/**
 * Writes images into x `[T,B,I]`, image row t as the input of step t. With fewer indices than B, the rest of x keeps its
 * values. `what` begins messages. `shifts`: one for each image; pixels that move in are 0. Default: no shifts.
 */
export function fillImages(
  what: string,
  x: Tensor,
  images: LabelledImages,
  indices: ArrayLike<number>,
  shifts?: readonly Shift[],
): void {
  const { rows, columns, pixels } = images;
  const [, B] = x.shape;
  assertShape(what, 'x', x, [rows, B, columns]);
  assertNotFreed(what, x);
  const { data } = x;
  const step = x.stride[2];
  if (indices.length > B)
    throw new RangeError(`${what}: ${counted(indices.length, 'image')} do not fit a batch of ${B}`);
  for (let b = 0; b < indices.length; b++) {
    if (!(indices[b] >= 0 && indices[b] < images.count))
      throw new RangeError(`${what}: image ${indices[b]} of ${images.count}: must be in 0…${images.count - 1}`);
    const start = indices[b] * rows * columns;
    const { down, right } = shifts?.[b] ?? { down: 0, right: 0 };
    for (let t = 0; t < rows; t++) {
      const row = t - down;
      const isInRow = row >= 0 && row < rows;
      const [from, to] = [start + row * columns - right, x.index(t, b, 0)];
      for (let i = 0; i < columns; i++) {
        const isInside = isInRow && i >= right && i < columns + right;
        data[to + i * step] = isInside ? INTENSITY[pixels[from + i]] : 0;
      }
    }
  }
}
