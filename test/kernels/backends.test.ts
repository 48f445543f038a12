/**
 * The backend suite on the reference backend, on the WebAssembly backend with one, two and five threads and both builds, and on GPU.js in
 * the mode that every computer has; the other modes: test/slow/kernels. How modes are chosen. The RNN and the GRU on the backends for GPUs;
 * test/slow/cells has all sizes and modes.
 */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { describeBackend, describeWasm } from '../helpers/backend-suite.js';
import { createDeviceBackend } from '../helpers/backends.js';
import { describeWholeMode, describeMode } from '../helpers/gpu-modes.js';
import { describeCells } from '../helpers/cell-suite.js';
import { describeWebGpu, openWebGpu } from '../helpers/webgpu.js';

describeBackend('reference, f32', 'the host’s memory', () => createReferenceBackend());

// The same functions, but values reach the host only by `download`, and the backend only by `upload`.
describeBackend('reference, f32, behind upload and download', 'a memory of its own', () =>
  createDeviceBackend({ dtype: 'f32' }),
);

// the other pairs: test/slow/kernels
describeWasm(1, 'portable');
describeWasm(1, 'relaxed');
describeWasm(2, 'relaxed');
describeWasm(5, 'portable');

await describeWholeMode('cpu');

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

const SIZES = [
  [5, 3],
  [6, 8],
] as const;

await describeMode('cpu', () => describeCells('gpu, cpu', () => createGpuBackend({ mode: 'cpu' }), SIZES));
await describeWebGpu(() => describeCells('webgpu', () => openWebGpu(), SIZES));
