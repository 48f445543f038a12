/**
 * PyTorch's layout of a network's tensors, of weights and of an optimiser's moments. Matrices are transposed, and an LSTM's gates are in
 * the order i, f, g, o; a GRU's are r, z, n, as here. A kernel is split into two: the rows of its inputs, and those of h.
 */
import { DataError } from '../core/errors.js';
import { type FloatArray, type Shape, type Tensor, tensorFrom, valuesOf } from '../core/tensor.js';
import type { Vocabulary } from '../data/text.js';
import { reorderGates } from '../equations/lstm-tensors.js';
import { parseStrictJson } from '../files/json.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { storedFloats } from '../files/stored-tensors.js';
import { nameOfCell } from '../cells/cells.js';
import type { CellName } from '../cells/names.js';
import type { CellPlace, CompleteConfig, NetworkConfig } from '../network/config.js';
import { cellsOf, completeConfig, widthOf } from '../network/config.js';
import type { NamedTensors } from '../network/parameters.js';
import { vocabularyFor } from '../training/checkpoint-fields.js';
import { columnsOf, forgetBiases, joined, transpose } from './weights.js';

/** The gate order of PyTorch's LSTM. */
export const ORDER = 'ifjo';

/** The cells that PyTorch has: nn.LSTM, nn.GRU and nn.RNN. */
export const CELLS = ['lstm', 'gru', 'rnn'] as const satisfies readonly CellName[];

const ordersOf = ({ cell }: CellPlace): [ours: string, theirs: string] => {
  const ours = cell.gates.join('');
  return [ours, cell.name === 'lstm' ? ORDER : ours];
};

/** The modules of a PyTorch network. */
export interface Modules {
  /** The name of one cell's tensor, such as `lstm.weight_ih_l1_reverse`. */
  readonly cell: (place: CellPlace, tensor: 'weight_ih' | 'weight_hh' | 'weight_hr' | 'bias_ih' | 'bias_hh') => string;
  /** Begins the names of the linear layer: `fc.`. */
  readonly linear: string;
}

/**
 * The modules of exported files. The layers of an `nn.LSTM` have one size, and all have one or both directions, a projection, or
 * biases; so have those of an `nn.GRU` named gru and an `nn.RNN` named rnn. Other networks have a list of modules with one layer each.
 */
export function modulesFor({ layers }: CompleteConfig): Modules {
  const kinds = layers.map(({ hidden, bidirectional, projection, bias, cell }) =>
    [hidden, bidirectional, projection, bias, nameOfCell(cell)].join(),
  );
  const isUniform = new Set(kinds).size === 1;
  return {
    cell: ({ cell, layer, reverse }, tensor) => {
      const direction = reverse ? '_reverse' : '';
      return isUniform ? `${cell.name}.${tensor}_l${layer}${direction}` : `layers.${layer}.${tensor}_l0${direction}`;
    },
    linear: 'fc.',
  };
}

/** The tensors of all parameters in their own precision. Second biases are there only of GRUs, which have two. */
export function toPyTorchLayout(network: CompleteConfig, tensors: NamedTensors): Map<string, StoredTensor> {
  const { cell, linear } = modulesFor(network);
  const stored = new Map<string, StoredTensor>();
  for (const place of cellsOf(network)) {
    const { I, H, P = H, suffix } = place;
    const columns = columnsOf(place);
    const gates = (values: FloatArray): FloatArray => reorderGates(values, H, ...ordersOf(place));
    const kernel = floatsOf(tensors[`kernel${suffix}`]);
    const [Wx, Wh] = [kernel.slice(0, I * columns), kernel.slice(I * columns)];
    stored.set(cell(place, 'weight_ih'), storedFloats(transpose(gates(Wx), I, columns), [columns, I]));
    stored.set(cell(place, 'weight_hh'), storedFloats(transpose(gates(Wh), P, columns), [columns, P]));
    if (P < H) {
      const Wr = floatsOf(tensors[`projection${suffix}`]);
      stored.set(cell(place, 'weight_hr'), storedFloats(transpose(Wr, H, P), [P, H]));
    }
    if (needsBias(place, network)) {
      const bias = place.hasBias ? floatsOf(tensors[`bias${suffix}`]) : kernel.slice(0, columns).fill(0);
      stored.set(cell(place, 'bias_ih'), storedFloats(gates(bias), [columns]));
      if (place.cell.name === 'gru')
        stored.set(cell(place, 'bias_hh'), storedFloats(floatsOf(tensors[`recurrentBias${suffix}`]), [columns]));
    }
  }
  const [width, C] = tensors.outKernel.shape;
  stored.set(`${linear}weight`, storedFloats(transpose(floatsOf(tensors.outKernel), width, C), [C, width]));
  stored.set(`${linear}bias`, storedFloats(floatsOf(tensors.outBias), [C]));
  return stored;
}

/** Whether a cell has biases in PyTorch. If its own is no parameter, a forget bias still needs one; the other is then 0. */
export const needsBias = (
  { cell, hasBias }: CellPlace,
  { forgetBias = 1 }: Pick<NetworkConfig, 'forgetBias'>,
): boolean => hasBias || (cell.name === 'lstm' && forgetBias !== 0);

/** The second bias `[G·H]` of a cell that has only one here: 0, with the forget bias in an LSTM's gate f. Writes into `zeros`. */
export const secondBias = <Values extends FloatArray>(
  { cell, H }: CellPlace,
  forgetBias: number,
  zeros: Values,
): Values => (cell.name === 'lstm' ? forgetBiases(H, forgetBias, ORDER, zeros) : zeros);

/** The inverse of `toPyTorchLayout`. `read` returns the numbers of a tensor, of the given shape. */
export function fromPyTorchLayout(
  network: NetworkConfig,
  { cell, linear }: Modules,
  read: (name: string, shape: Shape) => FloatArray,
): NamedTensors {
  const tensors: Record<string, Tensor> = {};
  for (const place of cellsOf(network)) {
    const { I, H, P = H, suffix, hasBias } = place;
    const columns = columnsOf(place);
    const [ours, theirs] = ordersOf(place);
    const gates = (values: FloatArray): FloatArray => reorderGates(values, H, theirs, ours);
    const Wx = gates(transpose(read(cell(place, 'weight_ih'), [columns, I]), columns, I));
    const Wh = gates(transpose(read(cell(place, 'weight_hh'), [columns, P]), columns, P));
    tensors[`kernel${suffix}`] = tensorFrom(joined([Wx, Wh]), [I + P, columns]);
    const biases = hasBias ? place.cell.biases : [];
    biases.forEach((name, n) => {
      const values = read(cell(place, n === 0 ? 'bias_ih' : 'bias_hh'), [columns]);
      tensors[name + suffix] = tensorFrom(gates(values), [columns]);
    });
    if (P < H)
      tensors[`projection${suffix}`] = tensorFrom(transpose(read(cell(place, 'weight_hr'), [P, H]), P, H), [H, P]);
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
