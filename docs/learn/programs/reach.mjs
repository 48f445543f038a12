/**
 * How far back the error reaches while the tutorial's network trains. For each row of an image: the norm of ∂L/∂c after this
 * row, divided by the norm after the last row. The mean over the first 20 test images.
 *
 *     node docs/learn/programs/reach.mjs     trains 781 steps, and writes reach.json
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../../dist/kernels/reference/index.js';
import { createWasmBackend } from '../../../dist/kernels/wasm/index.js';
import { fillBatch } from '../../../dist/src/data/batches.js';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { Model, loadTensors, saveTensors, stepOf, train, valuesByName } from '../../../dist/src/index.js';

export const STEPS = [1, 100, 200, 300, 400, 500, 600, 781];
const IMAGES = 20;
const SIZES = { T: 28, B: IMAGES, I: 28, H: 128, C: 10 };

/** For each of `steps`, the share of every row, and how many of the images are classified correctly. */
export async function reachAfter(steps) {
  const backend = await createWasmBackend({ deterministic: true });
  const { train: images, test } = loadMnist();
  const model = new Model(createReferenceBackend(), SIZES);
  fillBatch(model.activations.x, model.activations.y, test, [...Array(IMAGES).keys()]);
  const frames = [];
  const onStep = async (step, _, network) => {
    if (!steps.includes(step)) return;
    loadTensors(
      model.backend,
      valuesByName(model.parameters),
      await saveTensors(backend, valuesByName(network.parameters)),
    );
    frames.push({ step, ...(await reachOf(model)) });
  };
  const last = steps[steps.length - 1];
  // the tutorial's batches and initial values, from seed 1
  await train(backend, images, { trainingIters: (last + 1) * 128 - 1, seed: 1 }, { onStep });
  await backend.dispose();
  return frames;
}

async function reachOf(model) {
  const { dc } = model.activations;
  model.forward();
  model.backward();
  const { T, B } = SIZES;
  const normOf = (row, b) => Math.sqrt(sumOfSquares(stepOf(dc, row), b));
  const shares = Array.from({ length: T }, (_, t) => {
    let sum = 0;
    for (let b = 0; b < B; b++) sum += normOf(t + 1, b) / normOf(T, b);
    return Number((sum / B).toPrecision(3));
  });
  const { accuracy } = await model.metrics();
  return { correct: Math.round(accuracy * B), shares };
}

function sumOfSquares(row, b) {
  let sum = 0;
  for (let n = 0; n < SIZES.H; n++) sum += row.get(b, n) ** 2;
  return sum;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('reach.json', import.meta.url), `${JSON.stringify(await reachAfter(STEPS), null, 2)}\n`);
}
