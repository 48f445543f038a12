/** The options of every backend: unknown ones and values out of range are refused by name. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { failureOf } from '../helpers/failures.js';

test('unknown options, and options of a wrong type, are refused by name on every backend', async () => {
  const wasm = await failureOf(createWasmBackend({ thread: 2 } as object));
  expect(wasm).toEqual(new TypeError('wasm: thread: unknown option; did you mean threads?'));
  const check = await failureOf(createWasmBackend({ check: 'yes' } as object));
  expect(check).toEqual(new TypeError('wasm: check "yes": must be a boolean'));
  const threads = await failureOf(createWasmBackend({ threads: '2' } as object));
  expect(threads).toEqual(new TypeError('wasm: threads "2": must be a number'));
  const gpu = await failureOf(createGpuBackend({ gpuMode: 'cpu' } as object));
  expect(gpu).toEqual(new TypeError('gpu: gpuMode: unknown option; known options: mode'));
  const mode = await failureOf(createGpuBackend({ mode: 'webgl3' as 'webgl2' }));
  expect(mode).toEqual(new RangeError('gpu: mode "webgl3": must be auto, webgpu, webgl2, headlessgl, webasm, cpu'));
  expect(() => createReferenceBackend({ type: 'f64' } as object)).toThrow(
    new TypeError('reference: type: unknown option; known options: dtype'),
  );
  expect(() => createReferenceBackend({ dtype: 'float64' as 'f64' })).toThrow(
    new RangeError('reference: dtype "float64": must be f32 or f64'),
  );
});

test.each([0, -1, 1.5, NaN, 1000])('%d threads are refused', async (threads) => {
  await expect(createWasmBackend({ threads, check: true })).rejects.toThrow(
    `wasm: threads ${threads}: must be a whole number in 1…48`,
  );
});
