/** What a gradient check is given: its inputs, its loss or outputs, and the gradients, checked for callers without TypeScript. */
import { assertNumber, assertNumbers, assertObject, describe } from '../core/arguments.js';
import type { Random } from '../core/rng.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { assertDense, assertShape, formatShape, sizeOf, tensorFrom, valuesOf } from '../core/tensor.js';

/** Numbers `[…]` in row order. */
export type GradientValues = readonly number[] | Float64Array | Float32Array | Tensor;

/** A loss and its backward pass, and how `checkGradients` compares them. */
export interface GradientCheck {
  /**
   * What the loss depends on, `[…]` of any shape, in f64, or with `precision: 'f32'` in f32. The check changes elements in place and
   * restores them.
   */
  readonly inputs: Readonly<Record<string, Float64Array | Float32Array | Tensor>>;
  /** The loss at the present values of the inputs. */
  readonly loss?: () => number | Promise<number>;
  /** In place of `loss`: the outputs y, `[…]` of any shape, of a function of the inputs. The loss is then ⟨r, y⟩, with a random r. */
  readonly outputs?: () => GradientValues | Promise<GradientValues>;
  /**
   * The backward pass: ∂loss/∂input for every input, `[…]` in its shape, at the present values of the inputs. `dOutputs`: r, the
   * gradient of the outputs, in row order; empty if the check has a `loss`.
   */
  readonly gradients: (dOutputs: Float64Array) => GradientsOf | Promise<GradientsOf>;
  /** In which the loss, or the outputs, are computed: `f64` or `f32`. Default: f64. */
  readonly precision?: 'f64' | 'f32';
  /**
   * δ of (7). Default: 1e-3; with `precision: 'f32'` 1/32. It is at least 1024 times the distance from the input to the next number, or 32
   * times in f32.
   */
  readonly step?: number;
  /** The largest relative error that passes. Default: 1e-7; 1e-4 if gradients are held in f32; 1e-2 with `precision: 'f32'`. */
  readonly tolerance?: number;
  /** Random directions per tensor. Default: 3. */
  readonly directions?: number;
  /** Seed of the random directions, and of r. Default: 1. */
  readonly seed?: number;
}

/** Gradients by the names of their inputs, each `[…]` in the shape of its input. */
export type GradientsOf = Readonly<Record<string, GradientValues>>;

/**
 * The check changes inputs in place. A plain array would be copied, and every numeric gradient would be 0. An input in f32 would round
 * the small moves of a check in f64.
 */
export function assertInputs(inputs: GradientCheck['inputs'], precision: 'f64' | 'f32'): void {
  assertObject('gradcheck: inputs', inputs);
  const entries = Object.entries(inputs);
  if (entries.length === 0) throw new RangeError('gradcheck: inputs is empty: give at least one');
  for (const [name, input] of entries) {
    const what = `gradcheck: input ${name}`;
    assertObject(what, input);
    const values: unknown = 'shape' in input ? input.data : input;
    const isSingle = values instanceof Float32Array;
    if (isSingle && precision === 'f64')
      throw new TypeError(
        `${what} is a Float32Array: must be a Float64Array, or a tensor of dtype f64; if the loss computes in f32, give precision: 'f32'`,
      );
    if (!isSingle && !(values instanceof Float64Array))
      throw new TypeError(`${what} is ${describe(values)}: must be a Float64Array, or a tensor of dtype f64`);
    assertDense(what, asTensor(input));
  }
}

/** The gradient of an input, in f64. */
export function gradientFor(name: string, input: GradientValues, gradients: GradientsOf): Float64Array {
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
  return Float64Array.from(valuesOf(found));
}

/** Whether a gradient is held in f32. */
export const isSingle = (gradient: GradientValues | undefined): boolean =>
  gradient !== undefined && ('shape' in gradient ? gradient.data : gradient) instanceof Float32Array;

/** A list as a tensor with one axis; an array is not copied. */
export const asTensor = (values: GradientValues): Tensor =>
  'shape' in values ? values : tensorFrom(values, [values.length], values instanceof Float32Array ? 'f32' : 'f64');

/** The loss of a check: a number, or ⟨projection, outputs⟩. */
export interface CheckedLoss {
  readonly loss: () => number | Promise<number>;
  /** The loss of some of the outputs alone; undefined if the check has no outputs. `isIn`: by their index on axis 0. */
  readonly lossOf: ((isIn: (index: number) => boolean) => () => Promise<number>) | undefined;
  /** `[…]` of the outputs, in row order; empty if the check has none. */
  readonly projection: Float64Array;
  readonly outputs: { readonly shape: Shape; readonly values: Float64Array } | undefined;
  /** |loss|, or Σ |projection·outputs|. */
  readonly size: () => Promise<number>;
}

/** Throws a TypeError unless a check has either a loss or outputs. Outputs become a loss through a random projection. */
export async function checkedLossOf(
  { loss, outputs }: GradientCheck,
  precision: 'f64' | 'f32',
  random: Random,
): Promise<CheckedLoss> {
  if ((loss === undefined) === (outputs === undefined))
    throw new TypeError('gradcheck: give either loss, which returns a number, or outputs, which returns numbers');
  if (loss !== undefined) {
    const awaited = async (found: Promise<number>): Promise<number> => {
      const value = await found;
      assertNumber('gradcheck: loss returned', value);
      return value;
    };
    const checked = (): number | Promise<number> => {
      const found = loss();
      return typeof found === 'number' ? found : awaited(found); // an await takes longer than a small loss
    };
    return {
      ...{ loss: checked, lossOf: undefined, outputs: undefined, projection: new Float64Array(0) },
      size: async () => Math.abs(await checked()),
    };
  }
  if (outputs === undefined) throw new TypeError('gradcheck: no outputs');
  const read = async (): Promise<Tensor> => {
    const values = await outputs();
    if (!('shape' in Object(values))) assertNumbers('gradcheck: outputs', values);
    return asTensor(values);
  };
  const first = await read();
  const rounded = (value: number): number => (precision === 'f32' ? Math.fround(value) : value);
  const projection = Float64Array.from({ length: first.size }, () => rounded(random.normal(0, 1)));
  const within = first.size / first.shape[0];
  const sum = async (of: (n: number, value: number) => number): Promise<number> => {
    const now = await read();
    assertShape('gradcheck', 'outputs', now, first.shape);
    return valuesOf(now).reduce((total: number, value: number, n: number) => total + of(n, value), 0);
  };
  return {
    loss: () => sum((n, value) => projection[n] * value),
    lossOf: (isIn) => () => sum((n, value) => (isIn(Math.floor(n / within)) ? projection[n] * value : 0)),
    outputs: { shape: first.shape, values: Float64Array.from(valuesOf(first)) },
    projection,
    size: () => sum((n, value) => Math.abs(projection[n] * value)),
  };
}
