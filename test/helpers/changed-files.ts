/** Safetensors files made by changes of other files, and the messages that refuse changed checkpoints. */
import { DataError } from '../../src/core/errors.js';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { parseCheckpoint, signed } from '../../src/training/checkpoint.js';

export type Tensors = Map<string, StoredTensor>;
type Metadata = Map<string, string>;
export type Change = (tensors: Tensors, metadata: Metadata) => unknown;

/** A copy of a file, changed. */
export function changed({ metadata, tensors }: Safetensors, change: Change) {
  const copy = { tensors: new Map(tensors), metadata: new Map(metadata) };
  change(copy.tensors, copy.metadata);
  return copy;
}

/** A checkpoint, changed, with a correct checksum. */
export const changedCheckpoint = (bytes: Uint8Array, change: Change): Uint8Array =>
  writeSafetensors(signed(changed(parseSafetensors(bytes, 'f'), change)));

/** Changes a JSON text of the metadata. */
export const inJson =
  (key: string, change: (value: Record<string, unknown>) => unknown): Change =>
  (_, metadata) => {
    const value = JSON.parse(metadata.get(key)!) as Record<string, unknown>;
    change(value);
    metadata.set(key, JSON.stringify(value));
  };

/** The message that refuses a changed checkpoint. */
export function refusalOf(bytes: Uint8Array, change: Change): string {
  try {
    parseCheckpoint(changedCheckpoint(bytes, change), 'f');
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message;
  }
  return 'not refused';
}
