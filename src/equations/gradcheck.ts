/**
 * Checks a backward pass: compares its gradients with numeric gradients of the loss.
 *
 * The numeric gradient of the loss L with respect to an element p is the five-point central difference
 *
 *   (7) ∂L/∂p ≈ [8·(L(p+δ) - L(p-δ)) - (L(p+2δ) - L(p-2δ))] / 12δ,   with an error of δ⁴·L⁽⁵⁾/30
 *
 * At δ = 1e-3 in f64, this error and that of rounding L (about 1e-16/δ) are both near 1e-13: a correct gradient agrees
 * to many digits. The check compares the gradient of each element. Errors of single elements can be too small to see. So it
 * also compares the inner product ⟨gradient, u⟩ with the numeric derivative along a random direction u.
 *
 * The check cannot find two kinds of mistake. A mistake in a term that is multiplied by zero, such as a zero h0, changes no
 * gradient: use random inputs. A wrong forward pass is accepted if the backward pass fits it: compare its outputs with
 * other programs, as test/network/pytorch.test.ts and test/training/tensorflow.test.ts do.
 */
import type { TypeName } from '../core/arguments.js';
import { assertKinds, assertObject, assertWhole, describe } from '../core/arguments.js';
import { LARGEST_WHOLE } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { assertDense, assertShape, flatten, formatShape, sizeOf, tensorFrom, valuesOf } from '../core/tensor.js';

const STEP = 1e-3;

/** The denominator of a relative error is at least this share of the tensor's largest gradient element. */
const RELATIVE_FLOOR = 1e-3;

/** The denominator is also at least this. So at tolerance 1e-7, differences up to 1e-12 pass: they are noise in f64. */
const ABSOLUTE_FLOOR = 1e-5;

/** A loss and its backward pass, and how `checkGradients` compares them. */
export interface GradientCheck {
  /** What the loss depends on, `[…]` of any shape, in f64. The check changes elements in place and restores them. */
  readonly inputs: Readonly<Record<string, Float64Array | Tensor>>;
  /** The loss at the present values of the inputs. */
  readonly loss: () => number | Promise<number>;
  /** The backward pass: ∂loss/∂input for every input, `[…]` in its shape, at the present values of the inputs. */
  readonly gradients: () => GradientsOf | Promise<GradientsOf>;
  /** The largest relative error that passes. Default: 1e-7. */
  readonly tolerance?: number;
  /** Random directions per tensor. Default: 3. */
  readonly directions?: number;
  /** Seed of the random directions. Default: 1. */
  readonly seed?: number;
}

/** Gradients by the names of their inputs, each `[…]` in the shape of its input. */
export type GradientsOf = Readonly<Record<string, readonly number[] | Float64Array | Tensor>>;

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

const CHECK = {
  inputs: 'object',
  loss: 'function',
  gradients: 'function',
  tolerance: 'number',
  directions: 'number',
  seed: 'number',
} as const satisfies Record<keyof GradientCheck, TypeName>;

/**
 * Checks the gradient of every input; returns one report per input. If `loss` throws, the inputs are restored and the error
 * is passed on. Throws a TypeError for an unknown option, an option of another type, and an input that cannot be changed
 * in place; a RangeError if there are no inputs, or if a gradient is missing or has another shape.
 */
export async function checkGradients(check: GradientCheck): Promise<GradientReport[]> {
  assertKinds('gradcheck', check, CHECK);
  const { inputs, loss, gradients, tolerance = 1e-7, directions = 3, seed = 1 } = check;
  assertInputs(inputs);
  assertWhole('gradcheck: seed', seed, 0, LARGEST_WHOLE);
  const random = new Random(seed);
  const given = await gradients();
  // copies, because `loss` may overwrite the gradients
  const backward = Object.entries(inputs).map(([name, input]) => gradientFor(name, input, given));

  const reports: GradientReport[] = [];
  for (const [index, [name, input]] of Object.entries(inputs).entries()) {
    const gradient = backward[index];
    const values = flatten(asTensor(input));
    const numeric = await elementGradients(values, loss);
    const errors = compareElements(gradient, numeric);
    let { largestRelative } = errors;
    for (let n = 0; n < directions; n++) {
      largestRelative = largest(largestRelative, await directionError(values, gradient, loss, random));
    }
    const ok = largestRelative <= tolerance;
    reports.push({ ...errors, name, shape: asTensor(input).shape, largestRelative, ok });
  }
  return reports;
}

/** The check changes inputs in place. A plain array would be copied, and every numeric gradient would be 0. */
function assertInputs(inputs: GradientCheck['inputs']): void {
  assertObject('gradcheck: inputs', inputs);
  const entries = Object.entries(inputs);
  if (entries.length === 0) throw new RangeError('gradcheck: inputs is empty: give at least one');
  for (const [name, input] of entries) {
    const what = `gradcheck: input ${name}`;
    assertObject(what, input);
    const values = 'shape' in input ? input.data : input;
    if (!((values as unknown) instanceof Float64Array)) {
      throw new TypeError(`${what} is ${describe(values)}: must be a Float64Array, or a tensor of dtype f64`);
    }
    assertDense(what, asTensor(input));
  }
}

function gradientFor(name: string, input: Float64Array | Tensor, gradients: GradientsOf): Float64Array {
  assertObject('gradcheck: gradients', gradients);
  if (!Object.hasOwn(gradients, name)) throw new RangeError(`gradcheck: no gradient for ${name}`);
  const gradient = gradients[name];
  assertObject(`gradcheck: gradient of ${name}`, gradient);
  const { shape } = asTensor(input);
  const found = asTensor(gradient);
  if ('shape' in gradient) assertShape('gradcheck', `gradient of ${name}`, found, shape);
  if (found.size !== sizeOf(shape)) {
    throw new RangeError(
      `gradcheck: ${name} ${formatShape(shape)} has ${sizeOf(shape)} elements, its gradient ${found.size}`,
    );
  }
  return valuesOf(found);
}

/** (7) for every element. */
async function elementGradients(values: Tensor, loss: GradientCheck['loss']): Promise<Float64Array> {
  const gradients = new Float64Array(values.size);
  for (let n = 0; n < values.size; n++) {
    const before = values.get(n);
    const move = (delta: number) => values.set(n, before + delta);
    gradients[n] = await centralDifference(loss, move, () => values.set(n, before));
  }
  return gradients;
}

/** The relative error of ⟨gradient, u⟩ against (7) along a random unit vector u. */
async function directionError(
  values: Tensor,
  gradient: Float64Array,
  loss: GradientCheck['loss'],
  random: Random,
): Promise<number> {
  const before = valuesOf(values);
  const u = Float64Array.from(before, () => random.normal(0, 1));
  const length = Math.sqrt(u.reduce((sum, value) => sum + value * value, 0));
  const setAll = (value: (n: number) => number): void => {
    for (let n = 0; n < u.length; n++) values.set(n, value(n));
  };
  const numeric = await centralDifference(
    loss,
    (delta) => setAll((n) => before[n] + (delta * u[n]) / length),
    () => setAll((n) => before[n]),
  );
  let product = 0;
  let squares = 0;
  for (let n = 0; n < u.length; n++) {
    product += (gradient[n] * u[n]) / length;
    squares += gradient[n] ** 2;
  }
  return relativeError(product, numeric, Math.max(ABSOLUTE_FLOOR, RELATIVE_FLOOR * Math.sqrt(squares)));
}

/** (7): the derivative of the loss at δ = 0. `move` changes the inputs by δ; `restore` undoes it, also after an error. */
async function centralDifference(
  loss: GradientCheck['loss'],
  move: (delta: number) => void,
  restore: () => void,
): Promise<number> {
  try {
    const losses: number[] = [];
    for (const delta of [STEP, -STEP, 2 * STEP, -2 * STEP]) {
      move(delta);
      const found = loss();
      losses.push(typeof found === 'number' ? found : await found); // an await takes longer than a small loss
    }
    const [near, far] = [losses[0] - losses[1], losses[2] - losses[3]];
    return (8 * near - far) / (12 * STEP);
  } finally {
    restore();
  }
}

function compareElements(gradient: Float64Array, numeric: Float64Array) {
  const scale = gradient.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  const floor = Math.max(ABSOLUTE_FLOOR, RELATIVE_FLOOR * scale);
  let largestAbsolute = 0;
  let largestRelative = 0;
  let element = 0;
  for (let n = 0; n < gradient.length; n++) {
    const relative = largest(0, relativeError(gradient[n], numeric[n], floor));
    largestAbsolute = largest(largestAbsolute, Math.abs(gradient[n] - numeric[n]));
    if (relative > largestRelative) {
      largestRelative = relative;
      element = n;
    }
  }
  const worst = { element, backward: gradient[element], numeric: numeric[element] };
  return { largestAbsolute, largestRelative, worst };
}

function relativeError(backward: number, numeric: number, floor: number): number {
  return Math.abs(backward - numeric) / Math.max(Math.abs(backward), Math.abs(numeric), floor);
}

/** Math.max, but NaN counts as infinite: it never passes. */
function largest(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.max(a, b);
}

function asTensor(values: readonly number[] | Float64Array | Tensor): Tensor {
  return 'shape' in values ? values : tensorFrom(values, [values.length], 'f64');
}
