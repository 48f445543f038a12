/** `longhand/browser`: what runs in a page, as one file, for pages without a bundler. */
export type { ReferenceOptions } from '../kernels/reference/index.js';
export { createReferenceBackend } from '../kernels/reference/index.js';
export type { WasmOptions } from '../kernels/wasm/index.js';
export { createWasmBackend, MOST_BYTES, MOST_THREADS } from '../kernels/wasm/index.js';
export * from './index.js';
