/**
 * PyTorch's names and layout, as safetensors: an `nn.LSTM` named lstm and an `nn.Linear` named fc.
 *
 * PyTorch adds two biases. The second one holds the forget bias, so that no sum is rounded.
 */
import { DataError } from '../errors.js';
import type { Safetensors } from '../files/safetensors.js';
import { writeSafetensors } from '../files/safetensors.js';
import { floatsWithinF32, storedFloats } from '../files/stored-tensors.js';
import { GATE_ORDER, reorderGates } from '../gate-order.js';
import { decimalFrom } from '../numbers.js';
import { valuesOf } from '../tensor.js';
import type { SavedModel } from '../training/checkpoint.js';
import { forgetBiases, transpose } from './layouts.js';
import { modelOf, sumOf, weightsOf } from './weights.js';

const ORDER = 'ifjo';

export function toPyTorch(model: SavedModel): Uint8Array {
  const weights = weightsOf(model);
  const { T, I, H, C, forgetBias, Wx, Wh, bias, outKernel, outBias } = weights;
  const gatesFirst = (values: Float32Array, rows: number) =>
    transpose(reorderGates(values, H, GATE_ORDER, ORDER), rows, 4 * H);
  return writeSafetensors({
    metadata: new Map([
      ['format', 'pt'],
      ['T', String(T)],
      ['forgetBias', String(forgetBias)],
    ]),
    tensors: new Map([
      ['lstm.weight_ih_l0', storedFloats(gatesFirst(Wx, I), [4 * H, I])],
      ['lstm.weight_hh_l0', storedFloats(gatesFirst(Wh, H), [4 * H, H])],
      ['lstm.bias_ih_l0', storedFloats(reorderGates(bias, H, GATE_ORDER, ORDER), [4 * H])],
      ['lstm.bias_hh_l0', storedFloats(forgetBiases(H, forgetBias, ORDER), [4 * H])],
      ['fc.weight', storedFloats(transpose(outKernel, H, C), [C, H])],
      ['fc.bias', storedFloats(outBias, [C])],
    ]),
  });
}

/**
 * The network in a PyTorch model of one LSTM layer and one linear layer, with any names. T, the number of steps, is not in
 * PyTorch's file. Throws a DataError if the file holds another model.
 */
export function fromPyTorch(file: Safetensors, T: number, name: string): SavedModel {
  const keys = [...file.tensors.keys()];
  const lstm = theOnly(keys, /weight_ih_l\d+(_reverse)?$/, 'LSTM', name).slice(0, -'weight_ih_l0'.length);
  const others = keys.filter((key) => !key.startsWith(`${lstm}weight_`) && !key.startsWith(`${lstm}bias_`));
  const linear = theOnly(others, /weight$/, 'linear', name).slice(0, -'weight'.length);

  const floats = (key: string, ...shape: number[]): Float32Array =>
    Float32Array.from(valuesOf(floatsWithinF32(file, key, shape, name)));
  const [gateRows, I] = matrixShape(file, `${lstm}weight_ih_l0`, name);
  const [C, H] = matrixShape(file, `${linear}weight`, name);
  const gatesLast = (values: Float32Array, columns: number) =>
    reorderGates(transpose(values, 4 * H, columns), H, ORDER, GATE_ORDER);
  if (gateRows !== 4 * H) {
    throw new DataError(
      `${name}: ${lstm}weight_ih_l0 has ${gateRows} rows, but ${linear}weight reads ${H} units: 4 × ${H} were expected`,
    );
  }
  return modelOf({
    T,
    I,
    H,
    C,
    Wx: gatesLast(floats(`${lstm}weight_ih_l0`, 4 * H, I), I),
    Wh: gatesLast(floats(`${lstm}weight_hh_l0`, 4 * H, H), H),
    ...splitBias(floats(`${lstm}bias_ih_l0`, 4 * H), floats(`${lstm}bias_hh_l0`, 4 * H), H, file.metadata, name),
    outKernel: transpose(floats(`${linear}weight`, C, H), C, H),
    outBias: floats(`${linear}bias`, C),
  });
}

/** If the second bias is only a forget bias, as `toPyTorch` writes it, the two stay apart; else they are added. */
function splitBias(
  first: Float32Array,
  second: Float32Array,
  H: number,
  metadata: Safetensors['metadata'],
  name: string,
): { bias: Float32Array; forgetBias: number } {
  const forgetBias = second[ORDER.indexOf('f') * H];
  const isForgetBias = forgetBiases(H, forgetBias, ORDER).every((value, n) => value === second[n]);
  if (!isForgetBias) {
    const sum = sumOf(first, second, `${name}: the sum of its two biases`);
    return { bias: reorderGates(sum, H, ORDER, GATE_ORDER), forgetBias: 0 };
  }
  // the metadata has it in f64
  const exact = decimalFrom(metadata.get('forgetBias') ?? '');
  return {
    bias: reorderGates(first, H, ORDER, GATE_ORDER),
    forgetBias: Math.fround(exact) === forgetBias ? exact : forgetBias,
  };
}

function theOnly(keys: readonly string[], pattern: RegExp, layer: string, name: string): string {
  const found = keys.filter((key) => pattern.test(key));
  if (found.length === 1) return found[0];
  const what = found.length === 0 ? `none in ${keys.slice(0, 8).join(', ') || 'an empty file'}` : found.join(', ');
  throw new DataError(`${name}: must have one ${layer} layer, not bidirectional; has ${found.length}: ${what}`);
}

function matrixShape({ tensors }: Safetensors, key: string, name: string): readonly number[] {
  const shape = tensors.get(key)?.shape;
  if (shape?.length !== 2) throw new DataError(`${name}: ${key} must have 2 axes`);
  return shape;
}
