/**
 * The gap: which of two symbols came first, if blanks follow them? A plain RNN and LSTMs, of 8 units each, learn it with the same updates, so
 * that only the distance and the network differ: docs/learn/plain-rnn.md and docs/learn/lstm.md. It runs in Node and in the browser;
 * gap-runs.mjs makes all runs.
 */
import { train } from 'longhand';
import { crossEntropy, forward } from './plain-rnn.mjs';
import { gradientsOf, newParameters, randomNumbers, whichCameFirst } from './random-rnn.mjs';

/** `forgetBias`: that of an LSTM. `biasInit`: the initial biases of its gates. */
export const NETWORKS = [
  { name: 'plain RNN' },
  { name: 'LSTM, forget bias 0', forgetBias: 0 },
  { name: 'LSTM, forget bias 1', forgetBias: 1 },
  { name: 'LSTM, forget bias 3', forgetBias: 3 },
  { name: 'LSTM, chrono biases', forgetBias: 1, biasInit: 'chrono' },
];
/** T: steps of a sequence. The two symbols are among the first 8. */
export const LENGTHS = [8, 16, 32, 64, 100];
export const SEEDS = [1, 2, 3];
export const UPDATES = 500;

const [H, LEARNING_RATE, CLIP_NORM, EVERY] = [8, 0.01, 1, 10];

/** The 56 sequences of 8 steps, and blanks up to T steps. */
export function gapTask(T) {
  const { x, labels } = whichCameFirst(8);
  const blanks = x[0].map(() => Float64Array.of(0, 0, 1));
  return { x: [...x, ...Array(T - 8).fill(blanks)], labels };
}

/**
 * Trains one of NETWORKS. Calls `onLine` after every 10th update with the loss, and how many of the 56 answers are correct. For the
 * plain RNN, the second argument is its parameters. `backend`: that of an LSTM.
 */
export async function gapRun(backend, network, T, seed, updates, onLine) {
  if (network.forgetBias === undefined) await trainRnn(gapTask(T), seed, updates, onLine);
  else await trainLstm(backend, gapTask(T), network, seed, updates, onLine);
}

/** Trains an LSTM of NETWORKS, and resolves to it. The caller disposes of it. `hooks`: those of `train`. */
export function gapLstm(backend, { x, labels }, { forgetBias, biasInit = 'zeros' }, seed, updates, hooks) {
  const B = labels.length;
  const data = { x: labels.map((_, b) => x.map((rows) => [...rows[b]])), labels };
  const options = {
    ...{ hidden: H, batchSize: B, trainingIters: B * updates + 1, learningRate: LEARNING_RATE, clipNorm: CLIP_NORM },
    ...{ forgetBias, biasInit, outputInit: 'glorot', seed, displayStep: EVERY },
  };
  return train(backend, data, options, hooks);
}

async function trainLstm(backend, task, lstm, seed, updates, onLine) {
  const network = await gapLstm(backend, task, lstm, seed, updates, {
    onLine: ({ step, loss, accuracy }) =>
      onLine({ update: step, loss, correct: Math.round(accuracy * task.labels.length) }),
  });
  network.dispose();
}

async function trainRnn({ x, labels }, seed, updates, onLine) {
  const parameters = newParameters({ I: 3, H, C: 2 }, randomNumbers(seed));
  const update = adamFor(parameters);
  for (let step = 1; step <= updates; step++) {
    update(gradientsOf(x, labels, parameters).gradients);
    if (step % EVERY !== 0) continue;
    const { p, loss } = crossEntropy(forward(x, parameters).logits, labels);
    onLine({ update: step, loss, correct: labels.filter((label, b) => p[b][label] > 0.5).length }, parameters);
  }
}

/** Adam, (6) of the derivation, after clipping the gradients to the norm 1, (10). */
function adamFor(parameters) {
  const all = Object.entries(parameters).flatMap(([name, rows]) =>
    rows.map((row, r) => ({ name, r, row, m: new Float64Array(row.length), v: new Float64Array(row.length) })),
  );
  let step = 0;
  return (gradients) => {
    step++;
    const norm = Math.hypot(...all.flatMap(({ name, r }) => [...gradients[name][r]]));
    const scale = Math.min(1, CLIP_NORM / norm);
    const rate = (LEARNING_RATE * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    for (const { name, r, row, m, v } of all) {
      for (let c = 0; c < row.length; c++) {
        const g = scale * gradients[name][r][c];
        m[c] += 0.1 * (g - m[c]);
        v[c] += 0.001 * (g * g - v[c]);
        row[c] -= (rate * m[c]) / (Math.sqrt(v[c]) + 1e-8);
      }
    }
  };
}

/** Whether a run has learned the task, and when: the first line with 56 correct answers, and the last line. */
export async function gapResult(backend, network, T, seed, updates = UPDATES) {
  const lines = [];
  await gapRun(backend, network, T, seed, updates, (line) => lines.push(line));
  const first = lines.find(({ correct }) => correct === 56)?.update ?? null;
  const { correct, loss } = lines.at(-1);
  return { network: network.name, T, seed, first, correct, loss: Number(loss.toPrecision(3)) };
}
