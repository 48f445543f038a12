/**
 * TensorFlow's formats: Keras's and TensorFlow.js's, then that of TensorFlow 1.x.
 *
 * Keras's layers LSTM(H), GRU(H) and SimpleRNN(H), each also in Bidirectional(…), and Dense(C). Gates are sigmoid, and in the order i, f,
 * c, o of an LSTM, z, r, h of a GRU. A GRU resets after the product. The forget bias is added to the bias, which is 0 in a cell
 * without one. They have no projections. A GRU of TensorFlow.js only resets before the product, so it computes something else.
 *
 * The files are safetensors with Keras's names, and a TensorFlow.js layers model. The metadata of the safetensors lists the
 * names in the order of `model.get_weights()`, except for the tutorial's network, whose file stays as in Longhand 0.1.0.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { reorderGates } from '../equations/lstm-tensors.js';
import type { JsonObject } from '../files/json.js';
import { type StoredTensor, type Safetensors, writeSafetensors } from '../files/safetensors.js';
import { type ExpectedShape, storedFloats, floatsWithinF32, storedTensor } from '../files/stored-tensors.js';
import { type CompleteConfig, isPlain, storedConfig, completeConfig } from '../network/config.js';
import { modelNetwork } from '../network/tutorial-network.js';
import type { SavedModel } from '../training/checkpoint.js';
import type { CellWeights } from './weights.js';
import { assertHasCells, columnsOf, foldedBias, formatKind, joined, singlePrecision, weightsOf } from './weights.js';

type NamedTensor = readonly [name: string, tensor: StoredTensor];

/** The weights in the order of `model.get_weights()`. */
function kerasTensors(model: SavedModel): NamedTensor[] {
  assertNoProjection(model.network);
  const { layers, outKernel, outBias } = weightsOf(model);
  const C = model.network.outputs;
  return [
    ...layers.flatMap((layer) => layer.flatMap((place) => cellTensors(place, layer.length === 2))),
    ['dense/kernel', storedFloats(outKernel, [outKernel.length / C, C])],
    ['dense/bias', storedFloats(outBias, [C])],
  ];
}

function assertNoProjection(network: CompleteConfig): void {
  if (network.layers.every(({ projection }) => projection === 0)) return;
  throw new DataError(
    `keras and tfjs hold no projections, and this is ${formatKind(network)}; onnx and safetensors-pytorch hold them`,
  );
}

/** Keras's layer of each cell: its class, the begin of its name, and its order of the gates. */
const LAYERS: Readonly<Record<string, { layer: string; name: string; order: string }>> = {
  lstm: { layer: 'LSTM', name: 'lstm', order: 'ifjo' },
  gru: { layer: 'GRU', name: 'gru', order: 'zrn' },
  rnn: { layer: 'SimpleRNN', name: 'simple_rnn', order: '' },
};

function cellTensors(place: CellWeights, isBidirectional: boolean): NamedTensor[] {
  const { cell, I, H, Wx, Wh, values, reverse } = place;
  const columns = columnsOf(place);
  const gates = (own: Float32Array): Float32Array => reorderGates(own, H, cell.gates.join(''), LAYERS[cell.name].order);
  const name = layerName(place);
  const scope = isBidirectional ? `bidirectional_${place.layer}/${reverse ? 'backward' : 'forward'}_${name}` : name;
  const bias = gates(foldedBias(place));
  const { recurrentBias } = values as Partial<typeof values>;
  return [
    [`${scope}/kernel`, storedFloats(gates(Wx), [I, columns])],
    [`${scope}/recurrent_kernel`, storedFloats(gates(Wh), [H, columns])],
    [
      `${scope}/bias`,
      recurrentBias ? storedFloats(joined([bias, gates(recurrentBias)]), [2, columns]) : storedFloats(bias, [columns]),
    ],
  ];
}

const layerName = ({ cell, layer, suffix }: CellWeights): string =>
  LAYERS[cell.name].name + (suffix === '' ? '' : `_${layer}`);

/** Throws a DataError for a projection, or a cell that Keras does not have. */
export function toKeras(model: SavedModel, own?: JsonObject): Uint8Array {
  assertHasCells('keras', model.network, ['lstm', 'gru', 'rnn']);
  const tensors = kerasTensors(model);
  const metadata = new Map<string, string>();
  if (!isPlain(model.network) || model.network.classNames.length > 0) {
    metadata.set('network', JSON.stringify(storedConfig(model.network)));
    metadata.set('weights', JSON.stringify(tensors.map(([name]) => name)));
    if (model.vocabulary) metadata.set('vocabulary', JSON.stringify(model.vocabulary));
  }
  if (own) metadata.set('metadata', JSON.stringify(own));
  return writeSafetensors({ metadata, tensors: new Map(tensors) });
}

/**
 * The two files of a layers model, for `tf.loadLayersModel`. The model maps x `[B,T,I]`, or class indices `[B,T]`, to
 * probabilities `[B,C]`, or `[B,T,C]` at every step; with the squared error, to the output layer's numbers. Throws a DataError for a
 * projection, or a cell that TensorFlow.js does not have.
 */
export function toTensorFlowJs(
  model: SavedModel,
  metadata?: JsonObject,
): { 'model.json': Uint8Array; 'weights.bin': Uint8Array } {
  const { network, vocabulary } = model;
  assertHasCells('tfjs', network, ['lstm', 'rnn']);
  const classNames = network.classNames.length > 0 ? network.classNames : undefined;
  const oneHot = network.inputKind === 'classes' ? oneHotTensors(network.inputs) : [];
  const tensors = [...oneHot, ...kerasTensors(model)];
  const topology = {
    format: 'layers-model',
    generatedBy: 'longhand',
    convertedBy: null,
    ...((vocabulary ?? classNames ?? metadata) && { userDefinedMetadata: { vocabulary, classNames, metadata } }),
    modelTopology: { class_name: 'Sequential', config: { name: 'longhand', layers: kerasLayers(model) } },
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

/** With more classes, the table of `oneHotTensors` would be larger than 256 MiB. */
const MOST_CLASSES = 8192;

/** A layers model has no one-hot layer for sequences: an Embedding with the identity matrix `[I,I]` computes the same. */
function oneHotTensors(I: number): NamedTensor[] {
  if (I > MOST_CLASSES) {
    throw new DataError(
      `tfjs: ${counted(I, 'input class', 'input classes')}, at most ${MOST_CLASSES}: a layers model needs a one-hot table of ${I} × ${counted(I, 'number')}; ` +
        'onnx has an operator for it',
    );
  }
  const identity = new Float32Array(I * I);
  for (let n = 0; n < I; n++) identity[n * I + n] = 1;
  return [['one_hot/embeddings', storedFloats(identity, [I, I])]];
}

function kerasLayers(model: SavedModel): object[] {
  const { T, network } = model;
  const { inputs, inputKind, outputs, dropout, loss } = network;
  const { layers } = weightsOf(model);
  const hasClasses = inputKind === 'classes';
  const input = { batch_input_shape: [null, isPlain(network) ? T : null, ...(hasClasses ? [] : [inputs])] };
  const oneHot = { name: 'one_hot', input_dim: inputs, output_dim: inputs, trainable: false, ...input };
  return [
    ...(hasClasses ? [{ class_name: 'Embedding', config: oneHot }] : []),
    ...layers.flatMap((layer, n) => {
      const isTop = n === layers.length - 1;
      const readsInput = n === 0 && !hasClasses;
      const recurrent = recurrentLayer(layer, readsInput ? input : {}, !isTop || network.reads === 'every');
      return dropout > 0 && !isTop
        ? [recurrent, { class_name: 'Dropout', config: { name: `dropout_${n}`, rate: dropout } }]
        : [recurrent];
    }),
    {
      class_name: 'Dense',
      config: {
        name: 'dense',
        units: outputs,
        activation: loss === 'crossEntropy' ? 'softmax' : 'linear',
        use_bias: true,
      },
    },
  ];
}

function recurrentLayer(layer: readonly CellWeights[], input: object, returnSequences: boolean): object {
  const [{ cell, H, layer: n }] = layer;
  const isBidirectional = layer.length === 2;
  const config = {
    name: layerName(layer[0]),
    units: H,
    ...(!isBidirectional && input),
    dtype: 'float32',
    activation: 'tanh',
    ...(cell.name === 'lstm' && { recurrent_activation: 'sigmoid' }),
    use_bias: true,
    ...(cell.name === 'lstm' && { unit_forget_bias: false }),
    return_sequences: returnSequences,
    stateful: false,
  };
  const recurrent = { class_name: LAYERS[cell.name].layer, config };
  if (!isBidirectional) return recurrent;
  return {
    class_name: 'Bidirectional',
    config: { name: `bidirectional_${n}`, ...input, merge_mode: 'concat', layer: recurrent },
  };
}

/*
 * The variable names of the TensorFlow 1.x tutorial, as safetensors. The layout is that of BasicLSTMCell, as in Longhand
 * itself; the forget bias is not a variable there.
 */

const CELL = 'rnn/basic_lstm_cell/';

/** Throws a DataError if the network is not the tutorial's: TensorFlow 1.x names other networks in no single way. */
export function toTensorFlow1({ T, network, parameters }: SavedModel, metadata?: JsonObject): Uint8Array {
  if (!isPlain({ ...network, dropout: 0 })) {
    throw new DataError(
      `safetensors-tf1 holds only the tutorial's network, not ${formatKind(network)}; try onnx or safetensors-pytorch`,
    );
  }
  return writeSafetensors({
    metadata: new Map([
      ['T', String(T)],
      ['forgetBias', String(network.forgetBias)],
      ...(network.classNames.length > 0 ? [['classNames', JSON.stringify(network.classNames)] as const] : []),
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
