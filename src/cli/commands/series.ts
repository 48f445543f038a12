/** `longhand train --data FILE --predict COLUMN`: trains the networks of a forecaster, and reports them beside what they must beat. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { counted } from '../../core/arguments.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { timeAt } from '../../data/calendar.js';
import { FORMAT_RULE, rowRangeFrom, timeRangeFrom, timeReader } from '../../data/times.js';
import { DECIMALS, PARTS_OF_TIME, THOUSANDS } from '../../data/table.js';
import { loadTable } from '../../data/table-files.js';
import { replaceText } from '../../files/disk-replace.js';
import { assertTrained, forecastBytes } from '../../forecast/forecast-file.js';
import type { ForecastState } from '../../forecast/forecaster.js';
import { choicesOf, MOST_AHEAD, NO_SEASONS, NOT_OF_FORECASTS } from '../../forecast/request.js';
import { configFor, fittedOptions, Forecaster, optionsOf, trainStages } from '../../forecast/forecaster.js';
import type { ForecastPlan } from '../../forecast/plan.js';
import { assertOfTraining, networkWords, plannedColumns, planOf } from '../../forecast/plan.js';
import { reportOf } from '../../forecast/report.js';
import type { ForecastRequest } from '../../forecast/request.js';
import type { Series } from '../../forecast/series.js';
import { FILLS, laterSeriesOf, repeatedColumn, seriesOf, wantedColumns } from '../../forecast/series.js';
import { MOST_SEEDS } from '../../trained-state.js';
import type { TrainOptions } from '../../training/options.js';
import { filePath, givenFlag, listOf, wholeNumber } from '../flag-values.js';
import { loadHolidays, programOf } from './series-program.js';
import { describePlan, printReports, writeReports } from '../series-report.js';
import type { RunHooks, SetFlags } from '../set-run.js';
import { OF_ONE_NETWORK, trainAndTest } from '../set-run.js';
import { assertRoomToTrain } from '../memory.js';

/** The flags of a forecaster. */
export interface SeriesFlags extends SetFlags {
  readonly predict?: string;
  readonly time?: readonly string[];
  readonly timeFormat?: string;
  readonly decimal?: (typeof DECIMALS)[number];
  readonly thousands?: (typeof THOUSANDS)[number];
  readonly ahead: readonly number[];
  readonly test?: string;
  readonly known: readonly string[];
  readonly inputs: readonly string[];
  readonly holidays?: string;
  readonly fill?: (typeof FILLS)[number];
  readonly season?: readonly number[];
  readonly seeds: number;
  readonly together: boolean;
  readonly interval: number;
  readonly program?: string;
}

const names = (text: string): string[] => text.split(',').map((name) => filePath(name.trim()));

function timeColumns(text: string): string[] {
  const columns = names(text);
  if (columns.length <= PARTS_OF_TIME.length) return columns;
  throw new InvalidArgumentError(
    `It has ${counted(columns.length, 'column')}: at most those of ${PARTS_OF_TIME.join(', ')}.`,
  );
}
const list = (parse: (text: string) => number) => (text: string) => [listOf(parse)(text)].flat();

const seasonList = (text: string): number[] => (text === NO_SEASONS ? [] : list(wholeNumber(2))(text));

/** As `timeRangeFrom` or `rowRangeFrom` reads it. */
function timeRange(text: string): string {
  if (timeRangeFrom(text) ?? rowRangeFrom(text)) return text;
  throw new InvalidArgumentError(
    'Write 1987-01-01.., 1987-01-01..1988-12-31 or ..1988-12-31; of rows without a time 101.. or 101..200.',
  );
}

function timeFormat(text: string): string {
  if (timeReader(text)) return text;
  throw new InvalidArgumentError(`It ${FORMAT_RULE}.`);
}

function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('It must be a number between 0 and 1.');
}

/** Adds the flags of a forecaster; some commands only read its data. */
export function withSeriesOptions(command: Command): Command {
  return command
    .option(
      '--predict <column>',
      'forecast this column of --data, a CSV, TSV or NDJSON file; docs/forecast.md',
      filePath,
    )
    .option(
      '--time <columns>',
      'the column of the time; or of its year, month, day, hour … (default: none, each row is a step)',
      timeColumns,
    )
    .option('--time-format <format>', 'such as DD/MM/YYYY, MM/DD/YYYY HH:mm, DD.MM.YYYY, unix or unix-ms', timeFormat)
    .addOption(new Option('--decimal <sign>', 'the sign before decimals (default: a point)').choices(DECIMALS))
    .addOption(new Option('--thousands <sign>', 'the sign between thousands (default: none)').choices(THOUSANDS))
    .option('--ahead <steps>', 'how far ahead; 1,28 for several horizons', list(wholeNumber(1, MOST_AHEAD)), [1])
    .option(
      '--test <from..to>',
      'the part that measures the forecasts (default: the last tenth, at most 10,000 steps)',
      timeRange,
    )
    .option('--known <columns>', 'columns that are known in advance, such as prices that you set', names, [])
    .option(
      '--inputs <columns>',
      'columns of numbers that are read; of a forecast, other columns whose past is',
      names,
      [],
    )
    .option('--holidays <file>', 'a CSV with the columns date and name; or a country, such as US', filePath)
    .addOption(
      new Option('--fill <how>', 'fill missing steps and numbers (default: a missing step is an error)').choices(FILLS),
    )
    .option(
      '--season <steps>',
      `the seasons, in steps, such as 7,365; or ${NO_SEASONS} (default: they are found)`,
      seasonList,
    )
    .option('--seeds <count>', 'networks for each horizon, or for the classes', wholeNumber(1, MOST_SEEDS), 3)
    .option('--together', 'one network for all horizons, not one each', false)
    .option('--interval <share>', 'the share of numbers that an interval should contain', share, 0.9)
    .option('--program <file>', 'write the same run as a program for the library, an .mjs file', filePath);
}

/** What only other runs have: the flags' attributes. */
const OTHERS = [...OF_ONE_NETWORK, ...NOT_OF_FORECASTS];

/** What only forecasters have, and what classifiers have too. */
const OWN = [
  'timeFormat',
  'decimal',
  'thousands',
  'ahead',
  'test',
  'known',
  'holidays',
  'fill',
  'season',
  'together',
  'interval',
  'program',
];
const SHARED = ['time', 'inputs', 'seeds'];

/** Ends the command for flags that do not belong together. */
export function assertSeriesFlags(flags: SeriesFlags & { readonly classify?: string }, command: Command): void {
  if (flags.predict === undefined) {
    const given = givenFlag(command, [...OWN, ...SHARED]);
    const isShared = given === givenFlag(command, SHARED);
    if (given !== undefined && flags.classify === undefined)
      command.error(`error: ${given} needs ${isShared ? '--predict or --classify' : '--predict'}`);
    return;
  }
  if (flags.data === undefined) command.error('error: --predict needs --data, a CSV, TSV or NDJSON file');
  if (flags.program !== undefined && !flags.program.endsWith('.mjs'))
    command.error(`error: --program ${flags.program}: must end in .mjs`);
  if (flags.resume !== undefined)
    command.error('error: --predict cannot be changed with --resume: the checkpoint sets it');
  const other = givenFlag(command, OTHERS);
  const why = other === '--bidirectional' ? ': a forecast knows only the past' : '';
  if (other !== undefined) command.error(`error: ${other} cannot be used with --predict${why}`);
  const repeated = repeatedColumn({ ...flags, time: flags.time ?? [], predict: flags.predict, fill: null });
  if (repeated !== undefined) {
    command.error(
      `error: the column ${JSON.stringify(repeated)} is named twice: each may be in one of --time, --predict, --inputs and --known`,
    );
  }
  try {
    choicesOf('train', requestOf(flags));
  } catch (error) {
    if (error instanceof RangeError) command.error(`error: ${error.message.replace(/^train: /, '--')}`);
    throw error;
  }
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
  const { series, state } = await begun(file, flags, given, resumed, signal);
  const { plan } = state;
  const options = optionsOf(state, fittedOptions(plan, given));
  describePlan(file, series, plan);
  const config = configFor(plan, series, options);
  assertRoomToTrain(config, { T: plan.T, B: options.batchSize }, backend, flags);
  const train = ({ begin, ...hooks }: RunHooks<ForecastState>): Promise<ForecastState> =>
    trainStages(backend, series, options, state, {
      ...hooks,
      onNetwork: (member, stage, number, count) =>
        begin(networkWords(member, stage, number, count), count - number + 1),
    });
  await trainAndTest(flags, backend, signal, state, forecastBytes, train, (trained, target) =>
    testForecaster(backend, trained, series, target, flags, signal),
  );
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
    printReports(json, state.plan, reports);
    if (checkpoint !== undefined) await writeReports(checkpoint, series, state.plan, reports);
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
  assertOfTraining(state.plan, series, flags.data);
  await testForecaster(backend, state, series, checkpoint, flags, signal);
}

/** The flags as a request for the library. */
const requestOf = (flags: SeriesFlags): ForecastRequest => ({
  time: flags.time ?? [],
  ...(flags.timeFormat !== undefined && { timeFormat: flags.timeFormat }),
  ...(flags.decimal && { decimal: flags.decimal }),
  ...(flags.thousands && { thousands: flags.thousands }),
  predict: flags.predict ?? '',
  ahead: flags.ahead,
  inputs: flags.inputs,
  known: flags.known,
  seeds: flags.seeds,
  together: flags.together,
  interval: flags.interval,
  ...(flags.test !== undefined && { test: flags.test }),
  ...(flags.fill && { fill: flags.fill }),
  ...(flags.season && { seasons: flags.season }),
});

/** The series and the plan of a new run, or of one that continues. */
async function begun(
  file: string,
  flags: SeriesFlags,
  given: Partial<TrainOptions>,
  resumed: ForecastState | undefined,
  signal: AbortSignal,
): Promise<{ series: Series; state: ForecastState }> {
  if (resumed) {
    const series = await loadSeries(file, resumed.plan, signal);
    assertOfTraining(resumed.plan, series, file);
    return { series, state: resumed };
  }
  const request = requestOf(flags);
  const choices = choicesOf('train', request);
  const { columns } = choices;
  const series = seriesOf(await loadTable(file, wantedColumns(columns), signal), columns);
  const [first, last] = [0, series.length].map((step) => new Date(timeAt(series.calendar, step)).getUTCFullYear());
  const years: [number, number] = [first - 1, last + 2];
  const holidays = flags.holidays === undefined ? undefined : await loadHolidays(flags.holidays, years);
  const plan = planOf(file, series, choices, holidays);
  if (flags.program !== undefined) {
    const program = programOf(file, request, given, flags, years);
    replaceText(flags.program, program);
  }
  return { series, state: { plan, networks: new Map() } };
}

/** The series of a plan in a file, which may begin later and end later than the one of the training. */
export async function loadSeries(file: string, plan: ForecastPlan, signal?: AbortSignal): Promise<Series> {
  const table = await loadTable(file, plannedColumns(plan), signal);
  return laterSeriesOf(plan.calendar, table, plan.columns);
}
