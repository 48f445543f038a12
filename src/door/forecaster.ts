/** Forecasts for programs: rows in, a forecaster and its errors out. It runs in pages too. */
import { assertKinds, assertSignal, assertWhole } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { timeName } from '../data/calendar.js';
import { tableOf } from '../data/table.js';
import type { Network as Computing } from '../network/network.js';
import { Network } from './network.js';
import type { TrainHooks } from './train.js';
import type { LoopHooks } from '../training/loop.js';
import type { TrainOptions } from '../training/options.js';
import { assertTrained, forecastBytes, parseForecast } from '../forecast/forecast-file.js';
import { checkedForecastOptions, choicesOf } from '../forecast/request.js';
import { stepsIn } from '../core/numbers.js';
import { Forecaster } from '../forecast/forecaster.js';
import type { Holidays } from '../forecast/series.js';
import { HOLIDAY_COLUMNS, holidaysOf } from '../forecast/series.js';
import type { TableSource } from '../forecast/run.js';
import { beginRun, laterSeries, reportOfRun, trainRun } from '../forecast/run.js';
import { nameIn } from '../forecast/several.js';
import type { ForecastRow } from '../forecast/future.js';
import { futureOf, MOST_STEPS, rowsOf } from '../forecast/future.js';
import { withLooksOfRun } from '../forecast/plan.js';
import { assertHolidaysReach, lastRead } from '../forecast/plan-checks.js';
import type { OriginsReport } from '../forecast/origins.js';
import { originsOf } from '../forecast/origins.js';
import type { HorizonReport } from '../forecast/report.js';
import type { ForecastRequest, SeriesRow } from '../forecast/request.js';

/** A forecaster that `longhand train --predict` has trained. */
export interface LoadedForecaster {
  /** The horizons: steps ahead. */
  readonly ahead: readonly number[];
  /**
   * For each horizon and each row, in a table of several series for one series after another, the forecast made that many steps before the row, from the rows before; none where a simple method forecasts and has too few of these. One network of several horizons that
   * reads known columns forecasts only from rows whose largest horizon is a row too. Rejects with a DataError for rows out of order, gaps, or
   * missing columns, and for rows after the last year of the holidays.
   */
  readonly predict: (rows: readonly SeriesRow[]) => Promise<ForecastRow[]>;
  /** The `count` steps after the last row with a number. Default: the largest horizon. Rejects with the errors of `predict`. */
  readonly forecast: (rows: readonly SeriesRow[], count?: number) => Promise<ForecastRow[]>;
  /** Frees the networks. */
  readonly dispose: () => void;
}

/** The forecaster in the bytes of a checkpoint. The caller disposes of it. Throws a DataError if the bytes are something else. */
export function loadForecaster(backend: Backend, bytes: Uint8Array): LoadedForecaster {
  const state = parseForecast(bytes, 'loadForecaster');
  assertTrained(state, 'loadForecaster');
  const { plan } = state;
  const forecaster = new Forecaster(backend, state);
  const largest = plan.ahead[plan.ahead.length - 1];
  return {
    ahead: [...plan.ahead],
    async predict(rows) {
      const found: ForecastRow[] = [];
      const isAllRead = plan.isTogether && plan.columns.known.length > 0;
      for (const { plan: one, series } of await laterSeries(sourceOf(rows), plan)) {
        const { first } = series; // filled steps are forecast too
        assertHolidaysReach(plan, isAllRead ? series.length : lastRead(plan, series.length), 'rows');
        for (const ahead of plan.ahead) {
          const steps = stepsIn({ from: first + ahead, to: series.length - (isAllRead ? largest - ahead : 0) });
          const bands = await forecaster.forSeries(one).bands(series, ahead, steps);
          const made = bands
            .map((band, n) => ({ step: steps[n], band }))
            .filter(({ band }) => !Number.isNaN(band.forecast));
          found.push(
            ...rowsOf(
              one,
              made.map(({ step, band }) => ({ date: timeName(series.calendar, step), ahead, band })),
            ),
          );
        }
      }
      return found;
    },
    async forecast(rows, count = largest) {
      assertWhole('forecast: count', count, 1, MOST_STEPS);
      const found: ForecastRow[] = [];
      for (const { plan: one, series } of await laterSeries(sourceOf(rows), plan))
        found.push(
          ...rowsOf(one, await futureOf(forecaster.forSeries(one), series, count, nameIn('rows', one, one.name))),
        );
      return found;
    },
    dispose: () => forecaster.dispose(),
  };
}

/** What `trainForecaster` returns. */
export interface TrainedForecaster {
  /** The file that `longhand forecast` and `loadForecaster` read. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each horizon the errors on the test part, beside those of the baselines; of several series, one after another. */
  readonly reports: readonly HorizonReport[];
  /** For each of `reports` the errors of each block; none without `origins` of the request. */
  readonly origins: readonly OriginsReport[];
}

/**
 * Trains the networks of a forecaster on rows, and measures it on the test part, as `longhand train --predict` does. Options are those of
 * `train`; defaults are 32 units, batches of 64, and those of docs/forecast.md. `hooks.onStep` is called after each step of each network.
 *
 * Rejects with a TypeError or a RangeError that names the field of the request, or the option; with a DataError that names the row; and with a
 * NonFiniteError if training diverges.
 */
export async function trainForecaster(
  backend: Backend,
  rows: readonly SeriesRow[],
  request: ForecastRequest,
  options: Partial<TrainOptions> = {},
  hooks: Pick<TrainHooks, 'onStep' | 'signal'> = {},
): Promise<TrainedForecaster> {
  assertKinds('trainForecaster: hooks', hooks, { onStep: 'function', signal: 'object' });
  assertSignal('trainForecaster: hooks', hooks.signal);
  const { onStep, signal } = hooks; // also those of a prototype, which { ...hooks } would leave out
  const choices = choicesOf('trainForecaster', request);
  const { origins: blocks = 1, refit = false } = request;
  // read before anything is awaited, because the caller may change them
  const chosen = structuredClone(checkedForecastOptions(options));
  const holidays = request.holidays === undefined ? undefined : holidaysFrom(request.holidays);
  const begun = await beginRun(sourceOf(rows), choices, chosen, { holidaysOf: () => holidays });
  const runHooks = {
    ...(onStep && { onStep: guarding((step, steps, network) => onStep.call(hooks, step, steps, network)) }),
    ...(signal && { signal }),
  };
  const run = await trainRun(backend, begun, runHooks);
  const reports = await reportOfRun(backend, run, signal);
  const origins = await originsOf(backend, run, reports, { origins: blocks, refit }, runHooks);
  const plan = withLooksOfRun(run.state.plan, blocks);
  return { bytes: forecastBytes({ ...run.state, plan }), reports, origins };
}

/** The rows of a program. */
const sourceOf = (rows: readonly SeriesRow[]): TableSource => ({
  name: 'rows',
  read: (wanted) => tableOf('rows', rows, wanted),
});

const holidaysFrom = (rows: readonly SeriesRow[]): Holidays => holidaysOf(tableOf('holidays', rows, HOLIDAY_COLUMNS));

/** Calls `onStep` with one guarded network for each network that is trained. */
function guarding(onStep: NonNullable<TrainHooks['onStep']>): NonNullable<LoopHooks['onStep']> {
  const guarded = new WeakMap<Computing, Network>();
  return (step, steps, trained) => {
    const inner = trained as Computing;
    const network = guarded.get(inner) ?? new Network(inner);
    guarded.set(inner, network);
    return onStep(step, steps, network);
  };
}
