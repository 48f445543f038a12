/** The entry point that chooses a machine by name. GPU.js is loaded only when it is asked for. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
export { MOST_THREADS } from '../../kernels/wasm/index.js';
import type { Backend } from '../backend.js';

export const BACKENDS = ['wasm', 'reference', 'gpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const GPU_MODES = ['auto', 'webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const;
export type GpuMode = (typeof GPU_MODES)[number];

export interface BackendFlags {
  readonly gpuMode?: GpuMode;
  readonly threads?: number;
  readonly deterministic: boolean;
}

export async function createBackend(name: BackendName, flags: BackendFlags): Promise<Backend> {
  const { gpuMode = 'auto', threads, deterministic } = flags;
  if (name === 'reference') return createReferenceBackend();
  if (name === 'wasm') return createWasmBackend({ deterministic, ...(threads && { threads }) });
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: gpuMode });
}
