/** The reports of a gradient check, and their text. */
import { formatShape } from '../core/tensor.js';
import { table } from '../core/text-table.js';

/** How one input's gradient compares with its numeric gradient. */
export interface GradientReport {
  /** The input's name in `inputs`. */
  readonly name: string;
  /** The input's shape. */
  readonly shape: readonly number[];
  /** The largest |backward - numeric| over all elements. */
  readonly largestAbsolute: number;
  /** The largest over all elements and directions: |backward - numeric| / max(|backward|, |numeric|, floor). */
  readonly largestRelative: number;
  /** The element with the largest relative error. */
  readonly worst: WorstElement;
  /** largestRelative ≤ tolerance. */
  readonly ok: boolean;
  /** Why the gradient is wrong: a sentence that is true of every number. undefined if it is right, or no sentence is true. */
  readonly cause: string | undefined;
}

/** One element of an input, and its two gradients. */
export interface WorstElement {
  /** Its index, counted in row order. */
  readonly element: number;
  /** Its gradient by the backward pass. */
  readonly backward: number;
  /** Its gradient by (7). */
  readonly numeric: number;
}

/** A table with a row for each input, and below it the causes of wrong gradients. */
export function gradientText(reports: readonly GradientReport[], tolerance: number, precision = 'f64'): string {
  const head = ['tensor', 'shape', 'largest absolute', 'largest relative', 'verdict'];
  const rows = reports.map(({ name, shape, largestAbsolute, largestRelative, ok, worst }) => [
    name,
    formatShape(shape),
    largestAbsolute.toExponential(2),
    largestRelative.toExponential(2),
    ok ? 'ok' : `WRONG: element ${worst.element}: backward ${worst.backward}, numeric ${worst.numeric}`,
  ]);
  const causes = new Set(reports.flatMap(({ cause }) => (cause === undefined ? [] : [`\n${cause}`])));
  const note = `(numeric gradients in ${precision}; ok: relative error ≤ ${tolerance})`;
  return `${table([head, ...rows])}\n${note}${[...causes].join('')}`;
}
