/** The options of every backend, and the parsers of flags' values: unknown names and values out of range are refused by name. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { f32Number } from '../../src/cli/flag-values.js';
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

describe('a number in f32 with a range', () => {
  const included = f32Number(-1, 5, false);
  const above = f32Number(0, 5, true);

  test.each(['-1', '0', '2.5', '5'])('%s is within -1 … 5', (text) => {
    expect(included(text)).toBe(Number(text));
  });

  test.each(['-1.5', '5.000001', '1e30'])('%s is outside', (text) => {
    expect(() => included(text)).toThrow('It must be a number from -1 to 5.');
  });

  test('the least value is refused if the number must be above it', () => {
    expect(above('0.001')).toBe(0.001);
    expect(() => above('0')).toThrow('It must be greater than 0.');
    expect(() => above('-2')).toThrow('It must be greater than 0.');
    expect(() => above('6')).toThrow('It must be a number from 0 to 5.');
  });

  test('numbers that f32 makes infinite or 0, and texts that are no numbers', () => {
    expect(() => included('1e39')).toThrow('It is beyond the range of f32');
    expect(() => above('1e-50')).toThrow('It is too small: f32 rounds it to 0.');
    expect(() => included('5px')).toThrow('It must be a finite number');
  });
});
