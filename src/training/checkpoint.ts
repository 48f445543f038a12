/**
 * A network, and the state of a training run, as the bytes of a safetensors file. docs/files.md describes every field.
 *
 * The file holds everything that the rest of the run depends on, so a resumed run makes the same bits as an uninterrupted
 * one. A checksum covers every tensor and every metadata text; their order has no effect. Read checkpoint-files.ts next.
 */
import type { Cell } from '../cells/cell.js';
import { assertCell, assertOneCellPerName } from '../cells/cells.js';
import { typed, DataError, NonFiniteError } from '../core/errors.js';
import { assertKnownNames, assertObject, assertTensor, describe } from '../core/arguments.js';
import { F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { type Shape, type Tensor, assertShape, findNonFinite, formatShape, indexOf, valuesOf } from '../core/tensor.js';
import type { Vocabulary } from '../data/text.js';
import { Fields } from '../files/json-reader.js';
import type { JsonObject } from '../files/json.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { parseSafetensors, quote, writeSafetensors } from '../files/safetensors.js';
import { sha256Of } from '../files/sha256.js';
import type { FloatLimits } from '../files/stored-tensors.js';
import { floatsWithinF32, indicesNamed, storedIntegers, storedTensor } from '../files/stored-tensors.js';
import type { CompleteConfig } from '../network/config.js';
import {
  completeConfig,
  needsVersion3,
  isPlain,
  networkParameterShapes,
  stateShapes,
  storedConfig,
} from '../network/config.js';
import { type NamedTensors, faultInSquares } from '../network/parameters.js';
import {
  assertSameNetwork,
  checkedMetadata,
  metadataIn,
  savedNetworkIn,
  optionsIn,
  randomIn,
  taskIn,
  vocabularyIn,
} from './checkpoint-fields.js';
import { type TrainOptions, areVersion1, storedOptions } from './options.js';

/** The metadata field `format` of every checkpoint. */
export const FORMAT = 'longhand checkpoint';
/** A file has the smallest version that can hold its network and its run: 1 is as Longhand 0.1.0 wrote it, byte for byte. */
const VERSIONS = ['1', '2', '3'];

/** Everything that a network's output depends on. */
export interface SavedModel {
  /** Steps of a sequence. */
  readonly T: number;
  /** The network's sizes. */
  readonly network: CompleteConfig;
  /** The characters of a text's classes. Default: none, the network was not trained on a text. */
  readonly vocabulary?: Vocabulary | undefined;
  /** The weights, `[…]` in each parameter's shape, on the host. */
  readonly parameters: NamedTensors;
}

/** Everything else that the rest of a training run depends on. */
export interface SavedTraining {
  /** Every option of the run. */
  readonly options: TrainOptions;
  /** The description of the backend that the run used; another one may round differently. */
  readonly backend: string;
  /** Updates made so far: Adam's t. */
  readonly step: number;
  /** The name of the run's data; null for MNIST, and for data without a name. */
  readonly task: string | null;
  /** Adam's m, `[…]` in each parameter's shape; empty with SGD. */
  readonly means: NamedTensors;
  /** Adam's v, `[…]` in each parameter's shape; empty with SGD. */
  readonly squares: NamedTensors;
  /** SGD's v, `[…]` in each parameter's shape; empty with Adam. */
  readonly velocities: NamedTensors;
  /** The states that the next batch of a text continues from, h0 and c0 `[B,H]` of each LSTM, h0 of other cells; empty for other data. */
  readonly states: NamedTensors;
  /** The random generator's state: four whole numbers. */
  readonly random: readonly number[];
  /** `[count]`: the current epoch's permutation of the examples' indices. */
  readonly order: Uint32Array;
  /** How many indices of `order` have been used. */
  readonly cursor: number;
  /** SHA-256 of the data, as hexadecimal digits: a run can only be resumed with the data that it began with. */
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
  /** Mean loss over the validation data. */
  readonly loss: number;
}

/** The contents of a file that `longhand train --checkpoint` or `longhand import` writes. */
export interface Checkpoint {
  /** The network. */
  readonly model: SavedModel;
  /** The state of the training; null if the file holds only the network. */
  readonly training: SavedTraining | null;
  /** Your own: a plain object of what JSON can hold, such as the scale of the inputs. A resumed run keeps it. Default: none. */
  readonly metadata?: JsonObject | undefined;
}

/** A checkpoint that can be resumed. */
export interface Resumable extends Checkpoint {
  readonly training: SavedTraining;
}

const NAMES = ['model', 'training', 'metadata'] as const satisfies (keyof Checkpoint)[];
const MODEL_NAMES = ['T', 'network', 'vocabulary', 'parameters'] as const satisfies (keyof SavedModel)[];
const TRAINING_NAMES = [
  ...(['options', 'backend', 'step', 'task', 'means', 'squares', 'velocities', 'states', 'random'] as const),
  ...(['order', 'cursor', 'data', 'best', 'validationsSinceBest'] as const),
] satisfies (keyof SavedTraining)[];

/**
 * The bytes of the file. Throws a TypeError for a field that no checkpoint has, and a NonFiniteError if a number is NaN or infinite:
 * no run can continue from there. Also throws the errors of a checkpoint that `parseCheckpoint` would refuse: a DataError, or a
 * RangeError for the shape of a tensor. A DataError names the path of metadata that JSON cannot hold.
 */
export function checkpointBytes(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  return writeSafetensors(signed(checkpointFile(checkpoint)));
}

/** The file of a checkpoint, without its checksum. */
function checkpointFile(checkpoint: Checkpoint): Safetensors {
  assertCheckpoint('checkpointBytes', checkpoint);
  assertParts(checkpoint);
  const { model, training } = checkpoint;
  const metadata = readableMetadata(checkpoint);
  const tensors = new Map<string, StoredTensor>();
  const store = (key: string, tensor: Tensor, shape: Shape): void => {
    asDataError(() => assertTensor(`${WRITTEN}: ${key}`, tensor, formatShape(shape)));
    assertShape(WRITTEN, key, tensor, shape);
    assertStorable(key, tensor, training?.step ?? 0);
    tensors.set(key, storedTensor(tensor));
  };
  const storeAll = (prefix: string, shapes: Shapes, named: NamedTensors): void => {
    for (const [name, shape] of Object.entries(shapes)) store(prefix + name, named[name], shape);
  };
  storeAll('', networkParameterShapes(model.network), model.parameters);
  if (training) {
    for (const [key, prefix, shapes] of keptTensors(training.options, model)) storeAll(prefix, shapes, training[key]);
    tensors.set('order', storedIntegers(training.order));
  }
  return { metadata, tensors };
}

/** Throws a TypeError unless `value` has a checkpoint's fields, and no others: they would be dropped. `what` begins the message. */
export function assertCheckpoint(what: string, value: unknown): asserts value is Checkpoint {
  assertObject(what, value);
  if (!('model' in value && 'training' in value)) {
    const advice =
      'must be { model, training }, as hooks.onCheckpoint gets it, or await training.checkpoint() returns it';
    throw new TypeError(`${what}: ${describe(value)}: ${advice}`);
  }
  assertKnownNames(what, value, NAMES);
  if (isObject(value.model)) assertKnownNames(`${what}: model`, value.model, MODEL_NAMES);
  if (isObject(value.training)) assertKnownNames(`${what}: training`, value.training, TRAINING_NAMES);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** How a file is read. */
export interface ReadOptions extends FloatLimits {
  /** Your own cells, as they stood in `layers` of the network: a file has them by name. Default: none. */
  readonly cells?: readonly Cell[];
}

/** Begins the messages about a checkpoint that cannot be written. */
const WRITTEN = 'checkpoint';

/** Throws a DataError if a part that is no tensor is one that `parseCheckpoint` would refuse. `assertParts` has checked the parts. */
export function assertReadable(checkpoint: Checkpoint): void {
  readableMetadata(checkpoint);
}

/** The metadata of the checkpoint's file. Throws the errors of `assertReadable`. */
function readableMetadata(checkpoint: Checkpoint): Safetensors['metadata'] {
  const { training } = checkpoint;
  const order: [string, StoredTensor][] = training ? [['order', storedIntegers(training.order)]] : [];
  const file = { metadata: metadataOf(checkpoint), tensors: new Map(order) };
  const cells = checkpoint.model.network.layers.flatMap(({ cell = 'lstm' }) =>
    typeof cell === 'string' ? [] : [cell],
  );
  const { network } = describedModel(file, WRITTEN, cells);
  if (training) describedTraining(file, network, WRITTEN);
  return file.metadata;
}

/** Throws a DataError unless `checkpoint` has every part, each of its type. What the tensors and the other fields hold is not checked. */
export function assertParts({ model, training }: Checkpoint): void {
  asDataError(() => {
    assertObject(`${WRITTEN}: model`, model);
    assertObject(`${WRITTEN}: model.network`, model.network);
    completeConfig(model.network);
    assertObject(`${WRITTEN}: model.parameters`, model.parameters);
    if (training === null) return;
    assertObject(`${WRITTEN}: training (null for a network alone)`, training);
    assertObject(`${WRITTEN}: training.options`, training.options);
    for (const [key] of keptTensors(training.options, model))
      assertObject(`${WRITTEN}: training.${key}`, training[key]);
  });
  if (training === null || (training.order as unknown) instanceof Uint32Array) return;
  throw new DataError(`${WRITTEN}: training.order is ${describe(training.order)}: must be a Uint32Array`);
}

/** Calls `check`; its TypeError or RangeError becomes a DataError, as for a file. */
function asDataError(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new DataError(error.message.startsWith(WRITTEN) ? error.message : `${WRITTEN}: model: ${error.message}`);
  }
}

/** Throws unless a reader accepts every number. */
function assertStorable(key: string, tensor: Tensor, step: number): void {
  const found = findNonFinite(tensor);
  if (found) throw new NonFiniteError(`${key}[${found.index.join(',')}]`, found.value, step);
  const values = valuesOf(tensor);
  const wrong = tensor.dtype === 'float32' ? -1 : values.findIndex((value) => !isWithinF32(value));
  if (wrong < 0) {
    assertMoment(key, tensor, WRITTEN);
    return;
  }
  throw new DataError(
    `${WRITTEN}: ${key}${formatShape(indexOf(wrong, tensor.shape))} is ${values[wrong]} at step ${step}: beyond f32 ` +
      `(${F32_RANGE}), so the file could not be read again; try a smaller learning rate`,
  );
}

const SQUARES = 'adam.v.';

/** Throws a DataError if a running mean of squares, Adam's v, is negative. */
function assertMoment(key: string, tensor: Tensor, name: string): void {
  const fault = key.startsWith(SQUARES) ? faultInSquares(tensor) : undefined;
  if (fault !== undefined) throw new DataError(`${name}: ${key}${fault}`);
}

type Shapes = Readonly<Record<string, Shape>>;
type Kept = [key: 'means' | 'squares' | 'velocities' | 'states', prefix: string, shapes: Shapes];

/**
 * The tensors that the rest of a run depends on: the moments of its optimiser, and the states that a text's next batch continues
 * from. For each kind the field of `SavedTraining`, the beginning of the names in a file, and the shapes.
 */
function keptTensors(
  { optimiser, batchSize }: TrainOptions,
  { network, vocabulary }: Omit<SavedModel, 'parameters'>,
): Kept[] {
  const shapes = networkParameterShapes(network);
  const moments: Kept[] =
    optimiser === 'sgd'
      ? [['velocities', 'sgd.v.', shapes]]
      : [
          ['means', 'adam.m.', shapes],
          ['squares', SQUARES, shapes],
        ];
  return vocabulary ? [...moments, ['states', 'state.', stateShapes(network, batchSize)]] : moments;
}

function metadataOf({ model, training, metadata: own }: Checkpoint): Map<string, string> {
  const { T, network, vocabulary } = model;
  const isVersion3 = needsVersion3(network) || own !== undefined;
  const isVersion1 =
    !isVersion3 &&
    isPlain(network) &&
    vocabulary === undefined &&
    (training === null || (areVersion1(training.options) && training.task === null));
  const version = isVersion1 ? 1 : isVersion3 ? 3 : 2;
  const { inputs: I, outputs: C, layers, forgetBias } = network;
  const described = isVersion1
    ? { T, I, H: layers[0].hidden, C, forgetBias }
    : { T, network: storedConfig(network), vocabulary };
  const metadata = new Map([
    ['format', FORMAT],
    ['formatVersion', String(version)],
    ['model', JSON.stringify(described)],
  ]);
  if (own !== undefined) metadata.set('metadata', JSON.stringify(checkedMetadata(`${WRITTEN}: metadata`, own)));
  if (training) {
    const { options, backend, step, random, cursor, data, best, validationsSinceBest, task } = training;
    metadata.set('options', JSON.stringify(storedOptions(options, version)));
    const state = { backend, step, random, cursor, data, best, validationsSinceBest };
    metadata.set('training', JSON.stringify(isVersion1 ? state : { ...state, task }));
  }
  return metadata;
}

/** The same file with the correct checksum. */
export function signed({ metadata, tensors }: Safetensors): Safetensors {
  return { metadata: new Map(metadata).set('checksum', checksumOf({ metadata, tensors })), tensors };
}

/**
 * The contents of a file. `name` is for messages. Throws a DataError if the file is damaged, or not a checkpoint of one network. Another
 * one is thrown if the network has a cell that is neither of this program nor in `limits.cells`.
 */
export function parseCheckpoint(bytes: Uint8Array, name: string, limits: ReadOptions = {}): Checkpoint {
  const { cells = [] } = limits;
  if (!Array.isArray(cells))
    throw new TypeError(`parseCheckpoint: cells is ${describe(cells)}: must be a list of cells`);
  cells.forEach((cell, n) => assertCell(`parseCheckpoint: cells[${n}]`, cell));
  assertOneCellPerName('parseCheckpoint: cells', cells);
  const file = parseSafetensors(bytes, name);
  assertFormat(file, name);
  assertChecksum(file, name);
  const other = severalNetworks(file);
  if (other !== undefined) throw new DataError(`${name}: ${other}`);
  const model = savedModel(file, name, limits);
  const training = file.metadata.has('training') ? savedTraining(file, model, name) : null;
  if (versionOf(file) >= 3) assertNoOtherTensors(file, { model, training }, name);
  const metadata = savedMetadata(file, name);
  return { model, training, ...(metadata && { metadata }) };
}

/** What a file of several networks is, which Longhand 1 and 2 wrote; undefined for a file of one network. */
export function severalNetworks({ metadata, tensors }: Safetensors): string | undefined {
  if (!metadata.has('networks')) return undefined;
  const text = metadata.get('metadata') ?? new TextDecoder().decode(tensors.get('metadata')?.bytes.subarray(0, 100));
  const kind = /^\{"(forecast|classifier)":/.exec(text)?.[1];
  const what =
    kind === 'forecast' ? 'a forecaster' : kind === undefined ? 'several networks' : 'a classifier of tables';
  return `holds ${what} of Longhand 1 or 2, which this version does not read: use Longhand 2`;
}

function savedMetadata(file: Safetensors, name: string): JsonObject | undefined {
  const text = file.metadata.get('metadata');
  if (text === undefined) return undefined;
  if (versionOf(file) < 3) throw new DataError(`${name}: metadata: these need format version 3`);
  return metadataIn(text, `${name}: metadata`);
}

/** Earlier versions accepted other tensors, and dropped them: a bias of a layer without biases, for example. */
function assertNoOtherTensors({ tensors }: Safetensors, { model, training }: Checkpoint, name: string): void {
  const kept = training === null ? [] : keptTensors(training.options, model);
  const known = new Set([
    ...Object.keys(networkParameterShapes(model.network)),
    ...kept.flatMap(([, prefix, shapes]) => Object.keys(shapes).map((one) => prefix + one)),
    ...(training === null ? [] : ['order']),
  ]);
  const other = [...tensors.keys()].find((key) => !known.has(key));
  if (other !== undefined) throw new DataError(`${name}: tensor ${quote(other)} does not belong to its network or run`);
}

/** SHA-256 of the file as this program would write it without a checksum. */
function checksumOf({ metadata, tensors }: Safetensors): string {
  const others = new Map([...metadata].filter(([key]) => key !== 'checksum'));
  return sha256Of([writeSafetensors({ metadata: others, tensors })]);
}

function assertFormat({ metadata }: Safetensors, name: string): void {
  if (metadata.get('format') !== FORMAT) {
    throw new DataError(
      `${name}: a safetensors file, but not a Longhand checkpoint; ${typed('import FILE')} reads files from PyTorch and TensorFlow`,
    );
  }
  const version = metadata.get('formatVersion') ?? 'none';
  if (!VERSIONS.includes(version))
    throw new DataError(`${name}: format version ${version}, but this program reads versions 1 to ${VERSIONS.at(-1)}`);
}

/** Throws a DataError if the file says that it is a checkpoint, of a version that this program reads, and its checksum is wrong. */
export function assertUndamaged(file: Safetensors, name: string): void {
  const { metadata } = file;
  if (metadata.get('format') === FORMAT && VERSIONS.includes(metadata.get('formatVersion') ?? 'none'))
    assertChecksum(file, name);
}

function assertChecksum(file: Safetensors, name: string): void {
  if (file.metadata.get('checksum') !== checksumOf(file))
    throw new DataError(`${name}: damaged: its checksum does not match its contents`);
}

function savedModel(file: Safetensors, name: string, limits: ReadOptions): SavedModel {
  const model = describedModel(file, name, limits.cells);
  return { ...model, parameters: tensorsNamed(file, networkParameterShapes(model.network), '', name, limits) };
}

/** The model without its tensors. */
function describedModel(
  file: Pick<Safetensors, 'metadata'>,
  name: string,
  cells: readonly Cell[] = [],
): Omit<SavedModel, 'parameters'> {
  const where = `${name}: model`;
  const fields = Fields.parse(file.metadata.get('model'), where);
  const T = fields.whole('T', 1);
  const network = savedNetworkIn(fields, where, versionOf(file), cells);
  const vocabulary = vocabularyIn(fields, where, network);
  fields.assertNoOthers();
  return { T, network, ...(vocabulary && { vocabulary }) };
}

const versionOf = ({ metadata }: Pick<Safetensors, 'metadata'>): number => Number(metadata.get('formatVersion'));

function tensorsNamed(
  file: Safetensors,
  shapes: Shapes,
  prefix: string,
  name: string,
  limits: FloatLimits = {},
): NamedTensors {
  const entries = Object.entries(shapes).map(([key, shape]) => {
    const tensor = floatsWithinF32(file, prefix + key, shape, name, limits);
    assertMoment(prefix + key, tensor, name);
    return [key, tensor];
  });
  return Object.fromEntries(entries) as NamedTensors;
}

function savedTraining(file: Safetensors, model: SavedModel, name: string): SavedTraining {
  const training = describedTraining(file, model.network, name);
  const tensors = keptTensors(training.options, model).map(([key, prefix, shapes]) => [
    key,
    tensorsNamed(file, shapes, prefix, name),
  ]);
  return { ...training, ...(Object.fromEntries(tensors) as Partial<SavedTraining>) };
}

/** The state of a training run without its tensors, except the order. */
function describedTraining(file: Safetensors, network: CompleteConfig, name: string): SavedTraining {
  const where = `${name}: training`;
  const fields = Fields.parse(file.metadata.get('training'), where);
  const order = indicesNamed(file, 'order', name);
  assertPermutation(order, name);
  const options = optionsIn(file.metadata.get('options'), `${name}: options`, versionOf(file));
  const best = fields.recordOrNull('best');
  const training: SavedTraining = {
    options,
    task: versionOf(file) === 1 ? null : taskIn(fields, where),
    backend: fields.text('backend'),
    step: fields.whole('step', 0),
    means: {},
    squares: {},
    velocities: {},
    states: {},
    random: randomIn(fields, where),
    order,
    cursor: fields.whole('cursor', 0, order.length),
    data: fields.text('data'),
    best: best && { step: best.whole('step', 1), loss: best.finite('loss') },
    validationsSinceBest: fields.whole('validationsSinceBest', 0),
  };
  best?.assertNoOthers();
  fields.assertNoOthers();
  assertSameNetwork(options, network, name);
  return training;
}

/** Throws a DataError unless each of 0 … length - 1 occurs once: a larger index would read beyond the images. */
function assertPermutation(order: Uint32Array, name: string): void {
  const seen = new Uint8Array(order.length);
  for (const index of order) {
    if (index >= order.length)
      throw new DataError(`${name}: order has index ${index}, but only ${order.length} examples`);
    if (seen[index] === 1) throw new DataError(`${name}: order has index ${index} twice`);
    seen[index] = 1;
  }
}
