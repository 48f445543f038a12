/** What the networks of a classifier read: columns of scaled numbers, and windows of them as examples. */
import type { Tensor } from '../core/tensor.js';
import { fill } from '../core/tensor.js';
import type { Examples } from '../data/examples.js';
import { rowsFrom } from '../data/examples.js';
import { bytesOfNumbers, scaled } from '../data/scale.js';
import type { ClassifyPlan } from './plan.js';
import type { Recordings } from './recordings.js';
import type { Windows } from './windows.js';

/** One column of a network's inputs: a number for each place. */
export interface InputColumn {
  readonly name: string;
  readonly values: Float64Array;
}

/** Each input, scaled, 0 where it is missing; behind it a column that says where, if the training part misses some. */
export function inputColumns({ columns, inputs }: ClassifyPlan, recordings: Recordings): InputColumn[] {
  return inputs.flatMap(({ hasMissing, ...scale }, n) => {
    const [name, values] = [columns.inputs[n], recordings.inputs[n]];
    const read = { name, values: values.map((value) => scaled(scale, value)) };
    return hasMissing
      ? [read, { name: `${name} is missing`, values: values.map((value) => Number(Number.isNaN(value))) }]
      : [read];
  });
}

/** I: the columns of `inputColumns`. */
export const inputCount = ({ inputs }: Pick<ClassifyPlan, 'inputs'>): number =>
  inputs.reduce((sum, { hasMissing }) => sum + (hasMissing ? 2 : 1), 0);

/** Writes the rows of a window into x[t,b,*]. */
function fillWindow(x: Tensor, b: number, columns: readonly InputColumn[], start: number): void {
  const [T] = x.shape;
  for (let t = 0; t < T; t++) for (const [i, { values }] of columns.entries()) x.set(t, b, i, values[start + t]);
}

/** Windows as the examples of a run. */
export function windowExamples(plan: ClassifyPlan, columns: readonly InputColumn[], windows: Windows): Examples {
  const { starts, labels } = windows;
  return {
    count: windows.count,
    T: plan.window,
    inputs: columns.length,
    inputKind: 'numbers',
    classes: plan.classes.length,
    targets: 0,
    fitsMoreClasses: false,
    reads: 'last',
    continues: false,
    task: undefined,
    classNames: plan.classes,
    fill(x, indices) {
      if (indices.length < x.shape[1]) fill(x, 0);
      for (const [b, n] of indices.entries()) fillWindow(x, b, columns, starts[n]);
      return { targets: { labels: rowsFrom(x.shape[1], indices, (n) => labels[n]) }, indices };
    },
    bytes: {
      *[Symbol.iterator]() {
        yield new TextEncoder().encode(JSON.stringify(plan));
        for (const { values } of columns) yield bytesOfNumbers(values);
        yield new Uint8Array(starts.buffer);
        yield new Uint8Array(labels.buffer);
      },
    },
  };
}
