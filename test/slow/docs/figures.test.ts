/** Figures of documents, computed again: how much of the gradient reaches the first steps, and what the programs of docs/learn that train networks print. */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { Random } from '../../../src/core/rng.js';
import { norm, stepOf, valuesOf } from '../../../src/core/tensor.js';
import { fillBatch, fillImages } from '../../../src/data/batches.js';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { asPixels } from '../../../src/data/memory-tasks.js';
import type { BiasInit } from '../../../src/network/initial-values.js';
import { Model } from '../../../src/network/model.js';
import { Network } from '../../../src/network/network.js';
import { train } from '../../../src/training/loop.js';
import {
  masked,
  numbersOf,
  outputOf,
  quotedExperiments,
  read,
  testSymptoms,
  testWhichCameFirst,
  tutorialOutput,
} from '../../helpers/chapter.js';
import { linesOf } from '../../helpers/longhand-process.js';
import { longhand } from '../../helpers/longhand.js';

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

/** docs/derivation.md and docs/page.md */
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

/** Untrained networks of 128 units read 32 digits, one pixel a step. */
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
  fillImages('images', x, images, [...Array(B).keys()]);
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

test('tutorial.mjs prints what chapter 1 shows, and the lines of npm start', async () => {
  const shown = tutorialOutput(read('what-an-rnn-is.md'));
  expect(outputOf('tutorial.mjs').trim()).toBe(shown);
  const { stdout } = await longhand(['train', '--deterministic', '--training-iters', '4000']);
  const lines = linesOf(shown).filter((line) => line.startsWith('Iter'));
  expect(linesOf(stdout).slice(0, 3)).toEqual(lines);
  expect(stdout).toContain(`Testing Accuracy: ${Number(/Testing Accuracy: ([\d.]+)/.exec(shown)![1])}`);
});

testWhichCameFirst(24);

test('clipping.mjs prints what the chapter shows', () => {
  expect(read('loss-and-update.md')).toContain(`\n\`\`\`\n${outputOf('clipping.mjs')}\`\`\`\n`);
});

test('networks.mjs prints what the chapter quotes', () => {
  const quoted = [...read('networks.md').matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);
  expect(quoted).toEqual(outputOf('networks.mjs').split(/^(?=\S)/m)); // one thread and the portable build: the same digits on every computer
});

const symptoms = outputOf('symptoms.mjs').split(/^(?=\S)/m);

test('symptoms.mjs prints what the chapter quotes', () => {
  expect(quotedExperiments.map(masked).sort()).toEqual(symptoms.map(masked).sort());
  for (const block of quotedExperiments) {
    const numbers = numbersOf(symptoms.find((other) => masked(other) === masked(block))!);
    numbersOf(block).forEach((number, n) =>
      expect(Math.abs(number - numbers[n])).toBeLessThan(0.002 + 0.02 * Math.abs(number)),
    );
  }
});

testSymptoms('the program printed', symptoms);
