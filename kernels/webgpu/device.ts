/** Opens WebGPU, in a page or in Node, and remembers the first error of the device: WebGPU reports errors after the call. */
import { BackendUnavailableError, OutOfMemoryError, typed } from '../../src/core/errors.js';
import { adapterName, isSoftware } from './adapter.js';

/** Whether products run on a processor's cores or on a GPU; matmul.ts has a tile for each. */
export type AdapterKind = 'software' | 'gpu';

/** WebGPU's constants; Node has them only after `Object.assign(globalThis, globals)`. */
export const BUFFER = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
export const MAP_READ = 1;
const COMPUTE_STAGE = 4;

/** Node's instance of WebGPU. Its adapters and devices end with it, so it is kept. */
let nodeInstance: GPU | undefined;

/** WebGPU of the page, or of the package `webgpu`. */
async function webGpu(): Promise<GPU> {
  if (typeof navigator !== 'undefined' && 'gpu' in navigator) return navigator.gpu;
  if (nodeInstance) return nodeInstance;
  if (typeof process === 'undefined') {
    throw new BackendUnavailableError(
      'the webgpu backend needs a browser with WebGPU, and a page from https or localhost',
    );
  }
  try {
    const name = 'webgpu' as string; // not a literal, so that bundlers for pages do not look for this package of Node's
    const { create } = (await import(name)) as { readonly create: (options: string[]) => GPU };
    return (nodeInstance = create([]));
  } catch (error) {
    throw new BackendUnavailableError(
      `the webgpu backend needs a browser with WebGPU or, in Node, the package webgpu: npm install webgpu@0.6 (${textOf(error)})`,
    );
  }
}

async function openAdapter(): Promise<GPUAdapter> {
  let reason = 'none was offered';
  try {
    const adapter = await (await webGpu()).requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) return adapter;
  } catch (error) {
    if (error instanceof BackendUnavailableError) throw error;
    reason = textOf(error);
  }
  throw new BackendUnavailableError(
    `the webgpu backend found no adapter (${reason}). On Debian, mesa-vulkan-drivers brings one that runs on the CPU: ` +
      'apt-get install mesa-vulkan-drivers; otherwise use --backend wasm',
  );
}

/** A WebGPU device, and what has gone wrong on it. */
export class Device {
  readonly kind: AdapterKind;
  /** The bind group of every kernel: the memory of all tensors, and the launch's parameters. */
  readonly bindings: GPUBindGroupLayout;
  private failure: Error | undefined;
  /** Rejects what is being waited for. A promise for the failure would keep every `then` for as long as the device works. */
  private readonly waiting = new Set<(error: Error) => void>();
  private isClosing = false;

  private constructor(
    readonly gpu: GPUDevice,
    private readonly info: GPUAdapterInfo,
  ) {
    this.kind = isSoftware(info) ? 'software' : 'gpu';
    this.bindings = gpu.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'storage' } },
        { binding: 1, visibility: COMPUTE_STAGE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ],
    });
    gpu.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.fail(errorOf(event.error));
    });
    void gpu.lost.then(({ message, reason }) => {
      if (!this.isClosing) this.fail(new BackendUnavailableError(lostMessage(message || reason)));
    });
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const reject of this.waiting) reject(this.failure);
    this.waiting.clear();
  }

  /** Throws a BackendUnavailableError that says what to install. */
  static async open(): Promise<Device> {
    const adapter = await openAdapter();
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    try {
      const gpu = await adapter.requestDevice({
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
        requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [],
      });
      return new Device(gpu, adapter.info);
    } catch (error) {
      throw new BackendUnavailableError(
        `the webgpu backend's adapter gave no device (${textOf(error)}): use --backend wasm`,
      );
    }
  }

  /** The fewest threads of a subgroup; 0 if the device has no operations of subgroups. */
  get leastSubgroup(): number {
    return this.gpu.features.has('subgroups') ? (this.info.subgroupMinSize ?? 0) : 0;
  }

  /** All that WebGPU says of the adapter; empty if the browser hides it. */
  get adapterId(): string {
    const { vendor, architecture, device, description } = this.info;
    return [vendor, architecture, device, description].filter(Boolean).join(' ');
  }

  /** The most bytes that one buffer can have and a kernel can use. */
  get mostBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.gpu.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  get description(): string {
    const name = adapterName(this.info);
    return this.kind === 'software' ? `${name}; a software adapter: it computes on the CPU` : name;
  }

  /** The result of `work`. Rejects with the device's first error, also if `work` would then never end. */
  async result<Result>(work: Promise<Result>): Promise<Result> {
    this.assertWorks();
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const end = (settle: () => void): void => {
        this.waiting.delete(reject);
        if (this.failure) reject(this.failure);
        else settle();
      };
      work.then(
        (value) => end(() => resolve(value)),
        // a lost device rejects this before it says that it is lost
        (error: unknown) =>
          setTimeout(() => end(() => reject(error instanceof Error ? error : new Error(String(error))))),
      );
    });
  }

  /** Throws the device's first error. */
  assertWorks(): void {
    if (this.failure) throw this.failure;
  }

  close(): void {
    this.isClosing = true;
    this.gpu.destroy();
  }
}

const lostMessage = (reason: string): string =>
  `webgpu: the device was lost (${oneLine(reason)}), with all tensors on it; make a new backend, and resume from the last ` +
  `checkpoint: ${typed('train --resume FILE')}, with --backend wasm if this happens again`;

function errorOf(error: GPUError): Error {
  const isMemory = error.constructor.name === 'GPUOutOfMemoryError';
  return isMemory
    ? new OutOfMemoryError(
        `webgpu: the device has no more memory: ${oneLine(error.message)}; use smaller tensors, or the wasm backend`,
      )
    : new Error(`webgpu: ${error.message}`);
}

const textOf = (error: unknown): string => oneLine(error instanceof Error ? error.message : String(error));

/** Drivers report in several lines. */
const oneLine = (text: string): string => text.trim().replace(/\s+/g, ' ');
