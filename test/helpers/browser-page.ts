/** The script of browser.test.ts's page: a few training steps on a GPU mode and on the reference backend. */
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { valuesOf } from '../../src/core/tensor.js';
import { train } from '../../src/training/loop.js';
import type { TrainOptions } from '../../src/training/options.js';
import type { Line } from '../../src/training/run.js';
import { smallImages } from './small-images.js';

export interface PageJob {
  readonly mode: Mode;
  readonly options: Partial<TrainOptions>;
}

export interface PageResult {
  readonly description: string;
  readonly lines: readonly Line[];
  /** The lines of the reference backend. */
  readonly expected: readonly Line[];
  /** Whether a second run on the same backend ends with the same bits. */
  readonly repeats: boolean;
  /** Whether `keepPace` waits for a device that has not finished the step before; undefined for modes without a fence. */
  readonly waits: boolean | undefined;
}

async function keepPaceWaits(gpu: Backend, mode: Mode): Promise<boolean | undefined> {
  if (mode !== 'webgl2') return undefined;
  const { prototype } = WebGL2RenderingContext;
  const real = Object.getOwnPropertyDescriptor(prototype, 'clientWaitSync')!;
  Object.defineProperty(prototype, 'clientWaitSync', { ...real, value: () => WebGL2RenderingContext.TIMEOUT_EXPIRED });
  await gpu.keepPace();
  let hasReturned = false;
  const pace = gpu.keepPace().then(() => (hasReturned = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const hasWaited = !hasReturned;
  Object.defineProperty(prototype, 'clientWaitSync', real);
  await pace;
  return hasWaited;
}

async function run(backend: Backend, options: Partial<TrainOptions>): Promise<{ lines: Line[]; weights: number[] }> {
  const lines: Line[] = [];
  const model = await train(backend, smallImages(60, 6, 5), options, { onLine: (line) => lines.push(line) });
  const saved = await model.save();
  model.dispose();
  return { lines, weights: Object.values(saved).flatMap((tensor) => [...valuesOf(tensor)]) };
}

async function trainOn({ mode, options }: PageJob): Promise<PageResult> {
  const gpu = await createGpuBackend({ mode });
  const { lines, weights } = await run(gpu, options);
  const second = await run(gpu, options);
  const { lines: expected } = await run(createReferenceBackend(), options);
  const { description } = gpu;
  const waits = await keepPaceWaits(gpu, mode);
  await gpu.dispose();
  return { description, lines, expected, repeats: second.weights.join() === weights.join(), waits };
}

Object.assign(globalThis, { trainOn });
