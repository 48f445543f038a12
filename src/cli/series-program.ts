/** `--program`: a run of `longhand train --predict` as a program for the library. */
import { inspect } from 'node:util';
import type { ForecastRequest } from '../forecast/request.js';
import type { TrainOptions } from '../training/options.js';
import type { BackendFlags } from './backends.js';
import { fileFormat, HOLIDAY_KINDS, isCountry } from './table-files.js';

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
  const files = [file, ...(holidays === undefined || ofCountry ? [] : [holidays])];
  const isObjects = (one: string): boolean => fileFormat(one) === 'objects';
  const hasCsv = files.some((one) => !isObjects(one));
  const fields = { ...request, ...(holidays !== undefined && { holidays: ofCountry ? 'holidays' : rowsIn(holidays) }) };
  return `// What longhand train --predict does, as a program. npm install ${packagesOf(hasCsv, ofCountry)}
import { readFileSync${checkpoint === undefined ? '' : ', writeFileSync'} } from 'node:fs';
${hasCsv ? "import Papa from 'papaparse';\n" : ''}${ofCountry ? "import Calendar from 'date-holidays';\n" : ''}import { trainForecaster } from 'longhand';
${backendLines(flags)}
${files.some(isObjects) ? JSON_LINES : ''}${hasCsv ? CSV : ''}${ofCountry ? countryLines(holidays, years) : ''}
const rows = ${rowsIn(file)};
const { bytes, reports } = await trainForecaster(
  backend,
  rows,
  {
${Object.entries(fields)
  .map(([name, value]) => `    ${name}: ${name === 'holidays' ? (value as string) : literal(value)},`)
  .join('\n')}
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

/** The call that reads a file, in the format that the command found: Papa would guess another one. */
function rowsIn(file: string): string {
  const format = fileFormat(file);
  return format === 'objects' ? `objectsIn(${literal(file)})` : `rowsIn(${literal(file)}, ${literal(format)})`;
}

const packagesOf = (hasCsv: boolean, ofCountry: boolean): string =>
  ['longhand', ...(hasCsv ? ['papaparse'] : []), ...(ofCountry ? ['date-holidays'] : [])].join(' ');

const CSV = `const trim = (name) => name.trim();
const rowsIn = (file, delimiter) =>
  Papa.parse(readFileSync(file, 'utf8').replace(/^\\uFEFF/, ''), {
    delimiter,
    newline: '\\n', // cells lose the \\r of \\r\\n
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: trim,
  }).data;
`;

const JSON_LINES = `const objectsIn = (file) =>
  readFileSync(file, 'utf8').replace(/^\\uFEFF/, '').split('\\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
`;

const countryLines = (country: string, [first, last]: readonly [number, number]): string => `const holidays = [];
for (let year = ${first}; year <= ${last}; year++) {
  for (const { date, name, type } of new Calendar(${country.split('-').map(literal).join(', ')}).getHolidays(year)) {
    if (${literal(HOLIDAY_KINDS)}.includes(type)) holidays.push({ date: date.slice(0, 10), name });
  }
}
`;

function backendLines({ backend, deterministic, threads, gpuMode }: BackendFlags): string {
  if (backend === 'reference') {
    return "import { createReferenceBackend } from 'longhand/reference';\n\nconst backend = createReferenceBackend();";
  }
  if (backend === 'gpu') {
    return `import { createGpuBackend } from 'longhand/gpu';\n\nconst backend = await createGpuBackend({ mode: ${literal(gpuMode)} });`;
  }
  const relaxed = "v8.setFlagsFromString('--experimental-wasm-relaxed-simd'); // Node 20 needs this flag\n";
  return `import { createWasmBackend } from 'longhand/wasm';
${deterministic ? '' : "import v8 from 'node:v8';\n"}
${deterministic ? '' : relaxed}const backend = await createWasmBackend(${literal({ deterministic, ...(threads && { threads }) })});`;
}
