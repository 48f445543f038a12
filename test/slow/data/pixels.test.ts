/** The gradient's norms over 784 steps in docs/tasks.md, computed again: untrained networks of 128 units read 32 digits. */
import { readFileSync } from 'node:fs';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { Random } from '../../../src/core/rng.js';
import { norm, stepOf } from '../../../src/core/tensor.js';
import { fillImages } from '../../../src/data/batches.js';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { asPixels } from '../../../src/data/pixels.js';
import type { BiasInit } from '../../../src/network/initial-values.js';
import { Network } from '../../../src/network/network.js';

const document = readFileSync(new URL('../../../docs/tasks.md', import.meta.url), 'utf8');
/** f32 rounds smaller gradients to 0. */
const SMALLEST = 1e-25;

function rowOf(label: string): number[] {
  const line = document.split('\n').find((one) => one.startsWith(`| ${label} `)) ?? '';
  return line.split('|').slice(2, -1).map(Number);
}

test.each<[string, number, BiasInit]>([
  ['0, forget bias 1', 1, 'zeros'],
  ['0, forget bias 2.5', 2.5, 'zeros'],
  ['chrono', 1, 'chrono'],
])('the norms of ∂loss/∂c with biases %s', async (label, forgetBias, bias) => {
  const [images, B] = [asPixels(loadMnist().train), 32];
  const backend = await createWasmBackend({ threads: 1 });
  const sizes = { inputs: 1, layers: [{ hidden: 128 }], outputs: 10, forgetBias };
  const network = new Network(backend, sizes, { T: 784, B });
  network.initialise(new Random(1), 'glorot', bias);
  const { x } = network.activations;
  fillImages(x, images, [...Array(B).keys()]);
  backend.upload(x);
  network.setTargets({ labels: images.labels.subarray(0, B) });
  network.forward();
  network.backward();
  const { dc } = network.layers[0][0];
  await backend.download(dc);
  const [steps, expected] = [rowOf('biases'), rowOf(label)];
  expect([steps.length, expected.length]).toEqual([9, 9]);
  steps.forEach((t, n) => {
    const found = norm(stepOf(dc, t));
    if (expected[n] < SMALLEST) expect(found).toBeLessThan(10 * SMALLEST);
    else expect([t, Math.abs(found / expected[n] - 1) < 0.2]).toEqual([t, true]); // the table has one or two digits
  });
  await backend.dispose();
});
