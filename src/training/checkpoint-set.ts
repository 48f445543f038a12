/**
 * Several networks in one checkpoint file, as a forecaster has them, with metadata for all of them. docs/files.md describes the file: what a
 * file of one network calls `kernel` or `model` is called `NAME/kernel` and `NAME/model` here.
 */
import { DataError } from '../core/errors.js';
import type { JsonObject } from '../files/json.js';
import { type Safetensors, type StoredTensor, quote, writeSafetensors } from '../files/safetensors.js';
import { checkedMetadata, metadataIn } from './checkpoint-fields.js';
import {
  type Checkpoint,
  type ReadOptions,
  checkedFile,
  checkpointFile,
  checkpointIn,
  FORMAT,
  signed,
} from './checkpoint.js';

/** The contents of a file of several networks. */
export interface CheckpointSet {
  /** Each network, with the state of its run, by name. */
  readonly networks: ReadonlyMap<string, Checkpoint>;
  /** A plain object of what JSON can hold. */
  readonly metadata: JsonObject;
}

const VERSION = 3;
const NAME = /^[\w+.-]{1,100}$/;
const MOST_NETWORKS = 10_000;
/** Longer metadata, such as the plan of hundreds of series, are a tensor of bytes: a header of safetensors has at most 16 MiB. */
const LONGEST_TEXT = 2 ** 20;
const OWN = ['format', 'formatVersion', 'networks', 'metadata', 'checksum'];

/** The bytes of the file. Throws the errors of `checkpointBytes`, and a DataError for a name of other characters than letters, digits and `_+.-`. */
export function checkpointSetBytes({ networks, metadata }: CheckpointSet): Uint8Array<ArrayBuffer> {
  assertNames([...networks.keys()], 'checkpoint');
  const texts = new Map([
    ['format', FORMAT],
    ['formatVersion', String(VERSION)],
    ['networks', JSON.stringify([...networks.keys()])],
  ]);
  const tensors = new Map<string, StoredTensor>();
  // a plan is computed, so it can have a -0, which counts as 0
  const text = JSON.stringify(checkedMetadata('checkpoint: metadata', metadata, { dropsMinus: true }));
  if (text.length <= LONGEST_TEXT) texts.set('metadata', text);
  else {
    const bytes = new TextEncoder().encode(text);
    tensors.set('metadata', { dtype: 'U8', shape: [bytes.length], bytes });
  }
  for (const [name, checkpoint] of networks) {
    const file = checkpointFile(`checkpointSetBytes: ${name}`, checkpoint, VERSION);
    for (const [key, text] of file.metadata)
      if (!OWN.includes(key) || key === 'metadata') texts.set(`${name}/${key}`, text);
    for (const [key, tensor] of file.tensors) tensors.set(`${name}/${key}`, tensor);
  }
  return writeSafetensors(signed({ metadata: texts, tensors }));
}

/** The contents of a file; undefined if it holds one network. Throws a DataError if it is damaged, or no checkpoint. */
export function parseCheckpointSet(
  bytes: Uint8Array,
  name: string,
  limits: ReadOptions = {},
): CheckpointSet | undefined {
  const file = checkedFile(bytes, name);
  const listed = file.metadata.get('networks');
  if (listed === undefined) return undefined;
  if (file.metadata.get('formatVersion') !== String(VERSION))
    throw new DataError(`${name}: networks: these need format version ${VERSION}`);
  const { networks: names } = metadataIn(`{"networks":${listed}}`, `${name}: networks`);
  assertNames(names, name);
  const parts = new Map(names.map((one) => [one, emptyFile()]));
  const place = (key: string): [part: MutableFile, rest: string] => {
    const slash = key.indexOf('/');
    const part = parts.get(key.slice(0, slash));
    if (slash < 0 || !part) throw new DataError(`${name}: ${quote(key)} belongs to none of its networks`);
    return [part, key.slice(slash + 1)];
  };
  for (const [key, text] of file.metadata) {
    if (OWN.includes(key)) continue;
    const [part, rest] = place(key);
    part.metadata.set(rest, text);
  }
  for (const [key, tensor] of file.tensors) {
    if (key === 'metadata') continue;
    const [part, rest] = place(key);
    part.tensors.set(rest, tensor);
  }
  const networks = new Map([...parts].map(([one, part]) => [one, checkpointIn(part, `${name}#${one}`, limits)]));
  return { networks, metadata: metadataIn(metadataText(file, name), `${name}: metadata`) };
}

function metadataText({ metadata, tensors }: Safetensors, name: string): string {
  const [text, tensor] = [metadata.get('metadata'), tensors.get('metadata')];
  if (!tensor) return text ?? '';
  if (text !== undefined || tensor.dtype !== 'U8')
    throw new DataError(`${name}: metadata: must be a text or a tensor of U8, and only one of them`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(tensor.bytes);
  } catch {
    throw new DataError(`${name}: metadata: is not UTF-8`);
  }
}

interface MutableFile {
  readonly metadata: Map<string, string>;
  readonly tensors: Map<string, StoredTensor>;
}

const emptyFile = (): MutableFile => ({
  metadata: new Map([
    ['format', FORMAT],
    ['formatVersion', String(VERSION)],
  ]),
  tensors: new Map(),
});

function assertNames(names: unknown, where: string): asserts names is string[] {
  const isRight = Array.isArray(names) && names.length <= MOST_NETWORKS && new Set(names).size === names.length;
  if (isRight && names.every((name) => typeof name === 'string' && NAME.test(name))) return;
  throw new DataError(`${where}: networks: must be a list of different names of 1 to 100 letters, digits, _ + . or -`);
}
