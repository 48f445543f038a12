/**
 * How far back the error reaches while the tutorial's network trains. For each row of an image: the norm of ∂L/∂c after this
 * row, divided by the norm after the last row. The mean over the first 20 test images. Also the mean of f, and how much of
 * the gradient the direct path from c to cPrev carries alone.
 *
 *     node docs/learn/programs/reach.mjs             trains 781 steps, and prints these numbers after some of them
 *     node docs/learn/programs/reach.mjs --write     writes them to reach.json, too
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../../dist/kernels/reference/index.js';
import { createWasmBackend } from '../../../dist/kernels/wasm/index.js';
import { fillBatch } from '../../../dist/src/data/batches.js';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { Model, loadTensors, saveTensors, train, valuesByName } from '../../../dist/src/index.js';

export const STEPS = [1, 100, 200, 300, 400, 500, 600, 781];
const IMAGES = 20;
/** docs/derivation.md names the range of the first row's share over these. */
const RANGE_OF = 5;
export const SIZES = { T: 28, B: IMAGES, I: 28, H: 128, C: 10 };

/** For each of `steps`, the share of every row, and how many of the images are classified correctly. */
export async function reachAfter(steps) {
  const model = new Model(createReferenceBackend(), SIZES);
  const frames = [];
  for (const { step, weights } of await weightsAfter(steps)) {
    loadTensors(model.backend, valuesByName(model.parameters), weights);
    readTestImages(model);
    frames.push({ step, ...(await reachOf(model)) });
  }
  return frames;
}

/** The weights of the tutorial's network after each of `steps`: the tutorial's batches and initial values, from seed 1. */
export function weightsAfter(steps) {
  const name = steps.join();
  if (!trained.has(name)) trained.set(name, trainTutorial(steps)); // paths.mjs may ask for the same
  return trained.get(name);
}
const trained = new Map();

async function trainTutorial(steps) {
  const backend = await createWasmBackend({ deterministic: true });
  const found = [];
  const onStep = async (step, _, network) => {
    if (steps.includes(step))
      found.push({ step, weights: await saveTensors(backend, valuesByName(network.parameters)) });
  };
  const last = steps[steps.length - 1];
  await train(backend, loadMnist().train, { trainingIters: (last + 1) * 128 - 1, seed: 1 }, { onStep });
  await backend.dispose();
  return found;
}

/** Both passes over the first test images. */
export function readTestImages(model) {
  const { x, y } = model.activations;
  fillBatch(x, y, loadMnist().test, [...Array(IMAGES).keys()]);
  model.forward();
  model.backward();
}

async function reachOf(model) {
  const { dc } = model.activations;
  const { T, B, H } = SIZES;
  const images = [...Array(B).keys()];
  const normOf = (row, b) => Math.sqrt(sumOver(H, (n) => dc.get(row, b, n) ** 2));
  const shareOf = (t) => (b) => normOf(t + 1, b) / normOf(T, b);
  const mean = (values) => sumOver(values.length, (k) => values[k]) / values.length;
  const first = images.slice(0, RANGE_OF).map(shareOf(0));
  const { accuracy } = await model.metrics();
  return {
    correct: Math.round(accuracy * B),
    range: [Math.min(...first), Math.max(...first)].map((value) => Number(value.toPrecision(4))),
    f: rounded(mean(images.map((b) => meanForgetGate(model, b)))),
    direct: rounded(mean(images.map((b) => directNorm(model, b) / normOf(T, b)))),
    shares: Array.from({ length: T }, (_, t) => rounded(mean(images.map(shareOf(t))))),
  };
}

const rounded = (value) => Number(value.toPrecision(3));

const sumOver = (count, valueOf) =>
  Array.from({ length: count }, (_, k) => valueOf(k)).reduce((sum, one) => sum + one, 0);

const forgetGate = ({ activations: { gates } }, t, b, n) => gates.get(t, b, 2 * SIZES.H + n);

const meanForgetGate = (model, b) =>
  sumOver(SIZES.T, (t) => sumOver(SIZES.H, (n) => forgetGate(model, t, b, n))) / (SIZES.T * SIZES.H);

/** The direct path multiplies each unit's dc of the last row by its f of the 27 steps after the first. */
function directNorm(model, b) {
  const { T, H } = SIZES;
  const afterFirst = (n) => {
    let dc = model.activations.dc.get(T, b, n);
    for (let t = T - 1; t > 0; t--) dc *= forgetGate(model, t, b, n);
    return dc;
  };
  return Math.sqrt(sumOver(H, (n) => afterFirst(n) ** 2));
}

/** What the README says about a frame. */
export function lineOf({ step, shares, correct }) {
  const steps = `${step} ${step === 1 ? 'step' : 'steps'}`;
  const share = `${(100 * shares[0]).toFixed(0)}%`;
  return `after ${steps}: ‖∂L/∂c‖ after the first row is ${share} of that after the last; ${correct} of ${IMAGES} images are classified correctly`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const frames = await reachAfter(STEPS);
  for (const frame of frames) console.log(lineOf(frame));
  const text = `[\n${frames.map((frame) => JSON.stringify(frame)).join(',\n')}\n]\n`;
  if (process.argv.includes('--write')) writeFileSync(new URL('reach.json', import.meta.url), text);
}
