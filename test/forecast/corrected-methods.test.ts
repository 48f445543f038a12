/** What networks correct: the methods' mean, its unit, and the share of the networks' corrections, all chosen on what is known before the test part. */
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { zeros } from '../../src/core/tensor.js';
import { formatTime, timeFrom } from '../../src/data/times.js';
import { tableOf } from '../../src/data/table.js';
import { chosenMethods, knownSteps, shareOf } from '../../src/forecast/corrected-methods.js';
import { firstRead } from '../../src/forecast/future.js';
import { forecastBytes, parseForecast } from '../../src/forecast/forecast-file.js';
import type { ForecastState } from '../../src/forecast/forecaster.js';
import { stepsIn } from '../../src/core/numbers.js';
import { Forecaster, networkReading, readingFor } from '../../src/forecast/forecaster.js';
import { meanAbsoluteError } from '../../src/forecast/intervals.js';
import { fitIn, fitInput, fitMethods } from '../../src/forecast/methods/methods.js';
import type { ForecastChoices } from '../../src/forecast/planning.js';
import { rulesOf } from '../../src/forecast/plan.js';
import { planOf } from '../../src/forecast/planning.js';
import { bestOf, reportOf } from '../../src/forecast/report.js';
import { forecastOptions } from '../../src/forecast/request.js';
import type { Series } from '../../src/forecast/series.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import type { ForecastHooks } from '../../src/forecast/stages.js';
import { fittedOptions, trainStages } from '../../src/forecast/stages.js';
import { windowExamples } from '../../src/forecast/windows.js';
import { JsonReader } from '../../src/files/json-reader.js';
import { backend, CHOICES, DAY } from '../helpers/forecasts.js';

const COLUMNS = { time: ['date'], predict: 'y', inputs: [], known: [], fill: null };
const seriesWith = (y: readonly (number | null)[]): Series => {
  const rows = y.map((value, n) => ({ date: formatTime(timeFrom('1987-01-01') + n * DAY), y: value }));
  return seriesOf(tableOf('days', rows, wantedColumns(COLUMNS)), COLUMNS);
};
const begun = (series: Series, choices: Partial<ForecastChoices> = {}): ForecastState => ({
  plan: planOf(
    ...(['days', series, { ...CHOICES, columns: COLUMNS, ahead: [1], seeds: 1, method: 'auto', ...choices }] as const),
    undefined,
  ),
  networks: new Map(),
});
const run = (
  series: Series,
  choices: Partial<ForecastChoices> = {},
  { steps = 3, ...hooks }: ForecastHooks & { readonly steps?: number } = {},
): Promise<ForecastState> => {
  const before = begun(series, choices);
  const options = fittedOptions(before.plan, { hidden: 8, learningRate: 0.02 }, steps);
  return trainStages(backend, series, options, before, hooks);
};
/** The forecasts of the test part, and those of the methods alone. */
async function testOf(state: ForecastState, series: Series, ahead = 1) {
  const forecaster = new Forecaster(backend, state);
  const steps = stepsIn(state.plan.parts.test);
  const { bands, networks } = await forecaster.forecasts(series, ahead, steps);
  const methods = forecaster.methodBands(series, ahead, steps);
  forecaster.dispose();
  const valuesOf = (all: typeof bands): number[] => all.map(({ forecast }) => forecast);
  return { forecasts: valuesOf(bands), methods: valuesOf(methods), networks, truth: steps.map((d) => series.y[d]) };
}

const noise = (count: number, seed: number, of: (n: number, e: number) => number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, n) => of(n, random.normal(0, 1)));
};
const walk = (count: number, seed: number): number[] => {
  let y = 0;
  return noise(count, seed, (_, e) => (y += e));
};

describe('the share of the corrections', () => {
  const truth = Array.from({ length: 50 }, (_, n) => n);
  const methods = truth.map((value) => value - 1);
  /** Corrections that are `times` what they should be. */
  const corrected = (times: number): number[] => methods.map((value) => value + times);
  const unsure = (count: number): [number[], number[], number[]] => {
    // a gain of 1.5 and a loss of 1 in turn: a mean of 0.25, with a deviation of 1.25
    const y = Array.from({ length: count }, () => 0);
    return [y.map((_, n) => (n % 2 === 0 ? 1.5 : 0)), y.map((_, n) => (n % 2 === 0 ? 0 : 1)), y];
  };

  test.each<[string, Parameters<typeof shareOf>, number]>([
    ['right ones', [methods, corrected(1), truth, 'auto'], 1],
    ['those of half the size', [methods, corrected(0.5), truth, 'auto'], 1],
    ['those of twice the size', [methods, corrected(2), truth, 'auto'], 0.5],
    ['those of four times the size', [methods, corrected(4), truth, 'auto'], 0.25],
    ['those of the wrong sign', [methods, corrected(-1), truth, 'auto'], 0],
    ['those of the wrong sign, for networks', [methods, corrected(-1), truth, 'network'], 0.25],
    ['none', [methods, methods, truth, 'auto'], 0],
    ['gains that chance can make', [...unsure(24), 'auto'], 0],
    ['the same gains, more often', [...unsure(40), 'auto'], 1],
    ['the same few gains, for networks', [...unsure(24), 'network'], 1],
    ['right ones where a number is known', [methods, corrected(1), truth.map((y, n) => (n % 3 ? y : NaN)), 'auto'], 1],
    ['no known numbers', [methods, corrected(1), truth.map(() => NaN), 'auto'], 0],
  ])('of %s', (_, args, share) => expect(shareOf(...args)).toBe(share));
});

test('the steps that choose are known at the first forecast of the test part, and nothing has learned from them', () => {
  const y = Float64Array.from({ length: 120 }, (_, n) => n);
  const { plan } = begun(seriesWith([...y]), { ahead: [1, 5, 12, 20] });
  expect(plan.parts).toEqual({ validation: { from: 96, to: 108 }, test: { from: 108, to: 120 } });
  const range = (from: number, to: number): number[] => stepsIn({ from, to });
  expect([1, 5, 12, 20].map((ahead) => knownSteps(plan, ahead, y))).toEqual([
    range(96, 108),
    range(96, 104),
    range(96, 97),
    range(77, 89), // of a horizon beyond the part: networks learn from the steps before 96 - 20 + 1
  ]);
  const late = y.map((value, n) => (n >= 96 && n < 105 ? NaN : value));
  expect(knownSteps(plan, 5, late)).toEqual(range(92, 104));
});

test('of many series, each with a validation part of 51 steps or more, this part alone chooses the methods', () => {
  const series = seriesWith(noise(640, 2, (n, e) => (n < 512 ? 20 * (n % 7) + e : 60 + 5 * Math.sin(n / 9) + e)));
  const { plan } = begun(series, { seasons: [7] });
  expect(plan.parts.validation).toEqual({ from: 512, to: 576 });
  const reading = readingFor(plan, series, [1]);
  const steps = knownSteps(plan, 1, series.y);
  const truth = steps.map((d) => series.y[d]);
  const errors = fitMethods(fitInput(plan, reading, 'calibration')).fits.map(({ fitted }) => ({
    name: fitted.name,
    error: meanAbsoluteError(fitted.forecasts(reading, 1, steps), truth),
  }));
  const chosen = (code?: readonly number[]): string => {
    const inputs = { ...plan.inputs, code };
    return chosenMethods({ ...plan, inputs }, reading).fits[0].fitted.name;
  };
  expect(chosen([-1, 1])).toBe(bestOf(errors).name);
  expect(chosen([0, 1])).toBe(chosen()); // few series: the season of earlier blocks counts too
  expect(chosen([0, 1])).not.toBe(chosen([-1, 1]));
});

describe('networks', () => {
  /** A week, and chaos that no sum of earlier numbers explains: x ← 3.9·x·(1 - x). */
  const chaos = (): Series => {
    let x = 0.3;
    return seriesWith(noise(500, 1, (n, e) => 100 + 5 * (n % 7) + 20 * (x = 3.9 * x * (1 - x)) + 0.1 * e));
  };

  test('that find a rule which no method has correct their mean, by the chosen share', async () => {
    const series = chaos();
    const state = await run(series, {}, { steps: 400 });
    const [{ share }] = rulesOf(state.plan).corrections ?? [];
    expect(share).toBeGreaterThanOrEqual(0.25);
    const { forecasts, methods, networks, truth } = await testOf(state, series);
    expect(meanAbsoluteError(forecasts, truth)).toBeLessThan(0.8 * meanAbsoluteError(methods, truth));
    expect(networks).toHaveLength(1);
    // with another share of the same networks
    const rules = rulesOf(state.plan);
    const changed = rules.corrections?.map((one) => ({ ...one, share: 0.1 })) ?? null;
    const other = await testOf(
      { ...state, plan: { ...state.plan, rules: { ...rules, corrections: changed } } },
      series,
    );
    for (const [n, value] of other.forecasts.entries())
      expect(value - methods[n]).toBeCloseTo((0.1 / (share ?? NaN)) * (forecasts[n] - methods[n]), 9);
    // and the file has all of it
    expect(await testOf(parseForecast(forecastBytes(state), 'f'), series)).toEqual({
      ...{ forecasts, methods, truth },
      networks,
    });
  });

  test.each<[string, number[], Partial<ForecastChoices>]>([
    ['white noise', noise(300, 2, (_, e) => 50 + e), { seasons: [] }],
    ['a random walk', walk(300, 3), { seasons: [], ahead: [1, 5] }],
  ])('do not correct forecasts of %s, and none is trained for them', async (_, y, choices) => {
    const series = seriesWith(y);
    const stages: string[] = [];
    const state = await run(series, choices, { steps: 60, onNetwork: (_one, stage) => stages.push(stage) });
    const { ahead } = state.plan;
    expect(rulesOf(state.plan).corrections?.map(({ share }) => share)).toEqual(ahead.map(() => 0));
    expect([stages, state.networks.size]).toEqual([ahead.map(() => 'calibration'), 0]);
    for (const one of ahead) {
      const { forecasts, methods, networks } = await testOf(state, series, one);
      expect([forecasts, networks]).toEqual([methods, []]);
      // the mean of the methods' forecasts, as fitted to all that is known
      const fits = rulesOf(state.plan).corrections?.[ahead.indexOf(one)].fits ?? [];
      const all = fits.map((fit) =>
        fitIn(new JsonReader(fit, 'f')).fitted.forecasts(
          readingFor(state.plan, series, [one]),
          one,
          stepsIn(state.plan.parts.test),
        ),
      );
      for (const [n, value] of forecasts.entries())
        expect(value).toBeCloseTo(all.reduce((sum, values) => sum + values[n], 0) / all.length, 9);
    }
  });

  test.each([false, true])('learn the errors of the methods, in units of these (relative: %s)', async (isRelative) => {
    const growing = noise(
      200,
      4,
      (n, e) => (100 + n) * (1 + 0.1 * Number(n % 7 === 0)) + (isRelative ? n / 20 : 3) * e,
    );
    const series = seriesWith(growing);
    const { plan } = await run(series, { ahead: [1, 3], isTogether: true });
    const corrections = (rulesOf(plan).corrections ?? []).map((one) => ({ ...one, isRelative }));
    const changed = { ...plan, rules: { ...rulesOf(plan), corrections } };
    const [T, end] = [plan.T, 150];
    const reading = networkReading(changed, series, [1, 3], { from: 0, to: end });
    const examples = windowExamples(reading, T, end);
    const filled = examples.fill(zeros([T, 1, examples.inputs], 'f64'), Uint32Array.of(examples.count - 1));
    const { targets } = filled.targets as { targets: Tensor };
    const first = end - 1 - T;
    for (const [g, ahead] of [1, 3].entries()) {
      const { fits, unit } = corrections[g];
      const steps = stepsIn({ from: 30, to: 160 });
      const values = fits.map((fit) =>
        fitIn(new JsonReader(fit, 'f')).fitted.forecasts(readingFor(plan, series, [ahead]), ahead, steps),
      );
      const baseAt = (d: number): number => values.reduce((sum, all) => sum + all[d - 30], 0) / values.length;
      const meanAt = (t: number): number => growing.slice(t - 27, t + 1).reduce((sum, y) => sum + y, 0) / 28;
      const unitAt = (t: number): number => unit * (isRelative ? meanAt(t) : 1);
      const errorAt = (d: number): number => (growing[d] - baseAt(d)) / unitAt(d - ahead);
      for (let t = 0; t < T; t++) {
        const d = first + t + ahead;
        expect(targets.get(t, 0, g)).toEqual(d < end ? expect.closeTo(errorAt(d), 8) : NaN);
      }
      // what they read of the methods: how far the forecast is from the recent mean
      const [next] = reading.columns.past.slice(-2).slice(g);
      for (const t of [60, 75, 149])
        expect(next.at(t)).toBeCloseTo((baseAt(t + ahead) - meanAt(t)) / plan.inputs.y.scale, 8);
    }
  });

  test('of several horizons correct those whose share is not 0', async () => {
    const series = chaos();
    const state = await run(series, { ahead: [1, 2], isTogether: true, method: 'network' }, { steps: 4 });
    const rules = rulesOf(state.plan);
    const corrections = rules.corrections?.map((one, n) => ({ ...one, share: n })) ?? null;
    const changed = { ...state, plan: { ...state.plan, rules: { ...rules, corrections } } };
    const [near, far] = [await testOf(changed, series, 1), await testOf(changed, series, 2)];
    expect([near.networks.length, far.networks.length]).toEqual([0, 1]);
    expect(near.forecasts).toEqual(near.methods);
    expect(far.forecasts).not.toEqual(far.methods);
    const forecaster = new Forecaster(backend, parseForecast(forecastBytes(changed), 'f'));
    const reports = await reportOf(forecaster, series, 'test');
    forecaster.dispose();
    expect(reports.map(({ share, networks }) => [share, networks.length])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

test.each<[string, (n: number, e: number) => number, boolean]>([
  ['grow with the level', (n, e) => 1.02 ** n * (1 + 0.1 * e), true],
  ['stay the same', (n, e) => 50 + n + 3 * e, false],
  ['stay the same around 0', (_, e) => e * 3, false],
])('errors that %s are measured so', async (_, of, isRelative) => {
  const series = seriesWith(noise(200, 5, of));
  const { plan } = await run(series, { method: 'last', seasons: [] });
  const [correction] = rulesOf(plan).corrections ?? [];
  expect(correction.isRelative).toBe(isRelative);
  // by hand: the last value, before the test part, and the mean of 32 numbers
  const y = [...series.y];
  const errors = stepsIn({ from: 1, to: plan.parts.test.from }).map((d) => {
    const recent = y.slice(Math.max(0, d - 32), d);
    const level = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    return Math.abs(y[d] - y[d - 1]) / (isRelative ? Math.max(level, plan.inputs.y.scale / 1000) : 1);
  });
  expect(correction.unit).toBeCloseTo((8 * errors.reduce((sum, one) => sum + one, 0)) / errors.length, 9);
});

test('intervals of methods alone follow the recent size of errors, which come in quiet and in wild times', async () => {
  const series = seriesWith(noise(300, 8, (n, e) => (n % 70 < 35 ? 1 : 6) * e));
  const state = await run(series, { method: 'last', seasons: [] });
  const { scores, parts, coverage } = state.plan;
  const before = (scores?.[0] ?? []).map(Number);
  const steps = stepsIn(parts.test);
  const all = [...before, ...steps.map((d) => Math.abs(series.y[d] - series.y[d - 1]))];
  const usual = before.reduce((sum, one) => sum + one, 0) / before.length;
  const sizeBefore = (end: number): number => {
    const latest = all.slice(Math.max(0, end - 50), end).reverse();
    const sum = latest.reduce((total, one, k) => total + 0.06 * 0.94 ** k * one, 0);
    return Math.max(sum + 0.94 ** latest.length * usual, usual / 5);
  };
  const compared = all.map((one, k) => one / sizeBefore(k));
  const forecaster = new Forecaster(backend, state);
  const bands = await forecaster.bands(series, 1, steps);
  for (const [n, { forecast, low, high }] of bands.entries()) {
    const end = before.length + n;
    const sorted = compared.slice(end - before.length, end).sort((a, b) => a - b);
    const width = sizeBefore(end) * sorted[Math.ceil((sorted.length + 1) * coverage) - 1];
    expect(high - forecast).toBeCloseTo(width, 9);
    expect(forecast - low).toBeCloseTo(width, 9);
  }
  const widths = bands.map(({ low, high }) => high - low);
  expect(Math.max(...widths)).toBeGreaterThan(2 * Math.min(...widths));
  for (const n of [0, 7, 29]) expect(await forecaster.bands(series, 1, [steps[n]])).toEqual([bands[n]]); // one at a time
  forecaster.dispose();
});

test('a mean of methods is chosen before a single one whose error is hardly smaller', async () => {
  // the errors of these single methods are less than 2% smaller than those of the means
  for (const seed of [2, 3, 4]) {
    const { plan } = await run(seriesWith(noise(120, seed, (n, e) => 100 + 5 * (n % 7) + e)));
    expect([seed, rulesOf(plan).corrections![0].fits.length > 1]).toEqual([seed, true]);
  }
});

describe('rows after the first forecast of the test part', () => {
  const y = noise(120, 6, (n, e) => 100 + 5 * (n % 7) + e);
  const changed = (from: number): Series => seriesWith(y.map((value, n) => (n < from ? value : value + 30)));

  test.each(['network', 'ridge', 'season'])('choose nothing: %s', async (method) => {
    const first = 108; // of the test part
    const of = async (series: Series) => {
      const { plan, networks } = await run(series, { ahead: [1, 4], method });
      return { corrections: rulesOf(plan).corrections, weights: [...networks].map(([name, one]) => [name, one.model]) };
    };
    const own = await of(changed(120));
    expect(await of(changed(first))).toEqual(own);
    const other = await of(changed(first - 3)); // unknown at the first forecast 4 ahead, but not 1 ahead
    expect(other.corrections?.[1]).toEqual(own.corrections?.[1]);
    expect(other.corrections?.[0]).not.toEqual(own.corrections?.[0]);
    expect((await of(changed(first - 4))).corrections?.[1]).not.toEqual(own.corrections?.[1]);
  });
});

test('a run without final networks that is stopped anywhere continues to the same bytes', async () => {
  const series = seriesWith(noise(120, 7, (n, e) => 100 + 5 * (n % 7) + e));
  const states: ForecastState[] = [];
  const end = await run(series, { ahead: [1, 3] }, { onState: (state) => void states.push(state), checkpointEvery: 1 });
  expect([end.networks.size, states.length > 4]).toEqual([0, true]);
  for (const state of states) {
    const read = parseForecast(forecastBytes(state), 'f');
    const again = await trainStages(backend, series, forecastOptions({ seed: 99 }), read);
    expect(forecastBytes(again)).toEqual(forecastBytes(end));
  }
});

describe('a later table without earlier rows', () => {
  const y = noise(140, 8, (n, e) => 100 + 10 * (n % 7) + e);
  const series = seriesWith(y);
  const from = (first: number): Series => {
    const cut = (values: Float64Array): Float64Array => values.map((value, n) => (n < first ? NaN : value));
    return { ...series, first, y: cut(series.y), filled: cut(series.filled) };
  };
  const choices = { test: { from: timeFrom('1987-04-11'), to: timeFrom('1987-04-20') } }; // steps 100 … 109

  test.each(['ets', 'airline'])('gives the forecasts of %s, whose state stands for them', async (method) => {
    const state = await run(series, { ...choices, method });
    const { test: part } = state.plan.parts;
    expect(part).toEqual({ from: 100, to: 110 });
    const forecaster = new Forecaster(backend, state);
    const valuesOf = (of: Series, steps: readonly number[]): number[] =>
      forecaster.methodBands(of, 1, steps).map(({ forecast }) => forecast);
    const late = stepsIn({ from: 130, to: 141 });
    expect(valuesOf(from(100), late)).toEqual(valuesOf(series, late));
    // whichever steps are asked for beside them
    expect(valuesOf(series, stepsIn({ from: 20, to: 141 })).slice(-11)).toEqual(valuesOf(series, late));
    expect(valuesOf(from(100), stepsIn({ from: 95, to: 141 })).slice(-11)).toEqual(valuesOf(series, late));
    const reading = networkReading(state.plan, from(100), [1], { from: 80, to: 140 });
    const [error] = reading.columns.past.slice(-2);
    // no error is known of a forecast that such a table does not allow, and what comes later is that of the whole table
    expect([90, 99].map((t) => error.at(t))).toEqual([0, 0]);
    const whole = networkReading(state.plan, series, [1], { from: 80, to: 140 });
    expect(whole.columns.past.at(-2)?.at(90)).not.toBe(0);
    forecaster.dispose();
  });
});

test.each(['last', 'season', 'ridge', 'ets', 'airline', 'network'])(
  'forecasts read no numbers before `firstRead`: %s',
  async (method) => {
    let level = 100; // it moves, so that every method follows its numbers
    const series = seriesWith(noise(140, 8, (n, e) => (level += e) + 10 * (n % 7)));
    const state = await run(series, { ahead: [3], method });
    const later = (first: number): Series => {
      const cut = (values: Float64Array): Float64Array => values.map((value, n) => (n < first ? NaN : value));
      return { ...series, first, y: cut(series.y), filled: cut(series.filled) };
    };
    const forecaster = new Forecaster(backend, { ...state, plan: { ...state.plan, scores: null } });
    const said = async (first: number): Promise<unknown> => forecaster.bands(later(first), 3, [140]);
    const first = firstRead(state.plan, 140, 1);
    expect(await said(first)).toEqual(await said(0));
    expect(await said(139)).not.toEqual(await said(0));
    forecaster.dispose();
  },
);

describe('no number of a forecast is missing', () => {
  const week = noise(140, 9, (n, e) => 20 + 3 * (n % 7) + e);
  test.each<[string, (number | null)[], Partial<ForecastChoices>]>([
    ['equal numbers', week.map(() => 7), {}],
    ['a perfect season', week.map((_, n) => n % 7), {}],
    ['few rows', week.slice(0, 40), {}],
    ['very few rows', week.slice(0, 16), { seasons: [] }],
    ['numbers that are mostly missing', week.map((y, n) => (n % 5 < 3 ? null : y)), {}],
    ['no numbers at first', week.map((y, n) => (n < 60 ? null : y)), {}],
    ['negative numbers', week.map((y) => -y), {}],
    ['a pause of zeros before the test part', week.map((y, n) => (n > 85 && n < 126 ? 0 : y)), {}],
    ['a horizon beyond the validation part', week, { ahead: [1, 20] }],
    ['a horizon beyond it, together', week, { ahead: [1, 20], isTogether: true }],
    [
      'no number of the validation part that is known in time',
      week.map((y, n) => (n > 104 && n < 124 ? null : y)),
      { ahead: [6] },
    ],
  ])('%s', async (_, y, choices) => {
    const series = seriesWith(y);
    for (const method of ['auto', 'network']) {
      const state = await run(series, { ...choices, method });
      const read = parseForecast(forecastBytes(state), 'f');
      const forecaster = new Forecaster(backend, read);
      for (const report of await reportOf(forecaster, series, 'test')) {
        const { error, bands, coverage, networks } = report;
        expect(JSON.stringify([error, bands, coverage, networks])).not.toContain('null');
        const largest = Math.max(...y.map((value) => Math.abs(value ?? 0)));
        // no interval is wider than the series is high, many times over
        for (const { low, high } of bands) expect(high - low).toBeLessThan(100 * largest);
      }
      forecaster.dispose();
    }
  });
});
