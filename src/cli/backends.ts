/** The entry point that chooses a machine by name. GPU.js is loaded only when it is asked for. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../backend.js';

export const BACKENDS = ['reference', 'gpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const GPU_MODES = ['auto', 'webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const;
export type GpuMode = (typeof GPU_MODES)[number];

export async function createBackend(name: BackendName, gpuMode: GpuMode): Promise<Backend> {
  if (name === 'reference') return createReferenceBackend();
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: gpuMode });
}
