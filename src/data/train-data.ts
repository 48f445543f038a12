/** What a run can train with, and its examples. */
import { assertObject, describe } from '../core/arguments.js';
import type { Examples } from './examples.js';
import { imageExamples } from './image-examples.js';
import type { LabelledImages } from './mnist.js';
import { sequenceExamples } from './sequence-examples.js';
import type { Sequences } from './sequences.js';
import type { Streams } from './text-examples.js';
import { textExamples } from './text-examples.js';
import type { Text } from './text.js';

/** What `train` accepts: images with labels, sequences of your own, or a text. */
export type TrainData = LabelledImages | Sequences | Text;

/**
 * Checks `data`; `what` is for messages. `streams` divide a text. Throws a TypeError, RangeError or DataError that says what
 * is wrong.
 */
export function examplesOf(what: string, data: TrainData, streams: Streams): Examples {
  assertObject(what, data);
  if ('characters' in data) return textExamples(what, data, streams);
  if ('x' in data) return sequenceExamples(what, data);
  if ('pixels' in data) return imageExamples(what, data);
  throw new TypeError(
    `${what}: ${describe(data)}: must have pixels, as images have, x, as sequences have, or characters, as a text has`,
  );
}
