/**
 * `npm run bench:step`: one training step of the tutorial (forward, backward, Adam) on wasm with 1 and 2 threads and on the
 * reference; the median and the fastest of 60 steps (6 on the reference), after a third as many that are not counted.
 */
import { createReferenceBackend } from '../kernels/reference/index.js';
import { createWasmBackend } from '../kernels/wasm/index.js';
import type { Backend } from '../src/backend.js';
import { Model } from '../src/model.js';
import { fillRandom, Random } from '../src/rng.js';

async function measure(backend: Backend, steps: number): Promise<void> {
  const sizes = { T: 28, B: 128, I: 28, H: 128, C: 10 };
  const random = new Random(1);
  const model = new Model(backend, sizes);
  model.initialise(random);
  const { x, y } = model.activations;
  fillRandom(x, () => random.uniform(0, 1));
  for (let b = 0; b < sizes.B; b++) y.set(b, b % sizes.C, 1);
  backend.upload(x);
  backend.upload(y);

  const times: number[] = [];
  for (let step = -Math.ceil(steps / 3); step < steps; step++) {
    const start = performance.now();
    model.forward();
    model.backward();
    model.update(0.001);
    await backend.keepPace();
    if (step >= 0) times.push(performance.now() - start);
  }
  await model.assertFinite();
  times.sort((a, b) => a - b);
  const [median, fastest] = [times[Math.floor(steps / 2)], times[0]].map((time) => time.toFixed(1).padStart(7));
  console.log(`${median} ms median ${fastest} ms fastest  ${backend.description}`);
  await backend.dispose();
}

console.log(`Node ${process.versions.node}: T 28, B 128, I 28, H 128, C 10`);
await measure(await createWasmBackend({ threads: 1 }), 60);
await measure(await createWasmBackend({ threads: 2 }), 60);
await measure(createReferenceBackend(), 6);
