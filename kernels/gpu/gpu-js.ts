/**
 * The part of GPU.js 2.24 that this backend uses, typed. Its own typings lack webgpu's classes and declare `input` as a
 * type only.
 */
import { BackendUnavailableError } from '../../src/errors.js';

/** What a kernel returns: a buffer or texture that stays on the device, or (webasm, cpu) the rows themselves. */
export type Value = Resident | Float32Array[];

interface Resident {
  toArray(): Float32Array[] | Promise<Float32Array[]>;
  delete(): void;
}

/** One kernel. Its first call compiles it; under webgpu every call returns a promise. */
export interface KernelFunction {
  (...inputs: unknown[]): Value | Promise<Value>;
  /** What runs, known after the first call. */
  readonly kernel: { readonly fallbackReason?: string | null };
}

export type KernelClass = abstract new (...args: never[]) => object;

interface KernelSettings {
  /** Columns, then rows. */
  readonly output: readonly [number, number];
  readonly pipeline: true;
  readonly immutable: true;
  readonly precision: 'single';
  /** Unless this is set, a loop whose bound is not a literal stops at 1000 in silence. */
  readonly loopMaxIterations: number;
}

export interface GpuInstance {
  readonly Kernel: KernelClass;
  /** In the GL modes: a WebGL context. */
  readonly context?: WebGLRenderingContext | WebGL2RenderingContext | null;
  createKernel(source: string, settings: KernelSettings): KernelFunction;
  destroy(): Promise<void>;
}

export interface GpuJs {
  readonly GPU: (new (settings: { mode: string }) => GpuInstance) & {
    readonly isWebGL2Supported: boolean;
    readonly isHeadlessGLSupported: boolean;
  };
  /** Numbers row by row, as a matrix; `size` is its columns, then its rows. */
  readonly input: (values: Float32Array, size: readonly [number, number]) => unknown;
  readonly WebGPUKernel: KernelClass;
  readonly WebGL2Kernel: KernelClass;
  readonly HeadlessGLKernel: KernelClass;
  readonly WebAssemblyKernel: KernelClass;
  readonly CPUKernel: KernelClass;
  /** The one device that all GPU.js instances of the process share. */
  readonly WebGPUContext: { acquire(): Promise<WebGpuContext>; destroy(): Promise<void> };
}

export interface WebGpuContext {
  readonly adapter: { readonly info: { readonly description: string; readonly vendor: string } };
  readonly device: { readonly queue: { onSubmittedWorkDone(): Promise<void> } };
}

/** Throws a BackendUnavailableError if the package, an optional peer of this one, is not installed. */
export async function loadGpuJs(): Promise<GpuJs> {
  try {
    const module = (await import('gpu.js')) as unknown as { default: GpuJs };
    return module.default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new BackendUnavailableError('the gpu backend needs the package gpu.js: npm install gpu.js@2.24 webgpu@0.6');
  }
}
