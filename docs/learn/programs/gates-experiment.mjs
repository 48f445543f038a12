/**
 * Every cell of gates.mjs learns two tasks, from three seeds. This takes 8 minutes on one core.
 *
 *     node docs/learn/programs/gates-experiment.mjs     trains all networks, and writes gates.json
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { CELLS, gradientsOf, newParameters } from './gates.mjs';
import { randomNumbers, whichCameFirst } from './random-rnn.mjs';

const SEEDS = [1, 2, 3];
const GAPS = [8, 32, 64, 100];
const MOST_UPDATES = 200;
const [LEARNING_RATE, CLIP_NORM, BETA1, BETA2, EPSILON] = [0.01, 1, 0.9, 0.999, 1e-8];

/** The cells, and some of them with another first bias of f, u or i. */
export const STARTS = {
  ...CELLS,
  'full LSTM, bias 3': { keep: 3 },
  'GRU, bias 3': { gru: true, keep: 3 },
  'full LSTM, bi = -1': { take: -1 },
};

/** Makes an update after every call: clipping at norm 1, then Adam in the form of TensorFlow 1. */
function adam(parameters) {
  const moments = Object.entries(parameters).map(([name, p]) => ({
    name,
    p,
    m: new Float64Array(p.length),
    v: new Float64Array(p.length),
  }));
  let t = 0;
  return (gradients) => {
    t++;
    const norm = Math.hypot(...moments.map(({ name }) => Math.hypot(...gradients[name])));
    const scale = Math.min(1, CLIP_NORM / norm);
    const rate = (LEARNING_RATE * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
    for (const { name, p, m, v } of moments)
      for (let k = 0; k < p.length; k++) {
        const g = gradients[name][k] * scale;
        m[k] += (g - m[k]) * (1 - BETA1);
        v[k] += (g * g - v[k]) * (1 - BETA2);
        p[k] -= (rate * m[k]) / (Math.sqrt(v[k]) + EPSILON);
      }
  };
}

/** The 56 sequences of 8 steps, with blanks after them, up to T steps. */
function gapTask(T) {
  const { x, labels } = whichCameFirst(8);
  const blanks = Array.from({ length: T - 8 }, () => labels.map(() => [0, 0, 1]));
  return { x: Float64Array.from([...x, ...blanks].flatMap((rows) => rows.flatMap((row) => [...row]))), labels };
}

/** How many updates a cell of 8 units needs until the loss is below 0.1; null if 200 are not enough. */
export function updatesNeeded(cell, T, seed) {
  const { x, labels } = gapTask(T);
  const sizes = { T, B: labels.length, I: 3, H: 8, C: 2 };
  const parameters = newParameters(sizes, cell, randomNumbers(seed));
  const update = adam(parameters);
  for (let updates = 0; updates <= MOST_UPDATES; updates++) {
    const { loss, gradients } = gradientsOf(x, labels, parameters, sizes, cell);
    if (loss < 0.1) return updates;
    update(gradients);
  }
  return null;
}

/** Images of 14×14 pixels: each is the mean of 2×2. */
function smallImages({ pixels, labels }, count) {
  const images = Array.from({ length: count }, () => new Float64Array(14 * 14));
  for (let e = 0; e < count * 28 * 28; e++) {
    const [row, column] = [Math.floor(e / 28) % 28, e % 28];
    images[Math.floor(e / 784)][(row >> 1) * 14 + (column >> 1)] += pixels[e] / (4 * 255);
  }
  return { images, labels: [...labels.subarray(0, count)] };
}

/** The chosen images as x `[14,B,14]`, one row of pixels at each step, and their labels. */
function batchOf({ images, labels }, chosen) {
  const x = new Float64Array(14 * chosen.length * 14);
  for (let t = 0; t < 14; t++)
    chosen.forEach((image, b) => x.set(images[image].subarray(14 * t, 14 * t + 14), (t * chosen.length + b) * 14));
  return { x, labels: chosen.map((image) => labels[image]) };
}

function shuffle(order, random) {
  for (let k = order.length - 1; k > 0; k--) {
    const other = Math.floor(((random() + 1) / 2) * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
}

let mnist;

/** How many percent of the test images a cell of 16 units classifies correctly after the training. */
export function digitsCorrect(cell, seed, { train = 2000, test = 1000, epochs = 10, B = 20 } = {}) {
  mnist ??= loadMnist();
  const [small, held] = [smallImages(mnist.train, train), smallImages(mnist.test, test)];
  const sizes = { T: 14, B, I: 14, H: 16, C: 10 };
  const random = randomNumbers(seed);
  const parameters = newParameters(sizes, cell, random);
  const update = adam(parameters);
  const order = [...Array(train).keys()];
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (let first = 0; first < train; first += B) {
      const { x, labels } = batchOf(small, order.slice(first, first + B));
      update(gradientsOf(x, labels, parameters, sizes, cell).gradients);
    }
  }
  const { x, labels } = batchOf(held, [...Array(test).keys()]);
  const { p } = gradientsOf(x, labels, parameters, { ...sizes, B: test }, cell);
  return (100 * labels.filter((label, b) => p[b].indexOf(Math.max(...p[b])) === label).length) / test;
}

/** For each length, a result of each seed. After a length that a seed does not learn, longer ones are not run. */
export function gapResults(cell) {
  const ofSeeds = SEEDS.map((seed) => {
    const updates = [];
    for (const T of GAPS) updates.push(updates.includes(null) ? null : updatesNeeded(cell, T, seed));
    return updates;
  });
  return Object.fromEntries(GAPS.map((T, n) => [T, ofSeeds.map((updates) => updates[n])]));
}

export const digitResults = (cell) => SEEDS.map((seed) => digitsCorrect(cell, seed));

/** One seed of a short training, which test/slow/docs/figures.test.ts repeats. */
export const reducedResults = () =>
  Object.entries(STARTS).map(([name, cell]) => ({
    name,
    gap: updatesNeeded(cell, 8, 1),
    digits: digitsCorrect(cell, 1, { train: 400, test: 200, epochs: 1 }),
  }));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = Object.entries(STARTS).map(([name, cell]) => {
    const row = { name, gap: gapResults(cell), digits: digitResults(cell) };
    console.log(JSON.stringify(row));
    return row;
  });
  const lines = (list) => `[\n${list.map((one) => JSON.stringify(one)).join(',\n')}\n]`;
  writeFileSync(
    new URL('gates.json', import.meta.url),
    `{"rows":${lines(rows)},\n"reduced":${lines(reducedResults())}}\n`,
  );
}
