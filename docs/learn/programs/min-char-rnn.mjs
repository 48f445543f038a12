/**
 * A character model of your own: a plain RNN reads a text, and predicts each next character. docs/learn/min-char-rnn.md explains it.
 * The forward pass, the loss and the samples are given. You write the gradients and the update, at the two marks “Your answer”.
 *
 *     node docs/learn/programs/min-char-rnn.mjs                  learns the rhyme below
 *     node docs/learn/programs/min-char-rnn.mjs FILE             learns a text of your own
 *     node docs/learn/programs/min-char-rnn.mjs FILE 10000       with 10,000 updates; - in place of FILE is the rhyme
 *
 * V characters, H units, T steps. A matrix is an array of rows. Wx `[V,H]`, Wh `[H,H]`, bias `[1,H]`, Wy `[H,V]`, biasY `[1,V]`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [UNITS, STEPS] = [64, 25];
export const LEARNING_RATE = 0.1;
const PARTS = `the house that Jack built/the malt that lay in/the rat that ate/the cat that killed/the dog that worried
the cow with the crumpled horn that tossed/the maiden all forlorn that milked/the man all tattered and torn that kissed
the priest all shaven and shorn that married/the rooster that crowed in the morn that woke`.split(/[/\n]/);
const verse = (n) => `This is ${PARTS.slice(0, n).reverse().join(' ')}.\n`; // part n, then all parts before it
export const RHYME = PARTS.map((_, n) => verse(n + 1)).join('');

let state = 1;
/** Numbers between -1 and 1 that look random, the same in every run. */
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
const matrix = (rows, columns, entry) => Array.from({ length: rows }, () => new Float64Array(columns).map(entry));
export function newParameters(V, H, weight = () => random() / Math.sqrt(H), bias = () => 0) {
  const [Wx, Wh, Wy] = [matrix(V, H, weight), matrix(H, H, weight), matrix(H, V, weight)];
  return { Wx, Wh, bias: matrix(1, H, bias), Wy, biasY: matrix(1, V, bias) };
}
/** Zeros in the shapes of the parameters: gradients to which you add. */
export const zerosFor = ({ Wx, Wh }) => newParameters(Wx.length, Wh.length, () => 0);

/** row·W */
export function product(row, W) {
  const result = new Float64Array(W[0].length);
  for (let m = 0; m < W.length; m++) for (let n = 0; n < result.length; n++) result[n] += row[m] * W[m][n];
  return result;
}
/** row·Wᵀ */
export function productTransposed(row, W) {
  const result = new Float64Array(W.length);
  for (let m = 0; m < W.length; m++) for (let n = 0; n < row.length; n++) result[m] += row[n] * W[m][n];
  return result;
}
/** dW += rowᵀ·d */
export function addProduct(dW, row, d) {
  for (let m = 0; m < dW.length; m++) for (let n = 0; n < d.length; n++) dW[m][n] += row[m] * d[n];
}
/** result += row */
export const addRow = (result, row) => row.forEach((one, n) => (result[n] += one));

/** (a), (b): x is 1 at character k and 0 elsewhere, so x·Wx is row k of Wx. */
const step = (k, hPrev, { Wx, Wh, bias }) => product(hPrev, Wh).map((z, n) => Math.tanh(Wx[k][n] + z + bias[0][n]));

/** (f), (d): the probabilities of the next character. */
function probabilities(h, { Wy, biasY }) {
  const logits = product(h, Wy).map((logit, k) => logit + biasY[0][k]);
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power);
  return powers.map((power) => power / sum);
}

/** T steps from the state `start`. h[t+1] is the state after step t, and p[t] the probabilities at step t. */
export function forward(inputs, targets, start, parameters) {
  const [h, p] = [[start], []];
  let loss = 0;
  inputs.forEach((k, t) => {
    h[t + 1] = step(k, h[t], parameters);
    p[t] = probabilities(h[t + 1], parameters);
    loss -= Math.log(p[t][targets[t]]) / inputs.length;
  });
  return { h, p, loss };
}

/** The gradient of every parameter. inputs[t] and targets[t] are characters: numbers below V. */
export function backward(inputs, targets, parameters, { h, p }) {
  const gradients = zerosFor(parameters);
  const { Wx: dWx, Wh: dWh, bias: dBias, Wy: dWy, biasY: dBiasY } = gradients;
  // Your answer: add to dWx, dWh, dBias, dWy and dBiasY, from the last step to the first.
  return gradients;
}

/** One update by SGD of one row of a parameter: w and its gradient g have the same length. */
export function update(w, g) {
  // Your answer: change w.
}

/**
 * For each parameter of a small network, how many gradients it has, and their largest difference from [L(w+δ) - L(w-δ)] / 2δ.
 * undefined if all gradients are 0: not written yet.
 */
export function check(backward, { V = 6, H = 5, delta = 1e-5 } = {}) {
  const parameters = newParameters(V, H, random, random);
  const [inputs, targets, start] = [[3, 0, 5, 1, 3], [0, 5, 1, 3, 4], new Float64Array(H).map(random)];
  const results = forward(inputs, targets, start, parameters);
  const gradients = backward(inputs, targets, parameters, results);
  const all = Object.values(gradients).flat();
  if (all.every((row) => row.every((one) => one === 0))) return undefined;
  return Object.entries(parameters).map(([name, rows]) => {
    const differences = rows.flatMap((row, r) =>
      [...row].map((w, c) => {
        const lossAt = (value) => ((row[c] = value), forward(inputs, targets, start, parameters).loss);
        const numeric = (lossAt(w + delta) - lossAt(w - delta)) / (2 * delta);
        row[c] = w;
        return Math.abs(gradients[name][r][c] - numeric);
      }),
    );
    const largest = Math.max(...differences);
    return { name, count: differences.length, largest, isRight: largest < 1e-8 };
  });
}

/** A text that the model writes: each character is drawn with its probability, and is the next step's input. */
function sample(parameters, characters, first, length) {
  let [h, k, text] = [new Float64Array(UNITS), first, characters[first]];
  for (let n = 1; n < length; n++) {
    h = step(k, h, parameters);
    let rest = (random() + 1) / 2;
    k = probabilities(h, parameters).findIndex((p) => (rest -= p) < 0);
    text += characters.at(k);
  }
  return text;
}

/** Trains on a text. Yields before each update: its number from 0, the running mean of the loss, and a function that writes. */
export function* training(text, { backward, update }) {
  const characters = [...new Set(text)].sort();
  const numbers = [...text].map((character) => characters.indexOf(character));
  if (numbers.length <= STEPS) throw new Error(`The text needs more than ${STEPS} characters.`);
  const parameters = newParameters(characters.length, UNITS);
  let [at, start, mean] = [0, new Float64Array(UNITS), Math.log(characters.length)];
  for (let number = 0; ; number++) {
    if (at + STEPS >= numbers.length) [at, start] = [0, new Float64Array(UNITS)]; // the text begins again
    const [inputs, targets] = [numbers.slice(at, at + STEPS), numbers.slice(at + 1, at + STEPS + 1)];
    const results = forward(inputs, targets, start, parameters);
    mean += 0.01 * (results.loss - mean);
    yield { number, mean, characters, write: (length) => sample(parameters, characters, numbers[0], length) };
    const gradients = backward(inputs, targets, parameters, results);
    const before = parameters.biasY[0].join();
    for (const [name, rows] of Object.entries(parameters)) rows.forEach((row, r) => update(row, gradients[name][r]));
    if (number === 0 && parameters.biasY[0].join() === before) return; // update is not written yet
    [at, start] = [at + STEPS, results.h[STEPS]]; // the state is carried on, but no gradient crosses this border
  }
}

function main(file = '-', updates = 3000) {
  const text = file === '-' ? RHYME : readFileSync(file, 'utf8');
  for (const { number, mean, characters, write } of training(text, { backward, update })) {
    if (number === 0) console.log(`${[...text].length} characters, ${characters.length} different ones\n`);
    if ([0, 100, 300, 1000, 3000].includes(number) || number % 10000 === 0)
      console.log(`after ${number} updates: loss ${mean.toFixed(2)} for each character\n${write(200)}\n`);
    if (number === updates) return;
    if (number > 0) continue;
    const found = check(backward);
    if (!found) return console.log('gradients: not written yet');
    for (const { name, count, largest, isRight } of found)
      console.log(
        `${name}: ${count} gradients, largest difference ${largest.toExponential(0)}: ${isRight ? 'right' : 'WRONG'}`,
      );
    if (!found.every(({ isRight }) => isRight)) return;
  }
  console.log('update: not written yet');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2], Number(process.argv[3] ?? 3000));
