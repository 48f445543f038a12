/** Forecasters: trained, interrupted, and used beyond the last row. */
import { jest } from '@jest/globals';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { zeros } from '../../src/core/tensor.js';
import { timeFrom } from '../../src/data/times.js';
import { tableOf } from '../../src/data/table.js';
import { forecastBytes, parseForecast } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import { Forecaster } from '../../src/forecast/forecaster.js';
import { trainStages } from '../../src/forecast/stages.js';
import { firstRead, futureOf } from '../../src/forecast/future.js';
import type { LoadedForecaster } from '../../src/index.js';
import { Network as Computing } from '../../src/network/network.js';
import { loadForecaster, Network, trainForecaster } from '../../src/index.js';
import { inputColumns } from '../../src/forecast/inputs.js';
import type { Band } from '../../src/forecast/intervals.js';
import { coverageOf, meanAbsoluteError, movedOutwards, recentShifts, scoreOf } from '../../src/forecast/intervals.js';
import type { ForecastPlan } from '../../src/forecast/plan.js';
import { rulesOf } from '../../src/forecast/plan.js';
import { assertHoldsTest, assertOfTraining, plannedColumns } from '../../src/forecast/plan-checks.js';
import { planOf } from '../../src/forecast/planning.js';
import { baselinesOf, reportOf } from '../../src/forecast/report.js';
import { errorTable } from '../../src/forecast/report-words.js';
import type { Series } from '../../src/forecast/series.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import { fillWindow, inputCount } from '../../src/trained-state.js';
import { checkpointSetBytes } from '../../src/training/checkpoint-set.js';
import { errorOf, expectDataError, failureOf } from '../helpers/failures.js';
import {
  backend,
  begun,
  CHOICES,
  COLUMNS,
  COUNT,
  dateOf,
  DAY,
  HOLIDAYS,
  OPTIONS,
  rowsOfDays,
  series,
  seriesOfDays,
  START,
  trained,
} from '../helpers/forecasts.js';

let whole: Awaited<ReturnType<typeof trained>>;
/** The networks of `whole`, in the order in which they were trained. */
const names: string[] = [];
let together: Awaited<ReturnType<typeof trained>>;
/** Those of `whole`, as it is and without the scores that correct its intervals, and that of `together`. */
let [forecaster, uncorrected, forecasterOfAll]: readonly Forecaster[] = [];
let loaded: LoadedForecaster;
beforeAll(async () => {
  whole = await trained(begun(), {
    onNetwork: ({ name }, stage, n, of) => names.push(`${stage} ${n}/${of} ${name}`),
  });
  together = await trained(begun({ isTogether: true, seeds: 1 }));
  forecaster = forecasterWith({});
  uncorrected = forecasterWith({ scores: null });
  forecasterOfAll = new Forecaster(backend, together.state);
  loaded = loadForecaster(backend, forecastBytes(whole.state));
});
afterAll(() => {
  for (const one of [forecaster, uncorrected, forecasterOfAll, loaded]) one.dispose();
});

const forecasterWith = (changed: Partial<ForecastPlan>): Forecaster =>
  new Forecaster(backend, { ...whole.state, plan: { ...whole.state.plan, ...changed } });
/** The plan of `whole` as 1.0.0 has it, whose networks correct no methods. */
function planOfVersion1(): ForecastPlan {
  const { rules: _, ...plan } = whole.state.plan;
  return plan;
}
const meanOfAll = (values: Float64Array): number => values.reduce((sum, one) => sum + one, 0) / values.length;
const seriesIn = (rows: readonly Record<string, unknown>[]): Series =>
  seriesOf(tableOf('t', rows, wantedColumns(COLUMNS)), COLUMNS);
/** The series as the networks of `whole` read it. */
const laterSeries = (rows: readonly Record<string, unknown>[]): Series =>
  seriesOf(tableOf('t', rows, plannedColumns(whole.state.plan)), COLUMNS, whole.state.plan.calendar);

describe('a forecaster', () => {
  test('is trained twice, and corrects its intervals between', async () => {
    const { state, states } = whole;
    expect(names).toEqual(
      ['calibration', 'final'].flatMap((stage) =>
        ['ahead-1-seed-1', 'ahead-1-seed-2', 'ahead-3-seed-1', 'ahead-3-seed-2'].map((name, n) =>
          stage === 'final' ? `final ${n + 5}/8 ${name}` : `calibration ${n + 1}/8 calibration-${name}`,
        ),
      ),
    );
    expect(states).toHaveLength(8);
    expect([...state.networks.values()].map(({ training }) => training?.options.seed)).toEqual(
      [1, 2, 1, 2].map((n) => OPTIONS.seed + n - 1),
    );
    const calibration = parseForecast(states[3], 'f');
    const rules = rulesOf(calibration.plan);
    const chosen = state.plan.rules?.corrections ?? [];
    const corrections = rules.corrections?.map((one, n) => ({ ...one, share: chosen[n].share })) ?? null;
    const plan = { ...calibration.plan, rules: { ...rules, corrections } };
    const first = new Forecaster(backend, { ...calibration, plan }, 'calibration');
    const steps = Array.from({ length: 12 }, (_, n) => 96 + n);
    const truth = steps.map((d) => series.y[d]);
    for (const [n, ahead] of [1, 3].entries()) {
      const bands = await first.bands(series, ahead, steps);
      // errors grow with the level or not: the size of the mean of the last four weeks, when the forecast is made
      const levelAt = (t: number): number => Math.abs(meanOfAll(series.y.subarray(t - 27, t + 1)));
      const unitAt = (d: number): number => (state.plan.rules?.corrections?.[n].isRelative ? levelAt(d - ahead) : 1);
      expect(state.plan.scores?.[n]).toEqual(
        bands.map((band, k) => expect.closeTo(Math.fround(scoreOf(band, truth[k]) / unitAt(steps[k])), 12) as number),
      );
    }
    first.dispose();
    expect(state.plan.parts.validation).toEqual({ from: 96, to: 108 });
  });

  /** The series with `change` in each number after step `moment`, and in what is known in advance of the steps that no forecast reads. */
  function changedAfter(moment: number, largest: number, change: (value: number) => number): Series {
    const from = (first: number) => (values: Float64Array) =>
      values.map((value, d) => (d < first ? value : change(value)));
    const y = from(moment + 1)(series.y);
    const [k, w] = series.known; // the weekday repeats, and has no other values
    const known = [{ ...k, values: from(moment + 1 + largest)(k.values) }, w];
    return { ...series, y, filled: y, inputs: series.inputs.map(from(moment + 1)), known };
  }

  const other30 = (value: number): number => value + 30;

  test.each([
    [{ isTogether: true, seasons: null, ahead: [1, 3], seeds: 1 }, 3, other30],
    [{ isTogether: false, seasons: [7], ahead: [1, 3], seeds: 1 }, 20, () => NaN],
    [{ isTogether: false, seasons: null, ahead: [10], seeds: 1 }, 0, (value: number) => -3 * value],
    [{ isTogether: true, seasons: [7], ahead: [2], seeds: 1 }, 11, () => NaN],
  ])(
    'with %j it says at a moment what it would say with other rows after it, and depends on the row of the moment',
    async (own, after, change) => {
      /** What is printed of the forecasts `ahead` steps after `moment`, with networks that are trained on `of`. */
      const printed = async (state: ForecastState, of: Series, moment: number): Promise<unknown[]> => {
        const forecaster = new Forecaster(backend, state);
        const all: unknown[] = [];
        for (const ahead of state.plan.ahead) {
          const d = moment + ahead;
          if (d < state.plan.parts.test.from || d >= COUNT) continue;
          all.push(await forecaster.bands(of, ahead, [d]), baselinesOf(forecaster, of, ahead, [d]));
        }
        forecaster.dispose();
        return all;
      };
      const largest = own.ahead[own.ahead.length - 1];
      const before = begun(own);
      const moment = Math.min(before.plan.parts.test.from - largest + after, COUNT - 1 - largest);
      const other = changedAfter(moment, largest, change);
      const [state, otherState] = [(await trained(before)).state, (await trained(begun(own, other), {}, other)).state];
      const said = await printed(state, series, moment);
      expect(said.length).toBeGreaterThan(0);
      expect(await printed(otherState, other, moment)).toEqual(said);
      const earlier = changedAfter(moment - 1, largest + 1, other30);
      expect(await printed(state, earlier, moment)).not.toEqual(said);
      // a table that ends at the moment gives the same forecasts
      const forecaster = new Forecaster(backend, state);
      const none = changedAfter(moment, 2 * largest, () => NaN);
      const future = await futureOf(forecaster, { ...none, end: moment + 1 }, largest, 'days');
      for (const ahead of own.ahead) {
        if (moment + ahead < state.plan.parts.test.from) continue;
        expect([future[ahead - 1].band]).toEqual(await forecaster.bands(series, ahead, [moment + ahead]));
      }
      forecaster.dispose();
    },
  );

  test('reports the errors of its forecasts, beside what they must beat', async () => {
    const reports = await reportOf(forecaster, series, 'test');
    expect(reports.map(({ ahead, networks, bands }) => [ahead, networks.length, bands.length])).toEqual([
      [1, 2, 12],
      [3, 2, 12],
    ]);
    for (const { ahead, baselines, error, bands, coverage, beatenBy, networks, numbers, relative, worst } of reports) {
      const truth = series.y.subarray(108);
      expect(baselines.map(({ name }) => name.replace(/^(ETS|the airline model) .*/, '$1'))).toEqual([
        'the last value',
        'the season before (7 steps)',
        'the mean of four seasons (7 steps)',
        'ridge regression',
        'ridge regression of logarithms',
        'ETS',
        'the airline model',
      ]);
      const last = Array.from(truth, (_, n) => series.y[108 + n - ahead]);
      const season = Array.from(truth, (_, n) => series.y[101 + n]);
      expect(baselines[0].error).toBeCloseTo(meanAbsoluteError(last, truth), 12);
      expect(baselines[1].error).toBeCloseTo(meanAbsoluteError(season, truth), 12);
      expect(error).toBeCloseTo(
        meanAbsoluteError(
          bands.map(({ forecast }) => forecast),
          truth,
        ),
        12,
      );
      expect(error).toBeLessThanOrEqual((networks[0] + networks[1]) / 2 + 1e-12);
      expect(coverage).toBe(coverageOf(bands, truth));
      expect(baselines[3].error).toBeLessThan(2); // the noise has a deviation of 1
      expect(beatenBy).not.toBeNull(); // three steps of training are no match
      expect(numbers).toBe(12);
      expect(relative).toBeCloseTo(error / (truth.reduce((sum, y) => sum + y, 0) / 12), 12);
      const errors = bands.map((band, n) => ({ date: dateOf(108 + n), truth: truth[n], ...band }));
      const size = (one: (typeof errors)[number]): number => Math.abs(one.forecast - one.truth);
      expect(worst).toEqual(errors.sort((a, b) => size(b) - size(a)).slice(0, 5));
    }
  });

  test('asks each network once, for no more windows than there are', async () => {
    const spy = jest.spyOn(Computing.prototype, 'forward');
    const batches = async (work: () => Promise<unknown>): Promise<number[]> => {
      await work();
      return (spy.mock.contexts as Computing[]).splice(0).map(({ sizes }) => sizes.B);
    };
    expect(await batches(() => reportOf(forecaster, series, 'test'))).toEqual([64, 64, 64, 64]); // 12 steps each
    expect(await batches(() => uncorrected.bands(series, 1, [110]))).toEqual([8, 8]);
    // the scores of the first block are known to the second one, although its numbers are none
    expect(await batches(() => futureOf(forecaster, seriesOfDays(COUNT, 6), 6, 'days'))).toEqual([
      ...[64, 64, 64, 64],
      ...[8, 8, 8, 8],
    ]);
    spy.mockRestore();
  });

  test('learns from the same windows with each seed', () => {
    const digests = [...whole.state.networks.values()].map(({ training }) => training?.data);
    expect([digests[0], digests[2]]).toEqual([digests[1], digests[3]]);
    expect(digests[0]).not.toBe(digests[2]);
  });

  test('in a program reads rows, and forecasts as the command does', async () => {
    const rows = rowsOfDays(COUNT, 3);
    const predicted = await loaded.predict(rows.slice(0, COUNT));
    expect(predicted.map(({ ahead, date }) => [ahead, date])).toEqual(
      [1, 3].flatMap((ahead) => Array.from({ length: COUNT - ahead }, (_, n) => [ahead, dateOf(ahead + n)])),
    );
    const [band] = await forecaster.bands(series, 3, [110]);
    expect(predicted.find(({ ahead, date }) => ahead === 3 && date === dateOf(110))).toEqual({
      ...{ date: dateOf(110), ahead: 3 },
      ...band,
    });
    const future = await futureOf(forecaster, seriesOfDays(COUNT, 3), 3, 'days');
    const expected = future.map(({ step, ahead, band: of }) => ({ date: dateOf(step), ahead, ...of }));
    expect(expected).toHaveLength(3);
    expect(await loaded.forecast(rows)).toEqual(expected);
    const dated = rows.map((row, n) => ({ ...row, date: new Date(START + n * DAY) }));
    expect(await loaded.forecast(dated, 2)).toEqual(expected.slice(0, 2));
    expect(await loaded.forecast([...rows].reverse())).toEqual(expected);
    await expect(loaded.forecast([...rows.slice(1), rows[0]])).rejects.toThrow('1987-01-01 comes after 1987-05-03');
    for (const count of [0, 1.5, NaN, 1e8])
      await expect(loaded.forecast(rows, count)).rejects.toThrow('forecast: count');
    expectDataError(() => loadForecaster(backend, whole.states[0]), 'its training has not ended');
  });

  test('in a program forecasts filled steps too, and begins at the first row', async () => {
    const state = await trainStages(backend, series, OPTIONS, begun({ columns: { ...COLUMNS, fill: 'missing' } }));
    const loaded = loadForecaster(backend, forecastBytes(state));
    const rows = rowsOfDays(COUNT, 0).filter((_, n) => n >= 20 && (n < 30 || n >= 33));
    const predicted = await loaded.predict(rows);
    expect(predicted.map(({ ahead, date }) => [ahead, date])).toEqual(
      [1, 3].flatMap((ahead) => Array.from({ length: COUNT - 20 - ahead }, (_, n) => [ahead, dateOf(20 + ahead + n)])),
    );
    loaded.dispose();
  });

  test('in a program refuses rows after the last year of its holidays', async () => {
    const most = 363; // up to 29 December, because 1 January can be a holiday
    const [from, rows] = [340, rowsOfDays(most + 1, 0)];
    expect(await loaded.predict(rows.slice(from, most))).toHaveLength(2 * (most - from) - 1 - 3);
    expect(await failureOf(loaded.predict(rows.slice(from)))).toEqual(
      new DataError(
        'rows: the forecaster knows holidays up to 1987, but reads those of 1987-12-30 and of the 2 days after it: train it with later holidays',
      ),
    );
  });

  test('is measured on a table from the first step of the training on', () => {
    const { plan } = whole.state;
    const from = (first: number): Series => laterSeries(rowsOfDays(COUNT, 0).slice(first));
    assertHoldsTest(plan, from(0), 't');
    expectDataError(
      () => assertHoldsTest(plan, from(1), 't'),
      't: begins at 1987-01-02, but the training part at 1987-01-01: the errors of the test part need the whole series',
    );
    expectDataError(() => assertHoldsTest(plan, from(109), 't'), 't: does not hold the test part');
    const old = { ...plan, holidays: [[0, 'Holiday']] as const };
    expectDataError(() => assertHoldsTest(old, from(0), 't'), 't: the forecaster knows holidays up to 1970');
  });

  test('is measured on the values of its training, in every column up to the test part', () => {
    const { plan } = whole.state;
    const { from } = plan.parts.test;
    const changed = (name: 'y' | 'x' | 'k' | 'w', at: number): Series =>
      laterSeries(rowsOfDays(COUNT, 0).map((row, n) => (n === at ? { ...row, [name]: n % 7 === 0 ? 1 : 0 } : row)));
    for (const name of ['y', 'x', 'k', 'w'] as const) {
      assertOfTraining(plan, changed(name, from), 't');
      for (const at of [from - 1, plan.parts.validation.from, 0]) {
        expectDataError(
          () => assertOfTraining(plan, changed(name, at), 't'),
          `t: is not the series of the training: ${name} has other values before the test part, up to ${dateOf(from - 1)}`,
        );
      }
    }
    const rows = rowsOfDays(COUNT, 0);
    const [first, second] = rows;
    const exchanged = [{ ...first, y: second.y }, { ...second, y: first.y }, ...rows.slice(2)];
    expectDataError(
      () => assertOfTraining(plan, laterSeries(exchanged), 't'),
      't: is not the series of the training: y ',
    );
  });

  test.each<[string, (n: number) => boolean, number[], string[]]>([
    // the last value stands for a season that has no number
    ['every 13th number', (n) => n % 13 === 0, [7, 40], ['the last value', 'the season before (7 steps)']],
    ['one number before the test part', (n) => n === 84 || n === 97 || n > 108, [7], ['the last value']],
  ])('has a report without NaN for %s', async (_, isKnown, seasons, baselines) => {
    const rows = rowsOfDays(COUNT, 0).map((row, n) => ({ ...row, y: isKnown(n) ? row.y : null }));
    const request = { time: 'date', predict: 'y', ahead: [1], seasons, seeds: 1 };
    const { bytes, reports } = await trainForecaster(backend, rows, request, OPTIONS);
    for (const report of reports) {
      expect(JSON.stringify({ ...report, beatenBy: '' }).replaceAll('"mase":null', '')).not.toContain('null');
    }
    const names = reports[reports.length - 1].baselines.map((one) => one.name);
    expect(names).toEqual(expect.arrayContaining([...baselines, 'ridge regression']));
    const table = errorTable({ seeds: 1, coverage: 0.9 }, reports);
    for (const line of table) expect(line).toHaveLength(2);
    expect(table.flat().join()).not.toMatch(/NaN|undefined/);
    loadForecaster(backend, bytes).dispose();
  });

  test.each([
    ['numbers that f64 would round to one', '9007199254740992', '9007199254740993'],
    ['texts that are equal as numbers, beside one that is none', '10', '1E1'],
  ])('a known column of %s has a category for each, and other ones are noticed', (_, first, second) => {
    const seriesWith = (words: readonly string[]): Series => {
      const rows = rowsOfDays(COUNT, 0).map(({ w, ...row }, n) => ({
        ...row,
        w: words[Number(w) % words.length] ?? w,
        n,
      }));
      return seriesIn(rows);
    };
    const words = [first, second, ...(first === '10' ? ['A2'] : [])];
    const plan = planOf('t', seriesWith(words), CHOICES, HOLIDAYS);
    const known = plan.inputs.known[COLUMNS.known.indexOf('w')];
    expect(known).toMatchObject({ kind: 'categories', categories: expect.arrayContaining(words) as string[] });
    expectDataError(
      () => assertOfTraining(plan, seriesWith([second, first, ...words.slice(2)]), 't'),
      't: is not the series of the training: w has other values',
    );
  });

  test('reads a known column as in training, also if another cell of it is a text', async () => {
    const { plan } = whole.state;
    const numbersOf = (change: (row: ReturnType<typeof rowsOfDays>[number], n: number) => object): number[] => {
      const rows = rowsOfDays(COUNT, 0).map((row, n) => ({ ...row, ...change(row, n) }));
      const { future } = inputColumns(plan.inputs, laterSeries(rows), HOLIDAYS);
      return future.map(({ at }) => at(116));
    };
    const right = numbersOf(() => ({}));
    expect(right.filter((value) => value === 1).length).toBeGreaterThanOrEqual(2); // the weekday, and w
    // one text elsewhere makes texts of a column of numbers
    expect(numbersOf(({ w }, n) => ({ w: n === 3 ? 'closed' : w }))).toEqual(right);
    expect(numbersOf(({ w }, n) => ({ w: n === 3 ? 'closed' : `${w}.0` }))).toEqual(right);
    expect(() => numbersOf(({ k }, n) => ({ k: n === 3 ? 'high' : k }))).toThrow(
      new DataError(
        't[3]: k is "high": must be a number within f32 (±3.4028235e+38), with a point before its decimals',
      ),
    );
  });

  test.each<[string, (row: object, n: number) => object, string]>([
    [
      'a category that only the test part has',
      (row, n) => (n === 117 ? { ...row, w: 9 } : row),
      `t: w is 9 on ${dateOf(117)}, but the training part only has 0, 1, 2, 3, 4, 5, 6: write one of these`,
    ],
    [
      'a text that only the test part has among numbers',
      (row, n) => (n === 117 ? { ...row, k: 'high' } : row),
      `t: k is "high" on ${dateOf(117)}, but the training part has numbers: write one of these`,
    ],
    [
      'an input without a number in the training part',
      (row, n) => (n < 100 ? { ...row, x: null } : row),
      'x has no number in the training part: leave it out of --inputs, or fill it',
    ],
  ])('is not trained with %s', (_, change, message) => {
    const rows = rowsOfDays(COUNT, 0).map(change) as Record<string, unknown>[];
    expectDataError(() => planOf('t', seriesIn(rows), CHOICES, undefined), message);
  });

  test('whose categories were texts reads numbers as texts', () => {
    const words = ['1', '2', 'A'];
    const rows = rowsOfDays(COUNT, 0).map((row, n) => ({ ...row, w: words[n % 3] }));
    const plan = planOf('t', seriesIn(rows), CHOICES, undefined);
    expect(plan.inputs.known[1]).toMatchObject({ kind: 'categories', categories: words });
    const later = rows.map((row, n) => ({ ...row, w: 1 + (n % 2) })); // no A
    const { future } = inputColumns(
      plan.inputs,
      seriesOf(tableOf('t', later, plannedColumns(plan)), COLUMNS),
      undefined,
    );
    const columns = future.filter(({ name }) => name.startsWith('w '));
    expect(columns.map(({ name, at }) => [name, at(10), at(11)])).toEqual([
      ['w 1', 1, 0],
      ['w 2', 0, 1],
      ['w A', 0, 0],
    ]);
  });

  test('computes its means in a moment, however many numbers a file says that they have', () => {
    const { plan } = whole.state;
    const { meanAt } = inputColumns({ ...plan.inputs, meanOver: 2 ** 52 }, series, HOLIDAYS);
    const { level, scale } = plan.inputs.y;
    const mean = series.y.subarray(0, 51).reduce((sum, y) => sum + (y - level) / scale, 0) / 51;
    expect(meanAt(50)).toBeCloseTo(mean, 12);
  });

  test('in a program gives each of several calls its own numbers, and keeps its horizons', async () => {
    const backends = [backend, await createWasmBackend({ threads: 2 })];
    for (const one of backends) {
      const loaded = loadForecaster(one, forecastBytes(whole.state));
      const rows = [rowsOfDays(COUNT, 3), rowsOfDays(COUNT, 3, () => 20)].map((all) => all.slice(90));
      const calls = () => rows.flatMap((given) => [loaded.forecast(given), loaded.predict(given)]);
      const expected = [];
      for (const given of rows) expected.push(await loaded.forecast(given), await loaded.predict(given));
      expect(await Promise.all(calls())).toEqual(expected);
      (loaded.ahead as number[]).reverse();
      expect(await loaded.predict(rows[1])).toEqual(expected[3]);
      const late = failureOf(loaded.predict(rows[0]));
      loaded.dispose();
      expect(String(await late)).toMatch(/^RangeError: forecast: .* has been freed$/);
    }
    await backends[1].dispose();
  });

  test('is trained with the rows, the request and the options of the call, though the caller changes them', async () => {
    const make = () => ({
      rows: rowsOfDays(COUNT, 0),
      request: {
        ...{ time: ['date'], predict: 'y', inputs: ['x'], known: ['k'], ahead: [1, 3], seasons: [7], seeds: 2 },
        holidays: [20, 50, 90, 118].map((n) => ({ date: dateOf(n), name: 'Holiday' })),
      },
      options: { ...OPTIONS, hidden: [2, 2], quantiles: [0.1, 0.5, 0.9] },
    });
    const run = async (change: (given: ReturnType<typeof make>) => unknown) => {
      const given = make();
      const result = trainForecaster(backend, given.rows, given.request, given.options);
      change(given);
      return result;
    };
    const expected = await run(() => {});
    const changed = await run(({ rows, request, options }) => {
      for (const row of rows) row.y = 0;
      rows.pop();
      for (const list of [request.time, request.inputs, request.known]) list.fill('changed');
      for (const list of [request.ahead, request.seasons, options.hidden, options.quantiles]) list.fill(1);
      request.holidays.length = 0;
    });
    expect(changed).toEqual(expected);
  });

  test('is trained with options and hooks that a prototype or a getter has', async () => {
    const rows = rowsOfDays(COUNT, 0);
    const request = { time: 'date', predict: 'y', seeds: 1, method: 'network' } as const;
    const steps: number[] = [];
    const networks = new Set<Network>();
    const hooks = {
      onStep: (step: number, _steps: number, network: Network) => {
        steps.push(step);
        networks.add(network);
      },
    };
    const expected = await trainForecaster(backend, rows, request, OPTIONS, hooks);
    expect([...networks].every((network) => network instanceof Network)).toBe(true);
    expect(networks.size).toBe(2); // one that is measured on the validation part, one that reads it
    const plain = steps.splice(0);
    const getter = Object.defineProperty({}, 'onStep', { get: () => hooks.onStep }) as typeof hooks;
    const inherited = Object.create(OPTIONS) as typeof OPTIONS;
    expect(await trainForecaster(backend, rows, request, inherited, Object.create(getter) as typeof hooks)).toEqual(
      expected,
    );
    expect([steps, plain.length > 0]).toEqual([plain, true]);
    const misspelt = Object.create({ hiden: 2 }) as object;
    await expect(trainForecaster(backend, rows, request, misspelt)).rejects.toThrow(/hiden: unknown option; did you/);
    await expect(trainForecaster(backend, rows, request, null as unknown as object)).rejects.toThrow(
      'train: null: must be an object',
    );
  });

  /** A call with something wrong in it. */
  interface Call {
    readonly rows?: unknown;
    readonly request?: object;
    readonly options?: object;
    readonly hooks?: object;
  }
  const refused = ({ rows = rowsOfDays(COUNT, 0), request, options = OPTIONS, hooks }: Call): Promise<unknown> =>
    failureOf(trainForecaster(backend, rows as [], { time: 'date', predict: 'y', ...request }, options, hooks));

  test.each<[object, string]>([
    [{ time: null }, 'trainForecaster: time null: must be a list of names of columns'],
    [{ time: 5 }, 'TypeError: trainForecaster: time 5: must be a list of names of columns'],
    [{ time: [], test: '1987-01..' }, 'trainForecaster: test "1987-01..": must be as 101.., 101..200 or ..200'],
    [{ timeFormat: 'DD' }, 'trainForecaster: timeFormat "DD": must be as DD/MM/YYYY'],
    [
      { time: ['a', 'b'], timeFormat: 'unix' },
      'trainForecaster: timeFormat "unix": needs one column of the time, not 2',
    ],
    [{ decimal: ';' as ',' }, 'trainForecaster: decimal ";"'],
    [{ thousands: '.' }, 'trainForecaster: thousands ".": must differ from the sign before decimals'],
    [
      { time: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
      'trainForecaster: time: 7 columns: must be at most those of year, month, day, hour, minute, second',
    ],
    [{ predict: undefined }, 'trainForecaster: predict is undefined: must be a text'],
    [{ ahead: [1, 0] }, 'trainForecaster: ahead 0: must be a whole number from 1 to 10000'],
    [{ ahead: [] }, 'trainForecaster: ahead: must have a number of steps'],
    [{ ahead: ['7'] }, 'trainForecaster: ahead "7": must be a whole number'],
    [{ ahead: null }, 'trainForecaster: ahead null: must be a list of numbers of steps'],
    [{ ahead: true }, 'TypeError: trainForecaster: ahead true: must be a list of numbers of steps'],
    [{ seasons: [1] }, 'trainForecaster: seasons 1: must be a whole number'],
    [{ seasons: null }, 'trainForecaster: seasons null: must be a list of numbers of steps'],
    [{ seasons: [400] }, 'rows: the season of 400 steps is longer than half of the training part'],
    [{ fill: 'linear' }, 'trainForecaster: fill "linear": must be one of missing, previous'],
    [{ fill: null }, 'trainForecaster: fill null: must be one of missing, previous'],
    [{ seeds: 0 }, 'trainForecaster: seeds 0: must be a whole number from 1 to 100'],
    [{ seeds: '2' }, 'trainForecaster: seeds "2": must be a whole number from 1 to 100'],
    [{ interval: 1 }, 'trainForecaster: interval 1: must be a number between 0 and 1'],
    [{ interval: '0.9' }, 'trainForecaster: interval "0.9": must be a number'],
    [{ interval: [0.9] }, 'trainForecaster: interval an Array: must be a number'],
    [{ together: 1 }, 'trainForecaster: together 1: must be true or false'],
    [{ together: 'no' }, 'trainForecaster: together "no": must be true or false'],
    [{ together: null }, 'trainForecaster: together null: must be true or false'],
    [{ test: 'last year' }, 'trainForecaster: test "last year": must be as 1987-01-01..'],
    [{ test: 1987 }, 'trainForecaster: test is 1987: must be a text'],
    [{ holidays: null }, 'holidays null: must be a list of objects'],
    [{ holidays: false }, 'holidays false: must be a list of objects'],
    [{ holidays: 5 }, 'holidays 5: must be a list of objects'],
    [{ holidays: [null] }, 'holidays[0]: null: must be an object'],
    [{ holidays: [{ date: '1987-01-01' }] }, 'holidays: no row has a column "name"'],
    [{ known: ['y'] }, 'trainForecaster: the column "y" is named twice'],
    [{ known: 'k' }, 'trainForecaster: known "k": must be a list of names of columns'],
    [{ horizon: 3 }, 'trainForecaster: horizon: unknown option'],
    [{ inputs: ['z'] }, 'rows: no row has a column "z"'],
  ])('is not trained for %j', async (request, message) =>
    expect(String(await refused({ request }))).toContain(message),
  );

  test.each<[Call, Error]>([
    [{ hooks: { signal: {} } }, new TypeError('trainForecaster: hooks: signal an Object: must be an AbortSignal')],
    [{ hooks: { onStep: 1 } }, new TypeError('trainForecaster: hooks: onStep 1: must be a function')],
    [
      { hooks: { onsignal: null } },
      new TypeError('trainForecaster: hooks: onsignal: unknown option; known options: onStep, signal'),
    ],
    ...(
      [
        [{ units: 3 }, 'units: unknown option; did you mean hidden?', TypeError],
        [{ shift: 2 }, 'shift 2: must be left out, because a forecaster has none'],
        [{ validateEvery: 5 }, 'validateEvery 5: must be left out, because a forecaster has none'],
        [{ validateEvery: 5, patience: 2 }, 'validateEvery 5: must be left out, because a forecaster has none'],
        [{ bidirectional: true }, 'bidirectional true: must be left out, because a forecaster has none'],
        [{ momentum: 0.5 }, 'momentum 0.5: must be left out unless optimiser is sgd'],
        [{ schedule: 'constant', decayEvery: 5 }, 'decayEvery 5: must be left out unless schedule is step'],
        [{ decayRate: 0.1 }, 'decayRate 0.1: must be left out unless schedule is step'],
        [{ loss: 'huber', quantiles: [0.1, 0.9] }, 'quantiles 0.1,0.9: must be left out unless loss is pinball'],
        [{ quantiles: [0.1, 0.9] }, 'quantiles 0.1,0.9: must have 0.5, because the median is the forecast'],
        [{ loss: 'pinball', delta: 2 }, 'delta 2: must be left out unless loss is huber'],
      ] as const
    ).map(([options, message, Kind = RangeError]): [Call, Error] => [{ options }, new Kind(`train: ${message}`)]),
  ])('is not trained with %j', async (call, error) => expect(await refused(call)).toEqual(error));

  test.each([
    [null, 'rows null: must be a list of objects'],
    [[null], 'rows[0]: null: must be an object'],
  ])('is neither trained nor asked with the rows %j', async (rows, message) => {
    const given = rows as unknown as [];
    const failures = [refused({ rows }), failureOf(loaded.predict(given)), failureOf(loaded.forecast(given))];
    for (const failure of failures) expect(await failure).toEqual(new TypeError(message));
  });

  test('does not reach beyond the year 9999, nor categories that the training part does not have', async () => {
    await expect(loaded.forecast(rowsOfDays(COUNT, 3).map((row) => ({ ...row, w: 9 })))).rejects.toThrow(
      new DataError(
        'rows: w is 9 on 1987-01-01, but the training part only has 0, 1, 2, 3, 4, 5, 6: write one of these, or train on rows that have it',
      ),
    );
    const { plan } = whole.state;
    const calendar = { ...plan.calendar, start: timeFrom('9999-09-01') };
    const late = forecasterWith({ calendar, holidays: null });
    await expect(futureOf(late, { ...series, calendar }, 3, 't')).rejects.toThrow(
      't: 3 steps of 1 day after 9999-12-29 reach beyond the year 9999: ask for fewer',
    );
    late.dispose();
  });

  test('moves the ends of its intervals by the latest scores that are known', async () => {
    for (const [n, ahead] of [1, 3].entries()) {
      const known = (whole.state.plan.scores?.[n] ?? []).map(Number);
      const steps = Array.from({ length: 12 }, (_, k) => 108 + k);
      const raw = await uncorrected.bands(series, ahead, steps);
      const unitAt = forecaster.scoreUnits(series, ahead);
      const all = [...known, ...raw.map((band, k) => scoreOf(band, series.y[108 + k]) / unitAt(108 + k))];
      const bands = await forecaster.bands(series, ahead, steps);
      const shifts = recentShifts(
        all,
        steps.map((d) => d - ahead + 1 - 96),
        12,
        0.8,
      ).map(({ shift }) => shift);
      expect(bands).toEqual(raw.map((band, k) => movedOutwards(band, shifts[k] * unitAt(steps[k]))));
      // one by one, and beside steps that the networks have learned from
      for (const d of [109, 119]) expect(await forecaster.bands(series, ahead, [d])).toEqual([bands[d - 108]]);
      expect((await forecaster.bands(series, ahead, [50, 97, 111])).at(-1)).toEqual(bands[3]);
      const [learned, first] = [
        await forecaster.bands(series, ahead, [50]),
        await uncorrected.bands(series, ahead, [50]),
      ];
      expect(learned[0].high - first[0].high).toBeCloseTo(
        Math.max(shifts[0] * unitAt(50), first[0].forecast - first[0].high),
        12,
      );
    }
  });

  test('compares itself with ridge regression on the same numbers, without the test part', () => {
    const at = 110; // reads steps up to 109; the test part begins at 108
    const ridge = (of: Series): number => baselinesOf(forecaster, of, 1, [at])[3].values[0];
    const changedAt = (step: number): Series => seriesOfDays(COUNT, 0, (n) => (n === step ? 0.01 : 0));
    for (const step of [110, 115]) expect(ridge(changedAt(step))).toBe(ridge(series));
    for (const step of [40, 100, 109]) expect(ridge(changedAt(step))).not.toBe(ridge(series));
  });

  test('says whether it loses, and whether it repeats the last number', async () => {
    /** A report of made-up forecasts. */
    const reportFor = async (forecastAt: (d: number, ahead: number) => number) => {
      const forecaster = new Forecaster(backend, whole.state);
      const bands = (_: Series, ahead: number, steps: readonly number[]): Promise<Band[]> =>
        Promise.resolve(steps.map((d) => ({ forecast: forecastAt(d, ahead), low: -Infinity, high: Infinity })));
      const forecasts: Forecaster['forecasts'] = async (of, ahead, steps) => {
        const found = await bands(of, ahead, steps);
        return { bands: found, networks: [found], scores: steps.map(() => 0) };
      };
      const reports = await reportOf(Object.assign(forecaster, { forecasts }), series, 'test');
      forecaster.dispose();
      return reports.map(({ beatenBy, echoes, coverage }) => [beatenBy, echoes, coverage]);
    };
    expect(await reportFor((d) => series.y[d])).toEqual(Array(2).fill([null, false, 1]));
    expect(await reportFor((d, ahead) => series.y[d - ahead] + 0.01)).toEqual(
      Array(2).fill([expect.any(String), true, 1]),
    );
    expect(await reportFor(() => 0)).toEqual(Array(2).fill([expect.any(String), false, 1]));
  });
});

describe('the future', () => {
  test('comes from the network of the smallest horizon that reaches it, which beyond the largest one reads the forecasts before', async () => {
    const longer = seriesOfDays(COUNT, 9);
    for (const one of [forecaster, forecasterOfAll]) {
      const found = await futureOf(one, longer, 8, 'days');
      expect(found.map(({ step, ahead }) => [step, ahead])).toEqual(
        [120, 121, 122, 123, 124, 125, 126, 127].map((step) => [step, step - 119]),
      );
      if (one === forecaster) expect(await futureOf(one, longer, 1, 'days')).toEqual(found.slice(0, 1));
      const filled = longer.filled.slice();
      for (const block of [0, 3, 6]) {
        for (const n of [0, 1, 2]) {
          const step = 120 + block + n;
          if (step > 127) continue;
          const known = { ...longer, filled: filled.slice() };
          const [band] = await one.bands(known, n === 0 ? 1 : 3, [step]);
          expect(found[block + n].band).toEqual(band);
        }
        for (const n of [0, 1, 2]) if (block + n < 8) filled[120 + block + n] = found[block + n].band.forecast;
      }
    }
    expect(longer.filled.subarray(COUNT)).toEqual(new Float64Array(9).fill(NaN));
  });

  /** The series without the numbers before step `first`, as a table that begins there has them. */
  const seriesFrom = (first: number, whole: Series): Series => {
    const cut = (values: Float64Array): Float64Array => values.map((value, step) => (step < first ? NaN : value));
    return { ...whole, first, y: cut(whole.y), filled: cut(whole.filled), inputs: whole.inputs.map(cut) };
  };

  test.each([false, true])(
    'reads the numbers from `firstRead` on, and no earlier ones (together: %s)',
    (isTogether) => {
      const plan = { ...planOfVersion1(), isTogether };
      const longer = seriesOfDays(COUNT, 3);
      /** What the networks read for the steps from 120 on: the first one for 1 step ahead, the others for 3. */
      const windowsFrom = (first: number, count: number): string[] =>
        [1, 3, 3].slice(0, count).flatMap((ahead, n) => {
          const horizons = isTogether ? [1, 3] : [ahead];
          const x = zeros([2 * plan.T, 1, inputCount(forecaster.readingOf(longer, horizons))], 'f64');
          const begin = COUNT + n - ahead - 2 * plan.T + 1;
          fillWindow(x, 0, forecaster.readingOf(seriesFrom(first, longer), horizons), begin);
          return Array.from(x.data, (value) => value.toFixed(9));
        });
      for (const count of [1, 2, 3]) {
        const first = firstRead(plan, COUNT, count);
        expect(first).toBeGreaterThan(0);
        expect(windowsFrom(first, count)).toEqual(windowsFrom(0, count));
        expect(windowsFrom(first + 1, count)).not.toEqual(windowsFrom(0, count));
      }
    },
  );

  test('of one network for all horizons needs what is known up to its largest one, and nothing beyond changes it', async () => {
    for (const [count, needed] of [
      [1, 3],
      [4, 6],
    ]) {
      const short = futureOf(forecasterOfAll, seriesOfDays(COUNT, needed - 1), count, 't');
      await expect(short).rejects.toThrow(`t: k is not known on ${dateOf(COUNT + needed - 1)}: add rows up to`);
      const enough = await futureOf(forecasterOfAll, seriesOfDays(COUNT, needed), count, 't');
      expect(await futureOf(forecasterOfAll, seriesOfDays(COUNT, needed + 5), count, 't')).toEqual(enough);
    }
    const reports = await reportOf(forecasterOfAll, series, 'test');
    expect(await reportOf(forecasterOfAll, seriesOfDays(COUNT, 5), 'test')).toEqual(reports);
    const loaded = loadForecaster(backend, forecastBytes(together.state));
    const rows = rowsOfDays(COUNT, 4).slice(80);
    const [few, more] = [await loaded.predict(rows.slice(0, 40)), await loaded.predict(rows)];
    expect(few).toHaveLength(2 * (40 - 3));
    for (const one of few) expect(more).toContainEqual(one);
    loaded.dispose();
  });

  test('one step ahead, does not ask the network for 20 steps', () => {
    const plan = { ...planOfVersion1(), ahead: [1, 20] };
    expect([1, 2].map((count) => firstRead(plan, COUNT, count))).toEqual([31, 19]);
  });

  test('has corrected intervals although the table has few numbers, or begins long after the test part', async () => {
    const { plan } = whole.state;
    const scores = (plan.scores ?? []).map((all) => all.map(Number));
    for (const count of [COUNT, COUNT + 40]) {
      const short = seriesFrom(count - 2, seriesOfDays(count, 3));
      const [raw] = await uncorrected.bands(short, 1, [count]);
      const latest = await uncorrected.bands(short, 1, [count - 2, count - 1]);
      const unitAt = forecaster.scoreUnits(short, 1);
      const later = latest.map((band, n) => scoreOf(band, short.y[count - 2 + n]) / unitAt(count - 2 + n));
      const known = [...scores[0], ...later];
      const [{ shift }] = recentShifts(known, [known.length], 12, plan.coverage);
      expect(shift).not.toBe(0);
      expect(await forecaster.bands(short, 1, [count])).toEqual([movedOutwards(raw, shift * unitAt(count))]);
    }
  });

  test('needs what is known in advance, but not what repeats', async () => {
    const ends = async (count: number, more: number): Promise<unknown> =>
      failureOf(futureOf(forecaster, seriesOfDays(COUNT, more), count, 'days.csv'));
    expect(await ends(4, 2)).toEqual(
      new DataError(
        `days.csv: k is not known on ${dateOf(122)}: add rows up to ${dateOf(123)}, with k but without the column to forecast`,
      ),
    );
    // the weekday w is the same on the last seven days: what repeated in training repeats no more
    const changed = rowsOfDays(COUNT, 2).map((row, n) => ({ ...row, w: row.w === null || n < COUNT - 7 ? row.w : 3 }));
    const steady = seriesIn(changed);
    expect(await failureOf(futureOf(forecaster, steady, 2, 'days.csv'))).toEqual(
      new DataError(
        `days.csv: w is not known on ${dateOf(120)}: add rows up to ${dateOf(121)}, with w but without the column to forecast`,
      ),
    );
    expect(await ends(300, 300)).toEqual(
      new DataError(
        `days.csv: the forecaster knows holidays up to 1987, but reads those of ${dateOf(419)} and of the 2 days after it: train it with later holidays`,
      ),
    );
  });
});

describe('the file of a forecaster', () => {
  test('has 0 for a -0 of the plan, which was computed', () => {
    const scores = whole.state.plan.scores?.map((row) => row.map((score, n) => (n === 0 ? -0 : score))) ?? null;
    const read = parseForecast(forecastBytes({ ...whole.state, plan: { ...whole.state.plan, scores } }), 'f');
    expect(read.plan.scores?.map((row) => row[0])).toEqual([0, 0]);
  });

  test('refuses to give infinite numbers, which extreme units and scores would make', async () => {
    const { inputs, scores } = whole.state.plan;
    const rules = rulesOf(whole.state.plan);
    const corrections = rules.corrections?.map((one) => ({ ...one, unit: 1e308 })) ?? null;
    const huge = scores?.map((part) => part.map(() => 1.79e308)) ?? null;
    for (const changed of [
      { rules: { ...rules, corrections } },
      { scores: huge, inputs: { ...inputs, y: { level: 0, scale: 1e307 } } },
    ]) {
      const extreme = forecasterWith(changed);
      await expect(reportOf(extreme, series, 'test')).rejects.toThrow(NonFiniteError);
      extreme.dispose();
    }
  });

  test('is refused if its networks do not suit its plan', async () => {
    const { plan, networks } = whole.state;
    const wrongOutputs = {
      plan: { ...together.state.plan, isTogether: true },
      networks: new Map([['together-seed-1', [...networks.values()][0]]]),
    };
    expect(errorOf(DataError, () => new Forecaster(backend, wrongOutputs)).message).toMatch(
      /outputs, but its horizons need/,
    );
    const fewer = forecasterWith({ inputs: { ...plan.inputs, holidays: [] } });
    await expect(fewer.bands(series, 1, [110])).rejects.toThrow(
      /^forecast: network ahead-1-seed-1 reads \d+ numbers, but its plan has \d+$/,
    );
    fewer.dispose();
  });

  test('is not one of another kind', () => {
    const { networks } = together.state;
    const other = checkpointSetBytes({ networks, metadata: {} });
    expectDataError(() => parseForecast(other, 'f'), 'f: is not the checkpoint of a forecaster');
    const bytes = forecastBytes(together.state);
    expect(forecastBytes(parseForecast(bytes, 'f'))).toEqual(bytes);
  });
});
