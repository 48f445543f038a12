/**
 * Checks a backward pass: compares its gradients with numeric gradients of the loss.
 *
 * The numeric gradient of the loss L with respect to an element p is the five-point central difference
 *
 *   (7) ∂L/∂p ≈ [8·(L(p+δ) - L(p-δ)) - (L(p+2δ) - L(p-2δ))] / 12δ,   with an error of δ⁴·L⁽⁵⁾/30
 *
 * At δ = 1e-3 in f64, this error and that of rounding L (about 1e-16/δ) are both near 1e-13: a correct gradient agrees
 * to many digits. The check compares the gradient of each element. Errors of single elements can be too small to see. So it
 * also compares the inner product ⟨gradient, u⟩ with the numeric derivative along a random direction u. A function with many outputs y
 * has the loss ⟨r, y⟩, with a random r.
 *
 * If a gradient is wrong, the check looks for the cause: src/causes says what is true of every number.
 *
 * The check cannot find two kinds of mistake. A mistake in a term that is multiplied by zero, such as a zero h0, changes no
 * gradient: use random inputs. A wrong forward pass is accepted if the backward pass fits it: compare its outputs with
 * other programs, as test/network/pytorch.test.ts and test/training/tensorflow.test.ts do.
 */
import type { TypeName } from '../core/arguments.js';
import { assertChoice, assertKinds, assertWhole } from '../core/arguments.js';
import { LARGEST_WHOLE } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, indexOf, valuesOf } from '../core/tensor.js';
import type { Measured, MeasuredLine } from './gradcheck-causes.js';
import {
  type CheckedLoss,
  type GradientCheck,
  asTensor,
  assertInputs,
  checkedLossOf,
  gradientFor,
  isSingle,
} from './gradcheck-problem.js';
import { type GradientReport, gradientText } from './gradcheck-report.js';

/** How exact a check is: the step δ, what passes, and half the distance from 1 to the next number. */
interface Precision {
  readonly step: number;
  readonly tolerance: number;
  /** The denominator of a relative error is at least this share of the tensor's largest gradient element. */
  readonly relativeFloor: number;
  /** The denominator is also at least this: differences of `tolerance` times it are noise. */
  readonly absoluteFloor: number;
  readonly rounding: number;
}

const F64: Precision = { step: 1e-3, tolerance: 1e-7, relativeFloor: 1e-3, absoluteFloor: 1e-5, rounding: 2 ** -53 };
/** The loss in f64, and the gradients in f32. */
const F32_GRADIENTS: Precision = { ...F64, tolerance: 1e-4, relativeFloor: 0.1, absoluteFloor: 1e-3 };
/** δ⁴ and 6e-8/δ are both near 1e-6 at this step. */
const F32: Precision = { step: 2 ** -5, tolerance: 1e-2, relativeFloor: 0.1, absoluteFloor: 1e-2, rounding: 2 ** -24 };

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
 * place, or a loss that is no number; a RangeError if there are no inputs, if a gradient is missing or has another shape, and for a step or
 * tolerance that is not above 0 or not finite.
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
    measured.push(await measure(name, asTensor(input), backward[index], checked.loss, exact, directions, random));
  const reports = await reportsOf(measured, checked, exact, precision);
  if (options.report === 'text') console.log(gradientText(reports, tolerance, precision));
  return reports;
}

/** (7) for every element, and along random directions. */
async function measure(
  name: string,
  input: Tensor,
  gradient: Float64Array,
  loss: CheckedLoss['loss'],
  { step, tolerance, relativeFloor, absoluteFloor }: Precision,
  directions: number,
  random: Random,
): Promise<Measured> {
  const values = flatten(input);
  const lineOf = async (move: Move, words: string, backward: number, floor: number): Promise<MeasuredLine> => {
    const numericAt = (delta: number): Promise<number> => centralDifference(loss, move, delta);
    const numeric = await numericAt(step);
    const lossAt = (delta: number): Promise<number> => lossAfter(loss, move, delta).finally(() => move(0));
    const scale = Math.max(Math.abs(backward), Math.abs(numeric), floor);
    const relative = Math.abs(backward - numeric) / scale;
    return { words, lossAt, numericAt, backward, numeric, tolerance: tolerance * scale, relative };
  };
  const scale = gradient.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  const floor = Math.max(absoluteFloor, relativeFloor * scale);
  const moves = Array.from(gradient, (_, n): Move => {
    const before = values.get(n);
    return (delta) => void values.set(n, delta === 0 ? before : before + delta);
  });
  const elements: MeasuredLine[] = [];
  for (const [n, move] of moves.entries())
    elements.push(await lineOf(move, `${name}[${indexOf(n, input.shape).join(', ')}]`, gradient[n], floor));
  const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value ** 2, 0));
  const along: MeasuredLine[] = [];
  for (let n = 0; n < directions; n++) {
    const { move, product } = directionOf(values, gradient, random);
    const words = `${name} along a random direction`;
    along.push(await lineOf(move, words, product, Math.max(absoluteFloor, relativeFloor * norm)));
  }
  return {
    ...{ name, input, shape: input.shape, elements, along },
    expected: elements.map(({ numeric }) => numeric),
    found: [...gradient],
    tolerance: (expected) => tolerance * Math.max(Math.abs(expected), floor),
    isRight: elements.every(({ relative }) => relative <= tolerance),
    gradientOf: async (part) => {
      const own: number[] = [];
      for (const move of moves) own.push(await centralDifference(part, move, step));
      return own;
    },
  };
}

/** Moves the inputs by δ from their values; by 0 it restores them. */
type Move = (delta: number) => void;

/** A random unit vector u, and ⟨gradient, u⟩. */
function directionOf(values: Tensor, gradient: Float64Array, random: Random): { move: Move; product: number } {
  const before = valuesOf(values);
  const u = Float64Array.from(before, () => random.normal(0, 1));
  const length = Math.sqrt(u.reduce((sum, value) => sum + value * value, 0));
  const product = gradient.reduce((sum, value, n) => sum + (value * u[n]) / length, 0);
  const move = (delta: number): void => {
    for (let n = 0; n < u.length; n++) values.set(n, delta === 0 ? before[n] : before[n] + (delta * u[n]) / length);
  };
  return { move, product };
}

async function lossAfter(loss: CheckedLoss['loss'], move: Move, delta: number): Promise<number> {
  move(delta);
  return loss();
}

/** (7): the derivative of the loss at δ = 0. The inputs are restored, also after an error. */
async function centralDifference(loss: CheckedLoss['loss'], move: Move, step: number): Promise<number> {
  try {
    const losses: number[] = [];
    for (const delta of [step, -step, 2 * step, -2 * step]) {
      move(delta);
      const found = loss();
      losses.push(typeof found === 'number' ? found : await found); // an await takes longer than a small loss
    }
    const [near, far] = [losses[0] - losses[1], losses[2] - losses[3]];
    return (8 * near - far) / (12 * step);
  } finally {
    move(0);
  }
}

async function reportsOf(
  measured: readonly Measured[],
  checked: CheckedLoss,
  { tolerance, step, rounding }: Precision,
  precision: string,
): Promise<GradientReport[]> {
  const reports = measured.map(({ name, shape, elements, along }) => {
    const errors = worstOf(elements);
    const largestRelative = along.reduce((most, { relative }) => largest(most, relative), errors.largestRelative);
    return { ...errors, name, shape, largestRelative, ok: largestRelative <= tolerance };
  });
  if (reports.every(({ ok }) => ok)) return reports.map((report) => ({ ...report, cause: undefined }));
  const measuring = { step, rounding, precision, size: checked.size };
  const { gradientCauses } = await import('./gradcheck-causes.js'); // a page that checks right gradients does not load it
  const causes = await gradientCauses(measured, checked, tolerance, measuring);
  return reports.map((report) => ({ ...report, cause: causes.get(report.name) }));
}

/** The largest errors, and the element with the largest relative one. */
function worstOf(elements: readonly MeasuredLine[]) {
  let [largestAbsolute, largestRelative, element] = [0, 0, 0];
  for (const [n, { backward, numeric, relative }] of elements.entries()) {
    largestAbsolute = largest(largestAbsolute, Math.abs(backward - numeric));
    if (largest(0, relative) > largestRelative) [largestRelative, element] = [largest(0, relative), n];
  }
  const { backward, numeric } = elements[element];
  return { largestAbsolute, largestRelative, worst: { element, backward, numeric } };
}

/** Math.max, but NaN counts as infinite: it never passes. */
const largest = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.max(a, b));
