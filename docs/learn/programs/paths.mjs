/**
 * On which paths the gradient comes back: the numbers of docs/learn/why-57.md. path-switches.mjs has the backward pass.
 *
 *     node docs/learn/programs/paths.mjs                      trains two networks, reads with three, and writes paths.json
 *     node docs/learn/programs/paths.mjs --networks FOLDER    writes the networks that the site loads
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../../dist/kernels/reference/index.js';
import { createWasmBackend } from '../../../dist/kernels/wasm/index.js';
import { fillImages } from '../../../dist/src/data/batches.js';
import { addingProblem, asPixels } from '../../../dist/src/data/memory-tasks.js';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { sliceImages } from '../../../dist/src/data/mnist.js';
import { loadTensors, Network, Random, saveTensors, train, valuesByName } from '../../../dist/src/index.js';
import {
  CASES,
  dot,
  forgetGates,
  mean,
  normsOf,
  OPEN,
  rounded,
  sequencesOf,
  STEPS,
  withCandidateOf,
} from './path-switches.mjs';
import { SIZES, weightsAfter } from './reach.mjs';
import { readImages } from './saved-networks.mjs';

const ADDING_STEPS = [1, 1000];

/** In one step back from row t+1, the part of dc that the direct path brings: ⟨dc, direct⟩/⟨dc, dc⟩, the mean over steps and sequences. */
function directInOneStep(sequences) {
  const ofStep = ({ gates, dc, dhLast: { length: H } }, t) => {
    const direct = dc[t + 1].map((value, n) => value * gates[t][2 * H + n]);
    return dot(dc[t], direct) / dot(dc[t], dc[t]);
  };
  return rounded(mean(sequences.flatMap((one) => one.gates.slice(1).map((_, t) => ofStep(one, t + 1)))));
}

const splitOf = (sequences, rows) => ({
  f: forgetGates(sequences),
  direct: directInOneStep(sequences),
  rows,
  norms: Object.fromEntries(Object.entries(CASES).map(([name, open]) => [name, normsOf(open, sequences, rows)])),
});

/** All weights of a network in one list, in the order of its parameters. */
const numbersOf = (weights) => Float32Array.from(Object.values(weights).flatMap(({ data }) => Array.from(data)));

/** The images that reach.mjs reads. */
const testImages = () => sliceImages(loadMnist().test, 0, SIZES.B);

/** The tutorial's network, as in reach.mjs: the first test images, one row a step. */
export async function mnistAfter(steps) {
  const images = testImages();
  let early;
  return (await weightsAfter(steps)).map(({ step, weights }) => {
    const sequences = readImages(numbersOf(weights), images);
    early ??= sequences;
    const [earlyJ] = normsOf(OPEN, withCandidateOf(early, sequences), [1]);
    return { task: 'mnist', step, earlyJ, ...splitOf(sequences, countedFrom(1, SIZES.T, 1)) };
  });
}

/** What the page of docs/learn/why-57.md reads: the networks as f32, and the images as their labels, then their pixels. */
export async function writeNetworks(folder) {
  mkdirSync(folder, { recursive: true });
  for (const { step, weights } of await weightsAfter(STEPS))
    writeFileSync(path.join(folder, `${step}.bin`), numbersOf(weights));
  const { labels, pixels } = testImages();
  writeFileSync(path.join(folder, 'images.bin'), Buffer.concat([labels, pixels]));
}

const countedFrom = (first, last, by) =>
  Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, n) => first + n * by);

const ADDING = { T: 100, H: 64, sequences: 20 };

/** The adding problem with the options of `longhand train --task adding`: chrono biases. It reads test sequences. */
export async function addingAfter(steps) {
  const { T, H, sequences } = ADDING;
  const sizes = { inputs: 2, layers: [{ hidden: H }], outputs: 1, loss: 'squaredError' };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), sizes, { T, B: sequences });
  const frames = [];
  for (const { step, weights } of await addingWeights(steps)) {
    loadTensors(network.backend, valuesByName(network.parameters), weights);
    network.setBatch(addingBatch(sequences, T));
    network.forward();
    network.backward();
    const { loss } = await network.metrics();
    frames.push({
      task: 'adding',
      step,
      loss: rounded(loss),
      ...splitOf(sequencesOf(network), [1, ...countedFrom(5, T, 5)]),
    });
  }
  return frames;
}

function addingBatch(count, T) {
  const { x, targets } = addingProblem(count, T, 3);
  return { x, targets, layout: 'batch-first' };
}

async function addingWeights(steps) {
  const backend = await createWasmBackend({ deterministic: true });
  const found = [];
  const onStep = async (step, _, network) => {
    if (steps.includes(step))
      found.push({ step, weights: await saveTensors(backend, valuesByName(network.parameters)) });
  };
  const [count, batchSize, last] = [50_000, 100, steps[steps.length - 1]];
  const options = {
    hidden: ADDING.H,
    batchSize,
    learningRate: 0.005,
    clipNorm: 1,
    biasInit: 'chrono',
    outputInit: 'glorot',
  };
  const trainingIters = (last + 1) * batchSize - 1;
  await train(backend, addingProblem(count, ADDING.T, 1), { ...options, trainingIters, seed: 1 }, { onStep });
  await backend.dispose();
  return found;
}

/** A new network with chrono biases and the sizes of `longhand train --task pixels`: test images, one pixel a step. */
export function newPixels() {
  const [images, T, B] = [asPixels(loadMnist().test), 784, 5];
  const sizes = { inputs: 1, layers: [{ hidden: 64 }], outputs: 10 };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), sizes, { T, B });
  network.initialise(new Random(1), 'glorot', 'chrono');
  fillImages('images', network.activations.x, images, [...Array(B).keys()]);
  network.setTargets({ labels: images.labels.subarray(0, B) });
  network.forward();
  network.backward();
  return { task: 'pixels', step: 0, ...splitOf(sequencesOf(network), [1, ...countedFrom(28, T, 28)]) };
}

async function main() {
  if (process.argv[2] === '--networks') return writeNetworks(process.argv[3]);
  const frames = [...(await mnistAfter(STEPS)), ...(await addingAfter(ADDING_STEPS)), newPixels()];
  const lines = frames.map((frame) => JSON.stringify(frame)).join(',\n');
  writeFileSync(new URL('paths.json', import.meta.url), `[\n${lines}\n]\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
