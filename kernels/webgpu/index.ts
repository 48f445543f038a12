/**
 * The WebGPU backend: kernels in WGSL by hand, for the GPU of most computers.
 *
 * backend.ts notes each call; queue.ts compares the list of calls with those before; merge.ts turns a new list into launches of the
 * kernels in matmul.ts, cell.ts, loss.ts, rows.ts and pointwise.ts; plan.ts replays them.
 */
import { assertKnownNames } from '../../src/core/arguments.js';
import { type Backend, type ChoiceStore, assertMultiplies } from '../../src/core/backend.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { WebGpuBackend } from './backend.js';
import { Device } from './device.js';

/** Options of `createWebGpuBackend`. */
export interface WebGpuOptions {
  /**
   * Keeps which tile of a product is the quickest on an adapter, so that the next backend need not measure it. Default: the memory of this
   * process or worker.
   */
  readonly store?: ChoiceStore;
}

/** The default store. */
const OF_PROCESS = new Map<string, string>();

/**
 * Opens the computer's GPU with WebGPU. Its `description` says if the adapter computes on the CPU instead. Rejects with a
 * BackendUnavailableError that says what to install or to choose if there is no WebGPU, or if it computes a small product wrong.
 */
export async function createWebGpuBackend(options: WebGpuOptions = {}): Promise<Backend> {
  assertKnownNames('webgpu', options, ['store']);
  const { store = OF_PROCESS } = options;
  const device = await Device.open();
  const backend = withShapeChecks(new WebGpuBackend(device, device.kind, 'measured', store));
  try {
    await assertMultiplies('WebGPU', backend);
    return backend;
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}
