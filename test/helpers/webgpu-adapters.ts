/** What `navigator.gpu` offers to a test: no adapter, an adapter that does not exist, or the computer's own with smaller limits. */
import { create, globals } from 'webgpu';
import type { WebGpuBackend } from '../../kernels/webgpu/backend.js';
import { openWebGpu } from './webgpu.js';

/** Runs `work` while `navigator.gpu` gives this adapter. */
export async function withAdapter<Result>(
  requestAdapter: () => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: { requestAdapter } }, configurable: true });
  try {
    return await work();
  } finally {
    delete (globalThis as { navigator?: unknown }).navigator;
    if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
  }
}

/** `target` with some properties replaced. */
const replaced = <Target extends object>(target: Target, others: object): Target =>
  new Proxy(target, {
    get: (_, name) => {
      if (name in others) return (others as Record<string | symbol, unknown>)[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** Buffers of a device that were created and not yet destroyed, their bytes, and the most bytes that there were at once. */
export interface Buffers {
  count: number;
  bytes: number;
  mostBytes: number;
}

/** Counts the buffers that the device makes from now on. */
function countBuffers(device: GPUDevice): Buffers {
  const buffers: Buffers = { count: 0, bytes: 0, mostBytes: 0 };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    const { size } = descriptor;
    buffers.count++;
    buffers.bytes += size;
    buffers.mostBytes = Math.max(buffers.mostBytes, buffers.bytes);
    buffer.destroy = () => {
      buffers.count--;
      buffers.bytes -= size;
      destroy();
    };
    return buffer;
  };
  return buffers;
}

/** A backend of the computer's own adapter, and its buffers. */
export const openCounted = async (): Promise<{ readonly backend: WebGpuBackend; readonly buffers: Buffers }> =>
  withOwnAdapter(async (all) => ({ backend: await openWebGpu(), buffers: all[0].buffers }));

let instance: GPU | undefined;

interface Opened {
  readonly device: GPUDevice;
  readonly buffers: Buffers;
}

/** Runs `work` on the computer's own adapter. `opened` gets each device that is opened; its limits are `limits`. */
export async function withOwnAdapter<Result>(
  work: (opened: Opened[]) => Promise<Result>,
  limits: Partial<Record<keyof GPUSupportedLimits, number>> = {},
): Promise<Result> {
  const own = (instance ??= create([]));
  const opened: Opened[] = [];
  const requestAdapter = async (): Promise<GPUAdapter> => {
    const adapter = (await own.requestAdapter())!;
    const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const device = await adapter.requestDevice(descriptor);
      opened.push({ device, buffers: countBuffers(device) });
      return replaced(device, { limits: { ...limitsOf(device.limits), ...limits } });
    };
    return replaced(adapter, { requestDevice });
  };
  return withAdapter(requestAdapter, () => work(opened));
}

const limitsOf = ({ maxStorageBufferBindingSize, maxBufferSize }: GPUSupportedLimits) => ({
  maxStorageBufferBindingSize,
  maxBufferSize,
});

/** An adapter that does not exist, with this description and its device. */
export const imaginary = (info: Partial<GPUAdapterInfo>, device: unknown) => ({
  info: { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...info },
  limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
  features: new Set<string>(),
  requestDevice: async () => device,
});

/** A device that does nothing but report its failures. */
export class ImaginaryDevice extends EventTarget {
  lose!: (info: { readonly message: string; readonly reason: string }) => void;
  readonly limits = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 };
  readonly lost = new Promise((resolve) => (this.lose = resolve));
  isDestroyed = false;

  createBindGroupLayout(): object {
    return {};
  }

  /** Reports an error, as WebGPU does after the call that it belongs to. */
  report(kind: 'GPUOutOfMemoryError' | 'GPUValidationError' | 'GPUInternalError', message: string): void {
    const error = new (globals as Record<string, new (text: string) => Error>)[kind](message);
    this.dispatchEvent(Object.assign(new Event('uncapturederror'), { error }));
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}
