/**
 * The JSON texts of a checkpoint: its network, its options and the name of its data. Each field is checked, and `where`
 * begins the messages. checkpoint.ts reads the tensors.
 */
import type { Cell } from '../cells/cell.js';
import { CELL_NAMES } from '../cells/names.js';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { isRandomState, STATE_RULE } from '../core/rng.js';
import { isTask, TASK_RULE } from '../data/examples.js';
import { type Vocabulary, assertVocabulary, classCount } from '../data/text.js';
import { Fields } from '../files/json-reader.js';
import { type JsonObject, jsonObjectOf, parseStrictJson } from '../files/json.js';
import { quote } from '../files/safetensors.js';
import type { CompleteConfig, NetworkConfig } from '../network/config.js';
import { completeConfig, needsVersion3, storedLayer } from '../network/config.js';
import { type TrainOptions, areVersion1, faultOf, layersOf, namesInVersion, storedName, TUTORIAL } from './options.js';

/** The network that the fields describe. `cells`: the caller's own cells, which a file has by name. */
export const savedNetworkIn = (
  fields: Fields,
  where: string,
  version: number,
  cells: readonly Cell[],
): CompleteConfig => (version === 1 ? version1Network(fields) : storedNetwork(fields, where, version, cells));

function version1Network(fields: Fields): CompleteConfig {
  const [inputs, hidden, outputs] = [fields.whole('I', 1), fields.whole('H', 1), fields.whole('C', 1)];
  return completeConfig({ inputs, layers: [{ hidden }], outputs, forgetBias: fields.withinF32('forgetBias') });
}

/** A field that is missing has its default. */
function storedNetwork(fields: Fields, where: string, version: number, cells: readonly Cell[]): CompleteConfig {
  const network = withOwnCells(fields.value('network'), cells, where);
  let complete: CompleteConfig;
  try {
    complete = completeConfig(network as NetworkConfig);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new DataError(`${where}: ${shortened(error.message)}`);
  }
  if (version < 3 && needsVersion3(complete)) {
    throw new DataError(
      `${where}: network has other cells than lstm, projections, no biases, a newer loss or class names: these need format version 3`,
    );
  }
  if (isWithinF32(complete.forgetBias)) return complete;
  throw new DataError(
    `${where}: network: forgetBias is ${complete.forgetBias}: must be a number within f32 (${F32_RANGE})`,
  );
}

/** A file's network with the caller's cells in place of their names. Throws a DataError for the name of a cell that is missing. */
function withOwnCells(network: unknown, cells: readonly Cell[], where: string): unknown {
  const { layers } = (network ?? {}) as { readonly layers?: unknown };
  if (!Array.isArray(layers)) return network;
  const found = layers.map((layer: { readonly cell?: unknown } | null, n) => {
    const name = layer?.cell;
    if (typeof name !== 'string' || CELL_NAMES.some((known) => known === name)) return layer;
    const cell = cells.find((one) => one.name === name);
    if (cell) return { ...layer, cell };
    throw new DataError(
      `${where}: network: layers[${n}] has the cell ${quote(name)}, which is none of ${CELL_NAMES.join(', ')}: pass it again in a program, as parseCheckpoint(…, { cells })`,
    );
  });
  return { ...(network as object), layers: found };
}

/** The vocabulary of a text's network; undefined if there is none. */
export function vocabularyIn(fields: Fields, where: string, network: CompleteConfig): Vocabulary | undefined {
  const vocabulary = fields.valueOr('vocabulary', undefined);
  return vocabulary === undefined ? undefined : vocabularyFor(network, vocabulary, where);
}

/** `vocabulary`. Throws a DataError unless it is one, and the network has a class for each character. */
export function vocabularyFor(network: CompleteConfig, vocabulary: unknown, where: string): Vocabulary {
  assertVocabulary(`${where}: vocabulary`, vocabulary);
  const classes = classCount(vocabulary);
  const { inputs, outputs, inputKind, reads, loss } = network;
  const predicts = inputKind === 'classes' && reads === 'every' && loss === 'crossEntropy';
  if (predicts && inputs === classes && outputs === classes) return vocabulary;
  throw new DataError(
    `${where}: a vocabulary of ${counted(classes, 'class', 'classes')}, but the network reads ${inputs} ${inputKind}, has ${counted(outputs, 'output')}, ` +
      `and computes ${loss} at ${reads} step`,
  );
}

/**
 * Every option of the run. An option that is not in the file gets its default: an older version wrote the file before the
 * option existed.
 */
export function optionsIn(text: string | undefined, where: string, version: number): TrainOptions {
  const fields = Fields.parse(text, where);
  const entries = namesInVersion(version).map((option) => [
    option,
    fields.valueOr(storedName(option), TUTORIAL[option]),
  ]);
  fields.assertNoOthers();
  const options = { ...TUTORIAL, ...(Object.fromEntries(entries) as Partial<TrainOptions>) };
  const fault = faultOf(options, storedName);
  if (fault !== undefined) throw new DataError(`${where}: ${shortened(fault)}`);
  if (version === 1 && !areVersion1(options))
    throw new DataError(`${where}: hidden ${quote(options.hidden)}: must be one number in format version 1`);
  return options;
}

/** The name of the run's data. */
export function taskIn(fields: Fields, where: string): string | null {
  const task = fields.textOrNull('task');
  if (task !== null && !isTask(task))
    throw new DataError(`${where}: task is ${quote(task)}, must be null or ${TASK_RULE}`);
  return task;
}

/** How deep objects and lists of a checkpoint's metadata may be nested. */
const DEEPEST_METADATA = 100;

/** A copy of a checkpoint's metadata. Throws a DataError with the path of a value that JSON cannot hold, or would change. */
export const checkedMetadata = (where: string, metadata: unknown, rules: { dropsMinus?: boolean } = {}): JsonObject =>
  jsonObjectOf(where, metadata, { ...rules, depth: DEEPEST_METADATA });

/** The metadata in a file's text. Throws a DataError unless they are a JSON object. */
export function metadataIn(text: string, where: string): JsonObject {
  try {
    return checkedMetadata(where, parseStrictJson(text, { depth: DEEPEST_METADATA })); // JSON.parse reads 1e999 as Infinity
  } catch (error) {
    if (error instanceof SyntaxError) throw new DataError(`${where}: not valid JSON (${error.message})`);
    throw error;
  }
}

/** The state of the random generator. */
export function randomIn(fields: Fields, where: string): number[] {
  const words = fields.wholes('random', 4);
  if (isRandomState(words)) return words;
  throw new DataError(`${where}: random is ${quote(words)}, must be ${STATE_RULE}`);
}

/** Throws a DataError if the options describe another network than that of the file. */
export function assertSameNetwork(options: TrainOptions, network: CompleteConfig, name: string): void {
  const [asked, given] = [layersOf(options), network.layers].map((layers) => layers.map(storedLayer));
  const longer = asked.length > given.length ? asked : given;
  const isOfLabels = network.loss === 'crossEntropy'; // then the option is left out
  const parts: (readonly [string, unknown, unknown])[] = [
    ...longer.map((_, n) => [`layers[${n}]`, asked.at(n), given.at(n)] as const),
    ['dropout', options.dropout, network.dropout],
    ['forgetBias', options.forgetBias, network.forgetBias],
    ['eigenvalues', options.eigenvalues, network.eigenvalues],
    ['loss', isOfLabels && options.loss === TUTORIAL.loss ? network.loss : options.loss, network.loss],
    ...(network.loss === 'huber' ? [['delta', options.delta, network.delta] as const] : []),
    ...(network.loss === 'pinball' ? [['quantiles', options.quantiles, network.quantiles] as const] : []),
  ];
  for (const [part, theirs, ours] of parts) {
    if (JSON.stringify(theirs) === JSON.stringify(ours)) continue;
    throw new DataError(
      `${name}: options of another network: ${part} ${quote(theirs)}; the file's network has ${quote(ours)}`,
    );
  }
}

/** A message that may quote a text of any length from the file. */
const shortened = (message: string): string => (message.length > 300 ? `${message.slice(0, 299)}…` : message);
