/** Sequences of your own as the examples of a run. */
import { type Tensor, fill, zeros } from '../core/tensor.js';
import { type Examples, type FilledBatch, rowsFrom } from './examples.js';
import type { Inputs, Sequences } from './sequences.js';
import { classesOf, hasEveryStep, labelsOf, lengthOf, valuesOfSequence } from './sequences.js';

/** `sequences` have been checked. */
export function sequenceExamples(sequences: Sequences): Examples {
  const { x, lengths, inputClasses, targets, task, classes } = sequences;
  const [count, T] = x.shape;
  return {
    count,
    T,
    inputs: inputClasses ?? x.shape[2],
    inputKind: x.dimension === 2 ? 'classes' : 'numbers',
    classes: targets ? 0 : classesOf(sequences),
    targets: targets?.shape.at(-1) ?? 0,
    fitsMoreClasses: !targets && classes === undefined,
    fitsMoreSteps: lengths !== undefined,
    reads: hasEveryStep(sequences) ? 'every' : 'last',
    continues: false,
    task,
    classNames: sequences.classNames,
    warnings: () => [...largeValuesOf('x', sequences), ...largeValuesOf('targets', sequences)],
    fill: (batch, indices) => fillSequences(batch, sequences, indices),
    bytes: {
      *[Symbol.iterator]() {
        for (let n = 0; n < count; n++) for (const part of partsOf(sequences, n)) yield new Uint8Array(part.buffer);
      },
    },
  };
}

/** Root mean square from which the numbers of a column are reported: pixels of 0 … 255, prices, years; no temperatures in °C. */
const LARGE = 50;

/** A sentence if x or targets have a column of large numbers. They saturate the gates, or need outputs that the network never reaches. */
function largeValuesOf(name: 'x' | 'targets', sequences: Sequences): string[] {
  const tensor = sequences[name];
  if (tensor === undefined || tensor.dimension < (name === 'x' ? 3 : 2)) return []; // x of two axes is classes
  const columns = tensor.shape[tensor.dimension - 1];
  const [squares, counts] = [new Float64Array(columns), new Float64Array(columns)];
  for (let n = 0; n < tensor.shape[0]; n++) {
    valuesOfSequence(sequences, tensor, n).forEach((value, at) => {
      if (Number.isNaN(value)) return;
      squares[at % columns] += value * value;
      counts[at % columns]++;
    });
  }
  const sizes = squares.map((sum, k) => Math.sqrt(sum / Math.max(1, counts[k])));
  const largest = sizes.reduce((best, size, k) => (size > sizes[best] ? k : best), 0);
  if (!(sizes[largest] > LARGE)) return [];
  return [
    `.${name}: column ${largest} has numbers around ${Number(sizes[largest].toPrecision(2))} (root mean square): networks learn ` +
      'from numbers around 1. Subtract the mean of the training data from each column, and divide by their standard deviation',
  ];
}

/** The numbers of sequence n, without those beyond its end. */
function* partsOf(sequences: Sequences, n: number): Generator<Float64Array> {
  const { x, targets, lengths } = sequences;
  yield valuesOfSequence(sequences, x, n);
  // NaN has many bit patterns
  if (targets) yield valuesOfSequence(sequences, targets, n).map((value) => (Number.isNaN(value) ? NaN : value));
  else yield Float64Array.from(labelsOf(sequences, n));
  if (lengths) yield Float64Array.of(lengths[n]);
}

/** As `fillInputs`; the rows beyond `indices` do not count. */
function fillSequences(x: Tensor, sequences: Sequences, given: Uint32Array): FilledBatch {
  const [T, B] = x.shape;
  const indices = sequences.lengths
    ? given.slice().sort((a, b) => lengthOf(sequences, b) - lengthOf(sequences, a))
    : given;
  const lengths = fillInputs(x, sequences, indices);
  const targets = sequences.targets
    ? { targets: targetsFor(T, B, sequences.targets, indices) }
    : { labels: labelsFor(T, B, sequences, indices) };
  return { targets: { ...targets, ...(sequences.lengths && { lengths }) }, indices };
}

/**
 * Writes the sequences with these indices into x, `[T,B,I]` or class indices `[T,B]`, and returns their lengths, `[B]`. The rows
 * beyond `indices` are 0, and have one step.
 */
export function fillInputs(x: Tensor, sequences: Inputs, indices: Uint32Array): number[] {
  const [, B] = x.shape;
  if (indices.length < B) fill(x, 0);
  for (let b = 0; b < indices.length; b++) {
    for (let t = 0; t < lengthOf(sequences, indices[b]); t++) {
      if (x.dimension === 2) x.set(t, b, sequences.x.get(indices[b], t));
      else for (let i = 0; i < x.shape[2]; i++) x.set(t, b, i, sequences.x.get(indices[b], t, i));
    }
  }
  return Array.from({ length: B }, (_, b) => (b < indices.length ? lengthOf(sequences, indices[b]) : 1));
}

function labelsFor(T: number, B: number, sequences: Sequences, indices: Uint32Array): Int32Array {
  const { labels = [] } = sequences;
  if (!hasEveryStep(sequences)) return rowsFrom(B, indices, (n) => labels[n]);
  const steps = sequences.x.shape[1]; // perhaps fewer than T
  const rows = new Int32Array(T * B).fill(-1);
  indices.forEach((n, b) => {
    for (let t = 0; t < steps; t++) rows[t * B + b] = labels[n * steps + t];
  });
  return rows;
}

function targetsFor(T: number, B: number, targets: Tensor, indices: Uint32Array): Tensor {
  const C = targets.shape[targets.dimension - 1];
  const rows = zeros(targets.dimension === 2 ? [B, C] : [T, B, C], 'f64');
  fill(rows, NaN);
  indices.forEach((n, b) => {
    if (targets.dimension === 2) for (let k = 0; k < C; k++) rows.set(b, k, targets.get(n, k));
    else for (let t = 0; t < targets.shape[1]; t++) for (let k = 0; k < C; k++) rows.set(t, b, k, targets.get(n, t, k));
  });
  return rows;
}
