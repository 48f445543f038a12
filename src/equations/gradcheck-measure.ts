/**
 * Numeric gradients of a loss L, and how far rounding can put them off.
 *
 * The derivative of L with respect to an element p is the five-point central difference
 *
 *   (7) ∂L/∂p ≈ [8·(L(p+δ) - L(p-δ)) - (L(p+2δ) - L(p-2δ))] / 12δ,   with an error of δ⁴·L⁽⁵⁾/30
 *
 * At δ = 1e-3 in f64, this error and that of rounding L (about 1e-16/δ) are both near 1e-13: a correct gradient agrees
 * to many digits.
 *
 * p + δ is rounded too. So δ is at least `spacings` times the distance from p to the next number, and 12δ is computed from the
 * numbers to which p was really set.
 */
import { Random } from '../core/rng.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, indexOf, valuesOf } from '../core/tensor.js';
import type { Measured, MeasuredLine } from './gradcheck-causes.js';
import type { CheckedLoss } from './gradcheck-problem.js';

/** How exact a check is. */
export interface Precision {
  /** δ, unless the input is so large that its spacing demands a larger one. */
  readonly step: number;
  readonly spacings: number;
  /** The largest relative error that passes. */
  readonly tolerance: number;
  /** The denominator of a relative error is at least this share of the tensor's largest numeric gradient. */
  readonly relativeFloor: number;
  /** Half the distance from 1 to the next number, in the precision of the inputs and the loss. */
  readonly rounding: number;
  /** By which share of the loss a gradient that is held in f32 can be off; 0 for a gradient in f64. */
  readonly gradientRounding: number;
}

export const F64: Precision = {
  step: 1e-3,
  spacings: 1024,
  tolerance: 1e-7,
  relativeFloor: 1e-3,
  rounding: 2 ** -53,
  gradientRounding: 0,
};
/** The loss in f64, and the gradients in f32. */
export const F32_GRADIENTS: Precision = { ...F64, tolerance: 1e-4, relativeFloor: 0.1, gradientRounding: 2 ** -22 };
/** δ⁴ and 6e-8/δ are both near 1e-6 at this step. */
export const F32: Precision = {
  ...F64,
  step: 2 ** -5,
  spacings: 32,
  tolerance: 1e-2,
  relativeFloor: 0.1,
  rounding: 2 ** -24,
};

/** The moves of (7), in units of δ, and what becomes of four numbers after them. */
const MOVES = [1, -1, 2, -2];
const fivePoint = ([right, left, farRight, farLeft]: readonly number[]): number =>
  8 * (right - left) - (farRight - farLeft);

/** How one element of an input moves, or all of them along a direction. */
interface Move {
  readonly words: string;
  readonly step: number;
  /** A shorter move is mostly rounding. */
  readonly shortest: number;
  /** Moves the input by δ from its values; by 0 it restores them. */
  readonly to: (delta: number) => void;
  /** 12δ of (7), computed from the numbers to which the input is really set. */
  readonly width: (step: number) => number;
  /** The derivative along the same moves by the backward pass. */
  readonly backward: (step: number) => number;
}

type Loss = CheckedLoss['loss'];

/** The numeric gradient of an input: of every element, and along random directions. */
export async function measure(
  name: string,
  input: Tensor,
  gradient: Float64Array,
  { loss, size }: CheckedLoss,
  precision: Precision,
  directions: number,
  random: Random,
): Promise<Measured> {
  const { tolerance, relativeFloor, gradientRounding } = precision;
  const values = flatten(input);
  const wordsOf = (n: number): string => `${name}[${indexOf(n, input.shape).join(', ')}]`;
  const steps = valuesOf(values).map((value, n) => stepFor(wordsOf(n), value, precision));
  const moves = Array.from(gradient, (of, n) => elementMove(wordsOf(n), values, n, of, steps[n], precision));
  const [elements, along]: [Derivative[], Derivative[]] = [[], []];
  for (const move of moves) elements.push(await derivative(loss, move));
  for (let n = 0; n < directions; n++) {
    const move = directionMove(`${name} along a random direction`, values, gradient, steps, random, precision);
    along.push(await derivative(loss, move));
  }

  const largestLoss = Math.max(await size(), largestFinite([...elements, ...along].flatMap(({ losses }) => losses)));
  const noise = await lossNoise(loss, largestLoss, values, steps, precision);
  const noiseAt = (step: number): number => Math.max(noise / step, gradientRounding * largestLoss);
  const numeric = elements.map((one) => one.numeric);
  const line = (one: Derivative, scale: number): MeasuredLine => {
    const visibleFrom = noiseAt(one.step);
    const size = Math.max(Math.abs(one.backward), Math.abs(one.numeric));
    const floor = Math.max(visibleFrom / tolerance, relativeFloor * scale);
    const isUnseen = size <= visibleFrom && !one.isConstant;
    const relative = size <= visibleFrom ? 0 : Math.abs(one.backward - one.numeric) / Math.max(size, floor);
    return { ...one, visibleFrom, isUnseen, relative, tolerance: tolerance * Math.max(size, floor) };
  };
  const largest = largestFinite(numeric);
  const length = Math.sqrt(numeric.reduce((sum, value) => sum + (Number.isFinite(value) ? value * value : 0), 0));
  const lines = elements.map((one) => line(one, largest));
  const visibleFrom = lines.reduce((most, one) => Math.max(most, one.visibleFrom), 0);
  return {
    ...{ name, input, shape: input.shape, elements: lines, along: along.map((one) => line(one, length)) },
    ...{ expected: numeric, found: [...gradient], visibleFrom },
    tolerance: (expected) => tolerance * Math.max(Math.abs(expected), visibleFrom / tolerance, relativeFloor * largest),
    isRight: lines.every(({ relative }) => relative <= tolerance),
    gradientOf: async (part) => {
      const own: number[] = [];
      for (const move of moves) own.push((await derivative(part, move)).numeric);
      return own;
    },
  };
}

/** What is known of a line before the noise is. */
type Derivative = Omit<MeasuredLine, 'tolerance' | 'relative' | 'visibleFrom' | 'isUnseen'> & {
  readonly losses: readonly number[];
};

/** (7) along one move. */
async function derivative(loss: Loss, move: Move): Promise<Derivative> {
  const { words, step, shortest, to } = move;
  const backward = move.backward(step);
  const losses = await lossesAt(loss, to, MOVES, step);
  return {
    ...{ words, step, shortest, losses, backward },
    numeric: fivePoint(losses) / move.width(step),
    isConstant: backward === 0 && losses.every((one) => one === losses[0]),
    lossAt: async (delta) => (await lossesAt(loss, to, [1], delta))[0],
    numericAt: async (other) =>
      fivePoint(await lossesAt(loss, to, MOVES, other)) / move.width(other) + (backward - move.backward(other)),
  };
}

/** The losses after moves by `multiples` of δ. The inputs are restored, also after an error. */
async function lossesAt(
  loss: Loss,
  to: Move['to'],
  multiples: readonly number[],
  delta: number,
): Promise<readonly number[]> {
  try {
    const losses: number[] = [];
    for (const times of multiples) {
      to(times * delta);
      const found = loss();
      losses.push(typeof found === 'number' ? found : await found); // an await takes longer than a small loss
    }
    return losses;
  } finally {
    to(0);
  }
}

/** To a number that an input of this precision can hold. */
const rounderOf = ({ rounding }: Precision): ((value: number) => number) =>
  rounding === F32.rounding ? Math.fround : (value) => value;

/** The distance between the numbers near `value`, and near what it becomes when it moves. */
const spacingAt = (value: number, { step, rounding }: Precision): number =>
  2 * rounding * 2 ** Math.floor(Math.log2(Math.max(Math.abs(value), 2 * step)));

/** δ of an input; NaN counts as 0. Throws a RangeError for an input that cannot be moved by 2δ. */
function stepFor(words: string, value: number, precision: Precision): number {
  if (Number.isNaN(value)) return precision.step; // of a network, beyond the end of a sequence: nothing reads it
  const step = Math.max(precision.step, precision.spacings * spacingAt(value, precision));
  if (!Number.isFinite(rounderOf(precision)(Math.abs(value) + 2 * step)))
    throw new RangeError(
      `gradcheck: input ${words} is ${value}: no step from there stays finite; give inputs nearer to 0`,
    );
  return step;
}

function elementMove(
  words: string,
  values: Tensor,
  n: number,
  gradient: number,
  step: number,
  precision: Precision,
): Move {
  const before = values.get(n);
  const rounded = rounderOf(precision);
  const at = (delta: number): number => rounded(before + delta);
  return {
    ...{ words, step, shortest: spacingAt(before, precision), backward: () => gradient },
    to: (delta) => void values.set(n, delta === 0 ? before : at(delta)),
    width: (of) => (Number.isNaN(before) ? 12 * of : fivePoint(MOVES.map((times) => at(times * of)))),
  };
}

/** Along a random unit vector u. An element with a larger δ moves by as many times more. */
function directionMove(
  words: string,
  values: Tensor,
  gradient: Float64Array,
  steps: Float64Array,
  random: Random,
  precision: Precision,
): Move {
  const { step } = precision;
  const before = valuesOf(values);
  const rounded = rounderOf(precision);
  const normals = Float64Array.from(before, () => random.normal(0, 1));
  const length = Math.sqrt(normals.reduce((sum, value) => sum + value * value, 0));
  const u = normals.map((value, n) => (value / length) * (steps[n] / step));
  const at = (n: number, delta: number): number => rounded(before[n] + delta * u[n]);
  const shares = before.map((value, n) => (Number.isNaN(value) ? 0 : spacingAt(value, precision) / steps[n]));
  const backwardOf = (n: number, of: number): number =>
    gradient[n] * (Number.isNaN(before[n]) ? u[n] : fivePoint(MOVES.map((times) => at(n, times * of))) / (12 * of));
  return {
    ...{ words, step, shortest: 4 * Math.sqrt(u.length) * step * largestFinite(shares) },
    to: (delta) => {
      for (let n = 0; n < u.length; n++) values.set(n, delta === 0 ? before[n] : at(n, delta));
    },
    width: (of) => 12 * of,
    backward: (of) => u.reduce((sum, _, n) => sum + backwardOf(n, of), 0),
  };
}

/** The points at which the noise of the loss is measured, in units of a short move. */
const POINTS = Array.from({ length: 13 }, (_, n) => n - 6);

/**
 * How far a difference of losses in (7) can be off because the loss is rounded. A smooth loss has fourth differences of
 * nearly 0 at points that are close together, so those that are found are rounding: the standard deviation of one is 8.4 times
 * that of a loss, σ, and the median of their absolute values is 5.6σ. A kink changes only some of them, hence the median. (7)
 * is off by about 1σ/δ, and 8σ/δ is far beyond. The noise counts as at least 2 and at most 256 roundings of `largest`, |L|: less
 * would be chance, and more is no rounding, but a loss that computes in less than its precision.
 */
async function lossNoise(
  loss: Loss,
  largest: number,
  values: Tensor,
  steps: Float64Array,
  precision: Precision,
): Promise<number> {
  const before = valuesOf(values);
  const random = new Random(before.length);
  const short = before.map((value, n) => {
    const spacing = spacingAt(value, precision); // a multiple of it is not rounded
    const times = Math.max(1, Math.round(steps[n] / (64 * Math.sqrt(before.length) * spacing)));
    return Number.isNaN(value) ? 0 : times * spacing * (random.below(2) === 0 ? 1 : -1);
  });
  const to = (times: number): void => {
    for (let n = 0; n < before.length; n++) values.set(n, times === 0 ? before[n] : before[n] + times * short[n]);
  };
  const losses = await lossesAt(loss, to, POINTS, 1);
  const differences = Array.from({ length: POINTS.length - 4 }, (_, n) => {
    const [a, b, c, d, e] = losses.slice(n, n + 5);
    return Math.abs(a - 4 * b + 6 * c - 4 * d + e);
  }).sort((a, b) => a - b);
  const noise = (8 * differences[4]) / 5.6;
  const rounding = precision.rounding * largest;
  return Math.min(Math.max(noise, 2 * rounding) || 2 * rounding, 256 * rounding);
}

const largestFinite = (values: Iterable<number>): number => {
  let largest = 0;
  for (const value of values) if (Math.abs(value) < Infinity) largest = Math.max(largest, Math.abs(value));
  return largest;
};
