/** Opens GPU.js in a mode, and names the kernel class that must run in it: GPU.js falls back to another without an error. */
import { BackendUnavailableError } from '../../src/core/errors.js';
import type {
  GlKernelClass,
  GlTexture,
  GpuInstance,
  GpuJs,
  KernelClass,
  Mode,
  Result,
  ResultRows,
  Stored,
  WebGpuBuffer,
  WebGpuContext,
} from './gpu-js.js';
import { loadGpuJs } from './gpu-js.js';
import { type Geometry, flat, partsOf } from './layout.js';
import type { Program } from './program.js';

/** Outside the GL modes a launch has one output, so a thread computes at most four numbers. docs/gpu-kernels.md compares tiles. */
const BUFFERS = { width: 1, mostOutputs: 1, mostInputs: 7, mostTexels: Infinity } as const;
const GEOMETRIES: Record<Exclude<Mode, GlMode>, Geometry> = {
  webgpu: { ...BUFFERS, tileRows: 2, tileColumns: 2 },
  webasm: { ...BUFFERS, tileRows: 4, tileColumns: 1 },
  cpu: { ...BUFFERS, tileRows: 1, tileColumns: 1 },
};

type GlMode = 'webgl2' | 'headlessgl';

/** A thread of a product writes four texels of four numbers. Throws a BackendUnavailableError if the device cannot do that. */
function glGeometry(mode: GlMode, { features, testContext }: GlKernelClass): Geometry {
  const { channelCount, maxTextureSize } = features;
  if (channelCount < 4) {
    throw new BackendUnavailableError(
      `GPU mode ${mode} needs a device that writes 4 textures at once; this one writes ${channelCount}. ` +
        'Choose webasm or cpu instead',
    );
  }
  const units = testContext.getParameter(testContext.MAX_TEXTURE_IMAGE_UNITS) as number;
  return {
    width: 4,
    tileRows: 4,
    tileColumns: 4,
    mostOutputs: Math.min(channelCount, 8),
    mostInputs: Math.min(units, 15), // GPU.js uses unit 15 for itself
    mostTexels: maxTextureSize,
  };
}

/** GPU.js, opened in one mode. */
export interface OpenMode {
  readonly mode: Mode;
  readonly gpuJs: GpuJs;
  readonly gpu: GpuInstance;
  /** The kernel class that must run in this mode. */
  readonly kernelClass: KernelClass;
  readonly geometry: Geometry;
  /** Whether kernels run in the host's memory. Then an upload needs no kernel. */
  readonly computesOnHost: boolean;
  /** What a launch returned, as textures or buffers, those of the first output first. */
  adopt(result: Result, program: Program): Stored[];
  /** The adapter and driver; without a GPU, `WebAssembly` or `plain JavaScript`. In the GL modes known after the first kernel. */
  executor(): string;
  /** Resolves when the device has done all submitted work; if calls are synchronous, at once. */
  workDone(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a mode. Throws a BackendUnavailableError that says what to install if the mode is not available. */
export async function openMode(mode: Mode): Promise<OpenMode> {
  const gpuJs = await loadGpuJs();
  if (mode === 'webgpu') return openWebGpu(gpuJs);
  const { GPU } = gpuJs;
  if (mode === 'webgl2' && !GPU.isWebGL2Supported) {
    throw new BackendUnavailableError(
      'GPU mode webgl2 needs a browser with WebGL 2; in Node choose webgpu or headlessgl instead',
    );
  }
  if (mode === 'headlessgl' && !GPU.isHeadlessGLSupported) {
    throw new BackendUnavailableError(
      'GPU mode headlessgl needs the package gl and an X display. On Debian: apt-get install build-essential ' +
        'libx11-dev libxi-dev libxext-dev mesa-common-dev libgl1-mesa-dev xvfb; then npm install gl, and run under xvfb-run',
    );
  }
  const isGl = mode === 'webgl2' || mode === 'headlessgl';
  const kernelClass = kernelClassOf(gpuJs, mode);
  const geometry = isGl ? glGeometry(mode, kernelClass as GlKernelClass) : GEOMETRIES[mode];
  const gpu = new GPU({ mode });
  return {
    mode,
    gpuJs,
    gpu,
    kernelClass,
    geometry,
    computesOnHost: !isGl,
    adopt: isGl ? adoptTextures : (result, program) => adoptNumbers(gpuJs, result, program),
    executor: () => executorOf(mode, gpu),
    workDone: async () => (isGl ? glWorkDone(gpu) : undefined), // the other modes compute within the call
    close: () => gpu.destroy(),
  };
}

/** For the GL modes. */
async function glWorkDone({ context }: GpuInstance): Promise<void> {
  if (!context) return;
  if (!('fenceSync' in context)) {
    context.finish();
    return;
  }
  // A browser's `finish` does not wait, so we ask repeatedly whether the device has reached this point.
  const fence = context.fenceSync(context.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (!fence) return; // the context is lost; the next read reports it
  context.flush();
  while (context.clientWaitSync(fence, 0, 0) === context.TIMEOUT_EXPIRED)
    await new Promise((resolve) => setTimeout(resolve));
  context.deleteSync(fence);
}

/** How many backends of this process use the shared WebGPU device; the last one to close destroys it. */
let webGpuUsers = 0;

async function openWebGpu(gpuJs: GpuJs): Promise<OpenMode> {
  await provideNavigatorGpu();
  let context: WebGpuContext;
  try {
    context = await gpuJs.WebGPUContext.acquire();
  } catch (error) {
    throw new BackendUnavailableError(
      `GPU mode webgpu found no adapter (${error instanceof Error ? error.message : String(error)}). ` +
        'On Debian, mesa-vulkan-drivers brings one that runs on the CPU: apt-get install mesa-vulkan-drivers',
    );
  }
  const gpu = new gpuJs.GPU({ mode: 'webgpu' });
  const { description, vendor } = context.adapter.info;
  webGpuUsers++;
  return {
    mode: 'webgpu',
    gpuJs,
    gpu,
    kernelClass: gpuJs.WebGPUKernel,
    geometry: GEOMETRIES.webgpu,
    computesOnHost: false,
    adopt: adoptBuffer,
    executor: () => description || vendor || 'unnamed adapter',
    workDone: () => context.device.queue.onSubmittedWorkDone(),
    close: async () => {
      await gpu.destroy();
      webGpuUsers--;
      if (webGpuUsers === 0) await gpuJs.WebGPUContext.destroy();
    },
  };
}

/** Browsers have WebGPU. Node gets it from the package `webgpu`, which must be set up before GPU.js looks for it. */
async function provideNavigatorGpu(): Promise<void> {
  if (typeof navigator !== 'undefined' && 'gpu' in navigator) return;
  try {
    const name = 'webgpu' as string; // not a literal, so that bundlers for pages do not look for this package of Node's
    const { create, globals } = (await import(name)) as typeof import('webgpu');
    Object.assign(globalThis, globals);
    if (typeof navigator === 'undefined')
      Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true });
    Object.defineProperty(navigator, 'gpu', { value: create([]), configurable: true });
  } catch (error) {
    throw new BackendUnavailableError(
      `GPU mode webgpu needs a browser with WebGPU or, in Node, the package webgpu: npm install webgpu@0.6 ` +
        `(${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function kernelClassOf(gpuJs: GpuJs, mode: Exclude<Mode, 'webgpu'>): KernelClass {
  return {
    webgl2: gpuJs.WebGL2Kernel,
    headlessgl: gpuJs.HeadlessGLKernel,
    webasm: gpuJs.WebAssemblyKernel,
    cpu: gpuJs.CPUKernel,
  }[mode];
}

function executorOf(mode: Mode, { context }: GpuInstance): string {
  if (mode === 'webasm') return 'WebAssembly, 1 thread';
  if (mode === 'cpu') return 'plain JavaScript, 1 thread';
  if (!context) return 'no context yet';
  const unmasked = context.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = context.getParameter(unmasked ? unmasked.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  const version: unknown = context.getParameter(context.VERSION);
  return `${String(renderer)}, ${String(version)}`;
}

/**
 * The textures of a launch. Texels lie in a texture row after row. So a texture can be read as rows of another length than
 * the rows of threads that computed it; cell-tiles.ts uses this.
 */
function adoptTextures(result: Result, { outputs, threads, results }: Program): Stored[] {
  const textures = (results.length === 1 ? [result] : Object.values(result)) as GlTexture[];
  const perOutput = outputs.flatMap((output) =>
    Array.from({ length: partsOf({ width: 4, tileRows: 4 }, output.layout) }, () => output),
  );
  for (const [n, texture] of textures.entries()) {
    const across = Math.ceil(perOutput[n].columns / 4);
    texture.output = [across, (threads[0] * threads[1]) / across];
    texture.dimensions = [...texture.output, 1];
  }
  return textures;
}

/** The buffer of a launch in webgpu mode, as single numbers: a kernel does not accept a buffer of arrays. */
function adoptBuffer(result: Result, { threads, results }: Program): Stored[] {
  const buffer = result as WebGpuBuffer;
  if (results[0].length === 1) return [buffer];
  const View = buffer.constructor as new (settings: object) => WebGpuBuffer;
  const output = [threads[0] * results[0].length, threads[1]];
  const view = new View({ ...buffer, output, componentCount: 1 });
  buffer.delete?.(); // the view keeps the memory
  return [view];
}

/** The numbers of a launch in the modes that compute on the host. */
function adoptNumbers({ input }: GpuJs, result: Result, { threads, results }: Program): Stored[] {
  return [input(flat(result as ResultRows), [threads[0] * results[0].length, threads[1]])];
}
