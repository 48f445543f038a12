/** Creates the backend of a run on the page, in the worker. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import type { BackendName } from './common.js';
import type { Cells } from './mistakes.js';
import { withCells } from './mistakes.js';

/**
 * `threads`: of the `wasm` backend; null: one per core. `cells`: those of a planted mistake; undefined: the backend keeps its own.
 * Rejects with a DataError, before it creates anything, if the backend cannot train with them.
 */
export async function createBackend(
  name: BackendName,
  threads: number | null,
  cells: Cells | undefined,
): Promise<Backend> {
  if (name === 'reference') return withCells(createReferenceBackend(), cells);
  if (name === 'wasm') return withCells(await createWasmBackend(threads === null ? {} : { threads }), cells);
  if (cells) throw new DataError('only WebAssembly and plain TypeScript can train with a mistake');
  // the code of a GPU's backend is loaded only if it is chosen
  if (name === 'gpu') return (await import('../../kernels/webgpu/index.js')).createWebGpuBackend();
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: name });
}
