/** The WebAssembly backend: whole runs, on threads and in a page; σ, tanh and exp; and vanishing gradients, which become 0. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/door/model.js';
import { testInBrowser, trainInPage } from '../helpers/chromium.js';
import { expectNumbers } from '../helpers/numeric.js';
import type { Result } from '../helpers/wasm-suite.js';
import {
  bitsInNode,
  ISOLATING,
  jobFor,
  plainPage,
  PORTABLE,
  builds,
  describeFunctions,
  describeSameBits,
  instantiate,
  OUT,
  weightsOf,
  X,
} from '../helpers/wasm-suite.js';

// more numbers of threads, more numbers and more pages: test/slow/kernels/wasm.test.ts
describeSameBits([3]);
describeFunctions(65_537);

describe('whole training runs', () => {
  test('the portable build gives these bits on every computer', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((tensor) => [...valuesOf(tensor)])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toBe(2041423834);
  });
});

testInBrowser('in a cross-origin isolated page the backend has the requested threads and Node’s bits', async () => {
  const expected = await bitsInNode();
  const deterministic = { deterministic: true };
  const job = jobFor({ ...deterministic, threads: 2 }, { ...deterministic, threads: 3 }, deterministic);
  const results = await trainInPage<Result[]>({ files: plainPage(), headers: ISOLATING }, job);
  expect(results.map(({ description }) => description)).toEqual([
    `${PORTABLE}2 threads`,
    `${PORTABLE}3 threads`,
    expect.stringMatching(/portable SIMD, \d+ threads?$/),
  ]);
  for (const { bits } of results) expectNumbers(bits, expected);
});

test.each(builds)('%s build: exact at 0 and ±∞, NaN stays NaN', (_, bytes) => {
  const { functions, x, out } = instantiate(bytes);
  x.set([0, -0, Infinity, -Infinity, NaN, 0, 0, 0]);
  functions.sigmoidOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0.5, 0.5, 1, 0, NaN]);
  functions.tanhOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([0, -0, 1, -1, NaN]);
  x.set([0, -0, -80.00001, -Infinity, NaN]);
  functions.expOf(OUT, X, 8);
  expect([...out.slice(0, 5)]).toEqual([1, 1, 0, 0, NaN]);
});

describe('vanishing gradients', () => {
  test('are 0 after 800 steps, and never subnormal numbers, which slow a processor down', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, { T: 800, B: 4, I: 3, H: 8, C: 3 });
    model.initialise(new Random(1));
    model.activations.y.data.set([0, 1, 2, 0]);
    model.forward();
    model.backward();
    for (const gradients of [model.activations.dh, model.activations.dc]) {
      const sizes = valuesOf(gradients).map(Math.abs);
      expect(sizes.filter((size) => size > 0 && size < 2 ** -126)).toHaveLength(0);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(100 * 4 * 8);
      expect(new Set(sizes.subarray(0, 4 * 8))).toEqual(new Set([0]));
    }
  });

  test('become 0 below 2⁻¹⁰⁰, and are unchanged above it; NaN stays NaN', async () => {
    const gradients = [2 ** -90, -(2 ** -90), 2 ** -101, -(2 ** -101), NaN, 1];
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [row, wide] = [() => backend.allocate([1, 6]), () => backend.allocate([1, 24])];
    const [dc, gates, c, dh] = [row(), wide(), row(), row()];
    gates.data.fill(0.5);
    c.data.fill(1);
    dh.data.set(gradients);
    backend.lstmCellBackward(wide(), dc, row(), dh, gates, c, row());
    const relative = [...valuesOf(dc)].map((value, n) => value / (gradients[n] * 0.5 * (1 - Math.tanh(1) ** 2)));
    expect(relative.map((ratio) => Math.round(ratio * 1e6) / 1e6)).toEqual([1, 1, 0, -0, NaN, 1]);
  });
});
