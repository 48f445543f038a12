/**
 * MNIST: the IDX format, the tutorial's split of the images, and its two ways to draw batches.
 *
 * IDX (http://yann.lecun.com/exdb/mnist/): a magic number 00 00 08 D (unsigned bytes, D dimensions), D big-endian
 * u32 extents, then the bytes, the last extent running fastest.
 */
import { assertObject, assertSizes, describe } from './arguments.js';
import { DataError } from './data-error.js';
import type { Random } from './rng.js';
import type { Tensor } from './tensor.js';
import { assertShape } from './tensor.js';

/** Images of one size, and the class of each. */
export interface LabelledImages {
  /** Number of images. */
  readonly count: number;
  /** Rows of an image: T, the steps of the LSTM. */
  readonly rows: number;
  /** Columns of an image: I, the inputs of a step. */
  readonly columns: number;
  /** `[count,rows,columns]`, row by row; 0 (black) … 255 (white). */
  readonly pixels: Uint8Array;
  /** `[count]`: the class of each image, 0 … 9. */
  readonly labels: Uint8Array;
}

/** MNIST, split as in the tutorial. */
export interface Mnist {
  /** 55,000 images to train with: all but the first 5,000 of the training file. */
  readonly train: LabelledImages;
  /** 5,000 images: the first of the training file. */
  readonly validation: LabelledImages;
  /** The 10,000 images of the test file. */
  readonly test: LabelledImages;
}

export const CLASSES = 10;
const VALIDATION_COUNT = 5000;

/** The contents of an IDX file. */
export interface IdxContents {
  /** Its extents; the last runs fastest. */
  shape: number[];
  /** Its bytes: a view into the file's. */
  data: Uint8Array;
}

/** A file that has been read, and its name for the messages. */
export interface NamedBytes {
  /** Its contents, unpacked. */
  readonly bytes: Uint8Array;
  /** Its name or path. */
  readonly name: string;
}

/** The dimensions and bytes of an IDX file of unsigned bytes. `name` is for the messages. Throws a DataError. */
export function parseIdx(bytes: Uint8Array, dimensions: number, name: string): IdxContents {
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength) {
    throw new DataError(`${name}: ${bytes.length} bytes, shorter than its header of ${headerLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expectedMagic = 0x800 + dimensions;
  const magic = view.getUint32(0);
  if (magic !== expectedMagic) {
    throw new DataError(
      `${name}: magic number ${magic}, expected ${expectedMagic} (IDX, bytes, ${dimensions} dimensions)`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - headerLength;
  if (size !== found) {
    throw new DataError(`${name}: ${shape.join(' × ')} needs ${size} bytes of data, the file has ${found}`);
  }
  if (size === 0) throw new DataError(`${name}: holds nothing (${shape.join(' × ')})`);
  return { shape, data: bytes.subarray(headerLength) };
}

/** Images and their labels from two IDX files, checked against each other. Throws a DataError. */
export function parseLabelledImages(images: NamedBytes, labels: NamedBytes): LabelledImages {
  const { shape, data: pixels } = parseIdx(images.bytes, 3, images.name);
  const [count, rows, columns] = shape;
  const { data: classes } = parseIdx(labels.bytes, 1, labels.name);
  if (classes.length !== count) {
    throw new DataError(`${images.name} has ${count} images, but ${labels.name} has ${classes.length} labels`);
  }
  assertLabels(labels.name, classes);
  return { count, rows, columns, pixels, labels: classes };
}

/**
 * Throws unless `images` is what its type says: a TypeError for another type, a DataError for lengths that do not fit
 * `count`, `rows` and `columns`, and for labels beyond the classes. `what` is for the messages.
 */
export function assertImages(what: string, images: LabelledImages): void {
  assertObject(what, images);
  const { count, rows, columns, pixels, labels } = images;
  assertSizes(what, images, ['count', 'rows', 'columns']);
  for (const [name, bytes] of Object.entries({ pixels, labels })) {
    if (!((bytes as unknown) instanceof Uint8Array)) {
      throw new TypeError(`${what}.${name} is ${describe(bytes)}: must be a Uint8Array`);
    }
  }
  if (pixels.length !== count * rows * columns) {
    const needed = `${count} images of ${rows} × ${columns} need ${count * rows * columns}`;
    throw new DataError(`${what}.pixels has ${pixels.length} bytes: ${needed}`);
  }
  if (labels.length !== count)
    throw new DataError(`${what}.labels has ${labels.length} bytes: ${count} images need ${count}`);
  assertLabels(`${what}.labels`, labels);
}

function assertLabels(name: string, labels: Uint8Array): void {
  const wrong = labels.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw new DataError(`${name}: label ${labels[wrong]} at ${wrong}, expected 0…${CLASSES - 1}`);
}

/** Images `from … to - 1`, without a copy. Throws a RangeError where there are not so many. */
export function sliceImages(images: LabelledImages, from: number, to: number): LabelledImages {
  if (!(from >= 0 && from < to && to <= images.count)) {
    throw new RangeError(`images: ${from}…${to} of ${images.count}: need 0 ≤ from < to ≤ ${images.count}`);
  }
  const size = images.rows * images.columns;
  return {
    ...images,
    count: to - from,
    pixels: images.pixels.subarray(from * size, to * size),
    labels: images.labels.subarray(from, to),
  };
}

/** The tutorial's split: the first 5,000 of the 60,000 training images are for validation. */
export function splitMnist(training: LabelledImages, test: LabelledImages): Mnist {
  if (training.count <= VALIDATION_COUNT) {
    throw new DataError(
      `${training.count} training images: more than ${VALIDATION_COUNT} (the validation set) are needed`,
    );
  }
  if (training.rows !== test.rows || training.columns !== test.columns) {
    throw new DataError(
      `training images are ${training.rows} × ${training.columns}, test images ${test.rows} × ${test.columns}`,
    );
  }
  return {
    validation: sliceImages(training, 0, VALIDATION_COUNT),
    train: sliceImages(training, VALIDATION_COUNT, training.count),
    test,
  };
}

/**
 * The orders in which examples are drawn.
 * - `tf1`, as in later TF 1.x: shuffled before the first epoch; what remains at an epoch's end is joined to the first
 *   examples of the next, reshuffled one, so every example is seen once an epoch.
 * - `legacy`, as in the first releases: file order in the first epoch; at an epoch's end the remainder is dropped, and
 *   all is shuffled.
 */
export const SHUFFLES = ['tf1', 'legacy'] as const;
/** `'tf1'` or `'legacy'`: the two forms of `SHUFFLES`. */
export type Shuffle = (typeof SHUFFLES)[number];

/** Where a `BatchOrder` stands. */
export interface BatchPosition {
  /** `[count]`: the current epoch's permutation of the examples' indices. */
  order: Uint32Array;
  /** How many of them have been used. */
  cursor: number;
}

/** Draws the batches of a training set, epoch after epoch. */
export class BatchOrder {
  private order: Uint32Array;
  private cursor = 0;

  /** Throws a DataError where a batch is larger than the set. */
  constructor(
    count: number,
    private readonly batchSize: number,
    private readonly shuffle: Shuffle,
    private readonly random: Random,
  ) {
    if (batchSize > count) throw new DataError(`batch size ${batchSize} is larger than the set of ${count} examples`);
    this.order = Uint32Array.from({ length: count }, (_, n) => n);
    if (shuffle === 'tf1') random.shuffle(this.order);
  }

  /** Where it stands (a copy). */
  get position(): BatchPosition {
    return { order: this.order.slice(), cursor: this.cursor };
  }

  set position({ order, cursor }: BatchPosition) {
    this.order = order.slice();
    this.cursor = cursor;
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
    this.random.shuffle(this.order);
    this.cursor = this.batchSize - kept;
    batch.set(this.order.subarray(0, this.cursor), kept);
    return batch;
  }
}

/** A pixel as the network sees it: float32(value) × float32(1/255), rounded to float32, as in TF 1.x. */
const INTENSITY = Float32Array.from({ length: 256 }, (_, value) => value * Math.fround(1 / 255));

/**
 * Writes images into x `[T,B,I]`, image row t as the input of step t, and their labels one-hot into y `[B,C]`.
 * Where fewer indices than B are given, the rest of x and y keeps what it held.
 */
export function fillBatch(x: Tensor, y: Tensor, images: LabelledImages, indices: ArrayLike<number>): void {
  const { rows, columns, pixels, labels } = images;
  const [, B] = x.shape;
  assertShape('fillBatch', 'x', x, [rows, B, columns]);
  assertShape('fillBatch', 'y', y, [B, CLASSES]);
  if (indices.length > B) throw new RangeError(`fillBatch: ${indices.length} images do not fit a batch of ${B}`);
  for (let b = 0; b < indices.length; b++) {
    if (!(indices[b] >= 0 && indices[b] < images.count)) {
      throw new RangeError(`fillBatch: image ${indices[b]} of ${images.count}: must be in 0…${images.count - 1}`);
    }
    const label = labels[indices[b]];
    if (!(label < CLASSES)) {
      throw new RangeError(`fillBatch: label ${label} of image ${indices[b]}: must be in 0…${CLASSES - 1}`);
    }
    const start = indices[b] * rows * columns;
    for (let t = 0; t < rows; t++) {
      for (let i = 0; i < columns; i++) x.set(t, b, i, INTENSITY[pixels[start + t * columns + i]]);
    }
    for (let k = 0; k < CLASSES; k++) y.set(b, k, label === k ? 1 : 0);
  }
}
