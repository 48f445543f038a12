/**
 * The examples of a run in one form, from images or from sequences. They determine what a network reads and computes, and
 * they fill its batches.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { assertObject, describe } from '../arguments.js';
import type { Targets } from '../counted-rows.js';
import type { Shift } from '../data/batches.js';
import { fillImages } from '../data/batches.js';
import type { LabelledImages } from '../data/mnist.js';
import { assertImages, CLASSES } from '../data/mnist.js';
import type { Sequences } from '../data/sequences.js';
import { assertSequences, hasEveryStep, labelsOf, lengthOf, outputsOf, valuesOfSequence } from '../data/sequences.js';
import type { Text, Vocabulary } from '../data/text.js';
import type { NetworkSizes } from '../network-sizes.js';
import type { Random } from '../rng.js';
import type { Tensor } from '../tensor.js';
import { fill, zeros } from '../tensor.js';
import type { Streams } from './text-examples.js';
import { textExamples } from './text-examples.js';

/** What `train` accepts: images with labels, sequences of your own, or a text. */
export type TrainData = LabelledImages | Sequences | Text;

/** What the data determine of a network; options determine its layers. */
export type NetworkEnds = Required<Pick<NetworkSizes, 'inputs' | 'outputs' | 'inputKind' | 'loss' | 'reads'>>;

/** How a batch is filled. */
export interface FillOptions {
  /** Images are moved by up to this many pixels in each direction, at random. Default: 0. */
  readonly shift: number;
  /** Draws the shifts; not used if `shift` is 0. */
  readonly random: Random;
}

/** A batch that has been filled. */
export interface FilledBatch {
  /** Its labels or targets, and lengths. */
  readonly targets: Targets;
  /** The example in each row: sequences are sorted by length, the longest first. */
  readonly indices: Uint32Array;
}

/** What a network and its data have in common. */
export interface DataKind extends NetworkEnds {
  /** Steps of the longest sequence. */
  readonly T: number;
}

/** Examples of one kind. */
export interface Examples extends DataKind {
  readonly count: number;
  /** Whether a network may have more outputs: the labels need not show every class. */
  readonly fitsMoreOutputs: boolean;
  /** Whether each batch continues the one before: the examples are read in order, and the states are carried. */
  readonly continues: boolean;
  /** A name that checkpoints keep; undefined for MNIST and for data without a name. */
  readonly task: string | undefined;
  /** The characters of a text. Default: none, other data have no characters. */
  readonly vocabulary?: Vocabulary;
  /** Writes the examples with these indices into x. If they are fewer than B, the other rows do not count. */
  readonly fill: (x: Tensor, indices: Uint32Array, options?: FillOptions) => FilledBatch;
  /** Adds the data to a digest: a run can only be resumed with the data that it began with. */
  readonly addTo: (hash: { update(bytes: Uint8Array): unknown }) => void;
}

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

/**
 * What of the examples does not fit `other`, and the same of `other`, for messages: `T 4, inputs 3` and `T 5, inputs 6`.
 * Undefined if they fit.
 */
export function misfitOf(examples: Examples, other: DataKind): { examples: string; other: string } | undefined {
  const names = ['T', 'inputs', 'outputs', 'inputKind', 'loss', 'reads'] as const satisfies (keyof DataKind)[];
  const fits = (name: (typeof names)[number]): boolean =>
    examples[name] === other[name] ||
    (name === 'reads' && examples.T === 1) || // the last step is every step
    (name === 'outputs' && examples.fitsMoreOutputs && examples.outputs < other.outputs);
  const wrong = names.filter((name) => !fits(name));
  if (wrong.length === 0) return undefined;
  const listed = (kind: DataKind): string => wrong.map((name) => `${name} ${kind[name]}`).join(', ');
  return { examples: listed(examples), other: listed(other) };
}

/** SHA-256 of all `sets`, in their order. */
export function examplesDigest(...sets: readonly Examples[]): string {
  const hash = sha256.create();
  for (const set of sets) set.addTo(hash);
  return bytesToHex(hash.digest());
}

function imageExamples(what: string, images: LabelledImages): Examples {
  assertImages(what, images);
  const { count, rows, columns, labels, pixels } = images;
  return {
    count,
    T: rows,
    inputs: columns,
    outputs: CLASSES,
    fitsMoreOutputs: false,
    inputKind: 'numbers',
    loss: 'crossEntropy',
    reads: 'last',
    continues: false,
    task: images.task,
    fill(x, indices, options) {
      const [, B] = x.shape;
      fillImages(x, images, indices, options && shiftsFor(indices.length, options));
      return { targets: { labels: rowsFrom(B, indices, (n) => labels[n]) }, indices };
    },
    addTo: (hash) => {
      hash.update(pixels);
      hash.update(labels);
    },
  };
}

function shiftsFor(count: number, { shift, random }: FillOptions): Shift[] | undefined {
  if (shift === 0) return undefined;
  const draw = (): number => random.below(2 * shift + 1) - shift;
  return Array.from({ length: count }, () => ({ down: draw(), right: draw() }));
}

/** `[B]`: a label for each index, then -1. */
function rowsFrom(B: number, indices: Uint32Array, labelOf: (n: number) => number): Int32Array {
  return Int32Array.from({ length: B }, (_, b) => (b < indices.length ? labelOf(indices[b]) : -1));
}

function sequenceExamples(what: string, sequences: Sequences): Examples {
  assertSequences(what, sequences);
  const { x, inputClasses, targets, task, classes } = sequences;
  const [count, T] = x.shape;
  return {
    count,
    T,
    inputs: inputClasses ?? x.shape[2],
    outputs: outputsOf(sequences),
    fitsMoreOutputs: !targets && classes === undefined,
    inputKind: x.dimension === 2 ? 'classes' : 'numbers',
    loss: targets ? 'squaredError' : 'crossEntropy',
    reads: hasEveryStep(sequences) ? 'every' : 'last',
    continues: false,
    task,
    fill: (batch, indices) => fillSequences(batch, sequences, indices),
    addTo: (hash) => {
      for (let n = 0; n < count; n++)
        for (const part of partsOf(sequences, n)) hash.update(new Uint8Array(part.buffer));
    },
  };
}

/** The numbers of sequence n, without those beyond its end. */
function* partsOf(sequences: Sequences, n: number): Generator<Float64Array> {
  const { x, targets, lengths } = sequences;
  yield valuesOfSequence(sequences, x, n);
  yield targets ? valuesOfSequence(sequences, targets, n) : Float64Array.from(labelsOf(sequences, n));
  if (lengths) yield Float64Array.of(lengths[n]);
}

/** The rows beyond `indices` are 0 in x, do not count, and have one step if there are lengths. */
function fillSequences(x: Tensor, sequences: Sequences, given: Uint32Array): FilledBatch {
  const [T, B] = x.shape;
  const indices = sequences.lengths
    ? given.slice().sort((a, b) => lengthOf(sequences, b) - lengthOf(sequences, a))
    : given;
  if (indices.length < B) fill(x, 0);
  for (let b = 0; b < indices.length; b++) {
    for (let t = 0; t < lengthOf(sequences, indices[b]); t++) {
      if (x.dimension === 2) x.set(t, b, sequences.x.get(indices[b], t));
      else for (let i = 0; i < x.shape[2]; i++) x.set(t, b, i, sequences.x.get(indices[b], t, i));
    }
  }
  const lengths = Array.from({ length: B }, (_, b) => (b < indices.length ? lengthOf(sequences, indices[b]) : 1));
  const targets = sequences.targets
    ? { targets: targetsFor(T, B, sequences.targets, indices) }
    : { labels: labelsFor(T, B, sequences, indices) };
  return { targets: { ...targets, ...(sequences.lengths && { lengths }) }, indices };
}

function labelsFor(T: number, B: number, sequences: Sequences, indices: Uint32Array): Int32Array {
  const { labels = [] } = sequences;
  if (!hasEveryStep(sequences)) return rowsFrom(B, indices, (n) => labels[n]);
  const rows = new Int32Array(T * B).fill(-1);
  indices.forEach((n, b) => {
    for (let t = 0; t < T; t++) rows[t * B + b] = labels[n * T + t];
  });
  return rows;
}

function targetsFor(T: number, B: number, targets: Tensor, indices: Uint32Array): Tensor {
  const C = targets.shape[targets.dimension - 1];
  if (targets.dimension === 2) {
    const rows = zeros([B, C], 'f64');
    indices.forEach((n, b) => {
      for (let k = 0; k < C; k++) rows.set(b, k, targets.get(n, k));
    });
    return rows;
  }
  const rows = zeros([T, B, C], 'f64');
  indices.forEach((n, b) => {
    for (let t = 0; t < T; t++) for (let k = 0; k < C; k++) rows.set(t, b, k, targets.get(n, t, k));
  });
  return rows;
}
