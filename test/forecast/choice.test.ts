/** What forecasts: the best on the validation part, never below 0 if no number is; rolling origins; and files of 1.0.0, which keep their rules. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { tableOf } from '../../src/data/table.js';
import { forecastBytes, parseForecast } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import { stepsIn } from '../../src/core/numbers.js';
import { Forecaster } from '../../src/forecast/forecaster.js';
import { futureOf } from '../../src/forecast/future.js';
import { meanAbsoluteError } from '../../src/forecast/intervals.js';
import { fitInput, fitMethods, METHOD_NAMES } from '../../src/forecast/methods/methods.js';
import { meanWithin, originsOf } from '../../src/forecast/origins.js';
import type { ForecastChoices } from '../../src/forecast/planning.js';
import { withLooks, withLooksOfRun } from '../../src/forecast/plan.js';
import { plannedColumns } from '../../src/forecast/plan-checks.js';
import { planOf } from '../../src/forecast/planning.js';
import { reportOf } from '../../src/forecast/report.js';
import { verdictsOf } from '../../src/forecast/report-words.js';
import { choicesOf } from '../../src/forecast/request.js';
import { reportOfRun } from '../../src/forecast/run.js';
import type { Choice } from '../../src/forecast/stages.js';
import type { Series } from '../../src/forecast/series.js';
import { seriesOf } from '../../src/forecast/series.js';
import { loadForecaster } from '../../src/index.js';
import { failureOf } from '../helpers/failures.js';
import {
  backend,
  begun,
  CHOICES,
  COUNT,
  HOLIDAYS,
  OPTIONS,
  rowsOfDays,
  series,
  seriesOfDays,
  trained,
} from '../helpers/forecasts.js';

const bandsOf = async (state: ForecastState, ahead: number, steps: readonly number[], of = series) => {
  const forecaster = new Forecaster(backend, state);
  const bands = await forecaster.bands(of, ahead, steps);
  forecaster.dispose();
  return bands;
};

describe('what forecasts', () => {
  test('is the mean of the best methods on the validation part, which they did not know, and networks of it if these help', async () => {
    const said: (Choice | string)[] = [];
    const { state } = await trained(begun({ method: 'auto' }), {
      onChoice: (choice) => said.push(choice),
      onNetwork: ({ name }, stage, number, count) => said.push(`${stage} ${number}/${count} ${name}`),
    });
    const { plan } = state;
    const choices = said.filter((one) => typeof one !== 'string');
    // three steps of training help nobody: networks of the calibration alone
    expect(said).toEqual([
      ...[1, 3].flatMap((ahead, g) =>
        [1, 2].map((seed) => `calibration ${2 * g + seed}/8 calibration-ahead-${ahead}-seed-${seed}`),
      ),
      ...choices,
    ]);
    const forecaster = new Forecaster(backend, state);
    const reports = await reportOf(forecaster, series, 'test');
    for (const [n, { ahead, methods, share, error, withNetworks }] of choices.entries()) {
      expect([share, typeof withNetworks]).toEqual([0, 'number']);
      const known = stepsIn({ from: 96, to: 108 - ahead + 1 }); // when the first step of the test part is forecast
      const truth = (steps: readonly number[]): number[] => steps.map((d) => series.y[d]);
      const reading = forecaster.readingOf(series, [ahead]);
      const meanOf = (all: readonly (readonly number[])[]): number[] =>
        all[0].map((_, k) => all.reduce((sum, one) => sum + one[k], 0) / all.length);
      // the validation part chooses with three blocks before it, whose forecasts know nothing of them
      const blocks = [84, 72, 60].map((from) => ({ from, steps: stepsIn({ from, to: from + 12 }) }));
      const fits = fitMethods(fitInput(plan, reading, 'calibration')).fits;
      const earlier = blocks.map(({ from, steps }) => ({
        steps,
        fits: fitMethods({ reading, T: plan.T, end: from - ahead + 1, heldFrom: from - 12 }).fits,
      }));
      const tried = fits.map(({ fitted, method }) => {
        const before = earlier.map(({ steps, fits: others }) => {
          const [same] = [fitted.name, method].flatMap((one) =>
            others.filter((other) => other.fitted.name === one || other.method === one),
          );
          return same.fitted.forecasts(reading, ahead, steps);
        });
        return { name: fitted.name, values: [fitted.forecasts(reading, ahead, known), ...before].flat() };
      });
      const all = truth([known, ...blocks.map(({ steps }) => steps)].flat());
      const sorted = tried
        .map((one) => ({ ...one, error: meanAbsoluteError(one.values, all) }))
        .sort((a, b) => a.error - b.error);
      const means = [1, 2, 3].map((count) => {
        const best = sorted.slice(0, count);
        const values = meanOf(best.map((one) => one.values));
        // a mean of more methods may have 2% more error for each
        const error = meanAbsoluteError(values, all) * (1 - 0.02 * (count - 1));
        return { names: best.map(({ name }) => name), error, values: values.slice(0, known.length) };
      });
      const best = means.reduce((one, other) => (other.error < one.error ? other : one));
      expect(methods).toEqual(best.names);
      expect(error).toBeCloseTo(meanAbsoluteError(best.values, truth(known)), 9);
      // the same methods, which now know the validation part too, forecast, and nothing else does
      const final = fitMethods(fitInput(plan, reading, 'final')).fits.filter(({ fitted }) =>
        best.names.includes(fitted.name),
      );
      const test = stepsIn(plan.parts.test);
      const expected = meanOf(final.map(({ fitted }) => fitted.forecasts(reading, ahead, test)));
      const bands = await forecaster.bands(series, ahead, test);
      for (const [k, { forecast, low, high }] of bands.entries()) {
        expect(forecast).toBeCloseTo(expected[k], 9);
        expect(high - forecast).toBeCloseTo(forecast - low, 9);
      }
      const { networks, baselines, ...report } = reports[n];
      expect([report.methods, report.share, networks]).toEqual([methods, 0, []]);
      if (methods.length === 1)
        expect(baselines.find(({ name }) => name === methods[0])?.error).toBeCloseTo(report.error, 9);
    }
    forecaster.dispose();
    // and the file forecasts the same
    const read = parseForecast(forecastBytes(state), 'f');
    expect([read, read.networks.size]).toEqual([state, 0]);
    expect(await bandsOf(read, 3, [115])).toEqual(await bandsOf(state, 3, [115]));
  });

  test.each(METHOD_NAMES)('can be %s, without a network', async (method) => {
    const { state } = await trained(begun({ method }), {
      onNetwork: () => {
        throw new Error('a network is trained');
      },
    });
    const read = parseForecast(forecastBytes(state), 'f');
    const methods = read.plan.rules?.corrections?.map(({ fits }) => [...new Set(fits.map((fit) => fit.method))]);
    expect([read.networks.size, methods]).toEqual([0, [[method], [method]]]);
    const forecaster = new Forecaster(backend, read);
    const longer = seriesOfDays(COUNT, 6);
    const found = await futureOf(forecaster, longer, 5, 'days');
    expect(found.map(({ ahead }) => ahead)).toEqual([1, 2, 3, 4, 5]);
    for (const { band } of found) expect(band.high).toBeGreaterThan(band.low);
    const loaded = loadForecaster(backend, forecastBytes(state));
    const { length } = await loaded.predict(rowsOfDays(COUNT, 0)); // none where too few rows come before
    expect(length).toBeGreaterThan(100);
    expect(length).toBeLessThan(2 * COUNT);
    loaded.dispose();
    const [{ networks, share }] = await reportOf(forecaster, series, 'test');
    expect([networks, share]).toEqual([[], 0]);
    forecaster.dispose();
  });

  test('cannot be a method that the series does not allow', async () => {
    const failure = await failureOf(trained(begun({ method: 'airline', seasons: [] })));
    expect(String(failure)).toBe(
      'DataError: no method forecasts 1 step ahead (airline: the series has no season): choose another --method, fewer ahead, or a shorter test part',
    );
  });
});

describe('forecasts of numbers that are never below 0', () => {
  const small = (change = 0): Series => {
    const random = new Random(5);
    const y = Float64Array.from({ length: COUNT }, (_, n) =>
      Math.max(change, random.normal(0, 1) + Number(n % 7 === 0)),
    );
    return { ...series, y, filled: y };
  };
  /** The smallest end of an interval, and the smallest forecast of any network. */
  async function leastOf(of: Series, choices: Partial<ForecastChoices>): Promise<[number, number]> {
    const { state } = await trained(begun(choices, of), {}, of);
    const forecaster = new Forecaster(backend, state);
    const steps = stepsIn(state.plan.parts.test);
    const { bands, networks } = await forecaster.forecasts(of, 1, steps);
    forecaster.dispose();
    return [
      Math.min(...bands.map(({ low }) => low)),
      Math.min(...[...bands, ...networks.flat()].map(({ forecast }) => forecast)),
    ];
  }

  test.each(['network', 'ets'])('are not below 0 either, nor are their intervals: %s', async (method) => {
    const [low, forecast] = await leastOf(small(), { method });
    expect(low).toBe(0);
    expect(forecast).toBeGreaterThanOrEqual(0);
  });

  test('may be below 0 if that was chosen, or if a number is', async () => {
    expect((await leastOf(small(), { isNegative: true }))[0]).toBeLessThan(0);
    expect((await leastOf(small(-0.5), {}))[0]).toBeLessThan(0);
    const request = { time: 'd', predict: 'y' };
    expect([choicesOf('t', request), choicesOf('t', { ...request, negative: true })]).toMatchObject([
      { isNegative: false, method: 'auto' },
      { isNegative: true },
    ]);
    const inTest = small();
    inTest.y[115] = -1; // the plan does not know the test part
    expect(planOf('t', inTest, CHOICES, HOLIDAYS).rules?.isNonNegative).toBe(true);
  });
});

describe('rolling origins', () => {
  const runOf = (state: ForecastState) => ({ name: 'days', series, options: OPTIONS, state });

  test('have the errors of the pieces of the test part', async () => {
    const { state } = await trained(begun());
    const reports = await reportOfRun(backend, runOf(state));
    const found = await originsOf(backend, runOf(state), reports, { origins: 3, refit: false });
    for (const [n, { ahead, origins, mean, deviation, best, gain }] of found.entries()) {
      const errors = reports[n].bands.map(({ forecast }, k) => Math.abs(forecast - series.y[108 + k]));
      const means = [0, 4, 8].map((from) => errors.slice(from, from + 4).reduce((sum, one) => sum + one, 0) / 4);
      expect([ahead, origins.length]).toEqual([reports[n].ahead, 3]);
      for (const [k, one] of origins.entries()) expect(one.error).toBeCloseTo(means[k], 12);
      expect(mean).toBeCloseTo(reports[n].error, 12);
      const squares = means.map((one) => (one - mean) ** 2);
      expect(deviation).toBeCloseTo(Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / 2), 12);
      const rival = reports[n].baselines.reduce((a, b) => (b.error < a.error ? b : a));
      expect([best, gain.mean]).toEqual([rival.name, expect.closeTo(rival.error - reports[n].error, 12)]);
      expect(gain.low).toBeLessThan(gain.mean);
    }
    const many = await failureOf(originsOf(backend, runOf(state), reports, { origins: 13, refit: false }));
    expect(String(many)).toBe('DataError: days: the test part has 12 steps: choose at most as many origins, not 13');
  });

  test('that train again know all that comes before each of them, and nothing after it', async () => {
    const { state } = await trained(begun({ ahead: [1], seeds: 1 }));
    const names: string[] = [];
    const run = runOf(state);
    const reports = await reportOfRun(backend, run);
    const errorsOf = async (of: Series): Promise<number[]> => {
      const [{ origins }] = await originsOf(
        ...([backend, { ...run, series: of }, reports, { origins: 2, refit: true }] as const),
        { onNetwork: ({ name }) => names.push(name) },
      );
      return origins.map(({ error }) => error);
    };
    const found = await errorsOf(series);
    expect(names).toEqual(['calibration-ahead-1-seed-1', 'ahead-1-seed-1']); // for the second origin
    // by hand: a plan whose test part is the second half
    const parts = { validation: { from: 102, to: 114 }, test: { from: 114, to: 120 } };
    const plan = planOf('days', series, { ...CHOICES, ahead: [1], seeds: 1 }, HOLIDAYS, parts);
    const second = await trained({ plan, networks: new Map() });
    const bands = await bandsOf(second.state, 1, stepsIn(parts.test));
    expect(found[1]).toBeCloseTo(
      meanAbsoluteError(
        bands.map(({ forecast }) => forecast),
        series.y.subarray(114),
      ),
      12,
    );
    expect(found[1]).not.toBeCloseTo(
      meanAbsoluteError(
        reports[0].bands.slice(6).map((band) => band.forecast),
        series.y.subarray(114),
      ),
      6,
    );
  });

  test('compare errors step by step, with an interval that holds as often as it says', () => {
    // independent differences with two lags of weight: by hand
    const d = [1, 3, 2, 6, 0];
    const mean = 2.4;
    const c = (lag: number): number => d.slice(lag).reduce((sum, one, t) => sum + (one - mean) * (d[t] - mean), 0) / 5;
    const side = 1.96 * Math.sqrt((c(0) + 2 * (2 / 3) * c(1) + 2 * (1 / 3) * c(2)) / 5);
    expect(meanWithin(d, 3)).toEqual({
      mean: expect.closeTo(mean, 12) as number,
      low: expect.closeTo(mean - side, 12) as number,
      high: expect.closeTo(mean + side, 12) as number,
    });
    expect(meanWithin([2, NaN, 2], 1)).toEqual({ mean: 2, low: 2, high: 2 });
    // moving averages of 5 numbers depend on one another as forecasts 5 ahead do
    const random = new Random(8);
    let holds = 0;
    for (let round = 0; round < 400; round++) {
      const e = Array.from({ length: 304 }, () => random.normal(1, 1));
      const values = stepsIn({ from: 0, to: 300 }).map((t) => e.slice(t, t + 5).reduce((sum, one) => sum + one / 5, 0));
      const { low, high } = meanWithin(values, 5);
      holds += Number(low <= 1 && high >= 1);
    }
    expect(holds / 400).toBeGreaterThan(0.87); // Bartlett's weights leave out a fifth of the variance
    expect(holds / 400).toBeLessThan(0.98);
  });
});

test('looks at the test part are counted, and an earlier report is not forgotten', () => {
  const { plan } = begun();
  expect(withLooks(plan, 1).rules?.looks).toBe(1);
  expect(withLooks(withLooks(plan, 3), 2).rules?.looks).toBe(5);
  expect(withLooks(plan, 2, 7).rules?.looks).toBe(9);
  expect(withLooksOfRun(withLooksOfRun(plan, 2, 7), 2, 9).rules?.looks).toBe(9);
});

test('a forecaster of 1.0.0 has the numbers of 1.0.0, also below 0', async () => {
  const bytes = readFileSync(path.resolve(import.meta.dirname, '../fixtures/checkpoint-1.0.0-forecast.safetensors'));
  const rows = Array.from({ length: 44 }, (_, n) => ({
    day: new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10),
    y: n < 40 ? (n < 38 ? 2 : -8) + ((3 * n) % 7) - ((5 * n) % 4) : null,
    price: n % 3,
  }));
  const reference = createReferenceBackend();
  const loaded = loadForecaster(reference, bytes);
  // as 1.0.0 printed them
  const close = (date: string, ahead: number, forecast: number, low: number, high: number): object => ({
    ...{ date, ahead, forecast: expect.closeTo(forecast, 5) as number },
    ...{ low: expect.closeTo(low, 5) as number, high: expect.closeTo(high, 5) as number },
  });
  expect(await loaded.forecast(rows, 3)).toEqual([
    close('2026-02-10', 1, 2.8103514913928542, -8.209560948976664, 13.791482327812401),
    close('2026-02-11', 2, 2.759903570148122, -8.262198195150118, 13.811216267513243),
    close('2026-02-12', 3, 2.3407060766378294, -8.698398787678624, 14.009605419378971),
  ]);
  expect((await loaded.predict(rows.slice(0, 40))).slice(-2)).toEqual([
    close('2026-02-08', 1, 3.0440054972950286, -0.10448085070935953, 6.995387213799143),
    close('2026-02-09', 1, 2.873748568738238, -8.16088873147671, 14.380377391394337),
  ]);
  loaded.dispose();
  const state = parseForecast(bytes, 'f');
  const { plan } = state;
  const later = seriesOf(tableOf('t', rows, plannedColumns(plan)), plan.columns, plan.calendar);
  const forecaster = new Forecaster(reference, state);
  const [report] = await reportOf(forecaster, later, 'test');
  forecaster.dispose();
  expect(report).toMatchObject({ methods: [], share: 1, coverage: 0.5, scores: 4 });
  expect(verdictsOf([report])[0]).toContain('1 ahead, the forecast is the mean of the networks. ');
  expect([report.error, ...report.networks].map((one) => one.toFixed(6))).toEqual(
    Array(2).fill((6.488617558768411).toFixed(6)),
  );
  const errors = report.baselines.slice(0, 4).map(({ error }) => error);
  expect(errors).toEqual([6.25, 6, 6, expect.closeTo(6.358264776781575, 6)]);
});
