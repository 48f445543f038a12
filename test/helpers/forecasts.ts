/** A series of 120 days, and forecasters that are trained on it. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { Random } from '../../src/core/rng.js';
import { formatTime, timeFrom } from '../../src/data/times.js';
import { tableOf } from '../../src/data/table.js';
import { forecastBytes } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import type { ForecastHooks } from '../../src/forecast/stages.js';
import { forecastOptions } from '../../src/forecast/request.js';
import { trainStages } from '../../src/forecast/stages.js';
import { HOLIDAY_COLUMNS, holidaysOf, seriesOf, wantedColumns } from '../../src/forecast/series.js';
import type { ForecastChoices } from '../../src/forecast/planning.js';
import { planOf } from '../../src/forecast/planning.js';
import type { Series, SeriesColumns } from '../../src/forecast/series.js';
import { seriesOfTable } from '../../src/forecast/several.js';

export const DAY = 86_400_000;
export const START = timeFrom('1987-01-01');
export const dateOf = (n: number): string => formatTime(START + n * DAY);
export const COLUMNS: SeriesColumns = { time: ['date'], predict: 'y', inputs: ['x'], known: ['k', 'w'], fill: null };
export const COUNT = 120;

/** `count` days with numbers, and `more` with what is known in advance. */
export function rowsOfDays(count: number, more: number, change: (n: number) => number = () => 0) {
  const random = new Random(2);
  return Array.from({ length: count + more }, (_, n) => ({
    date: dateOf(n),
    y: n < count ? 50 + 5 * (n % 7) + random.normal(0, 1) + change(n) : null,
    x: random.uniform(0, 1),
    k: random.uniform(0, 1),
    w: n < count ? n % 7 : null,
  }));
}

export const seriesOfDays = (count = COUNT, more = 0, change: (n: number) => number = () => 0): Series =>
  seriesOf(tableOf('days', rowsOfDays(count, more, change), wantedColumns(COLUMNS)), COLUMNS);

/** The columns of a table of three series; the second one begins later, and all have other sizes. */
export const COLUMNS_OF_SHOPS: SeriesColumns = { ...COLUMNS, series: 'shop' };
export const rowsOfShops = (count = COUNT, more = 0, change: (n: number, shop: string) => number = () => 0) =>
  ['north', 'south', 'west'].flatMap((shop, k) =>
    rowsOfDays(count, more)
      .slice(k === 1 ? 20 : 0)
      .map((row, n) => ({
        ...row,
        shop,
        y: row.y === null ? null : (k + 1) * row.y + k * (n % 3) + change(n + (k === 1 ? 20 : 0), shop),
      })),
  );
export const tableOfShops = (rows: ReturnType<typeof rowsOfShops>, columns = COLUMNS_OF_SHOPS): Series =>
  seriesOfTable(tableOf('shops', rows, wantedColumns(columns)), columns);

export const HOLIDAYS = holidaysOf(
  tableOf(
    'h',
    [20, 50, 90, 118].map((n) => ({ date: dateOf(n), name: 'Holiday' })),
    HOLIDAY_COLUMNS,
  ),
);
export const CHOICES: ForecastChoices = {
  columns: COLUMNS,
  ahead: [1, 3],
  isTogether: false,
  seeds: 2,
  coverage: 0.8,
  test: null,
  seasons: [7],
  method: 'network',
  isNegative: false,
};
export const OPTIONS = forecastOptions({ hidden: 2, batchSize: 8, trainingIters: 24, displayStep: 1000 });
export const backend = await createWasmBackend({ threads: 1 });
export const series = seriesOfDays();

export const begun = (choices: Partial<ForecastChoices> = {}, of = series): ForecastState => ({
  plan: planOf('days', of, { ...CHOICES, ...choices }, HOLIDAYS),
  networks: new Map(),
});

/** A whole run, and the state at each of its checkpoints. */
export async function trained(before: ForecastState, hooks: ForecastHooks = {}, of = series) {
  const states: Uint8Array<ArrayBuffer>[] = [];
  const state = await trainStages(backend, of, OPTIONS, before, {
    ...hooks,
    onState: (now) => states.push(forecastBytes(now)),
  });
  return { state, states };
}
