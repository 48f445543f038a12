/**
 * What a mistake looks like from outside: small experiments with the library and with copies of it that have one mistake
 * each. docs/learn/mistakes.md quotes the output.
 *
 *     node docs/learn/programs/symptoms.mjs
 */
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../../src/mistakes/planted-mistakes.mjs';
import { BUGS } from './find-bugs.mjs';
import { whichCameFirst } from './random-rnn.mjs';

/** Those of src/mistakes/planted-mistakes.mjs, and those of the exercise “Find the bug”. */
const MISTAKES = [
  ...PLANTED_MISTAKES,
  ...BUGS.map(({ name, file, ...texts }) => ({ id: name, file: file.replace(/^src\//, ''), ...texts })),
];
const project = fileURLToPath(new URL('../../..', import.meta.url));

/** What the experiments use of the library: a copy has nothing else. From src/index.ts the bundler would read twice as many files. */
const EXPORTS = `
  export { fill, flatten, norm, rowsOf, stepOf, tensorFrom } from './src/core/tensor.ts';
  export { fillRandom, Random } from './src/core/rng.ts';
  export { checkGradients } from './src/equations/gradcheck.ts';
  export { Network } from './src/door/network.ts';
  export { Adam, Sgd } from './src/training/optimisers.ts';
  export { createReferenceBackend } from './kernels/reference/index.ts';`;

/** The library, made from its TypeScript with the mistake of this id; without an id, the library itself. */
export function libraryWith(id) {
  if (id === undefined) return library();
  if (!copies.has(id)) copies.set(id, copyWith(id));
  return copies.get(id);
}
const library = async () => ({ ...(await import('longhand')), ...(await import('longhand/reference')) });
const copies = new Map();

async function copyWith(id) {
  const mistake = MISTAKES.find((one) => one.id === id);
  if (!mistake)
    throw new Error(`no mistake is called ${id}: src/mistakes/planted-mistakes.mjs and find-bugs.mjs list them`);
  const { outputFiles } = await build({
    stdin: { contents: EXPORTS, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [planted(mistake)],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Only the file with the mistake is read here: esbuild reads the others itself. */
const planted = ({ file, right, wrong }) => ({
  name: 'planted-mistake',
  setup({ onLoad }) {
    const filter = new RegExp(`[\\\\/]src[\\\\/]${file.replaceAll('/', '[\\\\/]').replaceAll('.', '\\.')}$`);
    onLoad({ filter }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(right, () => wrong),
      loader: 'ts',
    }));
  },
});

/** Trains 8 units on “which came first”: the losses before, halfway and at the end, or every `every` updates, and the last accuracy. */
export async function training(id, options = {}) {
  const { task = whichCameFirst(8), updates = 100, rate = 0.02, optimiser = 'Adam', every = updates / 2 } = options;
  const { Adam, createReferenceBackend, Network, Random, Sgd, tensorFrom } = await libraryWith(id);
  const backend = createReferenceBackend({ dtype: 'f64' });
  const { x, labels } = task;
  const T = x.length;
  const B = labels.length;
  const network = new Network(backend, { inputs: 3, layers: [{ hidden: 8 }], outputs: 2 }, { T, B });
  network.initialise(new Random(1), 'glorot');
  network.setBatch({
    x: tensorFrom(
      x.flatMap((rows) => rows.flatMap((row) => [...row])),
      [T, B, 3],
    ),
    labels,
  });
  const update = optimiser === 'Adam' ? new Adam(backend, network.parameters) : new Sgd(backend, network.parameters, 0);
  const losses = [];
  for (let made = 0; ; made++) {
    network.forward();
    if (made % every === 0) losses.push((await network.metrics()).loss);
    if (made === updates) return { losses, accuracy: (await network.metrics()).accuracy };
    network.backward();
    update.update(rate);
  }
}

/** A network with random values everywhere, also in the biases and the initial states. */
export function randomNetwork(library, T, B = 2) {
  const { createReferenceBackend, fillRandom, Network, Random } = library;
  const [I, H] = [2, 3];
  const sizes = { inputs: I, layers: [{ hidden: H }], outputs: 3 };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), sizes, { T, B }, { inputGradient: true });
  const random = new Random(1);
  const [{ initial }] = network.layers[0];
  const tensors = [...network.parameters.map(({ value }) => value), network.activations.x, initial.h, initial.c];
  for (const tensor of tensors) fillRandom(tensor, () => random.uniform(-1, 1));
  network.setTargets({ labels: [0, 2, 1, 2].slice(0, B) });
  return network;
}

/** The gradient check of such a network: the names of the tensors that fail, with their largest relative errors. */
export async function failures(id, T, { zeroStates = false } = {}) {
  const library = await libraryWith(id);
  const { checkGradients, fill, rowsOf, stepOf } = library;
  const network = randomNetwork(library, T);
  const [kernel, bias, outKernel, outBias] = network.parameters;
  const [{ initial, dh, dc }] = network.layers[0];
  if (zeroStates) for (const state of [initial.h, initial.c]) fill(state, 0);
  const { x } = network.activations;
  const I = x.shape[2];
  const end = kernel.value.shape[0];
  const named = (of) => ({
    Wx: rowsOf(of(kernel), 0, I),
    Wh: rowsOf(of(kernel), I, end),
    ...{ b: of(bias), W: of(outKernel), 'b of the output': of(outBias) },
  });
  const reports = await checkGradients({
    inputs: { ...named(({ value }) => value), x, ...(zeroStates ? {} : { h0: initial.h, c0: initial.c }) },
    loss: async () => (network.forward(), (await network.metrics()).loss),
    gradients: () => {
      network.forward();
      network.backward();
      return { ...named(({ gradient }) => gradient), x: network.dx, h0: stepOf(dh, 0), c0: stepOf(dc, 0) };
    },
  });
  return reports.filter(({ ok }) => !ok).map(({ name, largestRelative }) => ({ name, largestRelative }));
}

/** The loss of the random network with this mistake. */
export async function lossWith(id) {
  const network = randomNetwork(await libraryWith(id), 3);
  network.forward();
  return (await network.metrics()).loss;
}

/** The norm of the kernel's gradient after one backward pass, and after a second one of the same batch. */
export async function twoPasses(id) {
  const library = await libraryWith(id);
  const network = randomNetwork(library, 3);
  return [1, 2].map(() => {
    network.forward();
    network.backward();
    return library.norm(network.parameters[0].gradient);
  });
}

/** How far Adam moves a parameter in its first updates, if the gradient is 1: about the learning rate. */
export async function firstUpdates(id, { updates = 2, rate = 0.001 } = {}) {
  const { Adam, createReferenceBackend, tensorFrom } = await libraryWith(id);
  const [value, gradient] = [0, 1].map((number) => tensorFrom([number], [1], 'f64'));
  const adam = new Adam(createReferenceBackend({ dtype: 'f64' }), [{ name: 'p', value, gradient }]);
  return Array.from({ length: updates }, () => {
    const before = value.get(0);
    adam.update(rate);
    return before - value.get(0);
  });
}

/** Two sequences, of 3 steps and of 1. What stands beyond the end of the second one is 0, then 5: the losses. */
export async function lossesWithPadding(id) {
  const library = await libraryWith(id);
  const network = randomNetwork(library, 3);
  const { x } = network.activations;
  network.setTargets({ labels: [0, 2], lengths: [3, 1] });
  const losses = [];
  for (const padding of [0, 5]) {
    for (const t of [1, 2]) for (const k of [0, 1]) x.set(t, 1, k, padding);
    network.forward();
    losses.push((await network.metrics()).loss);
  }
  return losses;
}

/** One of two labels does not count: the loss and the accuracy. */
export async function metricsWithUncounted(id) {
  const network = randomNetwork(await libraryWith(id), 3);
  network.setTargets({ labels: [-1, 2] });
  network.forward();
  return network.metrics();
}

/** The chapter's experiments: a heading, and a line for each. */
const digits = (number) => (Number.isNaN(number) ? 'NaN' : number.toFixed(4));
const trainingLine = async (id, options) => {
  const { losses, accuracy } = await training(id, options);
  return `${losses.map(digits).join('  ')}  accuracy ${accuracy.toFixed(2)}`;
};
const checkLine = async (id, T, options) => {
  const failed = await failures(id, T, options);
  const texts = failed.map(({ name, largestRelative }) => `${name} ${largestRelative.toPrecision(1)}`);
  return `T = ${T}: ${texts.join(', ') || 'passes'}`;
};
const pairLine = (pair) => async (id) => (await pair(id)).map((number) => number.toPrecision(4)).join('  ');

const SGD = { optimiser: 'Sgd', rate: 2 };
const EXPERIMENTS = [
  {
    title: 'Training with Adam: the loss after 0, 50 and 100 updates',
    line: trainingLine,
    ids: [
      undefined,
      ...['past-replaces-input', 'no-output-dh', 'exp-for-softmax', 'no-labels', 'loss-of-p', 'v-of-gradient'],
      ...['no-dh-prev', 'sigmoid-for-tanh', 'dropped-term', 'no-forget-bias', 'sum-over-batch'],
      ...['kernel-gradient-not-cleared', 'dc-not-begun'],
    ],
  },
  {
    title: 'Training with gradient descent: the loss after 0, 50 and 100 updates',
    line: (id) => trainingLine(id, SGD),
    ids: [undefined, 'uphill', 'sum-over-batch'],
  },
  {
    title: 'Training with gradient descent and a learning rate of 500',
    line: (id) => trainingLine(id, { optimiser: 'Sgd', rate: 500 }),
    ids: [undefined, 'overflowing-softmax'],
  },
  {
    title: 'Gradient check: the tensors that fail, and their largest relative errors',
    line: async (id) => `${await checkLine(id, 1)}; ${await checkLine(id, 3)}`,
    ids: [
      undefined,
      ...['dwh-with-new-h', 'no-dh-prev', 'no-memory', 'dw-of-one-step', 'no-output-db', 'sum-over-batch'],
      ...['no-forget-bias', 'kernel-gradient-not-cleared'],
    ],
  },
  {
    title: 'The same check with h0 = c0 = 0',
    line: (id) => checkLine(id, 1, { zeroStates: true }),
    ids: ['half-of-sigma-prime-f', 'no-forget-gate', 'no-dh-prev'],
  },
  {
    title: 'The loss of the same weights',
    line: async (id) => digits(await lossWith(id)),
    ids: [undefined, 'no-forget-bias', 'forget-bias-twice'],
  },
  {
    title: 'The norm of the gradient, after one pass and after two',
    line: pairLine(twoPasses),
    ids: [undefined, 'kernel-gradient-not-cleared'],
  },
  {
    title: 'The first two updates of Adam, with the learning rate 0.001',
    line: pairLine(firstUpdates),
    ids: [undefined, 'no-bias-correction', 'm-replaced'],
  },
  {
    title: 'The loss with zeros beyond the end of a sequence, and with fives',
    line: pairLine(lossesWithPadding),
    ids: [undefined, 'padding-is-read'],
  },
  {
    title: 'One of two labels does not count',
    line: async (id) => {
      const { loss, accuracy } = await metricsWithUncounted(id);
      return `loss ${digits(loss)}, accuracy ${accuracy}`;
    },
    ids: [undefined, 'loss-over-all-rows'],
  },
];

export async function* output() {
  for (const { title, line, ids } of EXPERIMENTS) {
    yield `${title}:`;
    for (const id of ids) yield `  ${(id ?? 'no mistake').padEnd(28)}${await line(id)}`;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for await (const line of output()) console.log(line);
