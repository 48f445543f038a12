/**
 * A training run for PyTorch, as safetensors, and back: docs/continue-in-pytorch.py continues it there.
 *
 * The file holds everything that a checkpoint holds. Weights and moments have PyTorch's names and layout; the texts of the
 * metadata are the checkpoint's. A script need not derive two more: `network`, and `steps`, the length of the whole run.
 */
import { DataError } from '../core/errors.js';
import type { FloatArray } from '../core/tensor.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { parseSafetensors, quote, writeSafetensors } from '../files/safetensors.js';
import { floatsNamed, indicesNamed, storedFloats, storedIntegers, storedTensor } from '../files/stored-tensors.js';
import { type CompleteConfig, cellsOf, networkParameterShapes, storedConfig } from '../network/config.js';
import type { NamedTensors } from '../network/parameters.js';
import type { Checkpoint, SavedTraining } from '../training/checkpoint.js';
import { checkpointBytes, FORMAT as CHECKPOINT_FORMAT, parseCheckpoint, signed } from '../training/checkpoint.js';
import { stepCount } from '../training/options.js';
import {
  CELLS,
  fromPyTorchLayout,
  needsBias,
  modulesFor,
  networkFromMetadata,
  secondBias,
  toPyTorchLayout,
} from './pytorch-layout.js';
import { assertHasCells, columnsOf } from './weights.js';

const FORMAT = 'longhand pytorch-training';
/** What the names of a checkpoint's tensors begin with: weights, Adam's moments, SGD's velocities. */
const PREFIXES = ['', 'adam.m.', 'adam.v.', 'sgd.v.'];

/** `name` is for messages. Throws a DataError if the checkpoint holds only a network, a run on a text, or a cell that PyTorch does not have. */
export function toPyTorchTraining(checkpoint: Checkpoint, name: string): Uint8Array {
  const { training } = checkpoint;
  const { network } = checkpoint.model;
  if (!training) {
    throw new DataError(
      `${name}: holds only a network, not the state of its training: export it --to safetensors-pytorch`,
    );
  }
  if (checkpoint.model.vocabulary)
    throw new DataError(`${name}: a run on a text: the states between its batches have no place in PyTorch's file`);
  assertHasCells('pytorch-training', network, CELLS);
  const unbiased = cellsOf(network).find((place) => !place.hasBias && needsBias(place, network));
  if (unbiased) {
    throw new DataError(
      `${name}: layer ${unbiased.layer} has no biases, but forget bias ${network.forgetBias}: in PyTorch it would need biases, and ` +
        'would train them; export it --to safetensors-pytorch',
    );
  }
  const file = parseSafetensors(checkpointBytes(checkpoint), name);
  const tensors = new Map<string, StoredTensor>([['order', storedIntegers(training.order)]]);
  for (const prefix of PREFIXES.filter((one) => file.tensors.has(`${one}outBias`))) {
    const entries = Object.entries(networkParameterShapes(network)).map(([key, shape]) => [
      key,
      floatsNamed(file, prefix + key, shape, name),
    ]);
    const converted = toPyTorchLayout(network, Object.fromEntries(entries) as NamedTensors);
    for (const [key, tensor] of converted) tensors.set(prefix + key, tensor);
  }
  for (const [key, biases] of secondBiases(network, tensors)) tensors.set(key, storedFloats(biases, [biases.length]));
  const metadata = new Map(file.metadata)
    .set('format', FORMAT)
    .set('network', JSON.stringify(storedConfig(network)))
    .set('steps', String(stepsOf(training)));
  metadata.delete('checksum');
  return writeSafetensors({ metadata, tensors });
}

/** Throws a DataError if the file is another one, or does not hold the state of a run. */
export function fromPyTorchTraining(file: Safetensors, name: string): Checkpoint {
  const network = file.metadata.get('format') === FORMAT ? networkFromMetadata(file, name) : undefined;
  if (!network) throw new DataError(`${name}: not a file that longhand export --to pytorch-training wrote`);
  const modules = modulesFor(network);
  const tensors = new Map<string, StoredTensor>([['order', storedIntegers(indicesNamed(file, 'order', name))]]);
  for (const prefix of PREFIXES.filter((one) => file.tensors.has(`${one}${modules.linear}bias`))) {
    const read = (key: string, shape: readonly number[]) => floatsNamed(file, prefix + key, shape, name).data;
    const converted = fromPyTorchLayout(network, modules, read);
    for (const [key, tensor] of Object.entries(converted)) tensors.set(prefix + key, storedTensor(tensor));
  }
  for (const [key, biases] of secondBiases(network, file.tensors)) {
    const { data } = floatsNamed(file, key, [biases.length], name);
    if (biases.every((value, n) => value === data[n])) continue;
    const expected = biases.every((value) => value === 0) ? '0' : `the forget bias ${network.forgetBias}`;
    throw new DataError(`${name}: ${quote(key)} is not ${expected}: it must not be trained`);
  }
  const metadata = new Map(file.metadata).set('format', CHECKPOINT_FORMAT);
  metadata.delete('network');
  metadata.delete('steps');
  const checkpoint = parseCheckpoint(writeSafetensors(signed({ metadata, tensors })), name);
  const { model, training } = checkpoint;
  if (!training) throw new DataError(`${name}: training: missing`);
  assertDerived(name, 'network', network, model.network);
  const steps = file.metadata.get('steps');
  if (steps !== undefined) assertDerived(name, 'steps', steps, String(stepsOf(training)));
  return checkpoint;
}

const stepsOf = ({ options, order }: SavedTraining): number => stepCount(options, order.length);

/** Throws a DataError if a text that follows from the others contradicts them. */
function assertDerived(name: string, key: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new DataError(`${name}: metadata ${key} is ${quote(found)}, but its model and options say ${quote(expected)}`);
}

/** The second bias of each cell that has only one here: the forget bias of an LSTM, else 0; in the precision of the first bias. */
function secondBiases(network: CompleteConfig, tensors: ReadonlyMap<string, StoredTensor>): Map<string, FloatArray> {
  const { cell } = modulesFor(network);
  const places = cellsOf(network).filter((place) => place.hasBias && place.cell.name !== 'gru');
  return new Map(
    places.map((place): [string, FloatArray] => {
      const isDouble = tensors.get(cell(place, 'bias_ih'))?.dtype === 'F64';
      const zeros = new (isDouble ? Float64Array : Float32Array)(columnsOf(place));
      return [cell(place, 'bias_hh'), secondBias(place, network.forgetBias, zeros)];
    }),
  );
}
