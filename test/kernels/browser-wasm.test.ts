/** The WebAssembly backend in a page, in a real Chromium: the bits of Node. test/slow/kernels has more pages and the package. */
import { testInBrowser, trainInPage } from '../helpers/chromium.js';
import type { Result } from '../helpers/wasm-in-page.js';
import { bitsInNode, ISOLATING, jobFor, plainPage, PORTABLE } from '../helpers/wasm-in-page.js';

testInBrowser(
  'the backend has the requested threads and Node’s bits if the page is cross-origin isolated',
  async () => {
    const expected = await bitsInNode();
    const deterministic = { deterministic: true };
    const job = jobFor({ ...deterministic, threads: 2 }, { ...deterministic, threads: 3 }, deterministic);
    const results = await trainInPage<Result[]>({ files: plainPage(), headers: ISOLATING }, job);
    expect(results.map(({ description }) => description)).toEqual([
      `${PORTABLE}2 threads`,
      `${PORTABLE}3 threads`,
      expect.stringMatching(/portable SIMD, \d+ threads?$/),
    ]);
    for (const { bits } of results) expect(bits).toEqual(expected);
  },
);
