/**
 * Are the gradients of every cell right? And what can it do without a gate? docs/learn/gates.md quotes the output.
 *
 *     node docs/learn/programs/gates.mjs     compares gradients with numeric ones, and prints the results in gates.json
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addProduct, addTimesTransposed, addTransposedTimes, FULL, lstmBackward, lstmForward } from './cells.mjs';
import { gruBackward, gruForward } from './engine-gru.mjs';
import { crossEntropy } from './plain-rnn.mjs';
import { randomNumbers } from './random-rnn.mjs';

/** The names of the cells, and what is different from the full LSTM. */
export const CELLS = {
  'full LSTM': {},
  'no input gate': { inputGate: false },
  'no forget gate': { forgetGate: false },
  'no output gate': { outputGate: false },
  'no input tanh': { inputTanh: false },
  'no output tanh': { outputTanh: false },
  coupled: { coupled: true },
  peepholes: { peepholes: true },
  GRU: { gru: true },
};

/** The shape of every parameter of a cell and its output layer, as rows and columns. */
export function shapesOf({ I, H, C }, { gru, peepholes }) {
  const output = { Wy: [H, C], by: [1, C] };
  if (gru) return { kernel: [I + H, 3 * H], b: [1, 3 * H], bU: [1, 3 * H], ...output };
  return { Wx: [I, 4 * H], Wh: [H, 4 * H], b: [1, 4 * H], ...(peepholes && { P: [1, 3 * H] }), ...output };
}

/** Weights and peepholes are random between -1/√H and 1/√H. The biases are 0, but those of f, and of the GRU's z, are 1, or `cell.keep`; that of i is `cell.take`. */
export function newParameters(sizes, cell, random) {
  const { H } = sizes;
  const shapes = Object.entries(shapesOf(sizes, cell));
  const parameters = Object.fromEntries(
    shapes.map(([name, [rows, columns]]) => [name, new Float64Array(rows * columns)]),
  );
  for (const [name, values] of Object.entries(parameters))
    if (!name.startsWith('b')) values.forEach((_, k) => (values[k] = random() / Math.sqrt(H)));
  const block = cell.gru ? 1 : 2;
  parameters.b.fill(cell.keep ?? 1, block * H, (block + 1) * H);
  if (cell.take !== undefined) parameters.b.fill(cell.take, 0, H);
  return parameters;
}

/** Forward: the loss, the probabilities p, and what the backward pass reads. The output layer reads the last h. */
export function lossOf(x, labels, parameters, sizes, cell) {
  if (cell.gru) return gruForward(x, labels, parameters, sizes);
  const { T, B, H, C } = sizes;
  const cache = lstmForward(x, parameters, sizes, { ...FULL, ...cell });
  const lastH = cache.h.subarray(T * B * H);
  const logits = labels.map(() => parameters.by.slice()); // a row for each sequence
  logits.forEach((row, b) => addProduct(row, lastH.subarray(b * H, (b + 1) * H), parameters.Wy, H, C));
  return { ...crossEntropy(logits, labels), cache, lastH };
}

/** Forward and backward: the loss, p, and the gradient of every parameter. */
export function gradientsOf(x, labels, parameters, sizes, cell) {
  const { T, B, H, C } = sizes;
  const { loss, p, cache, lastH, network } = lossOf(x, labels, parameters, sizes, cell);
  if (cell.gru) return { loss, p, gradients: gruBackward(network) };
  const { Wy, by } = parameters;
  const dLogits = Float64Array.from(
    p.flatMap((row, b) => [...row].map((one, k) => (one - (labels[b] === k ? 1 : 0)) / B)),
  );
  const [dWy, dBy, dh] = [Wy, by, cache.h].map(({ length }) => new Float64Array(length));
  addTransposedTimes(dWy, lastH, dLogits, H, C);
  dLogits.forEach((value, e) => (dBy[e % C] += value));
  addTimesTransposed(dh.subarray(T * B * H), dLogits, Wy, H, C);
  const gradients = lstmBackward(dh, x, parameters, cache, sizes, { ...FULL, ...cell });
  return { loss, p, gradients: { ...gradients, Wy: dWy, by: dBy } };
}

/** The largest difference between the gradients of a cell and [L(w+δ) - L(w-δ)] / 2δ. All values are random: x, biases, initial states. */
export function largestDifference(cell, sizes = { T: 4, B: 3, I: 2, H: 5, C: 4 }, delta = 1e-5) {
  const random = randomNumbers(7);
  const { T, B, I, H, C } = sizes;
  const randomValues = (count) => Float64Array.from({ length: count }, random);
  const x = randomValues(T * B * I);
  const labels = Array.from({ length: B }, (_, b) => b % C);
  const parameters = { ...newParameters(sizes, cell, random), h0: randomValues(B * H) };
  if (!cell.gru) parameters.c0 = randomValues(B * H);
  for (const name of ['b', 'bU', 'by']) parameters[name]?.forEach((_, k, bias) => (bias[k] += random()));
  const lossNow = () => lossOf(x, labels, parameters, sizes, cell).loss;
  const { gradients } = gradientsOf(x, labels, parameters, sizes, cell);
  const differences = Object.entries({ x, ...parameters }).flatMap(([name, values]) =>
    [...values].map((value, k) => {
      const lossAt = (changed) => ((values[k] = changed), lossNow());
      const numeric = (lossAt(value + delta) - lossAt(value - delta)) / (2 * delta);
      values[k] = value;
      return Math.abs(gradients[name][k] - numeric);
    }),
  );
  return { count: differences.length, largest: Math.max(...differences) };
}

const mean = (values) => values.reduce((sum, value) => sum + value) / values.length;

/** The updates of the seeds that learned: their mean, the range, and how many seeds these are if some did not learn. */
function updatesText(updates) {
  const learned = updates.filter((count) => count !== null);
  if (learned.length === 0) return '–';
  const range = `${Math.min(...learned)}–${Math.max(...learned)}`;
  return `${mean(learned).toFixed(0)} (${learned.length < updates.length ? `${learned.length} of ${updates.length}` : range})`;
}

const percentText = (percents) =>
  `${mean(percents).toFixed(1)} (${Math.min(...percents).toFixed(1)}–${Math.max(...percents).toFixed(1)})`;

/** A row of the chapter's table for each cell: its name, the updates that it needs at each length, the percentage of right digits. */
export const tableOf = (rows) =>
  rows.map(({ name, gap, digits }) => [name, ...Object.values(gap).map(updatesText), percentText(digits)]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, cell] of Object.entries(CELLS)) {
    const { count, largest } = largestDifference(cell);
    console.log(`${name}: ${count} gradients, largest difference ${largest.toExponential(0)}`);
  }
  const { rows } = JSON.parse(readFileSync(new URL('gates.json', import.meta.url), 'utf8'));
  for (const row of tableOf(rows)) console.log(row.join(' | '));
}
