/** Several series in one table: each has its own plan, and one network learns from all of them. */
import { Random } from '../../src/core/rng.js';
import { zeros } from '../../src/core/tensor.js';
import { timeName } from '../../src/data/calendar.js';
import { tableOf } from '../../src/data/table.js';
import { loadForecaster, trainForecaster } from '../../src/door/forecaster.js';
import { parseForecast } from '../../src/forecast/forecast-file.js';
import { stepsIn } from '../../src/core/numbers.js';
import { Forecaster, networkReading } from '../../src/forecast/forecaster.js';
import { plansFor } from '../../src/forecast/inputs.js';
import { joined, membersOf, plansIn, rulesOf, trainEnd } from '../../src/forecast/plan.js';
import { planOf } from '../../src/forecast/planning.js';
import type { ForecastRequest } from '../../src/forecast/request.js';
import { beginRun, reportOfRun, trainRun } from '../../src/forecast/run.js';
import { wantedColumns } from '../../src/forecast/series.js';
import { allPlannedIn, plannedIn, seriesIn } from '../../src/forecast/several.js';
import { windowExamples } from '../../src/forecast/windows.js';
import { expectDataError } from '../helpers/failures.js';
import {
  backend,
  begun,
  CHOICES,
  COLUMNS_OF_SHOPS,
  COUNT,
  DAY,
  HOLIDAYS,
  rowsOfDays,
  rowsOfShops,
  START,
  tableOfShops,
  trained,
} from '../helpers/forecasts.js';

const shops = tableOfShops(rowsOfShops());
const [north, south, west] = seriesIn(shops);
const choices = { ...CHOICES, columns: COLUMNS_OF_SHOPS };
const table = (rows: readonly Record<string, unknown>[], columns = COLUMNS_OF_SHOPS) =>
  tableOf('shops', rows, wantedColumns(columns));
const request: ForecastRequest = {
  ...{ time: 'date', predict: 'y', series: 'shop', inputs: ['x'], known: ['k'] },
  ...{ ahead: [1, 3], seeds: 1, seasons: [7] },
};
const SMALL = { hidden: 2, batchSize: 8, trainingIters: 24 };

describe('a table of several series', () => {
  test('has one calendar: a step is the same day in each, and a later one begins at its own step', () => {
    expect([north, south, west].map(({ name, first, end, length }) => [name, first, end, length])).toEqual([
      ['north', 0, COUNT, COUNT],
      ['south', 20, COUNT, COUNT],
      ['west', 0, COUNT, COUNT],
    ]);
    for (const { calendar } of [south, west]) expect(calendar).toBe(north.calendar);
    const rows = rowsOfShops();
    for (const { name, y, first, inputs } of [north, south, west]) {
      const own = rows.filter(({ shop }) => shop === name);
      expect([...y.subarray(first)]).toEqual(own.map((row) => row.y));
      expect([...inputs[0].subarray(first)]).toEqual(own.map((row) => row.x));
      expect(y.subarray(0, first).every(Number.isNaN)).toBe(true);
    }
  });

  test('may have its rows in the order of the days, and names that are numbers', () => {
    const rows = rowsOfShops().map((row) => ({ ...row, shop: ['north', 'south', 'west'].indexOf(row.shop) }));
    const mixed = rows.sort((a, b) => a.date.localeCompare(b.date));
    const series = seriesIn(tableOfShops(mixed as never));
    expect(series.map(({ name }) => name)).toEqual(['0', '2', '1']); // the second shop begins later
    expect([0, 2, 1].map((n) => series[n].y)).toEqual([north, south, west].map(({ y }) => y));
  });

  test('needs a name in each row, rows in the order of time, and no gaps', () => {
    const rows = rowsOfShops();
    const changed = (n: number, change: object) => rows.map((row, k) => (k === n ? { ...row, ...change } : row));
    expectDataError(() => tableOfShops(changed(130, { shop: null })), 'shops[130]: has no shop: each row needs');
    expectDataError(() => tableOfShops(changed(130, { date: rows[129].date })), 'shops[130]: 1987-01-30 occurs twice');
    expectDataError(
      () => tableOfShops(rows.filter((_, n) => n !== 130)),
      'shops[130]: 1987-02-01 comes after 1987-01-30',
    );
    expectDataError(() => tableOfShops(rows.filter((_, n) => n === 3)), 'shops: has 1 time: a series needs more');
    expectDataError(
      () => tableOfShops(rows.map((row) => (row.shop === 'south' ? { ...row, y: null } : row))),
      'shops, shop south: y has no number in any row',
    );
  });

  test('may have at most 10,000 series and 10,000,000 numbers', () => {
    const columns = { ...COLUMNS_OF_SHOPS, inputs: [], known: [] };
    const rows = Array.from({ length: 20_002 }, (_, n) => ({
      date: START + (n % 2) * DAY,
      y: n,
      shop: `s${n >> 1}`,
    })).map(({ date, ...row }) => ({ ...row, date: new Date(date) }));
    expectDataError(
      () => tableOfShops(rows as never, columns),
      'shops: 10001 series of up to 2 steps: at most 10000 series',
    );
    expect(seriesIn(tableOfShops(rows.slice(2) as never, columns))).toHaveLength(10_000);
  });
});

describe('the plan of several series', () => {
  const plan = planOf('shops', shops, choices, HOLIDAYS);
  const plans = plansIn(plan);

  test('has the same parts, inputs and networks for all, and scales, digests and codes for each', () => {
    expect(plans.map(({ name, first }) => [name, first])).toEqual([
      ['north', 0],
      ['south', 20],
      ['west', 0],
    ]);
    for (const one of plans) {
      expect([one.parts, one.T, one.calendar]).toEqual([plan.parts, plan.T, plan.calendar]);
      const { y, inputs, code } = plan.inputs;
      expect({ ...one.inputs, y, inputs, code }).toEqual(plan.inputs);
    }
    expect(plans.map(({ inputs }) => inputs.code)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const levels = plans.map(({ inputs }) => inputs.y.level);
    expect(levels[2] / levels[0]).toBeCloseTo(3, 0);
    expect(new Set(plans.map(({ digests }) => digests[0])).size).toBe(3);
    expect(membersOf(plan)).toEqual(membersOf(plans[0]));
  });

  test('names a series that is too short, or has no number in a part', () => {
    const planned = (rows: ReturnType<typeof rowsOfShops>) => planOf('shops', tableOfShops(rows), choices, HOLIDAYS);
    const late = (from: number) =>
      rowsOfShops().filter(({ shop, date }) => shop !== 'west' || date >= timeName(north.calendar, from));
    planned(late(60));
    expectDataError(
      () => planned(late(70)),
      'shops, shop west: 26 steps before the validation part: a forecast of 3 steps ahead needs 34',
    );
    expectDataError(() => planned(late(110)), 'shops, shop west: 0 steps before the validation part');
    const ended = rowsOfShops().filter(({ shop, date }) => shop !== 'south' || date < timeName(north.calendar, 105));
    expectDataError(() => planned(ended), 'shops, shop south: y has no number in the test part');
  });

  test('has the seasons that half of the series have', () => {
    const of = (season: (shop: string) => number) =>
      planOf(
        'shops',
        tableOfShops(rowsOfShops(COUNT, 0).map((row, n) => ({ ...row, y: 10 * (n % season(row.shop)) + row.x }))),
        { ...choices, seasons: null },
        undefined,
      ).inputs.seasons;
    expect(of(() => 5)).toEqual([5]);
    expect(of((shop) => (shop === 'north' ? 9 : 5))).toEqual([5]);
    // of more than 100 series every second one is searched: here 31 of these 51 have the season
    const random = new Random(3);
    const columns = { ...COLUMNS_OF_SHOPS, inputs: [], known: [] };
    const rows = Array.from({ length: 102 * 60 }, (_, n) => {
      const [shop, day] = [Math.floor(n / 60), n % 60];
      const size = shop % 10 < 5 && shop % 2 === 0 ? 10 : 0;
      const date = new Date(START + day * DAY);
      return { date, shop: `s${shop}`, y: size * (day % 5) + random.normal(0, 1) };
    });
    const many = tableOfShops(rows as never, columns);
    expect(planOf('shops', many, { ...choices, columns, seasons: null }, undefined).inputs.seasons).toEqual([5]);
  });

  test('knows the categories of all series, and gives each of many series other numbers', () => {
    const rows = rowsOfShops().map((row) => ({ ...row, w: row.shop === 'west' ? 9 : (row.w ?? 0) }));
    expect(planOf('shops', tableOfShops(rows), choices, HOLIDAYS).inputs.known[1]).toEqual({
      ...{ name: 'w', kind: 'categories', categories: [0, 1, 2, 3, 4, 5, 6, 9], repeats: null },
    });
    expect(planOf('shops', shops, choices, HOLIDAYS).inputs.known[1]).toMatchObject({ repeats: [0, 1, 2, 3, 4, 5, 6] });
    const others = Array.from({ length: 2000 }, () => north);
    const many = plansFor({ ...north, others }, 96, 3, [7], undefined, ['x']);
    expect(new Set(many.map(({ code }) => code?.join())).size).toBe(2001);
    expect(many.every(({ code }) => code?.length === 32)).toBe(true);
  });
});

test('networks are trained for a horizon if any series uses them', () => {
  const plan = planOf('shops', shops, choices, HOLIDAYS);
  const withShares = (...all: readonly (readonly number[])[]) =>
    joined(
      plansIn(plan).map((one, n) => ({
        ...one,
        rules: {
          ...rulesOf(one),
          corrections: all[n].map((share) => ({ fits: [], unit: 1, isRelative: false, share })),
        },
      })),
    );
  const horizons = (of: typeof plan) => [...new Set(membersOf(of).flatMap(({ ahead }) => ahead))];
  expect(horizons(withShares([0, 0], [0, 0], [0, 0.5]))).toEqual([3]);
  expect(horizons(withShares([1, 0], [0, 0], [0, 0]))).toEqual([1]);
  expect(horizons(withShares([0, 0], [0, 0], [0, 0]))).toEqual([]);
});

test('a signal ends what methods do without a network: their choice, and the report', async () => {
  const read = () => tableOf('shops', rowsOfShops(), wantedColumns(COLUMNS_OF_SHOPS));
  const run = await beginRun({ name: 'shops', read }, { ...choices, method: 'last' }, SMALL);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(trainRun(backend, run, { signal })).rejects.toThrow('enough');
  await expect(reportOfRun(backend, await trainRun(backend, run), signal)).rejects.toThrow('enough');
});

test('networks learn from the windows of each series, with its code', () => {
  const plan = { ...planOf('shops', shops, { ...choices, ahead: [2] }, HOLIDAYS) };
  const corrected = plansIn(plan).map((one) => ({
    ...one,
    rules: {
      ...rulesOf(one),
      corrections: [
        { fits: [{ method: 'last', numbers: { periods: [1], count: 1 } }], unit: 2, isRelative: false, share: null },
      ],
    },
  }));
  const end = trainEnd(plan, [2], 'calibration');
  const readings = corrected.map((one, n) => networkReading(one, seriesIn(shops)[n], [2], { from: 0, to: end }));
  const all = windowExamples(readings[0], plan.T, end, readings.slice(1));
  const each = readings.map((reading) => windowExamples(reading, plan.T, end));
  expect(all.count).toBe(each.reduce((sum, { count }) => sum + count, 0));
  expect(each[1].count).toBeLessThan(each[0].count);
  const filled = (of: typeof all, n: number) => {
    const x = zeros([plan.T, 1, of.inputs]);
    const { targets } = of.fill(x, Uint32Array.of(n));
    return {
      x: [...(x.data as Float32Array)],
      y: [...('targets' in targets ? (targets.targets.data as Float64Array) : [])],
    };
  };
  let n = 0;
  for (const [k, of] of each.entries())
    for (let own = 0; own < of.count; own++, n++) {
      const found = filled(all, n);
      expect(found).toEqual(filled(of, own));
      expect(
        found.x.slice(of.inputs - 3 - (of.inputs - readings[k].columns.past.length), readings[k].columns.past.length),
      ).toEqual([0, 1, 2].map((one) => Number(one === k)));
    }
  expect(n).toBe(all.count);
});

test('a table of one series has the numbers of the same table without its column', async () => {
  const rows = rowsOfDays(COUNT, 0).map((row) => ({ ...row, shop: 'only' }));
  const { series: _, ...alone } = request;
  const [one, without] = [
    await trainForecaster(backend, rows, request, SMALL),
    await trainForecaster(backend, rows, alone, SMALL),
  ];
  expect(one.reports).toEqual(without.reports.map((report) => ({ series: 'only', ...report })));
  const [ofOne, ofNone] = [loadForecaster(backend, one.bytes), loadForecaster(backend, without.bytes)];
  const known = rowsOfDays(COUNT, 3).map((row) => ({ ...row, shop: 'only' }));
  expect(await ofOne.forecast(known)).toEqual(
    (await ofNone.forecast(known)).map((row) => ({ series: 'only', ...row })),
  );
  ofOne.dispose();
  ofNone.dispose();
});

test.each(['last', 'ridge', 'ets', 'airline'] as const)(
  'the method %s forecasts each series as if it were alone',
  async (method) => {
    // one scale of a known number is for all series, so ridge regression would differ in the last digits
    const { series: _, ...alone } = { ...request, known: [] };
    const together = await trainForecaster(backend, rowsOfShops(), { ...alone, series: 'shop', method }, SMALL);
    for (const name of ['north', 'west']) {
      const rows = rowsOfShops().filter(({ shop }) => shop === name);
      const { reports } = await trainForecaster(backend, rows, { ...alone, method }, SMALL);
      expect(together.reports.filter(({ series }) => series === name)).toEqual(
        reports.map((report) => ({ series: name, ...report })),
      );
    }
  },
);

describe('forecasts of several series', () => {
  const source = (rows: ReturnType<typeof rowsOfShops>) => ({ name: 'shops', read: () => table(rows) });

  test('for a moment do not change with what comes after it, in any series', async () => {
    const test = { from: START + 100 * DAY, to: null };
    const runOf = async (rows: ReturnType<typeof rowsOfShops>) => {
      const run = await beginRun(source(rows), { ...choices, test, seasons: null }, SMALL);
      return reportOfRun(backend, await trainRun(backend, run));
    };
    const before = await runOf(rowsOfShops());
    const moment = 107;
    const after = await runOf(rowsOfShops(COUNT, 0, (n, shop) => (n >= moment ? 40 * (shop.length - 3) + n : 0)));
    for (const [n, { ahead, series, bands }] of after.entries()) {
      const known = moment - 100 + 1; // steps of the test part up to the moment
      expect([series, ahead, bands.slice(0, known)]).toEqual([series, ahead, before[n].bands.slice(0, known)]);
      expect(bands).not.toEqual(before[n].bands);
    }
  });

  test('come from the same networks, which a forecaster of one series lends', async () => {
    const { state } = await trained(begun({ columns: COLUMNS_OF_SHOPS }, shops), {}, shops);
    const all = new Forecaster(backend, state);
    const steps = stepsIn(state.plan.parts.test);
    for (const [n, plan] of plansIn(state.plan).entries()) {
      const own = new Forecaster(backend, { ...state, plan });
      const found = await own.bands(seriesIn(shops)[n], 3, steps);
      expect(await all.forSeries(plan).bands(seriesIn(shops)[n], 3, steps)).toEqual(found);
      own.dispose();
    }
    all.dispose();
  });

  test('are those of a later table, for the series that it has', async () => {
    const { bytes, reports } = await trainForecaster(backend, rowsOfShops(), { ...request, method: 'ridge' }, SMALL);
    expect(reports.map(({ series, ahead }) => [series, ahead])).toEqual(
      ['north', 'south', 'west'].flatMap((name) => [1, 3].map((ahead) => [name, ahead])),
    );
    const forecaster = loadForecaster(backend, bytes);
    const rows = rowsOfShops(COUNT, 3);
    const found = await forecaster.forecast(rows);
    expect(found.map(({ series }) => series)).toEqual(['north', 'south', 'west'].flatMap((name) => [name, name, name]));
    for (const shop of ['north', 'south', 'west']) {
      const own = found.filter(({ series }) => series === shop);
      expect(await forecaster.forecast(rows.filter((row) => row.shop === shop))).toEqual(own);
    }
    const predicted = await forecaster.predict(rowsOfShops());
    expect(new Set(predicted.map(({ series }) => series)).size).toBe(3);
    await expect(forecaster.forecast(rows.map((row) => ({ ...row, shop: `new ${row.shop}` })))).rejects.toThrow(
      'rows: has no series of the training, which had north, south, west',
    );
    forecaster.dispose();
  });

  test('are of one, if only one is asked for; all are needed to continue', () => {
    const plan = planOf('shops', shops, choices, HOLIDAYS);
    const rows = rowsOfShops();
    expect(plannedIn(table(rows), plan, 'west').map(({ series }) => series.name)).toEqual(['west']);
    expectDataError(
      () => plannedIn(table(rows), plan, 'east'),
      'shops: shop east is none of the training, which had north',
    );
    const some = rows.filter(({ shop }) => shop !== 'west');
    expectDataError(() => plannedIn(table(some), plan, 'west'), 'shops: has no row with shop west');
    expectDataError(() => allPlannedIn(table(some), plan), 'shops: has no row with shop west');
    const more = [...rows, ...rows.filter(({ shop }) => shop === 'west').map((row) => ({ ...row, shop: 'east' }))];
    const [{ series }] = plannedIn(table(more), plan);
    expect(series.notes[0]).toBe('shop east is left out, because the training had none');
    const turned = [...rows.filter(({ shop }) => shop === 'west'), ...some];
    expect(seriesIn(allPlannedIn(table(turned), plan)).map(({ name, y }) => [name, y])).toEqual(
      [north, south, west].map(({ name, y }) => [name, y]),
    );
  });
});

test('programs have rolling origins of each series, trained once or again', async () => {
  const rolling = { ...request, method: 'ridge', origins: 3 } as const;
  const { reports, origins, bytes } = await trainForecaster(backend, rowsOfShops(), rolling, SMALL);
  expect(origins.map(({ series, ahead }) => [series, ahead])).toEqual(
    reports.map(({ series, ahead }) => [series, ahead]),
  );
  const { test } = parseForecast(bytes, 'f').plan.parts;
  for (const [n, { error, bands, series: name }] of reports.entries()) {
    const y =
      seriesIn(shops)
        .find((one) => one.name === name)
        ?.y.subarray(test.from, test.to) ?? new Float64Array();
    const errors = [0, 4, 8].map((from) =>
      bands.slice(from, from + 4).reduce((sum, { forecast }, k) => sum + Math.abs(forecast - y[from + k]) / 4, 0),
    );
    for (const [k, one] of errors.entries()) expect(origins[n].origins[k].error).toBeCloseTo(one, 10);
    expect(origins[n].mean).toBeCloseTo(error, 10); // blocks of the same length
  }
  expect(rulesOf(parseForecast(bytes, 'f').plan).looks).toBe(3);
  const again = await trainForecaster(backend, rowsOfShops(), { ...rolling, refit: true }, SMALL);
  for (const [n, { origins: blocks }] of again.origins.entries()) {
    expect(blocks[0]).toEqual(origins[n].origins[0]);
    expect(blocks[2].error).not.toBe(origins[n].origins[2].error);
  }
  expect((await trainForecaster(backend, rowsOfShops(), { ...rolling, origins: 1 }, SMALL)).origins).toEqual([]);
  for (const wrong of [{ origins: 0 }, { origins: 1.5 }, { refit: 1 }])
    await expect(trainForecaster(backend, [], { ...request, ...wrong } as never)).rejects.toThrow(
      `trainForecaster: ${Object.keys(wrong)[0]} `,
    );
});
