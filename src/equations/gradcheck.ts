/**
 * Checks a backward pass: compares its gradients with numeric gradients of the loss.
 *
 * gradcheck-measure.ts has (7), the numeric gradient. The check compares the gradient of each element. Errors of single elements can be too
 * small to see. So it also compares the inner product ⟨gradient, u⟩ with the numeric derivative along a random direction u. A function with
 * many outputs y has the loss ⟨r, y⟩, with a random r.
 *
 * If a gradient is wrong, the check looks for the cause: src/causes says what is true of every number. A gradient that cannot be told from the
 * rounding of the loss is *unseen*, and a tensor with no other gradients is not accepted.
 *
 * The check cannot find two kinds of mistake. A mistake in a term that is multiplied by zero, such as a zero h0, changes no
 * gradient: use random inputs. A wrong forward pass is accepted if the backward pass fits it: compare its outputs with
 * other programs, as test/network/pytorch.test.ts and test/training/tensorflow.test.ts do.
 */
import type { TypeName } from '../core/arguments.js';
import { assertChoice, assertKinds, assertWhole } from '../core/arguments.js';
import { LARGEST_WHOLE } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import type { Measuring } from '../causes/measured.js';
import type { Measured, MeasuredLine } from './gradcheck-causes.js';
import { F32, F32_GRADIENTS, F64, measure } from './gradcheck-measure.js';
import {
  type CheckedLoss,
  type GradientCheck,
  asTensor,
  assertInputs,
  checkedLossOf,
  gradientFor,
  isSingle,
} from './gradcheck-problem.js';
import { type GradientReport, gradientText, isTooSmall, tooSmallCause } from './gradcheck-report.js';

const CHECK = {
  inputs: 'object',
  loss: 'function',
  outputs: 'function',
  gradients: 'function',
  precision: 'string',
  step: 'number',
  tolerance: 'number',
  directions: 'number',
  seed: 'number',
} as const satisfies Record<keyof GradientCheck, TypeName>;

/** What `checkGradients` does beside returning reports. */
export interface GradientReporting {
  /** `text`: prints a table of the reports, and the causes of wrong gradients, with `console.log`. Default: nothing is printed. */
  readonly report?: 'text';
}

/**
 * Checks the gradient of every input; returns one report per input. If `loss` throws, the inputs are restored and the error
 * is passed on. Throws a TypeError for an unknown option, an option of another type, an input that cannot be changed in
 * place, or a loss that is no number; a RangeError if there are no inputs, if a gradient is missing or has another shape, for a step or
 * tolerance that is not above 0 or not finite, and for an input that is infinite or next to it.
 */
export async function checkGradients(check: GradientCheck, options: GradientReporting = {}): Promise<GradientReport[]> {
  assertKinds('gradcheck', check, CHECK);
  assertKinds('gradcheck', options, { report: 'string' });
  if (options.report !== undefined) assertChoice('gradcheck: report', options.report, ['text']);
  const { inputs, gradients, precision = 'f64', directions = 3, seed = 1 } = check;
  assertChoice('gradcheck: precision', precision, ['f64', 'f32']);
  assertInputs(inputs, precision);
  assertWhole('gradcheck: seed', seed, 0, LARGEST_WHOLE);
  assertWhole('gradcheck: directions', directions, 0);
  for (const name of ['step', 'tolerance'] as const) {
    const value = check[name] ?? 1;
    if (!(value > 0 && value < Infinity))
      throw new RangeError(`gradcheck: ${name} ${value}: must be a finite number above 0`);
  }
  const random = new Random(seed);
  const checked = await checkedLossOf(check, precision, random);
  const given = await gradients(checked.projection.slice());
  // copies, because `loss` may overwrite the gradients
  const backward = Object.entries(inputs).map(([name, input]) => gradientFor(name, input, given));
  const areSingle = Object.keys(inputs).some((name) => isSingle(given[name]));
  const rule = precision === 'f32' ? F32 : areSingle ? F32_GRADIENTS : F64;
  const { step = rule.step, tolerance = rule.tolerance } = check;
  const exact = { ...rule, step, tolerance };

  const measured: Measured[] = [];
  for (const [index, [name, input]] of Object.entries(inputs).entries())
    measured.push(await measure(name, asTensor(input), backward[index], checked, exact, directions, random));
  const reports = await reportsOf(measured, checked, tolerance, { ...exact, precision, size: checked.size });
  if (options.report === 'text') console.log(gradientText(reports, tolerance, precision));
  return reports;
}

async function reportsOf(
  measured: readonly Measured[],
  checked: CheckedLoss,
  tolerance: number,
  measuring: Measuring,
): Promise<GradientReport[]> {
  const reports = measured.map(({ name, shape, elements, along, visibleFrom }) => {
    const errors = worstOf(elements);
    const largestRelative = along.reduce((most, { relative }) => largest(most, relative), errors.largestRelative);
    const unseen = elements.filter(({ isUnseen }) => isUnseen).length;
    const constant = elements.filter(({ isConstant }) => isConstant).length;
    const ok = largestRelative <= tolerance && (unseen === 0 || unseen + constant < elements.length);
    return { ...errors, name, shape, largestRelative, unseen, constant, visibleFrom, ok, cause: undefined };
  });
  if (reports.every(({ ok }) => ok)) return reports;
  const { gradientCauses } = await import('./gradcheck-causes.js'); // a page that checks right gradients does not load it
  const small = new Set(reports.filter(isTooSmall).map(({ name }) => name));
  const visible = measured.map((one) => (small.has(one.name) ? { ...one, isRight: true } : one));
  const causes = await gradientCauses(visible, checked, tolerance, measuring);
  return reports.map((report) => ({
    ...report,
    cause: small.has(report.name) ? tooSmallCause(report, measuring.precision) : causes.get(report.name),
  }));
}

/** The largest errors, and the element with the largest relative one; if all are 0, the one with the largest gradient. */
function worstOf(elements: readonly MeasuredLine[]) {
  let [largestAbsolute, largestRelative, element] = [0, 0, 0];
  const sizeOf = ({ backward, numeric }: MeasuredLine): number => Math.max(Math.abs(backward), Math.abs(numeric));
  for (const [n, one] of elements.entries()) {
    largestAbsolute = largest(largestAbsolute, Math.abs(one.backward - one.numeric));
    const relative = largest(0, one.relative);
    const isWorse =
      relative === largestRelative
        ? relative === 0 && sizeOf(one) > sizeOf(elements[element])
        : relative > largestRelative;
    if (isWorse) [largestRelative, element] = [relative, n];
  }
  const { backward, numeric } = elements[element];
  return { largestAbsolute, largestRelative, worst: { element, backward, numeric } };
}

/** Math.max, but NaN counts as infinite: it never passes. */
const largest = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.max(a, b));
