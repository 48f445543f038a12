/**
 * PyTorch's layout of a network's tensors, of weights and of an optimiser's moments. Matrices are transposed, and gates are in
 * the order i, f, g, o. A kernel is split into two: the rows of its inputs, and those of h.
 */
import { DataError } from '../core/errors.js';
import { type FloatArray, type Shape, type Tensor, tensorFrom, valuesOf } from '../core/tensor.js';
import type { Vocabulary } from '../data/text.js';
import { GATE_ORDER, reorderGates } from '../equations/lstm-tensors.js';
import { parseStrictJson } from '../files/json.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { storedFloats } from '../files/stored-tensors.js';
import type { CompleteConfig, LstmPlace, NetworkConfig } from '../network/config.js';
import { completeConfig, lstmsOf, widthOf } from '../network/config.js';
import type { NamedTensors } from '../network/parameters.js';
import { vocabularyFor } from '../training/checkpoint-fields.js';
import { joined, transpose } from './weights.js';

/** PyTorch's gate order. */
export const ORDER = 'ifjo';

/** The modules of a PyTorch network. */
export interface Modules {
  /** The name of one LSTM's tensor, such as `lstm.weight_ih_l1_reverse`. */
  readonly lstm: (place: LstmPlace, tensor: 'weight_ih' | 'weight_hh' | 'weight_hr' | 'bias_ih' | 'bias_hh') => string;
  /** Begins the names of the linear layer: `fc.`. */
  readonly linear: string;
}

/**
 * The modules of exported files. The layers of an `nn.LSTM` have one size, and all have one or both directions, a projection, or
 * biases. Other networks have a list of `nn.LSTM`s with one layer each.
 */
export function modulesFor({ layers }: CompleteConfig): Modules {
  const kinds = layers.map((layer) => [layer.hidden, layer.bidirectional, layer.projection, layer.bias].join());
  const isUniform = new Set(kinds).size === 1;
  return {
    lstm: ({ layer, reverse }, tensor) => {
      const direction = reverse ? '_reverse' : '';
      return isUniform ? `lstm.${tensor}_l${layer}${direction}` : `layers.${layer}.${tensor}_l0${direction}`;
    },
    linear: 'fc.',
  };
}

/** The tensors of all parameters but the second biases, in their own precision. */
export function toPyTorchLayout(network: CompleteConfig, tensors: NamedTensors): Map<string, StoredTensor> {
  const { lstm, linear } = modulesFor(network);
  const stored = new Map<string, StoredTensor>();
  for (const place of lstmsOf(network)) {
    const { I, H, P = H, suffix } = place;
    const gates = (values: FloatArray): FloatArray => reorderGates(values, H, GATE_ORDER, ORDER);
    const kernel = floatsOf(tensors[`kernel${suffix}`]);
    const [Wx, Wh] = [kernel.slice(0, I * 4 * H), kernel.slice(I * 4 * H)];
    stored.set(lstm(place, 'weight_ih'), storedFloats(transpose(gates(Wx), I, 4 * H), [4 * H, I]));
    stored.set(lstm(place, 'weight_hh'), storedFloats(transpose(gates(Wh), P, 4 * H), [4 * H, P]));
    if (P < H) {
      const Wr = floatsOf(tensors[`projection${suffix}`]);
      stored.set(lstm(place, 'weight_hr'), storedFloats(transpose(Wr, H, P), [P, H]));
    }
    if (needsBias(place, network)) {
      const bias = place.hasBias ? floatsOf(tensors[`bias${suffix}`]) : kernel.slice(0, 4 * H).fill(0);
      stored.set(lstm(place, 'bias_ih'), storedFloats(gates(bias), [4 * H]));
    }
  }
  const [width, C] = tensors.outKernel.shape;
  stored.set(`${linear}weight`, storedFloats(transpose(floatsOf(tensors.outKernel), width, C), [C, width]));
  stored.set(`${linear}bias`, storedFloats(floatsOf(tensors.outBias), [C]));
  return stored;
}

/** Whether an LSTM has biases in PyTorch. If its own is no parameter, a forget bias still needs one; the other is then 0. */
export const needsBias = ({ hasBias }: LstmPlace, { forgetBias = 1 }: Pick<NetworkConfig, 'forgetBias'>): boolean =>
  hasBias || forgetBias !== 0;

/** The inverse of `toPyTorchLayout`. `read` returns the numbers of a tensor, of the given shape. */
export function fromPyTorchLayout(
  network: NetworkConfig,
  { lstm, linear }: Modules,
  read: (name: string, shape: Shape) => FloatArray,
): NamedTensors {
  const tensors: Record<string, Tensor> = {};
  for (const place of lstmsOf(network)) {
    const { I, H, P = H, suffix, hasBias } = place;
    const gates = (values: FloatArray): FloatArray => reorderGates(values, H, ORDER, GATE_ORDER);
    const Wx = gates(transpose(read(lstm(place, 'weight_ih'), [4 * H, I]), 4 * H, I));
    const Wh = gates(transpose(read(lstm(place, 'weight_hh'), [4 * H, P]), 4 * H, P));
    tensors[`kernel${suffix}`] = tensorFrom(joined([Wx, Wh]), [I + P, 4 * H]);
    if (hasBias) tensors[`bias${suffix}`] = tensorFrom(gates(read(lstm(place, 'bias_ih'), [4 * H])), [4 * H]);
    if (P < H)
      tensors[`projection${suffix}`] = tensorFrom(transpose(read(lstm(place, 'weight_hr'), [P, H]), P, H), [H, P]);
  }
  const [width, C] = [widthOf(network.layers[network.layers.length - 1]), network.outputs];
  tensors.outKernel = tensorFrom(transpose(read(`${linear}weight`, [C, width]), C, width), [width, C]);
  tensors.outBias = tensorFrom(read(`${linear}bias`, [C]), [C]);
  return tensors;
}

/** A copy of a tensor's numbers, in its own precision. */
const floatsOf = (tensor: Tensor): FloatArray =>
  tensor.dtype === 'float32' ? Float32Array.from(valuesOf(tensor)) : valuesOf(tensor);

/** The sizes in an object, in a list of layers, in a layer. */
const DEEPEST = 3;

/** Undefined if the metadata has none. Throws a DataError if they are not valid. */
export const networkFromMetadata = (file: Safetensors, name: string): CompleteConfig | undefined =>
  fromMetadata(file, 'network', name, (value) => completeConfig(value as NetworkConfig));

/** The characters of a text's network. Undefined if the metadata has none. Throws a DataError if they do not suit the network. */
export const vocabularyFromMetadata = (
  file: Safetensors,
  network: CompleteConfig,
  name: string,
): Vocabulary | undefined =>
  fromMetadata(file, 'vocabulary', name, (value) => vocabularyFor(network, value, `${name}: metadata`));

function fromMetadata<Value>(
  { metadata }: Safetensors,
  key: string,
  name: string,
  check: (value: unknown) => Value,
): Value | undefined {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  try {
    return check(parseStrictJson(text, { depth: DEEPEST }));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)
      throw new DataError(`${name}: metadata ${key}: ${error.message}`);
    throw error;
  }
}
