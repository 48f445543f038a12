/**
 * A network, and the state of a training run, as the bytes of a safetensors file. docs/files.md describes every field.
 *
 * The file holds everything that the rest of the run depends on, so a resumed run makes the same bits as an uninterrupted
 * one. A checksum covers every tensor and every metadata text; their order has no effect. Read checkpoint-files.ts next.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { DataError, NonFiniteError } from '../errors.js';
import { Fields } from '../files/fields.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../files/safetensors.js';
import type { FloatLimits } from '../files/stored-tensors.js';
import { floatsWithinF32, indicesNamed, storedIntegers, storedTensor } from '../files/stored-tensors.js';
import type { ModelSizes, ParameterName, ParameterTensors } from '../model.js';
import { parameterShapes } from '../model.js';
import type { Tensor } from '../tensor.js';
import { findNonFinite } from '../tensor.js';
import type { TrainOptions } from './options.js';
import { faultOf, OPTION_NAMES, TUTORIAL } from './options.js';

const FORMAT = 'longhand checkpoint';
const VERSION = 1;

/** Everything that a network's output depends on. */
export interface SavedModel {
  /** T, I, H, C: rows and columns of an image, hidden units, classes. */
  readonly sizes: Omit<ModelSizes, 'B'>;
  /** Added to the forget gate's pre-activation; it is not in `parameters.bias`. */
  readonly forgetBias: number;
  /** The weights, on the host. */
  readonly parameters: ParameterTensors;
}

/** Everything else that the rest of a training run depends on. */
export interface SavedTraining {
  /** Every option of the run. */
  readonly options: TrainOptions;
  /** The description of the backend that the run used; another one may round differently. */
  readonly backend: string;
  /** Updates made so far: Adam's t. */
  readonly step: number;
  /** Adam's m. */
  readonly means: ParameterTensors;
  /** Adam's v. */
  readonly squares: ParameterTensors;
  /** The random generator's state: four whole numbers. */
  readonly random: readonly number[];
  /** `[count]`: the current epoch's permutation of the examples' indices. */
  readonly order: Uint32Array;
  /** How many indices of `order` have been used. */
  readonly cursor: number;
  /** `dataDigest` of the images: a run can only be resumed with the data that it began with. */
  readonly data: string;
  /** The validation with the smallest loss so far; null before the first one. */
  readonly best: BestValidation | null;
  /** How many validations followed the best one. */
  readonly validationsSinceBest: number;
}

/** A validation's loss, and when it was made. */
export interface BestValidation {
  /** Updates made before it. */
  readonly step: number;
  /** Mean loss over the validation images, in nats. */
  readonly loss: number;
}

/** The contents of a file that `longhand train --checkpoint` or `longhand import` writes. */
export interface Checkpoint {
  /** The network. */
  readonly model: SavedModel;
  /** The state of the training; null if the file holds only the network. */
  readonly training: SavedTraining | null;
}

/** The bytes of the file. Throws a NonFiniteError if a number is NaN or infinite: no run can continue from there. */
export function checkpointBytes({ model, training }: Checkpoint): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const store = (key: string, tensor: Tensor): void => {
    const found = findNonFinite(tensor);
    if (found) throw new NonFiniteError(`${key}[${found.index.join(',')}]`, found.value, training?.step ?? 0);
    tensors.set(key, storedTensor(tensor));
  };
  const names = Object.keys(parameterShapes(model.sizes)) as ParameterName[];
  const storeAll = (prefix: string, named: ParameterTensors): void => {
    for (const name of names) store(prefix + name, named[name]);
  };
  storeAll('', model.parameters);
  if (training) {
    storeAll('adam.m.', training.means);
    storeAll('adam.v.', training.squares);
    tensors.set('order', storedIntegers(training.order));
  }

  const metadata = new Map([
    ['format', FORMAT],
    ['formatVersion', String(VERSION)],
    ['model', JSON.stringify({ ...model.sizes, forgetBias: model.forgetBias })],
  ]);
  if (training) {
    const { options, backend, step, random, cursor, data, best, validationsSinceBest } = training;
    metadata.set('options', JSON.stringify(options));
    metadata.set('training', JSON.stringify({ backend, step, random, cursor, data, best, validationsSinceBest }));
  }
  return writeSafetensors(signed({ metadata, tensors }));
}

/** The same file with the correct checksum. */
export function signed({ metadata, tensors }: Safetensors): Safetensors {
  return { metadata: new Map(metadata).set('checksum', checksumOf({ metadata, tensors })), tensors };
}

/** The contents of a file. `name` is for messages. Throws a DataError if the file is damaged, or not a checkpoint. */
export function parseCheckpoint(bytes: Uint8Array, name: string, limits: FloatLimits = {}): Checkpoint {
  const file = parseSafetensors(bytes, name);
  assertFormat(file, name);
  assertChecksum(file, name);
  const model = savedModel(file, name, limits);
  return { model, training: file.metadata.has('training') ? savedTraining(file, model, name) : null };
}

/** SHA-256 of the file as this program would write it without a checksum. */
function checksumOf({ metadata, tensors }: Safetensors): string {
  const others = new Map([...metadata].filter(([key]) => key !== 'checksum'));
  return bytesToHex(sha256(writeSafetensors({ metadata: others, tensors })));
}

function assertFormat({ metadata }: Safetensors, name: string): void {
  if (metadata.get('format') !== FORMAT) {
    throw new DataError(
      `${name}: a safetensors file, but not a Longhand checkpoint; longhand import reads files from PyTorch and TensorFlow`,
    );
  }
  const version = metadata.get('formatVersion') ?? 'none';
  if (version !== String(VERSION)) {
    throw new DataError(`${name}: format version ${version}, but this program reads version ${VERSION}`);
  }
}

function assertChecksum(file: Safetensors, name: string): void {
  if (file.metadata.get('checksum') !== checksumOf(file)) {
    throw new DataError(`${name}: damaged: its checksum does not match its contents`);
  }
}

function savedModel(file: Safetensors, name: string, limits: FloatLimits): SavedModel {
  const fields = Fields.parse(file.metadata.get('model'), `${name}: model`);
  const sizes = { T: fields.whole('T', 1), I: fields.whole('I', 1), H: fields.whole('H', 1), C: fields.whole('C', 1) };
  const forgetBias = fields.withinF32('forgetBias');
  fields.assertNoOthers();
  return { sizes, forgetBias, parameters: parametersNamed(file, sizes, '', name, limits) };
}

function parametersNamed(
  file: Safetensors,
  sizes: SavedModel['sizes'],
  prefix: string,
  name: string,
  limits: FloatLimits = {},
): ParameterTensors {
  const entries = Object.entries(parameterShapes(sizes)).map(([key, shape]) => [
    key,
    floatsWithinF32(file, prefix + key, shape, name, limits),
  ]);
  return Object.fromEntries(entries) as ParameterTensors;
}

function savedTraining(file: Safetensors, { sizes, forgetBias }: SavedModel, name: string): SavedTraining {
  const fields = Fields.parse(file.metadata.get('training'), `${name}: training`);
  const order = indicesNamed(file, 'order', name);
  assertPermutation(order, name);
  const options = savedOptions(file, name);
  const best = fields.recordOrNull('best');
  const training: SavedTraining = {
    options,
    backend: fields.text('backend'),
    step: fields.whole('step', 0),
    means: parametersNamed(file, sizes, 'adam.m.', name),
    squares: parametersNamed(file, sizes, 'adam.v.', name),
    random: fields.wholes('random', 4),
    order,
    cursor: fields.whole('cursor', 0, order.length),
    data: fields.text('data'),
    best: best && { step: best.whole('step', 1), loss: best.finite('loss') },
    validationsSinceBest: fields.whole('validationsSinceBest', 0),
  };
  best?.assertNoOthers();
  fields.assertNoOthers();
  if (options.hidden !== sizes.H || options.forgetBias !== forgetBias) {
    throw new DataError(
      `${name}: options of another network: hidden ${options.hidden}, forgetBias ${options.forgetBias}; ` +
        `the file's network has ${sizes.H} and ${forgetBias}`,
    );
  }
  return training;
}

/** An option that is not in the file gets its default: an older version wrote the file before the option existed. */
function savedOptions(file: Safetensors, name: string): TrainOptions {
  const where = `${name}: options`;
  const fields = Fields.parse(file.metadata.get('options'), where);
  const entries = OPTION_NAMES.map((option) => [option, fields.valueOr(option, TUTORIAL[option])]);
  fields.assertNoOthers();
  const options = Object.fromEntries(entries) as TrainOptions;
  const fault = faultOf(options);
  if (fault !== undefined) throw new DataError(`${where}: ${fault}`);
  return options;
}

/** Throws a DataError unless each of 0 … length - 1 occurs once: a larger index would read beyond the images. */
function assertPermutation(order: Uint32Array, name: string): void {
  const seen = new Uint8Array(order.length);
  for (const index of order) {
    if (index >= order.length) {
      throw new DataError(`${name}: order has index ${index}, but only ${order.length} examples`);
    }
    if (seen[index] === 1) throw new DataError(`${name}: order has index ${index} twice`);
    seen[index] = 1;
  }
}
