/**
 * The backend suite where the first tier leaves it out. More pairs of a build and a number of threads: a part of the cases, because
 * test/kernels has all of them for each build and each number. GPU.js in its other modes for Node.
 * Tensors as large as the textures of mode headlessgl can be.
 */
import gpuJs from 'gpu.js';
import ndarray from 'ndarray';
import { createGpuBackend } from '../../../kernels/gpu/index.js';
import type { Backend } from '../../../src/core/backend.js';
import { stepOf, transposeOf } from '../../../src/core/tensor.js';
import { describeWasm } from '../../helpers/backend-suite.js';
import { describeMode, describeWholeMode } from '../../helpers/gpu-modes.js';
import { expectNumbers } from '../../helpers/numeric.js';

describeWasm(2, 'portable', 'a fifth');
describeWasm(5, 'relaxed', 'another fifth');

// Compiling a kernel takes much longer than running it. test/kernels has all cases in mode cpu, and these kernels at every row of a tile;
// gpu-pages.test.ts has other cases in mode webgl2, which has the same kernels as headlessgl.
await describeWholeMode('webasm', 'a fifth');
for (const mode of ['webgpu', 'headlessgl'] as const) await describeWholeMode(mode, 'another fifth');

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
    expectNumbers(x.data, expected);
    await backend.download(sums);
    for (const t of steps) {
      for (let b = 0; b < B; b++) {
        const [i, j, k] = expected.subarray((t * B + b) * 3);
        expect({ t, b, sum: sums.get(t, b, 0) }).toEqual({ t, b, sum: i + j + k });
      }
    }
  });

  test('gpu, headlessgl: a matrix of as many rows as a texture can have is uploaded, and read by a product', async () => {
    const [a, one, out] = [backend.allocate([limit, 1]), backend.allocate([1, 1]), backend.allocate([limit, 1])];
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
    const three = backend.allocate([1, 1]);
    const [wide, out] = [backend.allocate([1, 4 * limit]), backend.allocate([1, 4 * limit])];
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
    const needed = `textures of 1 × ${limit + 1} texels, ${REMEDY}`;
    await expect(backend.download(sum)).rejects.toThrow(
      new RangeError(`gpu join 2 pieces ${limit + 1}×1: mode headlessgl needs ${needed}`),
    );
  });
});
