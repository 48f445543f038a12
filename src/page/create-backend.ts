/** The backend of a run on the page. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../core/backend.js';
import type { BackendName } from './settings.js';

/** `threads`: of the `wasm` backend; null: one per core. */
export async function createBackend(name: BackendName, threads: number | null): Promise<Backend> {
  if (name === 'reference') return createReferenceBackend();
  if (name === 'wasm') return createWasmBackend(threads === null ? {} : { threads });
  const { createGpuBackend } = await import('../../kernels/gpu/index.js'); // GPU.js: loaded only if it is chosen
  return createGpuBackend({ mode: name });
}
