/**
 * The evidence of docs/exercises/bugs.md: gradient checks, single numbers, and losses of the programs with a mistake and of the right
 * ones. It runs them, and writes find-bugs.json.
 *
 *     node docs/learn/programs/find-bug-evidence.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lstmForward } from './cells.mjs';
import { BUGS } from './find-bugs.mjs';
import { sourcesOf } from './find-bugs-page.mjs';
import { gapTask } from './gap.mjs';
import { newParameters, randomNumbers, whichCameFirst } from './random-rnn.mjs';
import { firstUpdates, libraryWith, randomNetwork, training } from './symptoms.mjs';
import { largestDifferences } from './which-came-first.mjs';

const named = (name) => BUGS.find((bug) => bug.name === name);

/** The module of a chapter's program, right or wrong, with what `more` exports too. Its function `main` is left out. */
async function moduleOf(name, version, more = '') {
  const text = `${sourcesOf(named(name))[version].split('\nfunction main(')[0]}\n${more}`;
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/** One row of a check for each tensor, and a number for each column. */
const rowsOf = (columns) =>
  Object.keys(columns[0]).map((tensor) => ({ tensor, differences: columns.map((column) => column[tensor]) }));
const rounded = (numbers) => numbers.map((number) => Number(number.toPrecision(4)));
const byName = (reports) => Object.fromEntries(reports.map(({ name, largest }) => [name, largest]));

/** The plain RNN of chapter 2, with random biases and a random initial state. */
async function checkOfRnn(version) {
  const { backward, crossEntropy, forward, matrix } = await moduleOf('one-tensor', version);
  const random = randomNumbers(3);
  const row = (columns) => matrix(1, columns, random);
  const parameters = { ...newParameters({ I: 3, H: 5, C: 2 }, random), bias: row(5), biasY: row(2), start: row(5) };
  const { x, labels } = whichCameFirst(4);
  const { h, logits } = forward(x, parameters);
  const { gradients } = backward(x, labels, parameters, { h, p: crossEntropy(logits, labels).p });
  const lossOf = () => crossEntropy(forward(x, parameters).logits, labels).loss;
  return [byName(largestDifferences(lossOf, parameters, gradients))];
}

async function lossesOfRnn(version, updates) {
  const { backward, crossEntropy, forward } = await moduleOf('one-tensor', version);
  const { x, labels } = whichCameFirst(8);
  const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));
  return Array.from({ length: updates + 1 }, () => {
    const { h, logits } = forward(x, parameters);
    const { loss, p } = crossEntropy(logits, labels);
    const { gradients } = backward(x, labels, parameters, { h, p });
    for (const [name, rows] of Object.entries(parameters))
      rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= 0.2 * gradients[name][r][c])));
    return loss;
  });
}

/** The character model of “Your own min-char-rnn”, with random biases and a random initial state. */
async function checkOfText(version) {
  const { backward, forward, newParameters: make } = await moduleOf('falling-loss', version);
  return [1, 5].map((T) => {
    const random = randomNumbers(3);
    const parameters = make(6, 5, random, random);
    const [inputs, targets] = [
      [3, 0, 5, 1, 3],
      [0, 5, 1, 3, 4],
    ].map((all) => all.slice(0, T));
    const start = new Float64Array(5).map(random);
    const gradients = backward(inputs, targets, parameters, forward(inputs, targets, start, parameters));
    return byName(largestDifferences(() => forward(inputs, targets, start, parameters).loss, parameters, gradients));
  });
}

/** An update by Adam of one row after another, which keeps m, v and the number of its updates for each row. */
function adam(learningRate) {
  const states = new Map();
  return (w, g) => {
    const { m, v, number } = states.get(w) ?? { m: w.map(() => 0), v: w.map(() => 0), number: 1 };
    states.set(w, { m, v, number: number + 1 });
    const rate = (learningRate * Math.sqrt(1 - 0.999 ** number)) / (1 - 0.9 ** number);
    for (let n = 0; n < w.length; n++) {
      m[n] += 0.1 * (g[n] - m[n]);
      v[n] += 0.001 * (g[n] ** 2 - v[n]);
      w[n] -= (rate * m[n]) / (Math.sqrt(v[n]) + 1e-8);
    }
  };
}

/** A running mean, as the chapter prints it. */
async function lossesOfText(version, updates) {
  const { backward, RHYME, training } = await moduleOf('falling-loss', version, `// ${++loads}`); // its random numbers begin again
  const run = training(RHYME, { backward, update: adam(0.005) });
  return Array.from({ length: updates + 1 }, () => run.next().value.mean);
}
let loads = 0;

/** The two-point rule for elements of tensors of the library: `groups` has their names, and [tensor, gradient, index] of each. */
async function differencesOf(library, network, groups, delta = 1e-5) {
  const lossAt = async (tensor, k, value) => {
    tensor.set(k, value);
    network.forward();
    return (await network.metrics()).loss;
  };
  network.forward();
  network.backward();
  const found = {};
  for (const [name, elements] of Object.entries(groups)) {
    const gradients = elements.map(([, gradient, k]) => library.flatten(gradient).get(k));
    found[name] = 0;
    for (const [n, [tensor, , k]] of elements.entries()) {
      const flat = library.flatten(tensor);
      const before = flat.get(k);
      const numeric = ((await lossAt(flat, k, before + delta)) - (await lossAt(flat, k, before - delta))) / (2 * delta);
      flat.set(k, before);
      found[name] = Math.max(found[name], Math.abs(gradients[n] - numeric));
    }
  }
  return found;
}

/** Tensors of a random LSTM with an output layer, all with random values: the columns of each gate, the output layer, and h0 and c0. */
async function checkOfLstm(id, T, B) {
  const library = await libraryWith(id);
  const network = randomNetwork(library, T, B);
  const [kernel, bias, outKernel, outBias] = network.parameters;
  const [{ initial, dh, dc }] = network.layers[0];
  const all = (value, gradient, isIn = () => true) =>
    [...Array(value.size).keys()].filter(isIn).map((k) => [value, gradient, k]);
  const ofGate = (n) =>
    [kernel, bias].flatMap(({ value, gradient }) => {
      const H = bias.value.size / 4;
      return all(value, gradient, (k) => Math.floor((k % (4 * H)) / H) === n);
    });
  return differencesOf(library, network, {
    ...Object.fromEntries(['i', 'j', 'f', 'o'].map((gate, n) => [`weights and bias of ${gate}`, ofGate(n)])),
    'output layer': [outKernel, outBias].flatMap(({ value, gradient }) => all(value, gradient)),
    h0: all(initial.h, library.stepOf(dh, 0)),
    c0: all(initial.c, library.stepOf(dc, 0)),
  });
}

const id = (name, version) => (version === 'wrong' ? name : undefined);
const lossesOfLstm = (options) => async (name, version, updates) => {
  const { losses } = await training(id(name, version), { ...options, updates, every: 1 });
  return losses;
};

/** h after T steps: the largest difference from the LSTM of chapter 8, which another program computes. */
async function differenceOfStates(version, T, withCell) {
  const library = await libraryWith(id('forward', version));
  const network = randomNetwork(library, T);
  const [{ value: kernel }, { value: bias }] = network.parameters;
  const [{ initial, h }] = network.layers[0];
  if (!withCell) library.fill(initial.c, 0);
  network.forward();
  const numbers = (tensor) => Float64Array.from({ length: tensor.size }, (_, k) => library.flatten(tensor).get(k));
  const { x } = network.activations;
  const [, B, I] = x.shape;
  const H = bias.size / 4;
  const W = numbers(kernel);
  const b = numbers(bias).map((one, k) => (Math.floor(k / H) === 2 ? one + 1 : one)); // there the forget bias is a part of b
  const parameters = {
    Wx: W.slice(0, I * 4 * H),
    Wh: W.slice(I * 4 * H),
    b,
    h0: numbers(initial.h),
    c0: numbers(initial.c),
  };
  const other = lstmForward(numbers(x), parameters, { T, B, I, H });
  const own = numbers(library.stepOf(h, T));
  return Math.max(...own.map((one, k) => Math.abs(one - other.h[T * B * H + k])));
}

/** A column for each of `numbers`, which `size` has; `checkAt(number)`: the check of an LSTM of that size. */
const lstmCheck = async (size, numbers, checkAt) => ({
  columns: numbers.map((number) => `${size} = ${number}`),
  rows: rowsOf(await Promise.all(numbers.map(checkAt))),
});

/**
 * What the page shows of each program. `check(version)`: its gradient check, and other numbers. `updates`: of its training. `every`:
 * the losses that the picture has; default: 1. `lossesOf(name, version, updates)`: a loss before each update, and after the last one.
 */
const PROGRAMS = {
  'one-tensor': {
    check: async (version) => ({ columns: ['T = 4, B = 12'], rows: rowsOf(await checkOfRnn(version)) }),
    updates: 150,
    lossesOf: (_, version, updates) => lossesOfRnn(version, updates),
  },
  'three-gates': {
    check: (version) => lstmCheck('T', [1, 3], (T) => checkOfLstm(id('three-gates', version), T, 2)),
    updates: 60,
    lossesOf: lossesOfLstm({}),
  },
  'falling-loss': {
    check: async (version) => ({ columns: ['T = 1', 'T = 5'], rows: rowsOf(await checkOfText(version)) }),
    updates: 400,
    every: 4,
    lossesOf: (_, version, updates) => lossesOfText(version, updates),
  },
  'more-sequences': {
    check: (version) => lstmCheck('B', [1, 3], (B) => checkOfLstm(id('more-sequences', version), 3, B)),
    updates: 60,
    lossesOf: lossesOfLstm({}),
  },
  'second-update': {
    check: async (version) => ({
      ...(await lstmCheck('T', [3], (T) => checkOfLstm(id('second-update', version), T, 2))),
      numbers: await firstUpdates(id('second-update', version), { updates: 4, rate: 1 }), // in units of the learning rate
    }),
    updates: 60,
    lossesOf: lossesOfLstm({}),
  },
  forward: {
    check: async (version) => ({
      ...(await lstmCheck('T', [3], (T) => checkOfLstm(id('forward', version), T, 2))),
      numbers: [
        await differenceOfStates(version, 1, false),
        await differenceOfStates(version, 2, false),
        await differenceOfStates(version, 1, true),
      ],
    }),
    updates: 150,
    lossesOf: lossesOfLstm({ task: gapTask(32), rate: 0.01 }),
  },
};

/** The gradient check of a program, `version` right or wrong. */
export const checkOf = (name, version) => PROGRAMS[name].check(version);

/** The losses of the first `updates` updates, as the page's picture shows them. */
export async function lossesOf(name, version, updates = PROGRAMS[name].updates) {
  const losses = await PROGRAMS[name].lossesOf(name, version, updates);
  return rounded(losses.filter((_, n) => n % everyOf(name) === 0));
}

const everyOf = (name) => PROGRAMS[name].every ?? 1;

export async function evidence() {
  const all = {};
  for (const { name } of BUGS) {
    const { columns, rows, numbers } = await checkOf(name, 'wrong');
    const digit = (difference) => Number(difference.toPrecision(1));
    all[name] = {
      columns,
      rows: rows.map(({ tensor, differences }) => ({ tensor, differences: differences.map(digit) })),
      ...(numbers && { numbers: rounded(numbers) }),
      every: everyOf(name),
      losses: { right: await lossesOf(name, 'right'), wrong: await lossesOf(name, 'wrong') },
    };
  }
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('find-bugs.json', import.meta.url), `${JSON.stringify(await evidence())}\n`);
}
