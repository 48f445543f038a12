/** Converts a saved network to plain arrays in Longhand's layout, and back. */
import { DataError } from '../errors.js';
import { GATE_ORDER } from '../gate-order.js';
import { modelNetwork, modelSizesOf } from '../model.js';
import { completeSizes } from '../network-sizes.js';
import { F32_RANGE } from '../numbers.js';
import { tensorFrom, valuesOf } from '../tensor.js';
import type { SavedModel } from '../training/checkpoint.js';
import { forgetBiases } from './layouts.js';

interface Weights {
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly C: number;
  readonly forgetBias: number;
  /** `[I,4H]`, gates i, j, f, o. */
  readonly Wx: Float32Array;
  /** `[H,4H]` */
  readonly Wh: Float32Array;
  /** `[4H]` */
  readonly bias: Float32Array;
  /** `[H,C]` */
  readonly outKernel: Float32Array;
  /** `[C]` */
  readonly outBias: Float32Array;
}

export function weightsOf({ T, network, parameters }: SavedModel): Weights {
  const sizes = modelSizesOf(network);
  if (!sizes) throw new DataError('export: only a network of one layer and one direction');
  const { I, H } = sizes;
  const kernel = Float32Array.from(valuesOf(parameters.kernel));
  return {
    T,
    ...sizes,
    forgetBias: network.forgetBias,
    Wx: kernel.subarray(0, I * 4 * H),
    Wh: kernel.subarray(I * 4 * H),
    bias: Float32Array.from(valuesOf(parameters.bias)),
    outKernel: Float32Array.from(valuesOf(parameters.outKernel)),
    outBias: Float32Array.from(valuesOf(parameters.outBias)),
  };
}

export function modelOf({ T, I, H, C, forgetBias, Wx, Wh, bias, outKernel, outBias }: Weights): SavedModel {
  const kernel = new Float32Array((I + H) * 4 * H);
  kernel.set(Wx);
  kernel.set(Wh, Wx.length);
  return {
    T,
    network: completeSizes(modelNetwork({ I, H, C }, forgetBias)),
    parameters: {
      kernel: tensorFrom(kernel, [I + H, 4 * H]),
      bias: tensorFrom(bias, [4 * H]),
      outKernel: tensorFrom(outKernel, [H, C]),
      outBias: tensorFrom(outBias, [C]),
    },
  };
}

/** Bias plus forget bias, `[4H]`, for a cell that adds no forget bias itself. Throws a DataError if f32 cannot hold it. */
export function foldedBias({ bias, H, forgetBias }: Weights): Float32Array {
  return sumOf(bias, forgetBiases(H, forgetBias, GATE_ORDER), `the sum of bias and forget bias ${forgetBias}`);
}

/** The sum, element by element. Throws a DataError that names `what` if an element is beyond f32. */
export function sumOf(first: Float32Array, second: Float32Array, what: string): Float32Array {
  const sum = first.map((value, n) => value + second[n]);
  const wrong = sum.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DataError(`${what} is beyond f32 (${F32_RANGE}) at element ${wrong}`);
  return sum;
}
