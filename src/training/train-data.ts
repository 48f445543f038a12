/** What a run can train with, and its examples. */
import { assertObject, describe } from '../arguments.js';
import type { LabelledImages } from '../data/mnist.js';
import type { Sequences } from '../data/sequences.js';
import type { Text } from '../data/text.js';
import type { Examples } from './examples.js';
import { imageExamples } from './image-examples.js';
import { sequenceExamples } from './sequence-examples.js';
import type { Streams } from './text-examples.js';
import { textExamples } from './text-examples.js';

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
