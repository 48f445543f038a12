/**
 * On which paths the gradient comes back: the numbers of “Why 1% becomes 57%” in docs/learn/by-hand.md. A backward pass in plain numbers
 * has a switch for each path. With all of them open, it computes the engine's dc.
 *
 *     node docs/learn/programs/paths.mjs     trains two networks, reads with three, and writes paths.json
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../../dist/kernels/reference/index.js';
import { createWasmBackend } from '../../../dist/kernels/wasm/index.js';
import { fillImages } from '../../../dist/src/data/batches.js';
import { addingProblem, asPixels } from '../../../dist/src/data/memory-tasks.js';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { loadTensors, Model, Network, Random, saveTensors, train, valuesByName } from '../../../dist/src/index.js';
import { readTestImages, SIZES, weightsAfter } from './reach.mjs';

const GATES = ['i', 'j', 'f', 'o'];
const OPEN = { direct: true, i: true, j: true, f: true, o: true };
const DIRECT = { direct: true, i: false, j: false, f: false, o: false };

/** Which paths are open. `direct`: dcPrev += dc*f. A gate: its block of dz passes Whᵀ to dhPrev. */
export const CASES = {
  all: OPEN,
  direct: DIRECT,
  ...Object.fromEntries(GATES.map((gate) => [`direct and ${gate}`, { ...DIRECT, [gate]: true }])),
  ...Object.fromEntries(GATES.map((gate) => [`without ${gate}`, { ...OPEN, [gate]: false }])),
  'without direct': { ...OPEN, direct: false },
};

/** The steps of training that paths.json has. */
export const MNIST_STEPS = [1, 100, 300, 781];
export const ADDING_STEPS = [1, 1000];

/**
 * The gradient of c after every step of one sequence, back along the open paths: a list of T+1 rows of H numbers. Row 0 is the initial
 * state's. The forward pass has computed gates (T rows of i, j, f, o) and c (T+1 rows). dhLast is the gradient of the last h.
 */
export function backwardAlong(open, { gates, c, Wh, dhLast }) {
  const H = dhLast.length;
  const dc = c.map(() => new Float64Array(H));
  const dz = new Float64Array(4 * H);
  const columns = GATES.flatMap((gate, k) => (open[gate] ? [[k * H, (k + 1) * H]] : [])); // dz is 0 in the others
  let dh = dhLast;
  for (let t = gates.length - 1; t >= 0; t--) {
    for (let n = 0; n < H; n++) {
      const [i, j, f, o] = [gates[t][n], gates[t][H + n], gates[t][2 * H + n], gates[t][3 * H + n]];
      // (4′) from  h = o*tanh(c)
      const tanhC = Math.tanh(c[t + 1][n]);
      const dO = dh[n] * tanhC;
      dc[t + 1][n] += dh[n] * o * (1 - tanhC * tanhC);
      const dC = dc[t + 1][n];
      // (3′) from  c = f*cPrev + i*j:  the direct path
      if (open.direct) dc[t][n] = dC * f;
      // (3′) and (2′): the paths through the gates
      dz[n] = open.i ? dC * j * i * (1 - i) : 0;
      dz[H + n] = open.j ? dC * i * (1 - j * j) : 0;
      dz[2 * H + n] = open.f ? dC * c[t][n] * f * (1 - f) : 0;
      dz[3 * H + n] = open.o ? dO * o * (1 - o) : 0;
    }
    // (1′) from  z = x·Wx + hPrev·Wh + b:  dhPrev = dz·Whᵀ
    dh = Float64Array.from(Wh, (row) => dot(row, dz, columns));
  }
  return dc;
}

/** Of the columns from `first` to `end` of each pair. */
function dot(a, b, columns = [[0, a.length]]) {
  let sum = 0;
  for (const [first, end] of columns) for (let k = first; k < end; k++) sum += a[k] * b[k];
  return sum;
}

/** What the engine has computed for sequence b, as plain lists. Its dc is to compare with. */
export function sequenceOf({ gates, c, dc, dh, Wh }, b) {
  const [T, , columns] = gates.shape;
  const H = columns / 4;
  const list = (count, valueOf) => Float64Array.from({ length: count }, (_, n) => valueOf(n));
  const rows = (count, rowOf) => Array.from({ length: count }, (_, t) => rowOf(t));
  return {
    gates: rows(T, (t) => list(4 * H, (n) => gates.get(t, b, n))),
    c: rows(T + 1, (t) => list(H, (n) => c.get(t, b, n))),
    dc: rows(T + 1, (t) => list(H, (n) => dc.get(t, b, n))),
    Wh: rows(H, (m) => list(4 * H, (n) => Wh.get(m, n))),
    dhLast: list(H, (n) => dh.get(T, b, n)),
  };
}

/** The largest difference between the split with all paths open and the engine, divided by the largest gradient. */
export function differenceFromEngine(sequence) {
  const own = backwardAlong(OPEN, sequence);
  const largest = (valueOf) => Math.max(...own.flatMap((row, t) => Array.from(row, (_, n) => Math.abs(valueOf(t, n)))));
  return largest((t, n) => own[t][n] - sequence.dc[t][n]) / largest((t, n) => sequence.dc[t][n]);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rounded = (value) => Number(value.toPrecision(3));

/** ‖dc‖ after each of `rows`, divided by that after the last row: the mean over the sequences. */
export function normsOf(open, sequences, rows) {
  const all = sequences.map((sequence) => backwardAlong(open, sequence).map((row) => Math.hypot(...row)));
  return rows.map((t) => rounded(mean(all.map((norms) => norms[t] / norms[norms.length - 1]))));
}

/** In one step back from row t+1, the part of dc that the direct path brings: ⟨dc, direct⟩/⟨dc, dc⟩, the mean over steps and sequences. */
function directInOneStep(sequences) {
  const ofStep = ({ gates, dc, dhLast: { length: H } }, t) => {
    const direct = dc[t + 1].map((value, n) => value * gates[t][2 * H + n]);
    return dot(dc[t], direct) / dot(dc[t], dc[t]);
  };
  return rounded(mean(sequences.flatMap((one) => one.gates.slice(1).map((_, t) => ofStep(one, t + 1)))));
}

/** How f is distributed: counts in 50 bins of width 0.02 from 0 to 1, for the mean of each unit, and for every single f. */
function forgetGates(sequences) {
  const H = sequences[0].dhLast.length;
  const ofUnit = (n) => sequences.flatMap(({ gates }) => gates.map((row) => row[2 * H + n]));
  const single = Array.from({ length: H }, (_, n) => ofUnit(n));
  const units = single.map(mean);
  return {
    mean: rounded(mean(units)),
    range: [rounded(Math.min(...units)), rounded(Math.max(...units))],
    units: histogram(units),
    single: histogram(single.flat()),
  };
}

function histogram(values) {
  const counts = Array(50).fill(0);
  for (const value of values) counts[Math.min(49, Math.floor(50 * value))]++;
  return counts;
}

/** Every sequence of a network that has made both passes. */
export function sequencesOf({ layers, sizes: { B } }) {
  const sequences = Array.from({ length: B }, (_, b) => sequenceOf(layers[0][0], b));
  const difference = Math.max(...sequences.map(differenceFromEngine));
  if (difference > 1e-12) throw new Error(`dc differs from the engine's by ${difference}`);
  return sequences;
}

const splitOf = (sequences, rows) => ({
  f: forgetGates(sequences),
  direct: directInOneStep(sequences),
  rows,
  norms: Object.fromEntries(Object.entries(CASES).map(([name, open]) => [name, normsOf(open, sequences, rows)])),
});

/** The tutorial's network, as in reach.mjs: the first test images, one row a step. */
export async function mnistAfter(steps) {
  const model = new Model(createReferenceBackend({ dtype: 'f64' }), SIZES);
  let early;
  return (await weightsAfter(steps)).map(({ step, weights }) => {
    loadTensors(model.backend, valuesByName(model.parameters), weights);
    readTestImages(model);
    const sequences = sequencesOf(model);
    early ??= sequences[0].Wh;
    const exchanged = sequences.map((one) => ({ ...one, Wh: withCandidateOf(early, one.Wh) }));
    const [earlyJ] = normsOf(OPEN, exchanged, [1]);
    return { task: 'mnist', step, earlyJ, ...splitOf(sequences, countedFrom(1, SIZES.T, 1)) };
  });
}

/** Wh, but its block of j is that of the first of the steps. */
const withCandidateOf = (early, Wh) =>
  Wh.map((row, m) => row.map((value, k) => (Math.floor((k * 4) / row.length) === 1 ? early[m][k] : value)));

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const frames = [...(await mnistAfter(MNIST_STEPS)), ...(await addingAfter(ADDING_STEPS)), newPixels()];
  writeFileSync(
    new URL('paths.json', import.meta.url),
    `[\n${frames.map((frame) => JSON.stringify(frame)).join(',\n')}\n]\n`,
  );
}
