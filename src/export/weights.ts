/** A saved network as plain arrays in Longhand's layout, LSTM by LSTM, and functions for the layouts of other programs. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE } from '../core/numbers.js';
import { type FloatArray, type Tensor, tensorFrom, valuesOf } from '../core/tensor.js';
import { GATE_ORDER } from '../equations/lstm-tensors.js';
import { type CompleteConfig, type LstmPlace, formatUnits, lstmsOf } from '../network/config.js';
import type { SavedModel } from '../training/checkpoint.js';

/** One LSTM of a network. The rows of Wx belong to its inputs: above a bidirectional layer, forward states come first. */
export interface LstmWeights extends LstmPlace {
  /** `[I,4H]`, gates i, j, f, o. */
  readonly Wx: Float32Array;
  /** `[H,4H]`, with a projection `[P,4H]` */
  readonly Wh: Float32Array;
  /** `[4H]`, without the forget bias; zeros if it is no parameter. */
  readonly bias: Float32Array;
  /** `[H,P]`; undefined without a projection. */
  readonly Wr: Float32Array | undefined;
  readonly forgetBias: number;
}

interface Weights {
  /** The LSTMs of each layer, the lowest layer first: forward, then reverse if the layer is bidirectional. */
  readonly layers: readonly (readonly LstmWeights[])[];
  /** `[directions·H,C]`, or `[directions·P,C]` */
  readonly outKernel: Float32Array;
  /** `[C]` */
  readonly outBias: Float32Array;
}

/** Converts a saved network to plain arrays in Longhand's layout, LSTM by LSTM. */
export function weightsOf({ network, parameters }: SavedModel): Weights {
  const { forgetBias } = network;
  const lstms = lstmsOf(network).map((place): LstmWeights => {
    const kernel = singles(parameters[`kernel${place.suffix}`]);
    const split = place.I * 4 * place.H;
    const bias = place.hasBias ? singles(parameters[`bias${place.suffix}`]) : new Float32Array(4 * place.H);
    const Wr = place.P === undefined ? undefined : singles(parameters[`projection${place.suffix}`]);
    return { ...place, Wx: kernel.subarray(0, split), Wh: kernel.subarray(split), bias, Wr, forgetBias };
  });
  return {
    layers: network.layers.map((_, n) => lstms.filter(({ layer }) => layer === n)),
    outKernel: singles(parameters.outKernel),
    outBias: singles(parameters.outBias),
  };
}

const singles = (tensor: Tensor): Float32Array => Float32Array.from(valuesOf(tensor));

/** A copy in f32, in which Longhand trains. */
export const singlePrecision = (tensor: Tensor): Tensor => tensorFrom(singles(tensor), tensor.shape);

/** Bias plus forget bias, `[4H]`, for a cell that adds no forget bias itself. Throws a DataError if f32 cannot hold it. */
export function foldedBias({ bias, H, forgetBias, suffix }: LstmWeights): Float32Array {
  const what = `the sum of bias${suffix} and forget bias ${forgetBias}`;
  return sumOf(bias, forgetBiases(H, forgetBias, GATE_ORDER), what);
}

/** The sum, element by element. Throws a DataError that names `what` if an element is beyond f32. */
export function sumOf(first: Float32Array, second: Float32Array, what: string): Float32Array {
  const sum = first.map((value, n) => value + second[n]);
  const wrong = sum.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new DataError(`${what} is beyond f32 (${F32_RANGE}) at element ${wrong}`);
  return sum;
}

/** For messages: `2 layers of 128+64 units in both directions, crossEntropy at every step`; `128→32` with a projection. */
export function formatKind({ layers, inputKind, loss, reads }: CompleteConfig): string {
  const hidden = layers.map(formatUnits).join('+');
  const count = counted(layers.length, 'layer');
  const ways = layers.some(({ bidirectional }) => bidirectional) ? ' in both directions' : '';
  const inputs = inputKind === 'classes' ? ', class indices as inputs' : '';
  const unbiased = layers.filter(({ bias }) => !bias).length;
  const biases = unbiased === 0 ? '' : unbiased === layers.length ? ' without biases' : ' (some without biases)';
  return `${count} of ${hidden} ${hidden === '1' ? 'unit' : 'units'}${biases}${ways}${inputs}, ${loss} at ${reads === 'every' ? 'every' : 'the last'} step`;
}

/** `[rows,columns]` → `[columns,rows]`. */
export function transpose<Values extends FloatArray>(values: Values, rows: number, columns: number): Values {
  const transposed = values.slice() as Values;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}

/** The numbers of `parts`, one after the other, in the precision of the first. */
export function joined<Values extends FloatArray>(parts: readonly Values[]): Values {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const values = parts[0] instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  let position = 0;
  for (const part of parts) {
    values.set(part, position);
    position += part.length;
  }
  return values as Values;
}

/** `[4H]` with `forgetBias` in gate f, 0 elsewhere. Writes into `biases`. Default: a new Float32Array. */
export function forgetBiases<Values extends FloatArray = Float32Array>(
  H: number,
  forgetBias: number,
  order: string,
  biases = new Float32Array(4 * H) as Values,
): Values {
  const start = order.indexOf('f') * H;
  return biases.fill(forgetBias, start, start + H) as Values;
}
