/** Whole runs on the WebAssembly backend: the same bits on any number of threads, and gradients that fade to 0. */
import { createWasmBackend } from '../kernels/wasm/index.js';
import { Model, PARAMETER_NAMES } from '../src/model.js';
import { Random } from '../src/rng.js';
import { valuesOf } from '../src/tensor.js';
import { train } from '../src/training/loop.js';
import { syntheticImages } from './helpers/synthetic-images.js';

describe('whole training runs', () => {
  const images = syntheticImages({ count: 60, rows: 7, columns: 5 });
  const OPTIONS = { batchSize: 20, trainingIters: 20 * 21, hidden: 37, displayStep: 5 };

  async function weightsOf(threads: number, deterministic: boolean): Promise<Float64Array[]> {
    const backend = await createWasmBackend({ threads, deterministic, check: true });
    const model = await train(backend, images, OPTIONS);
    const weights = PARAMETER_NAMES.map((name) => valuesOf(model.parameters[name]));
    await backend.dispose();
    return weights;
  }

  test.each([true, false])(
    'give the same bits on 1, 2, 3 and 5 threads, and again (deterministic: %s)',
    async (deterministic) => {
      const expected = await weightsOf(1, deterministic);
      for (const threads of [2, 3, 5, 2]) expect(await weightsOf(threads, deterministic)).toEqual(expected);
    },
  );

  test('the portable build gives these bits on every machine', async () => {
    const weights = await weightsOf(2, true);
    const bits = new Uint32Array(Float32Array.from(weights.flatMap((values) => [...values])).buffer);
    expect(bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261)).toMatchSnapshot();
  });
});

describe('slopes that fade on their way back', () => {
  test('end as zeros after 800 steps, and never as subnormal numbers, with which a processor is slow', async () => {
    const backend = await createWasmBackend({ threads: 1, check: true });
    const model = new Model(backend, { T: 800, B: 4, I: 3, H: 8, C: 3 });
    model.initialise(new Random(1));
    model.activations.y.data.set([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
    model.forward();
    model.backward();
    for (const slopes of [model.activations.dh, model.activations.dc]) {
      const sizes = valuesOf(slopes).map(Math.abs);
      expect(sizes.filter((size) => size > 0 && size < 2 ** -126)).toHaveLength(0);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(100 * 4 * 8);
      expect(new Set(sizes.subarray(0, 4 * 8))).toEqual(new Set([0]));
    }
  });

  test('are zero below 2⁻¹⁰⁰, as they were above it, and NaN where they were NaN', async () => {
    const slopes = [2 ** -90, -(2 ** -90), 2 ** -101, -(2 ** -101), NaN, 1];
    const backend = await createWasmBackend({ threads: 1, check: true });
    const [row, wide] = [() => backend.allocate([1, 6]), () => backend.allocate([1, 24])];
    const [dc, gates, c, dh] = [row(), wide(), row(), row()];
    gates.data.fill(0.5);
    c.data.fill(1);
    dh.data.set(slopes);
    backend.lstmCellBackward(wide(), dc, row(), dh, gates, c, row());
    const relative = [...valuesOf(dc)].map((slope, n) => slope / (slopes[n] * 0.5 * (1 - Math.tanh(1) ** 2)));
    expect(relative.map((ratio) => Math.round(ratio * 1e6) / 1e6)).toEqual([1, 1, 0, -0, NaN, 1]);
  });
});
