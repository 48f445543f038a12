/** SHA-256 as hexadecimal digits, and the bytes and digests by which a later table shows that it has the values of the training. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { JsonReader } from './json-reader.js';

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

/** The bytes of numbers. NaN, which is missing, has many bit patterns, and 0 has two: here always the same. */
export const bytesOfNumbers = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.map((value) => (Number.isNaN(value) ? NaN : value + 0)).buffer); // -0 + 0 is 0

/** The bytes of values that are numbers or texts. */
export function* bytesOfValues(values: Iterable<number | string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let some: (number | string)[] = [];
  for (const value of values) {
    some.push(value); // JSON writes NaN as null
    if (some.length < 10_000) continue;
    yield encoder.encode(JSON.stringify(some));
    some = [];
  }
  yield encoder.encode(JSON.stringify(some));
}

/** The digests of a file. */
export const digestsIn = (stored: JsonReader): string[] =>
  stored.list((one) => {
    if (!/^[0-9a-f]{64}$/.test(one.text())) throw one.fault('64 hexadecimal digits');
    return one.text();
  });
