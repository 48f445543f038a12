/** WebGPU backends for tests, if this computer has an adapter; with the tiles of either kind of adapter. */
import { WebGpuBackend } from '../../kernels/webgpu/backend.js';
import type { AdapterKind } from '../../kernels/webgpu/device.js';
import { Device } from '../../kernels/webgpu/device.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { needs } from './needs.js';

/** A backend whose kernels are those for this kind of adapter. */
export const openWebGpu = async (kind?: AdapterKind): Promise<WebGpuBackend> =>
  withShapeChecks(new WebGpuBackend(await Device.open(), kind));

/** Why there is no WebGPU here, or undefined if there is. */
async function refusal(): Promise<string | undefined> {
  try {
    (await Device.open()).close();
    return undefined;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  }
}

/** Defines tests if this computer has WebGPU. */
export async function describeWebGpu(define: () => void): Promise<void> {
  const missing = await refusal();
  if (missing === undefined) define();
  else {
    needs(
      'WebGPU',
      false,
      missing,
    )('webgpu', () => {
      throw new Error(missing);
    });
  }
}
