/**
 * The variable names of the TensorFlow 1.x tutorial, as safetensors. The layout is that of BasicLSTMCell, as in Longhand
 * itself; the forget bias is not a variable there.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { JsonObject } from '../files/json.js';
import type { Safetensors } from '../files/safetensors.js';
import { writeSafetensors } from '../files/safetensors.js';
import type { ExpectedShape } from '../files/stored-tensors.js';
import { floatsWithinF32, storedTensor } from '../files/stored-tensors.js';
import { completeConfig, isPlain } from '../network/config.js';
import { modelNetwork } from '../network/tutorial-network.js';
import type { SavedModel } from '../training/checkpoint.js';
import { formatKind, singlePrecision } from './weights.js';

const CELL = 'rnn/basic_lstm_cell/';

/** Throws a DataError if the network is not the tutorial's: TensorFlow 1.x names other networks in no single way. */
export function toTensorFlow1({ T, network, parameters }: SavedModel, metadata?: JsonObject): Uint8Array {
  if (!isPlain({ ...network, dropout: 0 })) {
    throw new DataError(
      `safetensors-tf1 holds only the tutorial's network, not ${formatKind(network)}; onnx and safetensors-pytorch hold it`,
    );
  }
  return writeSafetensors({
    metadata: new Map([
      ['T', String(T)],
      ['forgetBias', String(network.forgetBias)],
      ...(metadata ? [['metadata', JSON.stringify(metadata)] as const] : []),
    ]),
    tensors: new Map([
      [`${CELL}kernel`, storedTensor(parameters.kernel)],
      [`${CELL}bias`, storedTensor(parameters.bias)],
      ['Variable', storedTensor(parameters.outKernel)],
      ['Variable_1', storedTensor(parameters.outBias)],
    ]),
  });
}

/**
 * The network in the variables of a BasicLSTMCell and an output layer, in any scope. Throws a DataError if the file holds
 * another model.
 */
export function fromTensorFlow1(file: Safetensors, T: number, forgetBias: number, name: string): SavedModel {
  const kernelKey = [...file.tensors.keys()].find((key) => key.endsWith('lstm_cell/kernel'));
  if (kernelKey === undefined) throw new DataError(`${name}: has no variable …lstm_cell/kernel`);
  const biasKey = kernelKey.replace(/kernel$/, 'bias');
  const others = [...file.tensors].filter(([key]) => key !== kernelKey && key !== biasKey);
  const [outKernelKey] = others.find(([, { shape }]) => shape.length === 2) ?? [];
  const [outBiasKey] = others.find(([, { shape }]) => shape.length === 1) ?? [];
  if (others.length !== 2 || outKernelKey === undefined || outBiasKey === undefined) {
    const found = others.map(([key, { shape }]) => `${key} [${shape.join(',')}]`).slice(0, 8);
    throw new DataError(
      `${name}: a matrix and a bias were expected besides the cell, found ${found.join(', ') || 'nothing'}`,
    );
  }

  const single = (key: string, ...shape: ExpectedShape): Tensor =>
    singlePrecision(floatsWithinF32(file, key, shape, name));
  const outKernel = single(outKernelKey, 'H', 'C');
  const [H, C] = outKernel.shape;
  const kernel = single(kernelKey, 'I+H', 4 * H);
  const I = kernel.shape[0] - H;
  if (I < 1)
    throw new DataError(`${name}: ${kernelKey} has ${counted(I + H, 'row')}, must have more than ${H}, the units`);
  return {
    T,
    network: completeConfig(modelNetwork({ I, H, C }, forgetBias)),
    parameters: { kernel, bias: single(biasKey, 4 * H), outKernel, outBias: single(outBiasKey, C) },
  };
}
