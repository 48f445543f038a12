/**
 * On which paths the gradient comes back over the blanks of the gap experiment: numbers of docs/learn/why-57.md.
 *
 *     node docs/learn/programs/gap-paths.mjs     trains four networks, in a quarter of a minute
 */
import { fileURLToPath } from 'node:url';
import { loadTensors, Network, saveTensors, tensorFrom, valuesByName } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { createWasmBackend } from 'longhand/wasm';
import { gapLstm, gapTask, NETWORKS, SEEDS } from './gap.mjs';
import { CASES, normsOf, sequencesOf } from './path-switches.mjs';

/** The step after which there are only blanks. */
const LAST_SYMBOL = 8;

/** For each of `updates`: ‖dc‖ after step 8, divided by ‖dc‖ after the last step, on all paths and on some. The mean over the 56 sequences. */
export async function gapPaths(name, T, seed, updates) {
  const backend = await createWasmBackend({ deterministic: true, threads: 1 });
  const [task, lstm] = [gapTask(T), NETWORKS.find((one) => one.name === name)];
  const found = [];
  const trained = await gapLstm(backend, task, lstm, seed, Math.max(...updates), {
    onStep: async (update, _, network) => {
      if (!updates.includes(update)) return;
      const sequences = read(task, lstm.forgetBias, await saveTensors(backend, valuesByName(network.parameters)));
      const norm = (open) => normsOf(CASES[open], sequences, [LAST_SYMBOL])[0];
      found.push({ update, all: norm('all'), direct: norm('direct'), others: norm('without direct') });
    },
  });
  trained.dispose();
  await backend.dispose();
  return found;
}

/** The sequences of the task, after both passes of a network with these weights, in f64. */
function read({ x, labels }, forgetBias, weights) {
  const [T, B, I] = [x.length, labels.length, 3];
  const sizes = { inputs: I, layers: [{ hidden: 8 }], outputs: 2, forgetBias };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), sizes, { T, B });
  loadTensors(network.backend, valuesByName(network.parameters), weights);
  network.setBatch({
    x: tensorFrom(
      x.flatMap((rows) => rows.flatMap((row) => [...row])),
      [T, B, I],
    ),
    labels,
  });
  network.forward();
  network.backward();
  return sequencesOf(network);
}

async function main() {
  for (const seed of SEEDS)
    for (const { update, all, direct } of await gapPaths('LSTM, chrono biases', 100, seed, [1, 200]))
      console.log(`chrono biases, 100 steps, seed ${seed}, update ${update}: all paths ${all}, direct ${direct}`);
  for (const { update, all, direct, others } of await gapPaths('LSTM, forget bias 1', 32, 1, [1, 200]))
    console.log(
      `forget bias 1, 32 steps, seed 1, update ${update}: all paths ${all}, direct ${direct}, others ${others}`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
