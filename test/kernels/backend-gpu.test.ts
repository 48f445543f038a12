/** The backend suite on every GPU.js mode that Node has; webgl2 needs a browser. */
import gpuJs from 'gpu.js';
import ndarray from 'ndarray';
import { createGpuBackend, MODES } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/backend.js';
import { stepOf, transposeOf } from '../../src/tensor.js';
import { train } from '../../src/training/loop.js';
import { describeBackend } from '../helpers/backend-suite.js';
import { describeMode } from '../helpers/gpu-modes.js';
import { smallImages } from '../helpers/small-images.js';

const NODE_MODES = MODES.filter((mode) => mode !== 'webgl2');

for (const mode of NODE_MODES) {
  await describeMode(mode, () => {
    describeBackend(`gpu, ${mode}`, 'a memory of its own', () => createGpuBackend({ mode }));

    test(`gpu, ${mode}: 30 training steps have the losses of the reference backend`, async () => {
      const images = smallImages(60, 6, 5);
      const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9 };
      const losses: number[][] = [[], []];
      const backends = [await createGpuBackend({ mode }), createReferenceBackend()];
      for (const [n, backend] of backends.entries()) {
        const model = await train(backend, images, options, { onLine: ({ loss }) => losses[n].push(loss) });
        model.dispose();
        await backend.dispose();
      }
      expect(losses[0]).toHaveLength(30);
      losses[0].forEach((loss, step) => expect(Math.abs(loss / losses[1][step] - 1)).toBeLessThan(1e-3));
    });
  });
}

await describeMode('headlessgl', () => {
  const { maxTextureSize: limit } = (gpuJs as unknown as { HeadlessGLKernel: { features: { maxTextureSize: number } } })
    .HeadlessGLKernel.features;

  let backend: Backend;
  beforeEach(async () => {
    backend = await createGpuBackend({ mode: 'headlessgl' });
  });
  afterEach(() => backend.dispose());

  test('gpu, headlessgl: a sequence longer than two textures is uploaded, and each of its steps can be read', async () => {
    const B = 7;
    const T = Math.ceil((2 * limit) / B) + 2;
    const x = backend.allocate([T, B, 3]);
    for (let n = 0; n < x.size; n++) x.data[n] = n % 1009;
    const expected = x.data.slice();
    backend.upload(x);
    x.data.fill(0);
    const [ones, sums] = [backend.allocate([3, 1]), backend.allocate([T, B, 1])];
    backend.fill(ones, 1);
    // the first and the last step of each texture
    const last = Math.floor(limit / B) - 1;
    const steps = [0, last, last + 1, 2 * last + 1, 2 * last + 2, T - 1];
    for (const t of steps) backend.matmul(stepOf(sums, t), stepOf(x, t), ones);
    await backend.download(x);
    expect(x.data).toEqual(expected);
    await backend.download(sums);
    for (const t of steps) {
      for (let b = 0; b < B; b++) {
        const [i, j, k] = expected.subarray((t * B + b) * 3);
        expect({ t, b, sum: sums.get(t, b, 0) }).toEqual({ t, b, sum: i + j + k });
      }
    }
  });

  test('gpu, headlessgl: a matrix of as many rows as a texture can have is uploaded, and read by a product', async () => {
    const [a, one, out] = [
      [limit, 1],
      [1, 1],
      [limit, 1],
    ].map((shape) => backend.allocate(shape));
    for (let n = 0; n < limit; n++) a.data[n] = n;
    backend.upload(a);
    backend.fill(one, 2);
    backend.matmul(out, a, one);
    await backend.download(out);
    expect(out.data).toEqual(a.data.map((value) => 2 * value));
  });

  const REMEDY = `but this device allows at most ${limit} × ${limit}: use smaller tensors, or the wasm backend`;

  test.each([
    { shape: [limit + 1, 1], texture: `1 × ${limit + 1}` },
    { shape: [1, 4 * limit + 1], texture: `${limit + 1} × 1` },
  ])('gpu, headlessgl: uploading $shape is refused: no texture is so large', async ({ shape, texture }) => {
    const matrix = backend.allocate(shape);
    backend.upload(matrix);
    await expect(backend.download(matrix)).rejects.toThrow(
      new RangeError(`gpu upload ${shape.join('×')}: mode headlessgl needs textures of ${texture} texels, ${REMEDY}`),
    );
  });

  test('gpu, headlessgl: a filled matrix can be as wide as an uploaded one', async () => {
    const [three, wide, out] = [
      [1, 1],
      [1, 4 * limit],
      [1, 4 * limit],
    ].map((shape) => backend.allocate(shape));
    backend.fill(three, 3);
    backend.fill(wide, 2);
    backend.matmul(out, three, wide);
    await backend.download(out);
    expect(new Set(out.data)).toEqual(new Set([6]));
  });

  test('gpu, headlessgl: reading a long sequence as one matrix is refused', async () => {
    const x = backend.allocate([limit + 1, 1, 1]);
    const [ones, sum] = [backend.allocate([limit + 1, 1]), backend.allocate([1, 1])];
    backend.upload(x);
    const column = ndarray(x.data, [limit + 1, 1]);
    backend.matmul(sum, transposeOf(column), ones);
    await expect(backend.download(sum)).rejects.toThrow(
      new RangeError(
        `gpu join 2 pieces ${limit + 1}×1: mode headlessgl needs textures of 1 × ${limit + 1} texels, ${REMEDY}`,
      ),
    );
  });
});

test('a mode that is not available is an error that says what to do', async () => {
  await expect(createGpuBackend({ mode: 'webgl2' })).rejects.toThrow(
    /webgl2 needs a browser.*choose webgpu or headlessgl/,
  );
});

test('auto opens a mode that works, and its description names the mode', async () => {
  const backend = await createGpuBackend();
  expect(backend.description).toMatch(/^gpu: GPU\.js, mode (webgpu|headlessgl|webasm|cpu), ./);
  await backend.dispose();
});

test('a view that is not made of whole rows is refused', async () => {
  const backend = await createGpuBackend({ mode: 'cpu' });
  const tensor = backend.allocate([4, 6]);
  expect(() => backend.fill(tensor.hi(4, 3), 1)).toThrow(/not made of whole rows of 6/);
  expect(() => backend.fill(createReferenceBackend().allocate([2, 2]), 1)).toThrow(/was not allocated by this backend/);
  await backend.dispose();
});
