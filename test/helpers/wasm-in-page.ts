/** A page that trains on the WebAssembly backend, and what the same training in Node ends with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WasmOptions } from '../../kernels/wasm/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { SLEEPERS } from '../../kernels/wasm/jobs.js';
import { valuesOf } from '../../src/core/tensor.js';
import { train } from '../../src/door/train.js';
import { smallImages } from './small-data.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** What the page runs. */
export const script = path.join(project, 'test/helpers/train-on-wasm.js');

const images = smallImages(60, 6, 5);
const options = { batchSize: 16, trainingIters: 31 * 16, hidden: 37 };
/** A job for the page: one training for each of these backends. */
export const jobFor = (...runs: WasmOptions[]) => ({
  images: { ...images, pixels: [...images.pixels], labels: [...images.labels] },
  options,
  runs,
  SLEEPERS,
});

export interface Result {
  readonly description: string;
  readonly bits: number[];
}

/** The bits of the weights after training in Node, from source. */
export async function bitsInNode(): Promise<number[]> {
  const backend = await createWasmBackend({ threads: 1, deterministic: true, check: true });
  const model = await train(backend, images, options);
  const weights = model.parameters.flatMap(({ value }) => [...valuesOf(value)]);
  await backend.dispose();
  return [...new Uint32Array(Float32Array.from(weights).buffer)];
}

export const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
export const PORTABLE = 'wasm: WebAssembly, portable SIMD, ';
export const RELAXED = 'wasm: WebAssembly, relaxed SIMD, ';

/** The page without a bundler. */
export const plainPage = () => ({
  '/index.html': '<!doctype html><script type="module" src="./page.js"></script>',
  '/page.js': readFileSync(script, 'utf8').replace(/'longhand(\/wasm)?'/g, "'./longhand.js'"),
  '/longhand.js': readFileSync(path.join(project, 'dist/browser/longhand.js'), 'utf8'),
});
