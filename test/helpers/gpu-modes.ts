/** Tests in a mode of GPU.js, if this computer has it. */
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { BackendUnavailableError } from '../../src/errors.js';
import { needs } from './needs.js';

/** Why a mode cannot run here, or undefined if it can. */
async function refusalOf(mode: Mode): Promise<string | undefined> {
  try {
    await (await createGpuBackend({ mode })).dispose();
    return undefined;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  }
}

/** Defines tests in the mode if this computer has it. */
export async function describeMode(mode: Mode, define: () => void): Promise<void> {
  const refusal = await refusalOf(mode);
  if (refusal === undefined) {
    define();
    return;
  }
  needs(
    `GPU.js mode ${mode}`,
    false,
    refusal,
  )(`gpu, ${mode}`, () => {
    throw new Error(refusal);
  });
}
