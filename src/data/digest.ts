import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { LabelledImages } from './mnist.js';

/** SHA-256 of the pixels and labels of all `sets`, in their order. */
export function dataDigest(...sets: readonly LabelledImages[]): string {
  const hash = sha256.create();
  for (const { pixels, labels } of sets) hash.update(pixels).update(labels);
  return bytesToHex(hash.digest());
}
