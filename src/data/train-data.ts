/** What a run can train with, and its examples. */
import { assertObject, describe } from '../core/arguments.js';
import type { Examples, FillOptions } from './examples.js';
import { type LabelledImages, assertImages, CLASSES } from './mnist.js';
import { sequenceExamples } from './sequence-examples.js';
import { type GivenSequences, type Sequences, checkedSequences } from './sequences.js';
import { type Streams, textExamples } from './text-examples.js';
import { type Text, assertText } from './text.js';
import { type Shift, fillImages } from './batches.js';
import { rowsFrom } from './examples.js';

/** What `train` accepts: images with labels, sequences of your own, or a text. */
export type GivenData = LabelledImages | GivenSequences | Text;

/** As `GivenData`, checked, with tensors in place of lists: `checkedData` makes them. */
export type TrainData = LabelledImages | Sequences | Text;

/** What a run trains and validates with: data, or their examples. */
export interface TrainingData<Data = GivenData> {
  /** What the run trains with. */
  readonly train: Data;
  /** What `validateEvery` evaluates; undefined if there is none. */
  readonly validation: Data | undefined;
  /**
   * `SavedTraining.data` of an earlier run on the same data with the same `validateEvery`: they are then not hashed again.
   * Default: computed.
   */
  readonly digest?: string | undefined;
}

/** Data for training, for validation and for the test. */
export interface Split<Data = TrainData> {
  readonly train: Data;
  readonly validation: Data;
  readonly test: Data;
}

/**
 * The data with tensors in place of lists. `names` and `T`: see `checkedSequences`. Throws a TypeError, RangeError or DataError that says what is
 * wrong with `data`; `what` begins it.
 */
export function checkedData(what: string, data: GivenData, names?: readonly string[], T?: number): TrainData {
  assertObject(what, data);
  if ('characters' in data) {
    assertText(what, data);
    return data;
  }
  if ('x' in data) return checkedSequences(what, data, names, T);
  if ('pixels' in data) {
    assertImages(what, data);
    return data;
  }
  throw new TypeError(
    `${what}: ${describe(data)}: must have pixels, as images have, x, as sequences have, or characters, as a text has`,
  );
}

/** Whether the data have targets, numbers to predict, in place of labels. */
export const hasTargets = (data: TrainData): boolean => 'x' in data && data.targets !== undefined;

/** The examples of checked data. `streams` divide a text; a DataError that begins with `what` reports one that is too short. */
export function examplesOf(what: string, data: TrainData, streams: Streams): Examples {
  if ('characters' in data) return textExamples(what, data, streams);
  return 'x' in data ? sequenceExamples(data) : imageExamples(data);
}

/** `images` have been checked. */
function imageExamples(images: LabelledImages): Examples {
  const { count, rows, columns, labels, pixels } = images;
  return {
    count,
    T: rows,
    inputs: columns,
    inputKind: 'numbers',
    classes: CLASSES,
    targets: 0,
    fitsMoreClasses: false,
    reads: 'last',
    continues: false,
    task: images.task,
    fill(x, indices, options) {
      const [, B] = x.shape;
      fillImages('images', x, images, indices, options && shiftsFor(indices.length, options));
      return { targets: { labels: rowsFrom(B, indices, (n) => labels[n]) }, indices };
    },
    bytes: [pixels, labels],
  };
}

function shiftsFor(count: number, { shift, random }: FillOptions): Shift[] | undefined {
  if (shift === 0) return undefined;
  const draw = (): number => random.below(2 * shift + 1) - shift;
  return Array.from({ length: count }, () => ({ down: draw(), right: draw() }));
}
