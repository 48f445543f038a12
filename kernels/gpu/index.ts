/** The GPU.js backend: the whole training step as GPU.js kernels, in one of GPU.js's modes. */
import { assertKnownNames, describe } from '../../src/core/arguments.js';
import { type Backend, assertMultiplies } from '../../src/core/backend.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { GpuBackend } from './backend.js';
import { type Mode, loadGpuJs, MODES } from './gpu-js.js';
import { openMode } from './modes.js';

export type { Mode } from './gpu-js.js';
export { MODES } from './gpu-js.js';

/** Options of `createGpuBackend`. */
export interface GpuOptions {
  /** The mode of GPU.js; `auto` uses the first of webgpu, webgl2, headlessgl, webasm and cpu that works. Default: 'auto'. */
  readonly mode?: Mode | 'auto';
}

/**
 * Opens GPU.js in a mode; `auto` uses the first mode of `MODES` that computes a small product correctly. Throws a
 * BackendUnavailableError that says what to install if the mode is not available.
 */
export async function createGpuBackend(options: GpuOptions = {}): Promise<Backend> {
  assertKnownNames('gpu', options, ['mode']);
  const { mode = 'auto' } = options;
  if (mode !== 'auto' && !MODES.includes(mode))
    throw new RangeError(`gpu: mode ${describe(mode)}: must be auto, ${MODES.join(', ')}`);
  if (mode !== 'auto') return openChecked(mode);
  await loadGpuJs(); // if it is missing, report it once, not for each mode
  const refusals: string[] = [];
  for (const candidate of MODES) {
    try {
      return await openChecked(candidate);
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new BackendUnavailableError(`no GPU.js mode works here:\n${refusals.join('\n')}`);
}

/** Opens a mode and multiplies two matrices. */
async function openChecked(mode: Mode): Promise<Backend> {
  const backend = withShapeChecks(new GpuBackend(await openMode(mode)));
  try {
    await assertMultiplies(`GPU mode ${mode}`, backend);
    return backend;
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}
