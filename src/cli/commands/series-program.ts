/** `--program`: a run of `longhand train --predict` as a program for the library. */
import { inspect } from 'node:util';
import { HOLIDAY_COLUMNS } from '../../forecast/series.js';
import type { ForecastRequest } from '../../forecast/request.js';
import type { TrainOptions } from '../../training/options.js';
import type { BackendFlags } from '../backends.js';
import { HOLIDAY_KINDS, isCountry } from '../holiday-files.js';

interface ProgramFlags extends BackendFlags {
  readonly holidays?: string;
  readonly checkpoint?: string;
}

/** The program's text. It reads the same files, from the folder in which it is started, and prints the errors of the test part. */
export function programOf(
  file: string,
  request: ForecastRequest,
  options: Partial<TrainOptions>,
  flags: ProgramFlags,
  years: readonly [first: number, last: number],
): string {
  const { holidays, checkpoint } = flags;
  const ofCountry = holidays !== undefined && isCountry(holidays);
  const { predict, inputs = [], known = [] } = request;
  const columns = [request.time, predict, inputs, known].flat();
  const fields = Object.entries(request).map(([name, value]) => `${name}: ${literal(value)}`);
  if (holidays !== undefined)
    fields.push(`holidays${ofCountry ? '' : `: ${rowsOf(holidays, Object.keys(HOLIDAY_COLUMNS))}`}`);
  return `// What longhand train --predict does, as a program: beside Longhand it needs npm install papaparse${ofCountry ? ' date-holidays' : ''}
${checkpoint === undefined ? '' : "import { writeFileSync } from 'node:fs';\n"}${ofCountry ? "import Calendar from 'date-holidays';\n" : ''}import { trainForecaster } from 'longhand';
import { loadRows } from 'longhand/tables';
${backendLines(flags)}
${ofCountry ? countryLines(holidays, years) : ''}
const rows = ${rowsOf(file, columns)};
const { bytes, reports } = await trainForecaster(
  backend,
  rows,
  {
${fields.map((field) => `    ${field},`).join('\n')}
  },
  ${literal(options)},
);
for (const { ahead, baselines, networks, error, coverage } of reports) {
  console.log(JSON.stringify({ ahead, baselines, networks, error, coverage }));
}
${checkpoint === undefined ? '' : `writeFileSync(${literal(checkpoint)}, bytes); // loadForecaster(backend, bytes) forecasts with it\n`}await backend.dispose();
`;
}

const literal = (value: unknown): string =>
  inspect(value, { depth: null, maxArrayLength: null, breakLength: Infinity });

/** The call that reads columns of a file. */
const rowsOf = (file: string, columns: readonly string[]): string =>
  `await loadRows(${literal(file)}, ${literal(columns)})`;

const countryLines = (country: string, [first, last]: readonly [number, number]): string => `const holidays = [];
for (let year = ${first}; year <= ${last}; year++) {
  for (const { date, name, type } of new Calendar(${country.split('-').map(literal).join(', ')}).getHolidays(year)) {
    if (${literal(HOLIDAY_KINDS)}.includes(type)) holidays.push({ date: date.slice(0, 10), name });
  }
}
`;

function backendLines({ backend, deterministic, threads, gpuMode, vectors }: BackendFlags): string {
  if (backend === 'reference') {
    return "import { createReferenceBackend } from 'longhand/reference';\n\nconst backend = createReferenceBackend();";
  }
  if (backend === 'webgpu') {
    return "import { createWebGpuBackend } from 'longhand/webgpu';\n\nconst backend = await createWebGpuBackend();";
  }
  if (backend === 'gpu') {
    return `import { createGpuBackend } from 'longhand/gpu';\n\nconst backend = await createGpuBackend({ mode: ${literal(gpuMode)} });`;
  }
  const enabled = [...(deterministic ? [] : ['enableRelaxedSimd']), ...(vectors ? [] : ['enableWideVectors'])];
  const flagsOfV8 = enabled.length > 0 ? `import { ${enabled.join(', ')} } from 'longhand/node-flags';\n` : '';
  return `${flagsOfV8}import { createWasmBackend } from 'longhand/wasm';

${enabled.map((name) => `${name}();\n`).join('')}const backend = await createWasmBackend(${literal({ deterministic, ...(threads && { threads }) })});`;
}
