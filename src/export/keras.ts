/**
 * Keras's layers LSTM(H) and Dense(C): gate order i, f, c, o; sigmoid gates; the forget bias is added to the bias.
 *
 * The files are safetensors with Keras's names, in the order of `model.get_weights()`, and a TensorFlow.js layers model.
 */
import { writeSafetensors } from '../files/safetensors.js';
import { storedFloats } from '../files/stored-tensors.js';
import { GATE_ORDER, reorderGates } from '../gate-order.js';
import type { SavedModel } from '../training/checkpoint.js';
import { foldedBias, weightsOf } from './weights.js';

function kerasTensors(model: SavedModel) {
  const weights = weightsOf(model);
  const { I, H, C, Wx, Wh, outKernel, outBias } = weights;
  const gates = (values: Float32Array): Float32Array => reorderGates(values, H, GATE_ORDER, 'ifjo');
  return [
    ['lstm/kernel', storedFloats(gates(Wx), [I, 4 * H])],
    ['lstm/recurrent_kernel', storedFloats(gates(Wh), [H, 4 * H])],
    ['lstm/bias', storedFloats(gates(foldedBias(weights)), [4 * H])],
    ['dense/kernel', storedFloats(outKernel, [H, C])],
    ['dense/bias', storedFloats(outBias, [C])],
  ] as const;
}

export function toKeras(model: SavedModel): Uint8Array {
  return writeSafetensors({ metadata: new Map(), tensors: new Map(kerasTensors(model)) });
}

/** The two files of a layers model, for `tf.loadLayersModel`. The model maps `[B,T,I]` to probabilities `[B,C]`. */
export function toTensorFlowJs(model: SavedModel): { 'model.json': Uint8Array; 'weights.bin': Uint8Array } {
  const { T, I, H, C } = weightsOf(model);
  const tensors = kerasTensors(model);
  const lstm = {
    name: 'lstm',
    units: H,
    batch_input_shape: [null, T, I],
    dtype: 'float32',
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    use_bias: true,
    unit_forget_bias: false,
    return_sequences: false,
    stateful: false,
  };
  const dense = { name: 'dense', units: C, activation: 'softmax', use_bias: true };
  const topology = {
    format: 'layers-model',
    generatedBy: 'longhand',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'longhand',
        layers: [
          { class_name: 'LSTM', config: lstm },
          { class_name: 'Dense', config: dense },
        ],
      },
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: tensors.map(([name, { shape }]) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  const bytes = new Uint8Array(tensors.reduce((sum, [, tensor]) => sum + tensor.bytes.length, 0));
  let position = 0;
  for (const [, tensor] of tensors) {
    bytes.set(tensor.bytes, position);
    position += tensor.bytes.length;
  }
  return {
    'model.json': new TextEncoder().encode(`${JSON.stringify(topology, null, 2)}\n`),
    'weights.bin': bytes,
  };
}
