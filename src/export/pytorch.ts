/**
 * PyTorch's state_dict as safetensors: an `nn.Linear` named fc, and an `nn.LSTM` named lstm, an `nn.GRU` named gru, an `nn.RNN` named rnn, or
 * a list of them named layers.
 *
 * PyTorch adds two biases. An LSTM's second one holds the forget bias, so that no sum is rounded; an RNN's is 0.
 */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom } from '../core/numbers.js';
import { type Shape, valuesOf } from '../core/tensor.js';
import type { JsonObject } from '../files/json.js';
import { type Safetensors, quote, writeSafetensors } from '../files/safetensors.js';
import { floatsWithinF32, storedFloats } from '../files/stored-tensors.js';
import type { CellPlace, LayerSizes, NetworkConfig } from '../network/config.js';
import { cellsOf, completeConfig, isPlain, storedConfig, widthOf } from '../network/config.js';
import type { SavedModel } from '../training/checkpoint.js';
import type { Modules } from './pytorch-layout.js';
import {
  CELLS,
  fromPyTorchLayout,
  needsBias,
  modulesFor,
  networkFromMetadata,
  ORDER,
  secondBias,
  toPyTorchLayout,
  vocabularyFromMetadata,
} from './pytorch-layout.js';
import { assertHasCells, columnsOf, forgetBiases, singlePrecision, sumOf } from './weights.js';

/**
 * The metadata of a network that is not the tutorial's also has its sizes, and a text's characters; `fromPyTorch` reads them. Throws a
 * DataError for a cell that PyTorch does not have.
 */
export function toPyTorch({ T, network, vocabulary, parameters }: SavedModel, own?: JsonObject): Uint8Array {
  const { forgetBias } = network;
  assertHasCells('safetensors-pytorch', network, CELLS);
  const names = modulesFor(network);
  const singles = Object.entries(parameters).map(([name, tensor]) => [name, singlePrecision(tensor)]);
  const tensors = toPyTorchLayout(network, Object.fromEntries(singles) as SavedModel['parameters']);
  for (const place of cellsOf(network)) {
    if (place.cell.name === 'gru' || !needsBias(place, network)) continue;
    const biases = secondBias(place, forgetBias, new Float32Array(columnsOf(place)));
    tensors.set(names.cell(place, 'bias_hh'), storedFloats(biases, [biases.length]));
  }
  const metadata = new Map([
    ['format', 'pt'],
    ['T', String(T)],
    ['forgetBias', String(forgetBias)],
  ]);
  if (!isPlain(network) || network.classNames.length > 0)
    metadata.set('network', JSON.stringify(storedConfig(network)));
  if (vocabulary) metadata.set('vocabulary', JSON.stringify(vocabulary));
  if (own) metadata.set('metadata', JSON.stringify(own));
  return writeSafetensors({ metadata, tensors });
}

/**
 * The network in a PyTorch model of layers of LSTMs, GRUs or RNNs with tanh, and one linear layer, with any names. T, the number of steps, is not in
 * PyTorch's file; the loss, which states are read, and a vocabulary, only in the metadata of a file that `toPyTorch` wrote.
 * Throws a DataError if the file holds another model.
 */
export function fromPyTorch(file: Safetensors, T: number, name: string): SavedModel {
  const { modules, sizes } = foundModules(file, name);
  const floats = (key: string, shape: Shape): Float32Array =>
    Float32Array.from(valuesOf(floatsWithinF32(file, key, shape, name)));
  const biases = cellsOf(sizes)
    .filter(({ cell, hasBias }) => hasBias && cell.name !== 'gru')
    .map((place): Biases => {
      const [first, second] = (['bias_ih', 'bias_hh'] as const).map((bias) => modules.cell(place, bias));
      const shape = [columnsOf(place)];
      return { place, key: first, first: floats(first, shape), second: floats(second, shape) };
    });
  // the loss, and what the network reads
  const stored: Partial<NetworkConfig> = networkFromMetadata(file, name) ?? {};
  const { areApart, forgetBias } = forgetBiasIn(file, sizes, biases, stored);
  const sums = new Map(
    biases.map(({ place, key, first, second }) => [
      key,
      areApart || (place.cell.name === 'rnn' && second.every((value) => value === 0))
        ? first
        : sumOf(first, second, `${name}: the sum of its two biases`),
    ]),
  );
  const { dropout = 0 } = sizes.layers.length > 1 ? stored : {}; // the metadata may be another network's
  const { length: Q } = stored.quantiles ?? [];
  if (Q > 0 && sizes.outputs % Q !== 0) {
    throw new DataError(
      `${name}: metadata network has ${Q} quantiles, but the linear layer has ${counted(sizes.outputs, 'output')}: must be a multiple`,
    );
  }
  const layers = sizes.layers.map((layer, n) => {
    // a bias that is no parameter: Longhand wrote zeros beside the forget bias
    const own = biases.filter(({ place }) => place.layer === n && place.cell.name === 'lstm');
    const isZero = own.length > 0 && own.every(({ first }) => first.every((value) => value === 0));
    return areApart && isZero && stored.layers?.at(n)?.bias === false ? { ...layer, bias: false } : layer;
  });
  const network = completeConfig({ ...stored, ...sizes, layers, dropout, forgetBias, eigenvalues: 'positive' });
  const vocabulary = vocabularyFromMetadata(file, network, name);
  const parameters = fromPyTorchLayout(network, modules, (key, shape) => sums.get(key) ?? floats(key, shape));
  assertAllUsed([...file.tensors.keys()], modules, sizes, name);
  return {
    T,
    network,
    ...(vocabulary && { vocabulary }),
    parameters,
  };
}

/** The two biases of a cell that has only one here. */
interface Biases {
  readonly place: CellPlace;
  /** The first one's name. */
  readonly key: string;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** If every second bias of an LSTM is only a forget bias, as `toPyTorch` writes it, the two stay apart; else they are added. */
function forgetBiasIn(
  file: Safetensors,
  sizes: NetworkConfig,
  biases: readonly Biases[],
  stored: Partial<NetworkConfig>,
) {
  const isLstm = ({ cell }: CellPlace): boolean => cell.name === 'lstm';
  const lstms = cellsOf(sizes).filter(isLstm);
  if (lstms.length === 0) return { areApart: false, forgetBias: stored.forgetBias ?? 1 };
  const own = biases.filter(({ place }) => isLstm(place));
  const single = own.at(0)?.second[ORDER.indexOf('f') * own[0].place.H] ?? 0;
  const isForgetBias = ({ second, place: { H } }: Biases): boolean =>
    forgetBiases(H, single, ORDER).every((value, n) => value === second[n]);
  const areApart = own.every(isForgetBias) && (own.length === lstms.length || single === 0);
  return { areApart, forgetBias: areApart ? exactForgetBias(file, single) : 0 };
}

/** The metadata has the forget bias in f64, if Longhand wrote the file. */
function exactForgetBias({ metadata }: Safetensors, single: number): number {
  const exact = decimalFrom(metadata.get('forgetBias') ?? '');
  return Math.fround(exact) === single ? exact : single;
}

// ── The modules and sizes, from the names and shapes of the tensors ──

function foundModules(file: Safetensors, name: string): { modules: Modules; sizes: NetworkConfig } {
  const keys = [...file.tensors.keys()];
  const scopes = recurrentScopes(keys, name);
  const isRecurrent = (key: string): boolean =>
    scopes.some(({ prefix }) => key.startsWith(`${prefix}weight_`) || key.startsWith(`${prefix}bias_`));
  const linear = linearScope(
    keys.filter((key) => !isRecurrent(key)),
    name,
  );
  const layers = scopes.map(({ prefix, n }): LayerSizes => {
    const [rows, passed] = matrixShape(file, `${prefix}weight_hh_l${n}`, name);
    const projection = `${prefix}weight_hr_l${n}`;
    const hasProjection = file.tensors.has(projection);
    return {
      hidden: hasProjection ? matrixShape(file, projection, name)[1] : passed,
      projection: hasProjection ? passed : 0,
      bidirectional: file.tensors.has(`${prefix}weight_ih_l${n}_reverse`),
      bias: file.tensors.has(`${prefix}bias_ih_l${n}`) || file.tensors.has(`${prefix}bias_hh_l${n}`),
      cell: hasProjection ? 'lstm' : rows === passed ? 'rnn' : rows === 3 * passed ? 'gru' : 'lstm',
    };
  });
  const wrong = layers.findIndex(({ hidden, projection = 0 }) => projection >= hidden);
  if (wrong >= 0) {
    const { hidden, projection } = layers[wrong];
    throw new DataError(`${name}: layer ${wrong} projects ${counted(hidden, 'unit')} to ${projection}: must be fewer`);
  }
  const inputs = matrixShape(file, `${scopes[0].prefix}weight_ih_l0`, name)[1];
  const [outputs, width] = matrixShape(file, `${linear}weight`, name);
  const expected = widthOf(layers[layers.length - 1]);
  if (width !== expected) {
    throw new DataError(
      `${name}: ${linear}weight reads ${counted(width, 'unit')}, but the top recurrent layer has ${expected}`,
    );
  }
  const modules: Modules = {
    cell: ({ layer, reverse }, tensor) =>
      `${scopes[layer].prefix}${tensor}_l${scopes[layer].n}${reverse ? '_reverse' : ''}`,
    linear,
  };
  return { modules, sizes: { inputs, layers, outputs } };
}

/** Throws a DataError for a tensor that would be dropped: the model computes something with it. */
function assertAllUsed(keys: readonly string[], { cell, linear }: Modules, sizes: NetworkConfig, name: string): void {
  const kinds = ['weight_ih', 'weight_hh', 'weight_hr', 'bias_ih', 'bias_hh'] as const;
  const ofCells = cellsOf(sizes).flatMap((place) => kinds.map((kind) => cell(place, kind)));
  const used = new Set([...ofCells, `${linear}weight`, `${linear}bias`]);
  const other = keys.find((key) => !used.has(key));
  if (other === undefined) return;
  throw new DataError(`${name}: tensor ${quote(other)} belongs neither to a recurrent layer nor to the linear layer`);
}

/** Where the tensors of one layer are: they begin with `prefix`, and end with `_lN`. */
interface Scope {
  readonly prefix: string;
  readonly n: number;
}

/** The recurrent layers, the lowest first: those of one module, such as nn.LSTM, or a numbered list of modules of one layer each. */
function recurrentScopes(keys: readonly string[], name: string): Scope[] {
  const scopes = keys.flatMap((key): Scope[] => {
    const match = /^(.*)weight_ih_l(\d+)$/s.exec(key);
    return match ? [{ prefix: match[1], n: Number(match[2]) }] : [];
  });
  if (scopes.length === 0) {
    throw new DataError(
      `${name}: must have a layer of LSTMs, GRUs or RNNs (…weight_ih_l0); has only ${keys.slice(0, 8).join(', ') || 'nothing'}`,
    );
  }
  const prefixes = new Set(scopes.map(({ prefix }) => prefix));
  if (prefixes.size === 1) {
    const sorted = scopes.sort((a, b) => a.n - b.n);
    if (sorted.every(({ n }, layer) => n === layer)) return sorted;
    throw new DataError(`${name}: its module has the layers ${sorted.map(({ n }) => n).join(', ')}: must be 0, 1, …`);
  }
  const numbers = new Map([...prefixes].map((prefix) => [prefix, /^(.*?)(\d+)\.$/s.exec(prefix)]));
  const stems = new Set([...numbers.values()].map((match) => match?.[1]));
  if (stems.size === 1 && !stems.has(undefined) && scopes.every(({ n }) => n === 0))
    return scopes.sort((a, b) => Number(numbers.get(a.prefix)?.[2]) - Number(numbers.get(b.prefix)?.[2]));
  throw new DataError(
    `${name}: the order of its layers is not known: ${[...prefixes].slice(0, 8).join(', ')}: ` +
      'must be one nn.LSTM, nn.GRU or nn.RNN, or layers.0, layers.1, … of one layer each',
  );
}

function linearScope(keys: readonly string[], name: string): string {
  const found = keys.filter((key) => key.endsWith('weight'));
  if (found.length === 1) return found[0].slice(0, -'weight'.length);
  const what = found.length === 0 ? `none in ${keys.slice(0, 8).join(', ') || 'the other tensors'}` : found.join(', ');
  throw new DataError(`${name}: must have one linear layer; has ${found.length}: ${what}`);
}

function matrixShape({ tensors }: Safetensors, key: string, name: string): readonly number[] {
  const shape = tensors.get(key)?.shape;
  if (shape?.length !== 2 || shape.includes(0)) throw new DataError(`${name}: ${key} must have 2 axes, not empty`);
  return shape;
}
