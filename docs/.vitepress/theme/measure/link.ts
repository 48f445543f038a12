/** A result as a link: JSON, compressed, in base64url, behind `#result=`. A link comes from somebody else, so its size and its fields are checked. */
import { type Result, resultIn } from '../../../../bench/measure/result.js';
import { DataError } from '../../../../src/core/errors.js';

const BEFORE = '#result=';
/** A measurement makes about 3,000 characters of 12,000 bytes. */
const [MOST_CHARACTERS, MOST_BYTES] = [20_000, 200_000];
const WHERE = 'the link';

/** The fragment of a link; rejects in a browser that cannot compress. */
export async function fragmentOf(result: Result): Promise<string> {
  const json = new Blob([JSON.stringify(result)]).stream();
  const bytes = await bytesOf(json.pipeThrough(new CompressionStream('deflate-raw')), Infinity);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return BEFORE + text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** undefined if the address has no result. Rejects with a DataError if it has a wrong one. */
export async function resultOf(fragment: string): Promise<Result | undefined> {
  if (!fragment.startsWith(BEFORE)) return undefined;
  const text = fragment.slice(BEFORE.length);
  if (text.length > MOST_CHARACTERS)
    throw new DataError(`${WHERE} has ${text.length} characters, more than ${MOST_CHARACTERS}`);
  if (!/^[\w-]+$/.test(text)) throw new DataError(`${WHERE} has characters that no result has`);
  return resultIn(await decompressed(text), WHERE);
}

async function decompressed(text: string): Promise<string> {
  try {
    const characters = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const compressed = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new TextDecoder('utf-8', { fatal: true }).decode(await bytesOf(stream, MOST_BYTES));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${WHERE} is damaged: it cannot be decompressed`);
  }
}

/** Stops reading at `most` bytes: a short link can decompress to gigabytes. */
async function bytesOf(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let count = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    count += part.value.length;
    if (count > most) {
      await reader.cancel();
      throw new DataError(`${WHERE} decompresses to more than ${most} bytes`);
    }
  }
  const all = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The address of a new issue with the result in it; undefined if the site has none to send it to. */
export function issueAddress(newIssue: string, result: Result, link: string): string | undefined {
  if (newIssue === '') return undefined;
  const { device, date } = result;
  const body = [
    `Measured on ${date} with ${device.browser}, ${device.threads} threads, ${device.webgpu?.name ?? 'no WebGPU'}.`,
    'The result, which /measure opens:',
    link,
  ].join('\n\n');
  const address = new URL(newIssue);
  address.search = new URLSearchParams({
    title: `A result of /measure: ${device.webgpu?.name ?? device.browser}`,
    body,
  }).toString();
  return address.href;
}
