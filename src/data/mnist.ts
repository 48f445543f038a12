/** Images with labels: their files in the format IDX, reading and checking them, and the tutorial's split of MNIST. */
import { assertBytes, counted, assertObject, assertSizes, describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { assertTask } from './examples.js';

/** The contents of an IDX file. */
export interface IdxContents {
  /** Its extents; the last one varies fastest. */
  shape: number[];
  /** Its bytes: a view of the file's bytes. */
  data: Uint8Array;
}

/** The dimensions and bytes of an IDX file of unsigned bytes. `name` is for messages. Throws a DataError. */
export function parseIdx(bytes: Uint8Array, dimensions: number, name: string): IdxContents {
  assertBytes(`${name}: bytes`, bytes);
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength)
    throw new DataError(`${name}: ${counted(bytes.length, 'byte')}, shorter than its header of ${headerLength}`);
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
  if (size !== found)
    throw new DataError(`${name}: ${shape.join(' × ')} needs ${counted(size, 'byte')} of data, the file has ${found}`);
  if (size === 0) throw new DataError(`${name}: has no data (${shape.join(' × ')})`);
  return { shape, data: bytes.subarray(headerLength) };
}

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
  /** A name that checkpoints keep, so that `longhand eval` finds the data again. Default: none, MNIST. */
  readonly task?: string;
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

/** A file that has been read, and its name for messages. */
export interface NamedBytes {
  /** Its contents, unpacked. */
  readonly bytes: Uint8Array;
  /** Its name or path. */
  readonly name: string;
}

/** Images and their labels from two IDX files, checked against each other. Throws a DataError. */
export function parseLabelledImages(images: NamedBytes, labels: NamedBytes): LabelledImages {
  const { shape, data: pixels } = parseIdx(images.bytes, 3, images.name);
  const [count, rows, columns] = shape;
  const { data: classes } = parseIdx(labels.bytes, 1, labels.name);
  if (classes.length !== count) {
    throw new DataError(
      `${images.name} has ${counted(count, 'image')}, but ${labels.name} has ${counted(classes.length, 'label')}`,
    );
  }
  assertLabels(labels.name, classes);
  return { count, rows, columns, pixels, labels: classes };
}

/**
 * Throws a TypeError if `images` is of another type. Throws a DataError if a length does not fit `count`, `rows` and
 * `columns`, or a label is not a class. `what` is for messages.
 */
export function assertImages(what: string, images: LabelledImages): void {
  assertObject(what, images);
  const { count, rows, columns, pixels, labels, task } = images;
  assertTask(what, task);
  assertSizes(what, images, ['count', 'rows', 'columns']);
  for (const [name, bytes] of Object.entries({ pixels, labels })) {
    if (!((bytes as unknown) instanceof Uint8Array))
      throw new TypeError(`${what}.${name} is ${describe(bytes)}: must be a Uint8Array`);
  }
  if (pixels.length !== count * rows * columns) {
    const needed = `${counted(count, 'image')} of ${rows} × ${columns} need ${count * rows * columns}`;
    throw new DataError(`${what}.pixels has ${counted(pixels.length, 'byte')}: ${needed}`);
  }
  if (labels.length !== count)
    throw new DataError(`${what}.labels has ${counted(labels.length, 'byte')}: ${count} images need ${count}`);
  assertLabels(`${what}.labels`, labels);
}

function assertLabels(name: string, labels: Uint8Array): void {
  const wrong = labels.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw new DataError(`${name}: label ${labels[wrong]} at ${wrong}, expected 0…${CLASSES - 1}`);
}

/** Images `from … to - 1`, without a copy. Throws a RangeError if there are fewer. */
export function sliceImages(images: LabelledImages, from: number, to: number): LabelledImages {
  if (!(from >= 0 && from < to && to <= images.count))
    throw new RangeError(`images: ${from}…${to} of ${images.count}: need 0 ≤ from < to ≤ ${images.count}`);
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
      `${counted(training.count, 'training image')}: MNIST's split needs more than ${VALIDATION_COUNT}, the validation set`,
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
