/**
 * One run of a forecaster, as the command line, programs and the page have it: a table and the choices go in; networks, errors and forecasts
 * come out. A run is begun or resumed, then trained, then measured.
 */
import type { Backend } from '../core/backend.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { timeAt } from '../data/calendar.js';
import type { Table, WantedColumn } from '../data/table.js';
import type { TrainOptions } from '../training/options.js';
import type { ForecastState } from './forecaster.js';
import type { ForecastHooks } from './stages.js';
import { withForecaster } from './forecaster.js';
import { fittedOptions, optionsOf, trainStages } from './stages.js';
import type { ForecastPlan } from './plan.js';
import { plansIn } from './plan.js';
import { assertOfTraining, plannedColumns } from './plan-checks.js';
import type { ForecastChoices } from './planning.js';
import { planOf } from './planning.js';
import type { HorizonReport } from './report.js';
import { reportOf } from './report.js';
import { forecastOptions } from './request.js';
import type { Holidays, Series } from './series.js';
import { wantedColumns } from './series.js';
import type { Planned } from './several.js';
import { allPlannedIn, nameIn, plannedIn, seriesIn, seriesOfTable } from './several.js';

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
  const series = seriesOfTable(await read(wantedColumns(columns)), columns);
  const plan = planOf(name, series, choices, await holidaysOf?.(yearsOf(series)));
  return { name, series, options: fittedOptions(plan, given, steps), state: { plan, networks: new Map() } };
}

/** The run of a file, to continue it or to measure it again. Rejects with a DataError unless the table has the values of its training. */
export async function resumeRun({ name, read }: TableSource, state: ForecastState): Promise<ForecastRun> {
  const series = allPlannedIn(await read(plannedColumns(state.plan)), state.plan);
  const all = seriesIn(series);
  for (const [n, plan] of plansIn(state.plan).entries()) assertOfTraining(plan, all[n], nameIn(name, plan, plan.name));
  return { name, series, options: optionsOf(state, forecastOptions({})), state };
}

/** A later table of a plan: its series, which may begin later and end later than those of the training. `only`: the name of one that is wanted. */
export const laterSeries = async ({ read }: TableSource, plan: ForecastPlan, only?: string): Promise<Planned[]> =>
  plannedIn(await read(plannedColumns(plan)), plan, only);

/** The run with all networks trained. */
export const trainRun = async (backend: Backend, run: ForecastRun, hooks?: ForecastHooks): Promise<ForecastRun> => ({
  ...run,
  state: await trainStages(backend, run.series, run.options, run.state, hooks),
});

/** The errors of the test part, for each horizon; of several series, one after another. */
export const reportOfRun = (
  backend: Backend,
  { series, state }: ForecastRun,
  signal?: AbortSignal,
): Promise<HorizonReport[]> =>
  withForecaster(backend, state, async (all) => {
    const reports: HorizonReport[] = [];
    const table = seriesIn(series);
    for (const [n, plan] of plansIn(state.plan).entries()) {
      await yieldToEventLoop(signal);
      reports.push(...(await reportOf(all.forSeries(plan), table[n], 'test', signal)));
    }
    return reports;
  });

function yearsOf({ calendar, length }: Series): Years {
  const [first, last] = [0, length].map((step) => new Date(timeAt(calendar, step)).getUTCFullYear());
  return [first - 1, last + 2];
}
