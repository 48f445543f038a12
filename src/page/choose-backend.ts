/** What a run computes with, in the worker: its backend, perhaps with planted cells; all cores if there is no GPU; the quicker of both for “automatic”. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { MOST_THREADS } from '../../kernels/wasm/jobs.js';
import { availableThreads, canShareMemory } from '../../kernels/wasm/threads.js';
import { adapterName, isSoftware } from '../../kernels/webgpu/adapter.js';
import { counted } from '../core/arguments.js';
import type { Backend, Operations } from '../core/backend.js';
import { BackendUnavailableError, DataError } from '../core/errors.js';
import type { Training } from '../training/training.js';
import type { BackendChoice, BackendName } from './common.js';

/** The operations of an LSTM's cells: those that a planted mistake replaces. */
export type Cells = Pick<Operations, 'lstmCellForward' | 'lstmCellBackward'>;

/**
 * Gives a backend the cells of a src/equations/lstm.ts with a mistake; undefined: it keeps its own. Its products and updates
 * stay. Throws a DataError for a backend whose tensors are not on the host, because these cells are plain TypeScript.
 */
export function withCells(backend: Backend, cells: Cells | undefined): Backend {
  if (!cells) return backend;
  if (backend.isOnHost !== true) throw new DataError('only WebAssembly and plain TypeScript can train with a mistake');
  const own: Cells = {
    lstmCellForward(h, c, gates, ...inputs) {
      cells.lstmCellForward(h, c, gates, ...inputs);
      for (const written of [h, c, gates]) backend.upload(written);
    },
    lstmCellBackward(dz, dc, dcPrev, ...inputs) {
      cells.lstmCellBackward(dz, dc, dcPrev, ...inputs);
      for (const written of [dz, dc, dcPrev]) backend.upload(written);
    },
  };
  return Object.assign(backend, own);
}

/**
 * `threads`: of the `wasm` backend; null: one per core. `cells`: those of a planted mistake; undefined: the backend keeps its own.
 * Rejects with a DataError, before it creates anything, if the backend cannot train with them.
 */
export async function createBackend(
  name: BackendName,
  threads: number | null,
  cells: Cells | undefined,
): Promise<Backend> {
  if (name === 'reference') return withCells(createReferenceBackend(), cells);
  if (name === 'wasm') return withCells(await createWasmBackend(threads === null ? {} : { threads }), cells);
  if (cells) throw new DataError('only WebAssembly and plain TypeScript can train with a mistake');
  // the code of a GPU's backend is loaded only if it is chosen
  if (name === 'gpu') return (await import('./webgpu-in-page.js')).createWebGpuInPage();
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: name });
}

/** The backend of a run, and a sentence for the visitor that says why it is this one; empty if the visitor chose it. */
export interface Chosen {
  readonly backend: Backend;
  readonly name: BackendName;
  readonly note: string;
}

/** The run that needs a backend. `threads` and `cells`: see `createBackend`. */
export interface NewRun {
  readonly threads: number | null;
  readonly cells: Cells | undefined;
  /** Also makes copies of the run for “automatic”, which trains them and frees them. */
  readonly createTraining: (backend: Backend) => Training;
}

/** What the choice depends on besides the run. */
export interface Surroundings {
  /** The browser's adapter, or why there is none. */
  readonly adapter: () => Promise<GPUAdapterInfo | string>;
  readonly create: typeof createBackend;
  /** Milliseconds. */
  readonly now: () => number;
}

const BROWSER: Surroundings = { adapter: adapterOfBrowser, create: createBackend, now: () => performance.now() };

/** Rejects with the errors of `createBackend` and `createTraining`, except that a run without a usable GPU gets all cores. */
export async function chooseBackend(choice: BackendChoice, run: NewRun, surroundings = BROWSER): Promise<Chosen> {
  const { threads, cells } = run;
  const { adapter, create } = surroundings;
  if (choice === 'automatic') return automaticBackend(run, surroundings);
  if (choice !== 'gpu' || cells) return { backend: await create(choice, threads, cells), name: choice, note: '' };
  const info = await adapter();
  if (typeof info === 'string') return onCores(run, surroundings, capitalised(info));
  try {
    return { backend: await create('gpu', threads, cells), name: 'gpu', note: isSoftware(info) ? slowNote(info) : '' };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return onCores(run, surroundings, `The GPU cannot be used (${error.message})`);
  }
}

const slowNote = (info: GPUAdapterInfo): string =>
  `The browser’s GPU is ${softwareAdapter(info)}: it computes on the processor, where “all cores” is usually quicker.`;

/** `backend`: default: a new one. */
async function onCores(run: NewRun, { create }: Surroundings, why: string, backend?: Backend): Promise<Chosen> {
  const { threads, cells } = run;
  const note = `${why}, so the run computes on ${threads === null ? 'all cores' : counted(threads, 'thread')}.`;
  return { backend: backend ?? (await create('wasm', threads, cells)), name: 'wasm', note };
}

async function automaticBackend(run: NewRun, surroundings: Surroundings): Promise<Chosen> {
  const { threads, cells } = run;
  if (cells) return onCores(run, surroundings, 'Automatic: a GPU cannot train with a mistake');
  const info = await surroundings.adapter();
  if (typeof info === 'string') return onCores(run, surroundings, `Automatic: ${info}`);
  if (isSoftware(info)) return onCores(run, surroundings, `Automatic: the browser’s GPU is ${softwareAdapter(info)}`);
  const cores = await surroundings.create('wasm', threads, cells);
  let ms: number;
  try {
    ms = await msPerStep(cores, run, surroundings);
  } catch (error) {
    await cores.dispose();
    throw error;
  }
  return quicker(cores, ms, run, surroundings);
}

/** Times a step on the GPU, too, and disposes of the slower backend. `onCoresMs`: a step on `cores`. */
async function quicker(cores: Backend, onCoresMs: number, run: NewRun, surroundings: Surroundings): Promise<Chosen> {
  let gpu: Backend | undefined;
  try {
    gpu = await surroundings.create('gpu', run.threads, run.cells);
    const onGpuMs = await msPerStep(gpu, run, surroundings);
    const times = `Automatic: GPU ${shown(onGpuMs)} ms, ${countOf(run.threads)} ${shown(onCoresMs)} ms a step`;
    const [slower, isGpu] = onGpuMs < onCoresMs ? [cores, true] : [gpu, false];
    await slower.dispose();
    if (!isGpu) return await onCores(run, surroundings, times, cores);
    return { backend: gpu, name: 'gpu', note: `${times}, so the run computes on the GPU.` };
  } catch (error) {
    await gpu?.dispose().catch(() => {}); // a GPU that was lost cannot free its memory
    const reason = error instanceof Error ? error.message : String(error);
    return onCores(run, surroundings, `Automatic: the GPU failed (${reason})`, cores);
  }
}

/** Steps that are timed, at least this many before them, and more until the processor's code is optimised. */
const TIMED = 3;
const WARM_UP = { least: 2, most: 20, ms: 200 } as const;

/** Of a copy of the run, after a warm-up. */
async function msPerStep(backend: Backend, { createTraining }: NewRun, { now }: Surroundings): Promise<number> {
  const copy = createTraining(backend);
  try {
    const began = now();
    for (let made = 0; made < WARM_UP.most && (made < WARM_UP.least || now() - began < WARM_UP.ms); made++)
      await makeSteps(copy, 1);
    const begin = now();
    await makeSteps(copy, TIMED);
    return (now() - begin) / TIMED;
  } finally {
    copy.dispose();
  }
}

/** Resolves when the backend has computed the steps, not only received them. */
async function makeSteps(training: Training, count: number): Promise<void> {
  for (let made = 0; made < count; made++) await training.makeStep();
  const { backend, parameters } = training.network;
  await backend.download(parameters[parameters.length - 1].value);
}

/** Undefined without WebGPU; then there need not even be a `navigator`. */
export const webGpu = (): GPU | undefined =>
  (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu;

async function adapterOfBrowser(): Promise<GPUAdapterInfo | string> {
  const gpu = webGpu();
  if (!gpu) return 'this browser offers no WebGPU';
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  return adapter?.info ?? 'this browser’s WebGPU found no GPU';
}

const softwareAdapter = (info: GPUAdapterInfo): string => `a software adapter (${adapterName(info)})`;

/** `8 cores`, or the threads that the visitor chose. */
function countOf(threads: number | null): string {
  if (!canShareMemory()) return counted(1, 'thread');
  return threads === null ? counted(Math.min(MOST_THREADS, availableThreads()), 'core') : counted(threads, 'thread');
}

/** `3.1` and `640`: milliseconds. */
const shown = (ms: number): string => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
