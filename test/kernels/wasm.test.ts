/** Whole runs on the WebAssembly backend: the same bits on any number of threads, and vanishing gradients become 0. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { Model } from '../../src/network/model.js';
import { describeSameBits, weightsOf } from '../helpers/wasm-runs.js';

describeSameBits([3]); // more numbers of threads: test/slow/kernels/wasm.test.ts

describe('whole training runs', () => {
  test('the portable build gives these bits on every computer', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((values) => [...values])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toMatchSnapshot();
  });
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
