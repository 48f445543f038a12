/** Tests in a mode of GPU.js. A developer's computer may lack a mode, and then they are skipped; CI may not. */
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { BackendUnavailableError } from '../../src/errors.js';

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

/** Defines tests in the mode if this computer has it. Otherwise defines one that is skipped, or fails in CI. */
export async function describeMode(mode: Mode, define: () => void): Promise<void> {
  const refusal = await refusalOf(mode);
  if (refusal === undefined) {
    define();
    return;
  }
  (process.env.CI ? test : test.skip)(`gpu, ${mode}: ${refusal}`, () => {
    throw new Error(refusal);
  });
}
