/** The script of browser.test.ts's page: a few training steps on a GPU mode and on the reference backend. */
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/backend.js';
import { train } from '../../src/training/loop.js';
import { smallImages } from './small-images.js';

export interface PageResult {
  readonly description: string;
  readonly losses: number[];
  readonly expected: number[];
  /** Whether `keepPace` waits for a device that has not finished the step before; undefined for modes without a fence. */
  readonly waits: boolean | undefined;
}

async function keepPaceWaits(gpu: Backend, mode: Mode | 'auto'): Promise<boolean | undefined> {
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

async function trainOn(mode: Mode | 'auto'): Promise<PageResult> {
  const images = smallImages(60, 6, 5);
  const options = { batchSize: 16, trainingIters: 31 * 16, displayStep: 1, hidden: 9 };
  const gpu = await createGpuBackend({ mode });
  const results: number[][] = [];
  for (const backend of [gpu, createReferenceBackend()]) {
    const losses: number[] = [];
    const model = await train(backend, images, options, { onLine: ({ loss }) => losses.push(loss) });
    model.dispose();
    results.push(losses);
  }
  const { description } = gpu;
  const waits = await keepPaceWaits(gpu, mode);
  await gpu.dispose();
  return { description, losses: results[0], expected: results[1], waits };
}

Object.assign(globalThis, { trainOn });
