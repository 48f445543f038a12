/** SHA-256 against Node's own. */
import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { fastSha256Of, sha256Of } from '../../src/files/sha256.js';

const bytes = Uint8Array.from({ length: 300 }, (_, n) => n * n);

/** Views of one buffer, read again with each loop. */
const PARTS: Iterable<Uint8Array> = {
  *[Symbol.iterator]() {
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 200],
      [200, 300],
    ]) {
      yield bytes.subarray(from, to);
    }
  },
};

test.each([
  ['no bytes', [], ''],
  ['several parts', PARTS, bytes],
])('of %s, in one piece or part by part', async (_, parts, whole) => {
  const expected = createHash('sha256').update(whole).digest('hex');
  expect(sha256Of(parts)).toBe(expected);
  expect(await fastSha256Of(parts)).toBe(expected);
  expect(await fastSha256Of(parts, 100)).toBe(expected);
});

test('of parts in shared memory, and without the platform’s own', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(300));
  shared.set(bytes);
  const expected = createHash('sha256').update(bytes).digest('hex');
  expect(await fastSha256Of([shared])).toBe(expected);
  const subtle = jest.spyOn(crypto, 'subtle', 'get').mockReturnValue(undefined as unknown as SubtleCrypto);
  expect(await fastSha256Of([shared])).toBe(expected);
  subtle.mockRestore();
});
