/** Windows: so many rows one after another, in one stretch of a recording. A network reads one and says its class. */
import type { Tensor } from '../core/tensor.js';
import { fill } from '../core/tensor.js';
import type { Examples } from '../data/examples.js';
import { rowsFrom } from '../data/examples.js';
import { scaled } from '../data/scale.js';
import type { ClassifyPlan } from './plan.js';
import type { Recordings, Stretch } from './recordings.js';

/** Windows of recordings. */
export interface Windows {
  readonly count: number;
  /** The place at which each begins. */
  readonly starts: Uint32Array;
  /** The class of each: the most frequent one of its rows; -1 if most rows have none. */
  readonly labels: Int32Array;
  /** The group of each; null without groups. */
  readonly groups: readonly (string | null)[];
}

/** The windows of all stretches: `window` rows, one every `stride` rows. */
export function windowsOf(
  { stretches, labels, classes }: Pick<Recordings, 'stretches' | 'labels' | 'classes'>,
  { window, stride }: Pick<ClassifyPlan, 'window' | 'stride'>,
): Windows {
  const starts: number[] = [];
  const groups: (string | null)[] = [];
  for (const { from, to, group } of stretches as readonly Stretch[]) {
    for (let start = from; start + window <= to; start += stride) {
      starts.push(start);
      groups.push(group);
    }
  }
  const counts = new Uint32Array(classes.length + 1);
  return {
    count: starts.length,
    starts: Uint32Array.from(starts),
    labels: Int32Array.from(starts, (start) => mostFrequent(labels.subarray(start, start + window), counts)),
    groups,
  };
}

/** The most frequent class; of several, the one that occurs last. No class, -1, counts as one. `counts` has room for them. */
function mostFrequent(labels: Int32Array, counts: Uint32Array): number {
  counts.fill(0);
  let most = 0;
  for (const label of labels) most = Math.max(most, ++counts[label + 1]);
  let last = labels.length - 1;
  while (counts[labels[last] + 1] < most) last--;
  return labels[last];
}

/** The windows for which `isWanted` is true. */
export function windowsWhere({ starts, labels, groups }: Windows, isWanted: (n: number) => boolean): Windows {
  const kept = Array.from(starts.keys()).filter(isWanted);
  return {
    count: kept.length,
    starts: Uint32Array.from(kept, (n) => starts[n]),
    labels: Int32Array.from(kept, (n) => labels[n]),
    groups: kept.map((n) => groups[n]),
  };
}

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
        for (const { values } of columns) yield new Uint8Array(values.buffer);
        yield new Uint8Array(starts.buffer);
        yield new Uint8Array(labels.buffer);
      },
    },
  };
}
