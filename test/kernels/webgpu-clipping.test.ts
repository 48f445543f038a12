/** Clipping on the WebGPU backend: its launches, and more gradients than one launch has. In training: test/slow/kernels. */
import type { WebGpuBackend } from '../../kernels/webgpu/backend.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, valuesOf } from '../../src/core/tensor.js';
import { clipGradients } from '../../src/equations/clipping.js';
import { describeWebGpu, openWebGpu } from '../helpers/webgpu.js';
import { expectNumbers } from '../helpers/numeric.js';

await describeWebGpu(() => {
  let backend: WebGpuBackend;
  beforeAll(async () => {
    backend = await openWebGpu();
  });
  afterAll(() => backend.dispose());

  /** Gradients, the same on every backend: random ones, and some that are filled, also beyond the end of their rows. */
  function gradientsOn(on: Backend, shapes: readonly (readonly number[])[]): Tensor[] {
    const random = new Random(3);
    return shapes.map((shape, n) => {
      const gradient = on.allocate(shape);
      fillRandom(gradient, () => random.normal(0, 1));
      on.upload(gradient);
      if (n % 3 === 1) on.fill(gradient, 0.5);
      return gradient;
    });
  }

  test('clipping adds four launches to a step, which is replayed, and downloads nothing', async () => {
    const gradients = gradientsOn(backend, [[211, 60], [512], [3, 5]]);
    await backend.keepPace();
    const recorded: number[] = [];
    const download = backend.download.bind(backend);
    backend.download = () => Promise.reject(new Error('a download'));
    try {
      for (const clipNorm of [0.5, 0.25, 0.125]) {
        backend.fill(gradients[1], clipNorm);
        await clipGradients(backend, gradients, { clipValue: 2, clipNorm });
        await backend.keepPace();
        recorded.push(backend.queue.counts.recorded);
      }
    } finally {
      backend.download = download;
    }
    expect(backend.lastLaunches).toBe(1 + 1 + 3);
    expect(recorded[2] - recorded[0]).toBe(0);
  });

  test.each([30, 31, 75])('%d gradients, of which a launch has 30, are clipped together', async (count) => {
    const shapes = Array.from({ length: count }, (_, n) => [1 + ((7 * n) % 90), 1 + ((5 * n) % 83)]);
    const expected = gradientsOn(createReferenceBackend(), shapes);
    const gradients = gradientsOn(backend, shapes);
    for (const limits of [{ clipNorm: 20 }, { clipValue: 0.05 }]) {
      await clipGradients(createReferenceBackend(), expected, limits);
      await clipGradients(backend, gradients, limits);
      for (const [n, gradient] of gradients.entries()) {
        await backend.download(gradient);
        expectNumbers(valuesOf(gradient), valuesOf(expected[n]), 1e-6);
      }
    }
    for (const gradient of gradients) backend.free(gradient);
  });
});
