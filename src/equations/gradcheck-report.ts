/** The reports of a gradient check, and their text. */
import { formatShape, sizeOf } from '../core/tensor.js';
import { table } from '../core/text-table.js';

/** How one input's gradient compares with its numeric gradient. */
export interface GradientReport {
  /** The input's name in `inputs`. */
  readonly name: string;
  /** The input's shape. */
  readonly shape: readonly number[];
  /** The largest |backward - numeric| over all elements. */
  readonly largestAbsolute: number;
  /**
   * The largest over all elements and directions that are seen: |backward - numeric| / max(|backward|, |numeric|, floor). The floor is
   * visibleFrom/tolerance, and at least a thousandth of the largest numeric gradient (a tenth in f32).
   */
  readonly largestRelative: number;
  /** The element with the largest relative error. */
  readonly worst: WorstElement;
  /**
   * How many elements are unseen: both of their gradients are at most their `visibleFrom`, so the check cannot tell them from the rounding of
   * the loss.
   */
  readonly unseen: number;
  /** How many elements do not change the loss: it has the same bits at every move, and the gradient is exactly 0. */
  readonly constant: number;
  /** The smallest gradient that the check sees: of an input near 1, 2 to 256 roundings of the loss divided by δ, as they were measured. */
  readonly visibleFrom: number;
  /** largestRelative ≤ tolerance, and not every element that changes the loss is unseen. */
  readonly ok: boolean;
  /** Why the gradient is not accepted: a sentence that is true of every number. undefined if it is right, or no sentence is true. */
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

/** Whether a gradient is not accepted because the check sees none of its numbers. */
export const isTooSmall = ({
  unseen,
  constant,
  shape,
}: Pick<GradientReport, 'unseen' | 'constant' | 'shape'>): boolean => unseen > 0 && unseen + constant === sizeOf(shape);

const digits = (value: number): string => String(Number(value.toPrecision(2)));

/** Why a tensor that `isTooSmall` is not accepted, and what to do. */
export function tooSmallCause({ name, worst, visibleFrom }: Omit<GradientReport, 'cause'>, precision: string): string {
  const { backward, numeric } = worst;
  const more = `a larger step, other inputs, or a loss in which ${name} counts for more`;
  return (
    `The gradient of ${name} is too small to check: its largest numbers are backward ${digits(backward)} and numeric ${digits(numeric)}, and the ` +
    `check sees gradients above ${digits(visibleFrom)}, because smaller ones are within the rounding of the loss in ${precision}. ` +
    `Take ${precision === 'f32' ? 'f64, ' : ''}${more}.`
  );
}

/** A table with a row for each input, and below it the causes of gradients that are not accepted. */
export function gradientText(reports: readonly GradientReport[], tolerance: number, precision = 'f64'): string {
  const head = ['tensor', 'shape', 'largest absolute', 'largest relative', 'verdict'];
  const rows = reports.map((report) => [
    report.name,
    formatShape(report.shape),
    report.largestAbsolute.toExponential(2),
    report.largestRelative.toExponential(2),
    verdictOf(report),
  ]);
  const causes = new Set(reports.flatMap(({ cause }) => (cause === undefined ? [] : [`\n${cause}`])));
  const note = `(numeric gradients in ${precision}; ok: relative error ≤ ${tolerance})`;
  return `${table([head, ...rows])}\n${note}${[...causes].join('')}`;
}

function verdictOf(report: GradientReport): string {
  const { shape, ok, worst, unseen, constant, visibleFrom } = report;
  const size = sizeOf(shape);
  if (ok && constant === size) return 'ok: the loss does not change with it';
  if (ok) return unseen === 0 ? 'ok' : `ok, but ${unseen} of ${size} unseen: below ${digits(visibleFrom)}`;
  const of = `element ${worst.element}: backward ${worst.backward}, numeric ${worst.numeric}`;
  return isTooSmall(report) ? `TOO SMALL to check: ${of}` : `WRONG: ${of}`;
}
