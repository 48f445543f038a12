/** Holidays of `--holidays`; and `--program`: a run of `longhand train --predict` as a program for the library, which reads the same ones. */
import { BackendUnavailableError, DataError } from '../../core/errors.js';
import { tableOf } from '../../data/table.js';
import { loadTable } from '../../data/table-files.js';
import type { Holidays } from '../../forecast/series.js';
import { HOLIDAY_COLUMNS, holidaysOf } from '../../forecast/series.js';
import { inspect } from 'node:util';
import type { ForecastRequest } from '../../forecast/request.js';
import type { TrainOptions } from '../../training/options.js';
import type { BackendFlags } from '../backends.js';

/** Whether `--holidays` names a country, such as US or DE-BY, and no file. */
const isCountry = (holidays: string): boolean => /^[A-Z]{2}(-[A-Z\d]{1,3})*$/.test(holidays);

/** Holidays of a file with the columns date and name; or of a country, if the package date-holidays is installed. */
export async function loadHolidays(from: string, years: readonly [first: number, last: number]): Promise<Holidays> {
  if (!isCountry(from)) return holidaysOf(await loadTable(from, HOLIDAY_COLUMNS));
  const { default: Calendar } = await dateHolidays();
  const calendar = new Calendar(...from.split('-'));
  const rows: { date: string; name: string }[] = [];
  for (let year = years[0]; year <= years[1]; year++) {
    // undefined for a country that the package does not know
    for (const { date, name, type } of calendar.getHolidays(year) ?? []) {
      if (HOLIDAY_KINDS.includes(type)) rows.push({ date: date.slice(0, 10), name });
    }
  }
  if (rows.length === 0) throw new DataError(`--holidays ${from}: the package date-holidays knows no such country`);
  return holidaysOf(tableOf(from, rows, HOLIDAY_COLUMNS));
}

/** Days on which life is different; the package has others, such as the day of the secretaries. */
const HOLIDAY_KINDS: readonly string[] = ['public', 'bank', 'observance'];

interface DateHolidays {
  readonly default: new (...place: string[]) => {
    getHolidays(
      year: number,
    ): readonly { readonly date: string; readonly name: string; readonly type: string }[] | undefined;
  };
}

async function dateHolidays(): Promise<DateHolidays> {
  try {
    const name = 'date-holidays' as string; // not a literal, so that the bundle does not contain it
    return (await import(name)) as DateHolidays;
  } catch {
    throw new BackendUnavailableError(
      'holidays of a country need the package date-holidays: npm install date-holidays (12 MB); or name a file with the columns date and name',
    );
  }
}

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
  const { time = [], predict, series = [], inputs = [], known = [] } = request;
  const columns = [time, predict, series, inputs, known].flat();
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
for (const { ${request.series === undefined ? '' : 'series, '}ahead, methods, baselines, networks, error, coverage } of reports) {
  const others = baselines.map(({ name, error }) => ({ name, error }));
  console.log(JSON.stringify({ ${request.series === undefined ? '' : 'series, '}ahead, methods, error, coverage, networks, others }));
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
