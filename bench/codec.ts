/** Arrays as text, for messages between processes of any language and engine: f32 in base64. */
import type { Arrays } from './tasks.js';

export type EncodedArrays = Record<string, string>;

export function encode(arrays: Arrays): EncodedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { buffer, byteOffset, byteLength }]) => [
      name,
      textOf(new Uint8Array(buffer, byteOffset, byteLength)),
    ]),
  );
}

export function decode(encoded: EncodedArrays): Arrays {
  return Object.fromEntries(
    Object.entries(encoded).map(([name, text]) => [name, new Float32Array(bytesOf(text).buffer)]),
  );
}

/** The page's way works in Node too, but takes seconds for the largest arrays. */
const isNode = typeof Buffer !== 'undefined';
/** Arguments of one call. */
const PART = 8192;

function textOf(bytes: Uint8Array): string {
  if (isNode) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  let characters = '';
  for (let n = 0; n < bytes.length; n += PART) characters += String.fromCharCode(...bytes.subarray(n, n + PART));
  return btoa(characters);
}

/** In a buffer of their own, so aligned. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (isNode) return Uint8Array.from(Buffer.from(text, 'base64'));
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = characters.charCodeAt(n);
  return bytes;
}
