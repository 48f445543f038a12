/** What the browser test runs inside the page: a few training steps on a GPU.js mode and on the reference. */
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { train } from '../../src/train.js';
import { syntheticImages } from './synthetic-images.js';

export interface PageResult {
  readonly description: string;
  readonly losses: number[];
  readonly expected: number[];
}

async function trainOn(mode: Mode | 'auto'): Promise<PageResult> {
  const images = syntheticImages({ count: 60, rows: 6, columns: 5 });
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
  await gpu.dispose();
  return { description, losses: results[0], expected: results[1] };
}

Object.assign(globalThis, { trainOn });
