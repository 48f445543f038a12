/** The backend suite on GPU.js in the mode that every computer has; the other modes: test/slow/kernels. How modes are chosen. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { describeWholeMode } from '../helpers/gpu-modes.js';

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
