/**
 * The part of GPU.js 2.24 that this backend uses, typed. Its own typings lack webgpu's classes and declare `input` as a
 * type only.
 */
import { BackendUnavailableError } from '../../src/core/errors.js';

/** The modes of GPU.js that a backend can run in, from best to worst: the order in which `auto` tries them. */
export const MODES = Object.freeze(['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const);
/** A mode of GPU.js; docs/backends.md describes where each runs and what it needs. */
export type Mode = (typeof MODES)[number];

/** Rows of numbers, or rows of threads whose results are arrays. */
export type ResultRows = readonly (Float32Array | readonly Float32Array[])[];

/** A texture or buffer that stays on the device, or (in modes that compute on the host) numbers for a kernel. */
export interface Stored {
  /** GPU.js's name for this kind of argument; missing from numbers of the host. */
  readonly type?: string;
  /** The size of the texture, or the columns and rows of the numbers. */
  readonly size?: ArrayLike<number>;
  readonly output?: readonly number[];
  toArray(): ResultRows | Promise<ResultRows>;
  delete?(): void;
}

/** Numbers of the host, as an argument of a kernel. */
export interface HostNumbers extends Stored {
  readonly value: Float32Array;
}

/** A texture. `output` and `dimensions` say how kernels count its texels, which lie row after row in a texture of any size. */
export interface GlTexture extends Stored {
  output: readonly number[];
  dimensions: readonly number[];
}

/** A buffer of webgpu mode. Its constructor makes another view of the same buffer. */
export interface WebGpuBuffer extends Stored {
  readonly output: readonly number[];
  readonly componentCount: number;
}

/** What a kernel returns. A kernel map returns an object with the first result and those of its functions, by name. */
export type Result = Stored | ResultRows | Readonly<Record<string, Stored>>;

/** One kernel. Its first call compiles it; under webgpu every call returns a promise. */
export interface KernelFunction {
  (...inputs: unknown[]): Result | Promise<Result>;
  /** What runs, known after the first call. */
  readonly kernel: { readonly fallbackReason?: string | null };
}

export type KernelClass = abstract new (...args: never[]) => object;

/** A kernel class of a GL mode. */
export type GlKernelClass = KernelClass & {
  /** `channelCount`: textures that a launch can write. `maxTextureSize`: texels, across and down. */
  readonly features: { readonly channelCount: number; readonly maxTextureSize: number };
  readonly testContext: WebGLRenderingContext | WebGL2RenderingContext;
};

interface KernelSettings {
  /** Columns, then rows. */
  readonly output: readonly [number, number];
  readonly pipeline: true;
  readonly immutable: true;
  readonly precision: 'single';
  /** Unless this is set, a loop whose bound is not a literal stops at 1000 without an error. */
  readonly loopMaxIterations: number;
  /** The types of the parameters. */
  readonly argumentTypes: readonly string[];
}

export interface GpuInstance {
  /** In the GL modes: a WebGL context. */
  readonly context?: WebGLRenderingContext | WebGL2RenderingContext | null;
  createKernel(source: string, settings: KernelSettings): KernelFunction;
  /** A kernel with several outputs: what it returns, and what each function returns that it calls. In the GL modes only. */
  createKernelMap(
    functions: Readonly<Record<string, string>>,
    source: string,
    settings: KernelSettings,
  ): KernelFunction;
  destroy(): Promise<void>;
}

export interface GpuJs {
  readonly GPU: (new (settings: { mode: string }) => GpuInstance) & {
    readonly isWebGL2Supported: boolean;
    readonly isHeadlessGLSupported: boolean;
  };
  /** Numbers row by row, as a matrix; `size` is its columns, then its rows. */
  readonly input: (values: Float32Array, size: readonly [number, number]) => Stored;
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
    const module: { readonly default: unknown } = await import('gpu.js');
    return module.default as GpuJs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new BackendUnavailableError('the gpu backend needs the package gpu.js: npm install gpu.js@2.24 webgpu@0.6');
  }
}
