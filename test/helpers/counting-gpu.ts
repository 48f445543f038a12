/** Counts what a GPU backend asks of GPU.js and of the device: kernels, their launches, textures or buffers that live. */
import gpuJs from 'gpu.js';
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import type { Backend } from '../../src/core/backend.js';

export interface Counts {
  /** Calls of kernels. A kernel with several outputs is one launch. */
  launches: number;
  /** Kernels that were compiled. */
  compiled: number;
  /** Textures or buffers that were created and not yet deleted; 0 in the modes that compute on the host. */
  live: number;
  /** The most textures or buffers that a launch has read. */
  mostInputs: number;
}

type Method = (...values: never[]) => unknown;
type Methods = Record<string, Method>;

interface KernelMaker {
  readonly context?: object | null;
  createKernel: (...values: unknown[]) => Method;
}

interface WebGpuModule {
  readonly WebGPUContext: { acquire(): Promise<{ device: object }> };
}

/** Opens a backend whose launches, and textures or buffers, are counted from now on. */
export async function openCounted(mode: Mode): Promise<{ backend: Backend; counts: Counts; restore: () => void }> {
  const counts: Counts = { launches: 0, compiled: 0, live: 0, mostInputs: 0 };
  const { prototype } = gpuJs.GPU as unknown as { prototype: KernelMaker };
  const { createKernel } = prototype;
  const contexts = new Set<object>();
  // GPU.js's createKernelMap calls createKernel, too.
  prototype.createKernel = function (this: KernelMaker, ...values) {
    const kernel = createKernel.apply(this, values);
    counts.compiled++;
    return new Proxy(kernel, {
      apply: (run, self, inputs: unknown[]) => {
        counts.launches++;
        counts.mostInputs = Math.max(counts.mostInputs, inputs.filter((input) => typeof input === 'object').length);
        const result: unknown = Reflect.apply(run, self, inputs);
        const { context } = this;
        // The first launch of a GL mode makes the context.
        if (context && !contexts.has(context)) countTextures(context as Methods, counts);
        if (context) contexts.add(context);
        return result;
      },
    });
  };
  if (mode === 'webgpu') {
    await (await createGpuBackend({ mode })).dispose(); // provides navigator.gpu
    const { device } = await (gpuJs as unknown as WebGpuModule).WebGPUContext.acquire();
    countBuffers(device as Methods, counts);
  }
  const backend = await createGpuBackend({ mode });
  return { backend, counts, restore: () => (prototype.createKernel = createKernel) };
}

function countTextures(context: Methods, counts: Counts): void {
  const { createTexture, deleteTexture } = context;
  context.createTexture = (...values) => {
    counts.live++;
    return createTexture.apply(context, values);
  };
  context.deleteTexture = (...values) => {
    counts.live--;
    return deleteTexture.apply(context, values);
  };
}

function countBuffers(device: Methods, counts: Counts): void {
  const { createBuffer } = device;
  device.createBuffer = (...values) => {
    const buffer = createBuffer.apply(device, values) as Methods;
    const { destroy } = buffer;
    counts.live++;
    buffer.destroy = () => {
      counts.live--;
      return destroy.apply(buffer);
    };
    return buffer;
  };
}
