/** `longhand train --data FILE --predict COLUMN`: trains the networks of a forecaster, and reports them beside what they must beat. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import type { CellForms } from '../../data/table.js';
import { DECIMALS, THOUSANDS } from '../../data/table.js';
import { loadTable } from '../../data/table-files.js';
import { replaceFile, replaceText } from '../../files/disk-replace.js';
import { assertTrained, forecastBytes } from '../../forecast/forecast-file.js';
import type { ForecastState } from '../../forecast/forecaster.js';
import type { Choice, ForecastHooks } from '../../forecast/stages.js';
import { definedFields, listed } from '../../core/arguments.js';
import { configFor } from '../../forecast/stages.js';
import type { ForecastChoices } from '../../forecast/planning.js';
import { networkWords, withLooks, withLooksOfRun } from '../../forecast/plan.js';
import { originsOf } from '../../forecast/origins.js';
import type { ForecastRequest, OriginChoices } from '../../forecast/request.js';
import { choicesOf, FORECAST_METHODS, NO_SEASONS, NOT_OF_FORECASTS } from '../../forecast/request.js';
import type { ForecastRun, TableSource } from '../../forecast/run.js';
import { beginRun, reportOfRun, resumeRun, trainRun } from '../../forecast/run.js';
import { FILLS } from '../../forecast/series.js';
import { MOST_SEEDS } from '../../trained-state.js';
import type { TrainOptions } from '../../training/options.js';
import { filePath, finiteNumber, givenFlag, listOf, wholeNumber } from '../flag-values.js';
import { loadHolidays, programOf } from './series-program.js';
import { inform } from '../print.js';
import {
  describePlan,
  earlierLooks,
  informOfLooks,
  MOST_LINES,
  printOrigins,
  printReports,
  writeReports,
} from '../series-report.js';
import type { RunHooks, SetFlags } from '../set-run.js';
import { OF_ONE_NETWORK, trainAndTest } from '../set-run.js';
import { assertRoomToTrain } from '../memory.js';

/** The flags of a forecaster. */
export interface SeriesFlags extends SetFlags, OriginChoices, CellForms {
  readonly predict?: string;
  readonly series?: string;
  readonly time?: readonly string[];
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
  readonly method: NonNullable<ForecastRequest['method']>;
  readonly negative: boolean;
}

const names = (text: string): string[] => text.split(',').map((name) => filePath(name.trim()));

const numbers = (text: string): number[] => [listOf(finiteNumber)(text)].flat();

const seasonList = (text: string): number[] => (text === NO_SEASONS ? [] : numbers(text));

/** Adds the flags of a forecaster; some commands only read its data. */
export function withSeriesOptions(command: Command): Command {
  return command
    .option(
      '--predict <column>',
      'forecast this column of --data, a CSV, TSV or NDJSON file; docs/forecast.md',
      filePath,
    )
    .option(
      '--series <column>',
      'the column that names the series of a row: one network learns from all (default: none, the table is one series)',
      filePath,
    )
    .option(
      '--time <columns>',
      'the column of the time; or of its year, month, day, hour … (default: none, each row is a step)',
      names,
    )
    .option('--time-format <format>', 'such as DD/MM/YYYY, MM/DD/YYYY HH:mm, DD.MM.YYYY, unix or unix-ms')
    .addOption(new Option('--decimal <sign>', 'the sign before decimals (default: a point)').choices(DECIMALS))
    .addOption(new Option('--thousands <sign>', 'the sign between thousands (default: none)').choices(THOUSANDS))
    .option('--ahead <steps>', 'how far ahead; 1,28 for several horizons', numbers, [1])
    .option(
      '--test <part>',
      'the part that measures: times <from..to> (default: the last tenth, at most 10,000 steps); with --classify groups <a,b>, or <column=values> (default: a fifth of the groups)',
      filePath,
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
    .option('--interval <share>', 'the share of numbers that an interval should contain', finiteNumber, 0.9)
    .addOption(
      new Option('--method <name>', 'what forecasts; auto: the best on the validation part')
        .choices(FORECAST_METHODS)
        .default('auto'),
    )
    .option('--negative', 'forecasts may be below 0 although no number of the training part is', false)
    .option('--program <file>', 'write the same run as a program for the library, an .mjs file', filePath);
}

/** Adds the flags of rolling origins. */
export const withOrigins = (command: Command): Command =>
  command
    .option('--origins <count>', 'cut the test part so often, and show the errors of each block', wholeNumber(1), 1)
    .option('--refit', 'with --origins: train again before each block', false);

/** What only other runs have: the flags' attributes. */
const OTHERS = [...OF_ONE_NETWORK, ...NOT_OF_FORECASTS];

/** What only forecasters have, and what classifiers have too. */
const OWN = [
  'series',
  'timeFormat',
  'decimal',
  'thousands',
  'ahead',
  'known',
  'holidays',
  'fill',
  'season',
  'together',
  'interval',
  'program',
  'method',
  'negative',
];
/** What only forecasters have, also those that are resumed. */
export const OF_ORIGINS = ['origins', 'refit'];
const SHARED = ['time', 'inputs', 'seeds', 'test'];

/** The flags that are called otherwise than the fields of a request. */
const flagOf = (field: keyof ForecastRequest): string =>
  field === 'seasons' ? '--season' : `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What the flags choose; undefined without `--predict`. Ends the command for a wrong flag, and for flags that do not belong together. */
export function seriesChoices(
  flags: SeriesFlags & { readonly classify?: string },
  command: Command,
): ForecastChoices | undefined {
  if (flags.predict === undefined) {
    const given = givenFlag(command, [...OWN, ...SHARED]);
    const isShared = given === givenFlag(command, SHARED);
    if (given !== undefined && flags.classify === undefined)
      command.error(`error: ${given} needs ${isShared ? '--predict or --classify' : '--predict'}`);
    return undefined;
  }
  if (flags.data === undefined) command.error('error: --predict needs --data, a CSV, TSV or NDJSON file');
  if (flags.program !== undefined && !flags.program.endsWith('.mjs'))
    command.error(`error: --program ${flags.program}: must end in .mjs`);
  if (flags.resume !== undefined)
    command.error('error: --predict cannot be changed with --resume: the checkpoint sets it');
  const other = givenFlag(command, OTHERS);
  const why = other === '--bidirectional' ? ': a forecast knows only the past' : '';
  if (other !== undefined) command.error(`error: ${other} cannot be used with --predict${why}`);
  try {
    return choicesOf('error', requestOf(flags), flagOf);
  } catch (error) {
    if (error instanceof RangeError) command.error(error.message);
    throw error;
  }
}

/** Trains, prints, and writes the files. `given`: the options that the user chose; `begun`: the choices of a new run, or one that continues. */
export async function trainSeries(
  flags: SeriesFlags,
  given: Partial<TrainOptions>,
  begun: { readonly choices: ForecastChoices | undefined; readonly resumed: ForecastState | undefined },
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  const run = await runOf(flags, given, begun, signal);
  const { series, options, state } = run;
  const { plan } = state;
  describePlan(run.name, series, plan);
  const config = configFor(plan, series, options);
  if (config) assertRoomToTrain(config, { T: plan.T, B: options.batchSize }, backend, flags);
  let choices = 0;
  const onChoice = (choice: Choice): void => {
    choices++;
    if (choices <= MOST_LINES) informOfChoice(choice);
    else if (choices === MOST_LINES + 1) inform('… and so on: the report has the methods of each series');
  };
  const train = async ({ begin, ...hooks }: RunHooks<ForecastState>): Promise<ForecastState> => {
    const onNetwork: ForecastHooks['onNetwork'] = (member, stage, number, count) =>
      begin(networkWords(member, stage, number, count), count - number + 1);
    return (await trainRun(backend, run, { ...hooks, onNetwork, onChoice })).state;
  };
  await trainAndTest(flags, backend, signal, state, forecastBytes, train, (trained, target) =>
    testRun(backend, { ...run, state: trained }, target, flags, withLooksOfRun, signal),
  );
}

/** Says which network is trained before a block; it has no bar. */
const informOfNetwork: NonNullable<ForecastHooks['onNetwork']> = (...network) =>
  inform(`a later origin: ${networkWords(...network)}`);

/** Says what forecasts a horizon, before the networks that do are trained; a warning if they would not improve the methods. */
function informOfChoice({ series, ahead: steps, methods, share, error, withNetworks }: Choice): void {
  const ahead = series === undefined ? steps : `${series}: ${steps}`;
  const [ofMethods, corrected] = [error, withNetworks ?? NaN].map((one) => String(Number(one.toPrecision(4))));
  const base = `${ahead} ahead, the mean error of ${listed(methods)} on the validation part is ${ofMethods}`;
  if (Number.isNaN(error))
    inform(
      `${ahead} ahead, no number of the validation part is known in time, so forecasts are those of ${listed(methods)}`,
    );
  else if (withNetworks === null) inform(base);
  else if (share > 0) inform(`${base}, with ${100 * share}% of the networks' corrections ${corrected}`);
  else
    inform(
      `WARNING: ${base}, with networks ${corrected}: no better, so forecasts use none. --method network uses them; --method NAME trains none`,
    );
}

/** Reports the forecasts of the test part, counts this in the checkpoint with `looked`, and writes the files beside it. */
async function testRun(
  backend: Backend,
  run: ForecastRun,
  checkpoint: string | undefined,
  { json, origins, refit }: { readonly json: boolean } & OriginChoices,
  looked: typeof withLooks,
  signal: AbortSignal,
): Promise<void> {
  const reports = await reportOfRun(backend, run, signal);
  const hooks = { signal, onNetwork: informOfNetwork };
  const rolling = await originsOf(backend, run, reports, { origins, refit }, hooks);
  const plan = looked(run.state.plan, origins, checkpoint === undefined ? 0 : earlierLooks(checkpoint, run.state.plan));
  printReports(json, plan, reports);
  printOrigins(json, rolling, refit);
  informOfLooks(plan);
  if (checkpoint === undefined) return;
  replaceFile(checkpoint, forecastBytes({ ...run.state, plan }));
  await writeReports(checkpoint, run.series, plan, reports, rolling);
}

/** `longhand eval` of a forecaster: the errors of the test part again. */
export async function evaluateForecasts(
  checkpoint: string,
  state: ForecastState,
  flags: { readonly data?: string | undefined; readonly json: boolean } & OriginChoices,
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  assertTrained(state, checkpoint);
  if (flags.data === undefined) throw new DataError(`${checkpoint}: is a forecaster: name its series with --data`);
  await testRun(backend, await resumeRun(tableFile(flags.data, signal), state), checkpoint, flags, withLooks, signal);
}

/** The flags as a request for the library. */
const requestOf = (flags: SeriesFlags): ForecastRequest => {
  const { time = [], predict = '', series, ahead, inputs, known, seeds, together, interval } = flags;
  const { timeFormat, decimal, thousands, method, test, fill, season: seasons } = flags;
  return {
    ...definedFields({ time, timeFormat, decimal, thousands, predict, series }),
    ...{ ahead, inputs, known, seeds, together, interval },
    ...(method !== 'auto' && { method }),
    ...(flags.negative && { negative: true }),
    ...(flags.origins > 1 && { origins: flags.origins, refit: flags.refit }),
    ...(test !== undefined && { test }),
    ...(fill && { fill }),
    ...(seasons && { seasons }),
  };
};

/** A new run, or one that continues. */
async function runOf(
  flags: SeriesFlags,
  given: Partial<TrainOptions>,
  { choices, resumed }: Parameters<typeof trainSeries>[2],
  signal: AbortSignal,
): Promise<ForecastRun> {
  const { data, holidays, program } = flags;
  if (data === undefined) throw new DataError('name the data of the run with --data');
  const source = tableFile(data, signal);
  if (resumed) return resumeRun(source, resumed);
  if (!choices) throw new Error('a new run needs choices');
  let text = '';
  const run = await beginRun(source, choices, given, {
    holidaysOf: (years) => {
      text = programOf(data, requestOf(flags), given, flags, years);
      return holidays === undefined ? undefined : loadHolidays(holidays, years);
    },
  });
  if (program !== undefined) replaceText(program, text);
  return run;
}

/** The table of a file. */
export const tableFile = (name: string, signal?: AbortSignal): TableSource => ({
  name,
  read: (wanted) => loadTable(name, wanted, signal),
});
