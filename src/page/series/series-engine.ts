/** “Your data” in the worker: reads the series, and trains its forecaster with the functions of the command line. */
import seriesFile from 'virtual:series-file';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { timeName } from '../../data/calendar.js';
import type { FirstRows } from '../../data/table-reader.js';
import { forecastBytes, isTrained, parseForecast } from '../../forecast/forecast-file.js';
import type { ForecastState } from '../../forecast/forecaster.js';
import { choicesOf, NO_SEASONS } from '../../forecast/request.js';
import { withForecaster } from '../../forecast/forecaster.js';
import { optionsOf } from '../../forecast/stages.js';
import type { ForecastPlan } from '../../forecast/plan.js';
import type { ForecastChoices } from '../../forecast/planning.js';
import { membersOf, withLooksOfRun } from '../../forecast/plan.js';
import type { ForecastRun, TableSource } from '../../forecast/run.js';
import { beginRun, resumeRun, trainRun } from '../../forecast/run.js';
import type { SeriesColumns } from '../../forecast/series.js';
import type { TrainOptions } from '../../training/options.js';
import { layersOf } from '../../training/options.js';
import { fetchFiles } from '../fetch-data.js';
import { Queue } from '../common.js';
import type { SeriesSettings, SettingTexts } from './choices.js';
import { FORECAST_STEPS, SPACE } from './choices.js';
import { ForecastProgress } from './progress.js';
import type { SeriesProgress } from './progress.js';
import type { Source } from './read-series.js';
import { readBeginning, readTable } from './read-series.js';
import type { Results, SeriesFacts } from './results.js';
import { factsOf, resultsOf } from './results.js';
import type { UnitStates } from './unit-states.js';
import { unitStates } from './unit-states.js';

/** A run that was loaded, in the words of the form. */
export interface LoadedRun {
  readonly facts: SeriesFacts;
  readonly columns: SeriesColumns;
  readonly settings: Omit<SettingTexts, 'threads'>;
  /** Steps of all networks that have been made. */
  readonly step: number;
  readonly isOver: boolean;
}

/** The present series, and the run on it. */
interface Run extends ForecastRun {
  readonly threads: number | null;
}

/** Steps between two points of the chart. */
const LINE_EVERY = 10;

export class SeriesEngine {
  private source: Source | undefined;
  private run: Run | undefined;
  private backend: { readonly backend: Backend; readonly threads: number | null } | undefined;
  private abort = new AbortController();
  /** Runs one job at a time. */
  private readonly queue = new Queue();

  /** Reads the beginning of a file. Rejects with a DataError if it is no table; the series before then stays. */
  async open(file: File): Promise<FirstRows> {
    return this.use({ name: file.name, file });
  }

  /** The same with the page's example. `progress` gets the share of it that has arrived. */
  async openExample(folder: string, bypassCache: boolean, progress: (share: number) => void): Promise<FirstRows> {
    const [{ name, bytes }] = await fetchFiles([seriesFile], new URL(folder), bypassCache, progress);
    return this.use({ name, file: new Blob([bytes as Uint8Array<ArrayBuffer>]) });
  }

  private async use(source: Source): Promise<FirstRows> {
    const first = await readBeginning(source);
    this.source = source;
    return first;
  }

  /** Reads the series, and begins a new run on it, at step 0. Rejects with a DataError; the run before then stays, but no longer plays. */
  async prepare(columns: SeriesColumns, settings: SeriesSettings): Promise<SeriesFacts> {
    return this.exclusively(async (signal) => {
      const { hidden, seed, threads } = settings;
      const source = this.tableFor(signal);
      const { steps, ...batch } = lengthOf(settings);
      const given = { hidden, seed, displayStep: LINE_EVERY, ...batch };
      const run = await beginRun(source, choicesFor(source.name, columns, settings), given, { steps });
      this.run = { ...run, threads };
      return factsOf(run.name, run.series, run.state.plan);
    });
  }

  /** Trains until `pause`, or to the end: whether it has reached it. Rejects if training fails. */
  async play(report: (progress: SeriesProgress) => Promise<void> | void): Promise<boolean> {
    return this.exclusively(async (signal) => {
      const run = this.currentRun;
      const progress = new ForecastProgress(run.state, optionsOf(run.state, run.options), report);
      const backend = await this.backendFor(run.threads);
      const keep = (state: ForecastState): void => void (this.run = { ...run, state });
      try {
        const { state } = await trainRun(backend, run, { ...progress.hooks, signal, onState: keep });
        keep(state);
        return true;
      } catch (error) {
        if (!signal.aborted || error !== signal.reason) throw error;
        return false;
      } finally {
        await progress.reportNow();
      }
    });
  }

  /** Resolves when the run has stopped; its state is kept. */
  async pause(): Promise<void> {
    this.abort.abort();
    await this.queue.run(async () => {});
  }

  /** The forecasts of the test part and after the last row, with their errors. Rejects if the run is not over. */
  async results(): Promise<Results> {
    return this.exclusively(async (signal) => {
      const run = this.currentRun;
      const { name, series, state } = run;
      const results = await withForecaster(await this.backendFor(run.threads), state, (forecaster) =>
        resultsOf(forecaster, series, name, signal),
      );
      this.run = { ...run, state: { ...state, plan: withLooksOfRun(state.plan, 1) } };
      return results;
    });
  }

  /** See `unitStates`. */
  async units(ahead: number): Promise<UnitStates> {
    return this.exclusively(async (signal) => {
      const { series, state, threads } = this.currentRun;
      return unitStates(await this.backendFor(threads), series, state, ahead, signal);
    });
  }

  /** The backend's description: what it really runs on. */
  async description(): Promise<string> {
    return this.queue.run(async () => (await this.backendFor(this.currentRun.threads)).description);
  }

  /** The bytes of a checkpoint file, as `longhand train --predict` writes it. */
  async save(): Promise<Uint8Array> {
    return forecastBytes(this.currentRun.state);
  }

  /** Replaces the run with that of a checkpoint. Rejects with a DataError if the bytes are damaged or the series is another one, and keeps the run. */
  async load(bytes: Uint8Array, name: string, threads: number | null): Promise<LoadedRun> {
    return this.exclusively(async (signal) => {
      const state = parseForecast(bytes, name);
      if (state.plan.columns.series !== undefined)
        throw new DataError(`${name}: has several series, and the page shows one: use longhand forecast`);
      if (membersOf(state.plan).length === 0)
        throw new DataError(`${name}: holds no networks: longhand forecast reads it, the page shows networks`);
      const run = await resumeRun(this.tableFor(signal), state);
      this.run = { ...run, threads };
      const { plan } = state;
      const progress = new ForecastProgress(state, run.options, () => {});
      return {
        facts: factsOf(run.name, run.series, plan),
        columns: plan.columns,
        settings: textsOf(plan, run.options, progress.stepsOfNetwork),
        step: progress.step,
        isOver: isTrained(state),
      };
    });
  }

  /** Ends what runs, then runs `job`. Another call aborts its signal. */
  private exclusively<Result>(job: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    return this.queue.run(() => job(abort.signal));
  }

  private async backendFor(threads: number | null): Promise<Backend> {
    if (this.backend?.threads !== threads) {
      await this.backend?.backend.dispose();
      this.backend = undefined;
    }
    this.backend ??= { threads, backend: await createWasmBackend(threads === null ? {} : { threads }) };
    return this.backend.backend;
  }

  /** The table of the open file. */
  private tableFor(signal: AbortSignal): TableSource {
    const { source } = this;
    if (!source) throw new DataError('choose a series first: a file, or the example');
    return { name: source.name, read: (wanted) => readTable(source, wanted, signal) };
  }

  private get currentRun(): Run {
    if (!this.run) throw new DataError('no series has been chosen');
    return this.run;
  }
}

/** The run of a checkpoint in the words of the form. */
function textsOf(plan: ForecastPlan, options: TrainOptions, steps: number): LoadedRun['settings'] {
  const { ahead, seeds, columns, calendar, parts, inputs } = plan;
  const [from, last] = [parts.test.from, parts.test.to - 1].map((step) => timeName(calendar, step));
  const { batchSize, seed } = options;
  const numbers = { seeds, steps, batchSize, seed, hidden: layersOf(options)[0].hidden };
  const texts = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
  return {
    ...(texts as Record<keyof typeof numbers, string>),
    ahead: ahead.join(', '),
    test: `${from}..${last}`,
    seasons: inputs.seasons.join(', ') || NO_SEASONS,
    fill: columns.fill ?? '',
    timeFormat: columns.timeFormat ?? '',
    decimal: columns.decimal === ',' ? ',' : '',
    thousands: columns.thousands === ' ' ? SPACE : (columns.thousands ?? ''),
  };
}

/** What the visitor chose, as a program writes it. Throws a DataError. */
function choicesFor(
  name: string,
  { fill, ...columns }: SeriesColumns,
  { ahead, seeds, test, seasons }: SeriesSettings,
): ForecastChoices {
  const optional = { ...(fill && { fill }), ...(test !== null && { test }), ...(seasons && { seasons }) };
  try {
    return choicesOf(name, { ...columns, ahead, seeds, method: 'network', ...optional });
  } catch (error) {
    if (error instanceof RangeError) throw new DataError(error.message);
    throw error;
  }
}

/** What the visitor chose of the length of a run: else it is that of the command line. */
const lengthOf = ({ steps, batchSize }: SeriesSettings): { readonly batchSize?: number; readonly steps?: number } => ({
  ...(batchSize !== null && { batchSize }),
  ...((batchSize !== null || steps !== FORECAST_STEPS) && { steps }),
});
