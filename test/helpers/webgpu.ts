/** WebGPU backends for tests, if this computer has an adapter; with the tiles of either kind of adapter. */
import { WebGpuBackend } from '../../kernels/webgpu/backend.js';
import { type AdapterKind, Device } from '../../kernels/webgpu/device.js';
import type { TileName } from '../../kernels/webgpu/tiles.js';
import type { ChoiceStore, Operations } from '../../src/core/backend.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { OUTPUTS } from './backends.js';
import { needs } from './needs.js';

/** A backend whose kernels are those for this kind of adapter. `tile`: of all products; default: the usual one of this kind. */
export const openWebGpu = async (
  kind?: AdapterKind,
  tile?: TileName | 'usual' | 'measured',
  store?: ChoiceStore,
): Promise<WebGpuBackend> => withShapeChecks(new WebGpuBackend(await Device.open(), kind, tile, store));

export const KINDS: readonly AdapterKind[] = ['software', 'gpu'];

/** The result of `work` on a backend, which is then disposed of. */
export async function using<Result>(
  open: Promise<WebGpuBackend>,
  work: (backend: WebGpuBackend) => Promise<Result>,
): Promise<Result> {
  const backend = await open;
  try {
    return await work(backend);
  } finally {
    await backend.dispose();
  }
}

const COUNTED = ['createBindGroup', 'createBuffer', 'createCommandEncoder', 'createComputePipeline'] as const;

/** Counts what a device makes from now on, and the submits to its queue. A download is one more submit. */
export function countCalls(gpu: GPUDevice): Record<(typeof COUNTED)[number] | 'submit', number> {
  const calls = { createBindGroup: 0, createBuffer: 0, createCommandEncoder: 0, createComputePipeline: 0, submit: 0 };
  const count = (target: object, name: keyof typeof calls): void => {
    const method = (target as Record<string, (...operands: unknown[]) => unknown>)[name].bind(target);
    Object.defineProperty(target, name, {
      value: (...operands: unknown[]) => {
        calls[name]++;
        return method(...operands);
      },
    });
  };
  for (const name of COUNTED) count(gpu, name);
  count(gpu.queue, 'submit');
  return calls;
}

/** The backend with a list for each call, in which nothing is merged. */
export function callByCall(backend: WebGpuBackend): WebGpuBackend {
  for (const name of Object.keys(OUTPUTS) as (keyof Operations)[]) {
    const operation = backend[name].bind(backend) as (...operands: unknown[]) => void;
    Object.assign(backend, {
      [name]: (...operands: unknown[]) => {
        operation(...operands);
        backend.queue.submit();
      },
    });
  }
  return backend;
}

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
