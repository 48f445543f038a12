/** SHA-256 as hexadecimal digits. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** The parts are hashed in their order. */
export function sha256Of(parts: Iterable<Uint8Array>): string {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return bytesToHex(hash.digest());
}

/**
 * The same by Node's or the browser's own SHA-256, which is many times as fast; pages of insecure origins have none. It needs
 * all bytes at once: if they are more than `mostBytes`, `parts` are read a second time, and hashed one by one.
 */
export async function fastSha256Of(parts: Iterable<Uint8Array>, mostBytes = 2 ** 27): Promise<string> {
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (!subtle) return sha256Of(parts);
  const kept: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    length += part.length;
    if (length > mostBytes) return sha256Of(parts);
    kept.push(part);
  }
  const bytes = kept.length === 1 && isUnshared(kept[0]) ? kept[0] : joined(kept, length);
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes)));
}

/** Web Crypto refuses shared memory. */
const isUnshared = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer;

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const part of parts) bytes.subarray(end, (end += part.length)).set(part);
  return bytes;
}
