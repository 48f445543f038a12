/** `longhand train --data FILE --predict COLUMN`: trains the networks of a forecaster, and reports them beside what they must beat. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import path from 'node:path';
import { MOST_BYTES } from '../../kernels/wasm/index.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { formatStep, formatTime, timeAt, timeRangeFrom } from '../data/calendar.js';
import { readIfPresent, replaceFile } from '../files/disk.js';
import { assertTrained, forecastBytes, forecastIn } from '../forecast/forecast-file.js';
import type { ForecastState } from '../forecast/forecaster.js';
import { configFor, Forecaster, forecastOptions, optionsOf, trainForecaster } from '../forecast/forecaster.js';
import { inputColumns } from '../forecast/inputs.js';
import type { ForecastChoices, ForecastPlan } from '../forecast/plan.js';
import { holidaysIn, planOf, span } from '../forecast/plan.js';
import type { HorizonReport } from '../forecast/report.js';
import { errorTable, reportOf, warningsOf } from '../forecast/report.js';
import type { Series, SeriesColumns } from '../forecast/series.js';
import { alignedTo, FILLS, repeatedColumn, seriesOf, wantedColumns } from '../forecast/series.js';
import { elementCountOfTraining } from '../network/memory.js';
import { loadCheckpointSet, partsOf } from '../training/checkpoint-files.js';
import type { TrainOptions } from '../training/options.js';
import type { BackendFlags } from './backends.js';
import { filePath, listOf, wholeNumber } from './flag-values.js';
import { alignedRight } from './format.js';
import { assertRoom } from './memory.js';
import { inform, print, printJson, printLines } from './print.js';
import { progressBar } from './run-training.js';
import { loadHolidays, loadTable } from './table-files.js';

/** The flags of a forecaster. */
export interface SeriesFlags extends BackendFlags {
  readonly data?: string;
  readonly predict?: string;
  readonly time?: readonly string[];
  readonly ahead: readonly number[];
  readonly test?: readonly [from: number | null, to: number | null];
  readonly known: readonly string[];
  readonly inputs: readonly string[];
  readonly holidays?: string;
  readonly fill?: (typeof FILLS)[number];
  readonly season?: readonly number[];
  readonly seeds: number;
  readonly together: boolean;
  readonly interval: number;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly resume?: string;
  readonly json: boolean;
}

const names = (text: string): string[] => text.split(',').map((name) => filePath(name.trim()));
const list = (parse: (text: string) => number) => (text: string) => [listOf(parse)(text)].flat();

function timeRange(text: string): readonly [number | null, number | null] {
  const range = timeRangeFrom(text);
  if (range) return range;
  throw new InvalidArgumentError('Write 1987-01-01.., 1987-01-01..1988-12-31 or ..1988-12-31.');
}

function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('It must be a number between 0 and 1.');
}

const MOST_AHEAD = 10_000;
const MOST_SEEDS = 100;

/** Adds the flags of a forecaster; some commands only read its data. */
export function withSeriesOptions(command: Command): Command {
  return command
    .option(
      '--predict <column>',
      'forecast this column of --data, a CSV, TSV or NDJSON file; docs/forecast.md',
      filePath,
    )
    .option('--time <columns>', 'the column of the time; or of its year, month, day, hour …', names)
    .option('--ahead <steps>', 'how far ahead; 1,28 for several horizons', list(wholeNumber(1, MOST_AHEAD)), [1])
    .option('--test <from..to>', 'the part that measures the forecasts (default: the last tenth)', timeRange)
    .option('--known <columns>', 'columns that are known in advance, such as prices that you set', names, [])
    .option('--inputs <columns>', 'other columns whose past is read', names, [])
    .option('--holidays <file>', 'a CSV with the columns date and name; or a country, such as US', filePath)
    .addOption(
      new Option('--fill <how>', 'fill missing steps and numbers (default: a missing step is an error)').choices(FILLS),
    )
    .option('--season <steps>', 'the seasons, in steps (default: found by autocorrelation)', list(wholeNumber(2)))
    .option('--seeds <count>', 'networks for each horizon', wholeNumber(1, MOST_SEEDS), 3)
    .option('--together', 'one network for all horizons, not one each', false)
    .option('--interval <share>', 'the share of numbers that an interval should contain', share, 0.9);
}

/** What only other runs have: the flags' attributes. */
const NOT_OF_FORECASTS = new Set([
  'task',
  'text',
  'permute',
  'steps',
  'rare',
  'best',
  'history',
  'plot',
  'sampleEvery',
  'validateEvery',
  'patience',
  'shift',
]);

/** Ends the command for flags that do not belong together. */
export function assertSeriesFlags(flags: SeriesFlags & Pick<TrainOptions, 'bidirectional'>, command: Command): void {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const own = [
    'time',
    'ahead',
    'test',
    'known',
    'inputs',
    'holidays',
    'fill',
    'season',
    'seeds',
    'together',
    'interval',
  ];
  const given = own.find(isGiven);
  if (flags.predict === undefined) {
    if (given !== undefined) command.error(`error: --${given} needs --predict`);
    return;
  }
  if (flags.data === undefined) command.error('error: --predict needs --data, a CSV, TSV or NDJSON file');
  if (flags.time === undefined) command.error('error: --predict needs --time, the column of the time');
  if (flags.resume !== undefined)
    command.error('error: --predict cannot be changed with --resume: the checkpoint sets it');
  const other = command.options.find(
    (option) => NOT_OF_FORECASTS.has(option.attributeName()) && isGiven(option.attributeName()),
  );
  if (other) command.error(`error: ${String(other.long)} cannot be used with --predict`);
  if (flags.bidirectional)
    command.error('error: --bidirectional cannot be used with --predict: a forecast knows only the past');
  const repeated = repeatedColumn(columnsOf(flags));
  if (repeated !== undefined) {
    command.error(
      `error: the column ${JSON.stringify(repeated)} is named twice: each may be in one of --time, --predict, --inputs and --known`,
    );
  }
}

/** The forecaster of a checkpoint; undefined if the file holds something else. */
export function loadForecast(file: string): ForecastState | undefined {
  const [, network] = partsOf(file);
  const set = network === undefined ? loadCheckpointSet(file) : undefined;
  return set && forecastIn(set, file);
}

/** Trains, prints, and writes the files. `given`: the options that the user chose. */
export async function trainSeries(
  flags: SeriesFlags,
  given: Partial<TrainOptions>,
  resumed: ForecastState | undefined,
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  const file = flags.data;
  if (file === undefined) throw new DataError('name the data of the run with --data');
  const { series, state } = await begun(file, flags, resumed, signal);
  const { plan } = state;
  const options = optionsOf(state, forecastOptions(given));
  describePlan(file, series, plan);
  const config = configFor(plan, series, options);
  assertRoom(
    config,
    { T: plan.T, B: options.batchSize },
    {
      dtype: backend.dtype,
      advice: 'reduce --hidden or --batch-size',
      most: flags.backend === 'wasm' ? MOST_BYTES : Infinity,
      elementCount: elementCountOfTraining(config, { T: plan.T, B: options.batchSize }),
    },
  );
  const target = flags.checkpoint ?? flags.resume;
  inform(`backend ${backend.description}`);
  const startedAt = performance.now();
  let bar = progressBar(0, 1);
  try {
    const trained = await trainForecaster(backend, series, options, state, {
      signal,
      checkpointEvery: flags.checkpointEvery,
      onNetwork: ({ ahead, seed }, stage, number, count) => {
        bar.stop();
        const why = stage === 'calibration' ? 'for the intervals' : 'for the forecasts';
        inform(`network ${number} of ${count} ${why}: ${ahead.join(', ')} ahead, seed ${seed}`);
      },
      onStep: (step, steps) => {
        if (step === 1) bar = progressBar(step, steps);
        bar.update(step);
      },
      ...(target !== undefined && { onState: (now) => replaceFile(target, forecastBytes(now), { keepOld: true }) }),
    });
    bar.stop();
    await testForecaster(backend, trained, series, target, flags, signal);
    inform(`trained and tested in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (signal.aborted && error === signal.reason && target !== undefined)
      inform(`the run is saved: longhand train --resume ${target} --data ${file} continues it`);
    throw error;
  } finally {
    bar.stop();
  }
}

/** Reports the forecasts of the test part, and writes the files beside the checkpoint. */
async function testForecaster(
  backend: Backend,
  state: ForecastState,
  series: Series,
  checkpoint: string | undefined,
  { json }: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  const forecaster = new Forecaster(backend, state);
  try {
    const reports = await reportOf(forecaster, series, 'test', signal);
    report(json, state.plan, reports);
    if (checkpoint !== undefined) await writeFiles(checkpoint, series, state.plan, reports);
  } finally {
    forecaster.dispose();
  }
}

/** `longhand eval` of a forecaster: the errors of the test part again. */
export async function evaluateForecasts(
  checkpoint: string,
  state: ForecastState,
  flags: { readonly data?: string | undefined; readonly json: boolean },
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  assertTrained(state, checkpoint);
  if (flags.data === undefined) throw new DataError(`${checkpoint}: is a forecaster: name its series with --data`);
  const series = await loadSeries(flags.data, state.plan, signal);
  await testForecaster(backend, state, series, checkpoint, flags, signal);
}

const columnsOf = (flags: SeriesFlags): SeriesColumns => ({
  time: flags.time ?? [],
  predict: flags.predict ?? '',
  inputs: flags.inputs,
  known: flags.known,
  fill: flags.fill ?? null,
});

/** The series and the plan of a new run, or of one that continues. */
async function begun(
  file: string,
  flags: SeriesFlags,
  resumed: ForecastState | undefined,
  signal: AbortSignal,
): Promise<{ series: Series; state: ForecastState }> {
  if (resumed) return { series: await loadSeries(file, resumed.plan, signal), state: resumed };
  const columns = columnsOf(flags);
  const series = seriesOf(await loadTable(file, wantedColumns(columns), signal), columns);
  const years = [timeAt(series.calendar, 0), timeAt(series.calendar, series.length)].map((time) =>
    new Date(time).getUTCFullYear(),
  );
  const holidays =
    flags.holidays === undefined ? undefined : await loadHolidays(flags.holidays, [years[0] - 1, years[1] + 2]);
  const choices: ForecastChoices = {
    columns,
    ahead: [...new Set(flags.ahead)].sort((a, b) => a - b),
    isTogether: flags.together,
    seeds: flags.seeds,
    coverage: flags.interval,
    test: flags.test ? { from: flags.test[0], to: flags.test[1] } : null,
    seasons: flags.season ?? null,
  };
  return { series, state: { plan: planOf(file, series, choices, holidays), networks: new Map() } };
}

/** The series of a plan in a file, which may begin later and end later than the one of the training. */
export async function loadSeries(file: string, plan: ForecastPlan, signal?: AbortSignal): Promise<Series> {
  const table = await loadTable(file, wantedColumns(plan.columns), signal);
  return alignedTo(plan.calendar, seriesOf(table, plan.columns), file);
}

/** On standard error: what the networks read, and when. */
function describePlan(file: string, series: Series, plan: ForecastPlan): void {
  const { seasons } = plan.inputs;
  const { past, future } = inputColumns(plan.inputs, series, holidaysIn(plan));
  inform(`${file}: ${series.end} steps of ${formatStep(plan.calendar)}, ${span(plan, { from: 0, to: series.end })}`);
  inform(seasons.length === 0 ? 'no seasons' : `seasons of ${seasons.join(' and ')} steps`);
  inform(
    `training before ${span(plan, { from: plan.parts.validation.from, to: plan.parts.validation.from + 1 }).split(' ')[0]}; validation ${span(plan, plan.parts.validation)}; test ${span(plan, plan.parts.test)}`,
  );
  inform(`inputs: ${[...past, ...future].map(({ name }) => name).join(', ')}`);
}

/** The errors of every method as a table, and what they mean. */
function report(json: boolean, plan: ForecastPlan, reports: readonly HorizonReport[]): void {
  if (json) {
    for (const { bands: _, ...fields } of reports) printJson({ event: 'test', ...fields });
    return;
  }
  print(
    `Mean absolute error on the test part, ${span(plan, plan.parts.test)}, ${plan.parts.test.to - plan.parts.test.from} steps:`,
  );
  printLines(alignedRight(errorTable(plan, reports)));
  for (const warning of warningsOf(reports)) inform(`WARNING: ${warning}`);
}

/** `births.report.json`, `births.test.csv` and `births.svg` beside `births.safetensors`. */
export const outputsBeside = (checkpoint: string): { report: string; test: string; plot: string } => {
  const stem = checkpoint.slice(0, checkpoint.length - path.extname(checkpoint).length);
  return { report: `${stem}.report.json`, test: `${stem}.test.csv`, plot: `${stem}.svg` };
};

async function writeFiles(
  checkpoint: string,
  series: Series,
  plan: ForecastPlan,
  reports: readonly HorizonReport[],
): Promise<void> {
  const { report: reportFile, test, plot } = outputsBeside(checkpoint);
  const steps = `${plan.parts.test.from} … ${plan.parts.test.to - 1}`;
  const looks = looksAt(reportFile, steps) + 1;
  const json = {
    test: span(plan, plan.parts.test),
    steps,
    looks,
    horizons: reports.map(({ bands: _, ...fields }) => fields),
  };
  replaceFile(reportFile, new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`));
  const lines = reports.flatMap(({ ahead, bands }) =>
    bands.map(({ forecast, low, high }, n) => {
      const d = plan.parts.test.from + n;
      const truth = Number.isNaN(series.y[d]) ? '' : String(series.y[d]);
      return [formatTime(timeAt(plan.calendar, d)), ahead, truth, forecast, low, high].join(',');
    }),
  );
  replaceFile(
    test,
    new TextEncoder().encode(`date,ahead,${plan.columns.predict},forecast,low,high\n${lines.join('\n')}\n`),
  );
  const { forecastSvg } = await import('./plot.js'); // it is slow to load
  const timeOf = (n: number): Date => new Date(timeAt(plan.calendar, plan.parts.test.from + n));
  const drawn = reports.map(({ ahead, bands }) => ({
    title: `${ahead} ahead`,
    points: bands.map((band, n) => ({ time: timeOf(n), truth: series.y[plan.parts.test.from + n], ...band })),
  }));
  replaceFile(plot, new TextEncoder().encode(forecastSvg(plan.columns.predict, drawn)));
  if (looks > 1) inform(`the test part has been looked at ${looks} times: its figures flatter whoever chooses by them`);
}

/** How often an earlier report says that this test part was looked at. */
function looksAt(file: string, steps: string): number {
  try {
    const bytes = readIfPresent(file);
    if (!bytes) return 0;
    const before = JSON.parse(new TextDecoder().decode(bytes)) as { steps?: unknown; looks?: unknown };
    return before.steps === steps && typeof before.looks === 'number' ? before.looks : 0;
  } catch {
    return 0; // it is no report of ours
  }
}
