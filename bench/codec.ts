/** Arrays as text, for messages between processes of any language and any version of Node: f32 in base64. */
import type { Arrays } from './tasks.js';

export type EncodedArrays = Record<string, string>;

export function encode(arrays: Arrays): EncodedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { buffer, byteOffset, byteLength }]) => [
      name,
      Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    ]),
  );
}

export function decode(encoded: EncodedArrays): Arrays {
  return Object.fromEntries(
    Object.entries(encoded).map(([name, text]) => {
      const bytes = Uint8Array.from(Buffer.from(text, 'base64')); // a copy of its own, so aligned
      return [name, new Float32Array(bytes.buffer)];
    }),
  );
}
