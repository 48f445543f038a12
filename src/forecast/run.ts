/**
 * One run of a forecaster, as the command line, programs and the page have it: a table and the choices go in; networks, errors and forecasts
 * come out. A run is begun or resumed, then trained, then measured.
 */
import type { Backend } from '../core/backend.js';
import { timeAt } from '../data/calendar.js';
import type { Table, WantedColumn } from '../data/table.js';
import type { TrainOptions } from '../training/options.js';
import type { ForecastState } from './forecaster.js';
import type { ForecastHooks } from './stages.js';
import { withForecaster } from './forecaster.js';
import { fittedOptions, optionsOf, trainStages } from './stages.js';
import type { ForecastChoices, ForecastPlan } from './plan.js';
import { assertOfTraining, plannedColumns, planOf } from './plan.js';
import type { HorizonReport } from './report.js';
import { reportOf } from './report.js';
import { forecastOptions } from './request.js';
import type { Holidays, Series } from './series.js';
import { laterSeriesOf, seriesOf, wantedColumns } from './series.js';

/** A table that is read as soon as the wanted columns are known. */
export interface TableSource {
  /** Begins messages, as a file's name does. */
  readonly name: string;
  readonly read: (wanted: Readonly<Record<string, WantedColumn>>) => Table | Promise<Table>;
}

/** A series, and the state of the forecaster that is trained on it. */
export interface ForecastRun {
  /** That of the table. */
  readonly name: string;
  readonly series: Series;
  /** The options of networks that have not begun. */
  readonly options: TrainOptions;
  readonly state: ForecastState;
}

/** The first and the last year whose holidays a run may read. */
export type Years = readonly [first: number, last: number];

interface BeginOptions {
  readonly steps?: number | undefined;
  readonly holidaysOf?: (years: Years) => Holidays | undefined | Promise<Holidays | undefined>;
}

/**
 * A new run. `given`: the options that differ from the defaults; `steps`: of each network, in place of `trainingIters`. Rejects with a DataError
 * that names the row, or says why the series does not suit the choices.
 */
export async function beginRun(
  { name, read }: TableSource,
  choices: ForecastChoices,
  given: Partial<TrainOptions>,
  { steps, holidaysOf }: BeginOptions = {},
): Promise<ForecastRun> {
  const { columns } = choices;
  const series = seriesOf(await read(wantedColumns(columns)), columns);
  const plan = planOf(name, series, choices, await holidaysOf?.(yearsOf(series)));
  return { name, series, options: fittedOptions(plan, given, steps), state: { plan, networks: new Map() } };
}

/** The run of a file, to continue it or to measure it again. Rejects with a DataError unless the table has the values of its training. */
export async function resumeRun(source: TableSource, state: ForecastState): Promise<ForecastRun> {
  const series = await laterSeries(source, state.plan);
  assertOfTraining(state.plan, series, source.name);
  return { name: source.name, series, options: optionsOf(state, forecastOptions({})), state };
}

/** The series of a plan in a table, which may begin later and end later than the one of the training. */
export const laterSeries = async ({ read }: TableSource, plan: ForecastPlan): Promise<Series> =>
  laterSeriesOf(plan.calendar, await read(plannedColumns(plan)), plan.columns);

/** The run with all networks trained. */
export const trainRun = async (backend: Backend, run: ForecastRun, hooks?: ForecastHooks): Promise<ForecastRun> => ({
  ...run,
  state: await trainStages(backend, run.series, run.options, run.state, hooks),
});

/** The errors of the test part. */
export const reportOfRun = (
  backend: Backend,
  { series, state }: ForecastRun,
  signal?: AbortSignal,
): Promise<HorizonReport[]> =>
  withForecaster(backend, state, (forecaster) => reportOf(forecaster, series, 'test', signal));

function yearsOf({ calendar, length }: Series): Years {
  const [first, last] = [0, length].map((step) => new Date(timeAt(calendar, step)).getUTCFullYear());
  return [first - 1, last + 2];
}
