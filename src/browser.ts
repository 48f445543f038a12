/** For pages: every name of `longhand`, `longhand/reference` and `longhand/wasm`, in one file that needs no bundler. */
export type { ReferenceOptions } from '../kernels/reference/index.js';
export { createReferenceBackend } from '../kernels/reference/index.js';
export type { WasmOptions } from '../kernels/wasm/index.js';
export { createWasmBackend, MOST_BYTES, MOST_THREADS } from '../kernels/wasm/index.js';
export * from './index.js';
