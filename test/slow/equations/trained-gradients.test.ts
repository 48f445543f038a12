/** How much of the gradient reaches an image's first row in the trained network, as docs/derivation.md and docs/page.md say. */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { norm, stepOf, valuesOf } from '../../../src/core/tensor.js';
import { fillBatch } from '../../../src/data/batches.js';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { Model } from '../../../src/network/model.js';
import { train } from '../../../src/training/loop.js';

const [T, H] = [28, 128];

/** ‖dc‖ after the first row divided by ‖dc‖ after the last: the whole, and the direct path alone. Also the mean of f. */
function reachOf({ gates, dc }: Model['activations']) {
  const f = (t: number, n: number): number => gates.get(t, 0, 2 * H + n);
  const units = Array.from({ length: H }, (_, n) => Array.from({ length: T }, (__, t) => f(t, n)));
  const mean = units.flat().reduce((sum, value) => sum + value, 0) / (T * H);
  // The direct path multiplies each unit's dc of the last row by its f of 27 steps.
  const last = valuesOf(stepOf(dc, T));
  const direct = units.map((values, n) => last[n] * values.slice(1).reduce((product, value) => product * value, 1));
  const length = (values: readonly number[]): number => Math.hypot(...values);
  return { share: norm(stepOf(dc, 1)) / norm(stepOf(dc, T)), mean, direct: length(direct) / norm(stepOf(dc, T)) };
}

test('after the tutorial’s training f is still about 0.73, and more than a quarter of the gradient arrives', async () => {
  const backend = await createWasmBackend({ threads: 1 }); // both builds give these figures; waiting threads would use a second core
  const mnist = loadMnist();
  const trained = await train(backend, mnist.train);
  const saved = await trained.save();
  await backend.dispose();

  const model = new Model(createReferenceBackend(), { T, B: 1, I: 28, H, C: 10 });
  model.load(saved);
  const reaches = [0, 1, 2, 3, 4].map((image) => {
    fillBatch(model.activations.x, model.activations.y, mnist.test, [image]);
    model.forward();
    model.backward();
    return reachOf(model.activations);
  });
  const shares = reaches.map(({ share }) => share);
  const derivation = readFileSync(new URL('../../../docs/derivation.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  const range = `${Math.min(...shares).toFixed(2)} to ${Math.max(...shares).toFixed(2)}`;
  expect(derivation).toContain(`is ${range} of that after the last (seed 1, the first five test images)`);
  for (const { mean, direct } of reaches) {
    expect(mean).toBeCloseTo(0.73, 1);
    expect(direct).toBeLessThan(1e-3);
  }
});
