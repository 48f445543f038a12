/** The simple methods: beside statsmodels, with numbers that are missing, from later rows, and out of a file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { tableOf } from '../../src/data/table.js';
import type { JsonObject, JsonValue } from '../../src/files/json.js';
import { JsonReader } from '../../src/files/json-reader.js';
import { leastSquares } from '../../src/forecast/methods/least-squares.js';
import type { NamedFit } from '../../src/forecast/methods/methods.js';
import { fitAsJson, fitIn, fitInput, fitMethods, METHOD_NAMES, METHODS } from '../../src/forecast/methods/methods.js';
import type { FittedMethod } from '../../src/forecast/methods/method.js';
import { planOf } from '../../src/forecast/planning.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import type { Reading } from '../../src/forecast/windows.js';
import { readingOf } from '../../src/forecast/windows.js';

const AHEAD = [1, 2, 3, 4, 5, 6];

const DAY = 86_400_000;
const columns = { time: ['date'], predict: 'y', inputs: ['x'], known: ['k'], fill: 'missing' } as const;

/** Numbers as a series of days, with a column that is an input and one that is known in advance; NaN is missing. */
function readingFor(y: ArrayLike<number>, seasons: readonly number[], ahead = AHEAD, test = Math.ceil(y.length / 5)) {
  const rows = Array.from(y, (value, n) => ({
    date: new Date(DAY * n).toISOString().slice(0, 10),
    ...(Number.isNaN(value) ? {} : { y: value }),
    ...{ x: Math.cos(n), k: n % 3 },
  }));
  const series = seriesOf(tableOf('rows', rows, wantedColumns(columns)), columns);
  const part = { from: DAY * (y.length - test), to: null };
  const choices = {
    columns,
    ahead,
    isTogether: true,
    seeds: 1,
    coverage: 0.9,
    test: part,
    seasons,
    method: 'network',
    isNegative: false,
  };
  const plan = planOf('rows', series, choices, undefined);
  return { plan, reading: readingOf(series, plan.inputs, undefined, ahead) };
}

/** A method that was fitted to the rows before `end`. */
function fitOf(method: 'ets' | 'airline', reading: Reading, end: number): FittedMethod {
  const found = METHODS[method].fit({ reading, T: 8, end, heldFrom: end - 8 });
  if (typeof found === 'string') throw new Error(found);
  expect(found).toHaveLength(1);
  return found[0];
}

/** The forecasts of all horizons after the row before `end`. */
const after = (one: FittedMethod, reading: Reading, end: number): number[] =>
  AHEAD.map((ahead) => one.forecasts(reading, ahead, [end - 1 + ahead])[0]);

function expectNear(found: readonly number[], wanted: readonly number[], relative: number): void {
  expect(found).toHaveLength(wanted.length);
  for (const [n, value] of found.entries()) {
    expect(Math.abs(value / wanted[n] - 1)).toBeLessThan(relative);
  }
}

interface EtsOfStatsmodels {
  readonly errors: string;
  readonly trend: string;
  readonly season: string;
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
  readonly state: readonly number[];
  readonly logLikelihood: number;
  /** After the rows of the fit, and after all rows. */
  readonly forecasts: readonly (readonly number[])[];
}

interface AirlineOfStatsmodels {
  readonly isLogarithm: boolean;
  readonly theta: number;
  readonly seasonal: number;
  readonly forecasts: readonly (readonly number[])[];
}

interface Case {
  readonly period: number;
  /** Rows of the fit. */
  readonly fit: number;
  readonly y: readonly number[];
  readonly ets: readonly EtsOfStatsmodels[];
  readonly airline: readonly AirlineOfStatsmodels[];
}

const cases = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../fixtures/methods.json'), 'utf8'),
) as readonly Case[];

test.each(['ets', 'airline'] as const)('%s keeps its fit to the same numbers, seasons and end', (method) => {
  const random = new Random(3);
  const y = Array.from({ length: 40 }, (_, n) => 20 + (n % 4) + random.normal(0, 1));
  const { reading } = readingFor(y, [4]);
  const first = fitOf(method, reading, 30);
  expect(fitOf(method, { ...reading }, 30)).toBe(first);
  const later = readingFor([...y.slice(0, -15), 30, ...y.slice(-14)], [4]).reading;
  for (const other of [
    fitOf(method, reading, 29),
    fitOf(method, { ...reading, plan: { ...reading.plan, seasons: [3] } }, 30),
    fitOf(method, later, 30),
  ])
    expect(other.numbers).not.toEqual(first.numbers);
});

test.each(['ets', 'airline'] as const)(
  '%s searches near a fit to more rows, and finds the same forecasts',
  (method) => {
    const random = new Random(5);
    const y = Array.from({ length: 400 }, (_, n) => (20 + n / 50) * (1 + (n % 4) / 8) + random.normal(0, 1));
    const { reading } = readingFor(y, [4]);
    const [more, alone] = [fitOf(method, reading, 400), fitOf(method, reading, 330)];
    const [near] = METHODS[method].fit({ reading, T: 8, end: 330, heldFrom: 322, near: more }) as FittedMethod[];
    expect(near.name).toBe(alone.name);
    expect(near).not.toBe(alone);
    expectNear(after(near, reading, 330), after(alone, reading, 330), 1e-3);
  },
);

test('searches begin at fits to the first rows in one of many series only, and find nearly the same forecasts', () => {
  const random = new Random(6);
  const y = Array.from({ length: 640 }, (_, n) => (20 + n / 50) * (1 + (n % 4) / 8) + random.normal(0, 1));
  const fitsWith = (code?: readonly number[]): NamedFit[] => {
    const { reading } = readingFor(y, [4]);
    const input = { reading: { ...reading, plan: { ...reading.plan, code } }, T: 8, end: 620, heldFrom: 600 };
    return fitMethods(input, ['ets', 'airline']).fits;
  };
  const [alone, few, many] = [fitsWith(), fitsWith([0, 1]), fitsWith([-1, 1])];
  expect(few.map(fitAsJson)).toEqual(alone.map(fitAsJson));
  expect(many.map(({ fitted }) => fitted.name)).toEqual(alone.map(({ fitted }) => fitted.name));
  expect(fitAsJson(many[0])).not.toEqual(fitAsJson(alone[0]));
  expect(fitAsJson(many[1])).toEqual(fitAsJson(alone[1]));
  const { reading } = readingFor(y, [4]);
  expectNear(after(many[0].fitted, reading, 620), after(alone[0].fitted, reading, 620), 1e-3);
});

test('ETS tries all forms if none that a fit to other rows had suits these', () => {
  const random = new Random(8);
  const y = Array.from({ length: 400 }, (_, n) => (20 + n) * (1 + (n % 4) / 4) * (1 + random.normal(0, 0.05)));
  const positive = readingFor(y, [4]).reading;
  const near = fitOf('ets', positive, 400);
  expect(near.numbers).toMatchObject({ season: 'multiplicative', errors: 'multiplicative' });
  const negative = readingFor(
    y.map((value) => -value),
    [4],
  ).reading;
  const [begun] = METHODS.ets.fit({ reading: negative, T: 8, end: 380, heldFrom: 360, near }) as FittedMethod[];
  expect(begun.numbers).toEqual(fitOf('ets', negative, 380).numbers);
});

test('ridge regression of fewer or more rows of a reading is that of a reading of its own', () => {
  const random = new Random(7);
  const y = Array.from({ length: 120 }, (_, n) => 20 + (n % 4) + random.normal(0, 1));
  const { reading } = readingFor(y, [4]);
  for (const end of [90, 61, 110]) {
    const input = { T: 8, end, heldFrom: end - 20 };
    const [shared, own] = [reading, { ...reading }].map((one) => METHODS.ridge.fit({ ...input, reading: one }));
    expect((shared as FittedMethod[]).map(({ numbers }) => numbers)).toEqual(
      (own as FittedMethod[]).map(({ numbers }) => numbers),
    );
  }
});

describe.each(cases)('beside statsmodels, a season of $period', ({ period, fit, y, ets, airline }) => {
  const { reading } = readingFor(y, period > 1 ? [period] : []);

  test.each(ets)('ETS with errors $errors, slope $trend and season $season forecasts the same', (one) => {
    const { errors, trend, season, alpha, beta, gamma, phi, state, forecasts } = one;
    const first = { at: 0, state };
    const smoothing = { alpha, beta, gamma, phi };
    const form = { errors, trend, season, period: season === 'none' ? 1 : period };
    const stored: JsonObject = { ...form, ...smoothing, first, last: { ...first, at: y.length + 1 } };
    const model = METHODS.ets.restored(new JsonReader(stored, 'ets'));
    expectNear(after(model, reading, fit), forecasts[0], 1e-9);
    expectNear(after(model, reading, y.length), forecasts[1], 1e-9);
  });

  test('ETS chooses a form by AICc, and fits it as well', () => {
    const criterion = ({ trend, season, logLikelihood }: EtsOfStatsmodels): number => {
      const k = 3 + 2 * Number(trend !== 'none') + Number(trend === 'damped') + (season === 'none' ? 0 : period);
      return 2 * k - 2 * logLikelihood + (2 * k * (k + 1)) / (fit - k - 1);
    };
    const best = ets.reduce((a, b) => (criterion(b) < criterion(a) ? b : a));
    const found = fitOf('ets', reading, fit);
    const { trend, season, errors } = found.numbers;
    expect({ trend, season, errors }).toEqual({ trend: best.trend, season: best.season, errors: best.errors });
    // the likelihood of its own forecasts, one step ahead
    const rows = Array.from({ length: fit }, (_, row) => row);
    const expected = found.forecasts(reading, 1, rows);
    const isShare = best.errors === 'multiplicative';
    const squares = rows.reduce((sum, n) => sum + ((y[n] - expected[n]) / (isShare ? expected[n] : 1)) ** 2, 0);
    const logs = isShare ? expected.reduce((sum, one) => sum + Math.log(one), 0) : 0;
    const likelihood = (-fit / 2) * (Math.log((2 * Math.PI * squares) / fit) + 1) - logs;
    expect(likelihood).toBeGreaterThan(best.logLikelihood - 0.05);
  });

  test('the airline model forecasts the same', () => {
    for (const { isLogarithm, theta, seasonal, forecasts } of airline) {
      // a series with numbers below 0 has no logarithms, and a number that is added to all changes nothing else
      const shift = isLogarithm ? 0 : -1000;
      const read = readingFor(
        y.map((value) => value + shift),
        [period],
      ).reading;
      const found = fitOf('airline', read, fit);
      expect(found.numbers.isLogarithm).toBe(isLogarithm);
      expect(Math.abs(Number(found.numbers.theta) - theta)).toBeLessThan(1e-3);
      expect(Math.abs(Number(found.numbers.seasonal) - seasonal)).toBeLessThan(1e-3);
      for (const [n, end] of [fit, y.length].entries())
        expectNear(
          after(found, read, end).map((value) => value - shift),
          forecasts[n],
          2e-4,
        );
    }
  });
});

/** A series with two seasons and a drift; rows in `gaps` are missing. */
function twoSeasons(count: number, gaps: readonly number[] = []): number[] {
  const random = new Random(11);
  let level = 200;
  return Array.from({ length: count }, (_, n) => {
    level += random.normal(0.05, 0.8);
    const y =
      level + 20 * Math.sin((2 * Math.PI * n) / 7) + 15 * Math.cos((2 * Math.PI * n) / 28) + random.normal(0, 1.5);
    return gaps.includes(n) ? NaN : y;
  });
}

const GAPS = [0, 17, 90, 91, 92, 93, 94, 95, 96, 203, 231];

describe('every method', () => {
  const y = twoSeasons(240, GAPS);
  const { plan, reading } = readingFor(y, [7, 28]);
  const input = fitInput(plan, reading, 'final');
  const { fits, leftOut } = fitMethods(input);
  const { end } = input;
  const testSteps = (ahead: number): number[] => Array.from({ length: 230 - end }, (_, n) => end - 1 + ahead + n);

  test('is fitted, and none is left out', () => {
    expect(leftOut).toEqual([]);
    expect(end).toBe(192 - 6 + 1);
    expect(fits.map(({ method, fitted }) => [method, fitted.name])).toEqual([
      ['last', 'the last value'],
      ['season', 'the season before (7 steps)'],
      ['season', 'the mean of four seasons (7 steps)'],
      ['season', 'the season before (28 steps)'],
      ['season', 'the mean of four seasons (28 steps)'],
      ['season', 'the mean of the seasons before (7, 28 steps)'],
      ['ridge', 'ridge regression'],
      ['ridge', 'ridge regression of logarithms'],
      ['ets', expect.stringMatching(/^ETS \(.* additive season of 28 steps\)$/)],
      ['airline', expect.stringMatching(/^the airline model \(28 steps\)$/)],
    ]);
  });

  test.each(fits)('$fitted.name forecasts numbers at every horizon, and better than a number far off', ({ fitted }) => {
    for (const ahead of AHEAD) {
      for (const [n, value] of fitted.forecasts(reading, ahead, testSteps(ahead)).entries()) {
        expect(Math.abs(value - (y[testSteps(ahead)[n]] || value))).toBeLessThan(80);
      }
    }
  });

  test.each(fits)('$fitted.name reads no row after the one from which it forecasts', ({ fitted }) => {
    const origin = 205;
    const changed = twoSeasons(240, GAPS).map((value, n) => (n > origin ? 5000 + n : value));
    const other = readingOf(readingFor(changed, [7, 28]).reading.series, plan.inputs, undefined, AHEAD);
    for (const ahead of AHEAD) {
      const steps = [198, 201, origin].map((at) => at + ahead);
      expect(fitted.forecasts(other, ahead, steps)).toEqual(fitted.forecasts(reading, ahead, steps));
    }
    // a row that it must read
    const sooner = [origin + 1, origin + 28 - 5].map((at) => [at + 6]);
    expect(sooner.map((at) => fitted.forecasts(other, 6, at))).not.toEqual(
      sooner.map((at) => fitted.forecasts(reading, 6, at)),
    );
  });

  test('is fitted to the rows before its end alone', () => {
    const changed = twoSeasons(240, GAPS).map((value, n) => (n >= end ? 5000 + n : value));
    const other = readingOf(readingFor(changed, [7, 28]).reading.series, plan.inputs, undefined, AHEAD);
    expect(fitMethods({ ...input, reading: other }).fits.map(fitAsJson)).toEqual(fits.map(fitAsJson));
    const earlier = fitInput(plan, reading, 'calibration');
    expect(earlier).toMatchObject({ end: 144 - 6 + 1, heldFrom: 96 });
    expect(fitMethods(earlier).fits.map(fitAsJson)).not.toEqual(fits.map(fitAsJson));
  });

  test.each(fits)('$fitted.name gives the same forecasts one at a time, and from a file', (fit) => {
    const back = fitIn(new JsonReader(JSON.parse(JSON.stringify(fitAsJson(fit))) as JsonValue, 'file'));
    expect(back.method).toBe(fit.method);
    expect(back.fitted.name).toBe(fit.fitted.name);
    for (const ahead of [1, 6]) {
      const steps = testSteps(ahead);
      const all = fit.fitted.forecasts(reading, ahead, steps);
      expect(back.fitted.forecasts(reading, ahead, steps)).toEqual(all);
      expect(steps.map((d) => fit.fitted.forecasts(reading, ahead, [d])[0])).toEqual(all);
    }
  });

  test.each(fits.filter(({ method }) => method === 'ets' || method === 'airline'))(
    '$fitted.name needs only the rows since its fit, and continues alike from before it',
    ({ fitted }) => {
      const { series } = reading;
      const filled = series.filled.map((value, n) => (n < end ? NaN : value));
      const later = { ...reading, series: { ...series, filled } };
      expect(fitted.forecasts(later, 6, testSteps(6))).toEqual(fitted.forecasts(reading, 6, testSteps(6)));
      // from its first state over the whole series: rounding alone differs
      const across = [end - 40, ...testSteps(6)];
      expectNear(fitted.forecasts(reading, 6, across).slice(1), fitted.forecasts(reading, 6, testSteps(6)), 1e-9);
      expect(fitted.forecasts(reading, 6, [2, 70])).toEqual([expect.any(Number), expect.any(Number)]);
      expect(fitted.forecasts(reading, 6, [1])).toEqual([NaN]);
    },
  );

  test.each(fits.filter(({ method }) => method === 'ets' || method === 'airline'))(
    '$fitted.name replaces a missing number by its own forecast',
    ({ fitted }) => {
      const missing = [200, 201];
      const { series } = reading;
      const without = series.filled.map((value, n) => (missing.includes(n) ? NaN : value));
      const readingOfFilled = (filled: Float64Array): Reading => ({ ...reading, series: { ...series, filled } });
      const gap = readingOfFilled(without);
      const own = without.slice();
      own[200] = fitted.forecasts(gap, 1, [200])[0];
      own[201] = fitted.forecasts(gap, 2, [201])[0];
      expectNear(fitted.forecasts(readingOfFilled(own), 3, [206]), fitted.forecasts(gap, 3, [206]), 1e-12);
    },
  );
});

describe('a method', () => {
  const reasonOf = (name: (typeof METHOD_NAMES)[number], y: readonly number[], seasons: readonly number[]): unknown => {
    const { plan, reading } = readingFor(y, seasons, [1], 6);
    return fitMethods(fitInput(plan, reading, 'final'), [name]).leftOut.map(({ reason }) => reason);
  };

  test('without a season is left out, with the reason', () => {
    const y = twoSeasons(60);
    expect(reasonOf('season', y, [])).toEqual(['the series has no season']);
    expect(reasonOf('airline', y, [])).toEqual(['the series has no season']);
    expect(reasonOf('airline', y, [24])).toEqual([]);
    const few = y.map((value, n) => (n < 20 ? NaN : value));
    expect(reasonOf('airline', few, [24])).toEqual([
      'the series has 34 rows before the forecasts, fewer than two seasons',
    ]);
    const fewer = y.map((value, n) => (n < 54 && n !== 20 && n !== 50 ? NaN : value));
    expect(reasonOf('ets', fewer, [])).toEqual([
      'the series has 2 numbers before the forecasts, too few for its parameters',
    ]);
  });

  test('ETS reads a season of 336 steps, but none of 337, and the airline model reads both', () => {
    for (const period of [336, 337]) {
      const random = new Random(5);
      const pattern = Array.from({ length: period }, () => random.normal(0, 9));
      const y = Array.from({ length: 1300 }, (_, n) => pattern[n % period] + random.normal(100, 0.5));
      const { plan, reading } = readingFor(y, [7, period], [1], 60);
      const { fits } = fitMethods(fitInput(plan, reading, 'final'), ['ets', 'airline']);
      const [ofEts, ofAirline] = fits.map(({ fitted }) => fitted.numbers.period);
      expect([ofEts === period, ofAirline]).toEqual([period === 336, period]);
      const long = fits[0].fitted.forecasts(reading, 1, [1290])[0];
      expect(Math.abs(long - y[1290]) < 3).toBe(period === 336);
    }
  });

  test('that reads a season before the first one repeats the last value', () => {
    const { reading } = readingFor(twoSeasons(80), [7]);
    const found = METHODS.season.fit({ reading, T: 8, end: 60, heldFrom: 50 });
    for (const one of found as FittedMethod[])
      expect(one.forecasts(reading, 2, [5, 6])).toEqual([reading.series.y[3], reading.series.y[4]]);
  });

  test('of ridge regression chooses lambda on numbers that it was not fitted to: noise has small weights', () => {
    const random = new Random(9);
    const { plan, reading } = readingFor(
      Array.from({ length: 200 }, () => random.normal(0, 1)),
      [7],
      [1],
      50,
    );
    const [{ fitted }] = fitMethods(fitInput(plan, reading, 'final'), ['ridge']).fits;
    const [{ weights }] = fitted.numbers.horizons as unknown as readonly { weights: readonly number[] }[];
    expect(weights.length).toBeGreaterThan(10);
    expect(weights.slice(0, -1).reduce((sum, w) => sum + w * w, 0)).toBeLessThan(0.1);
  });

  test('of ridge regression reads logarithms of positive numbers, so it follows a season that grows and shrinks', () => {
    const random = new Random(5);
    let level = 4;
    const y = Array.from({ length: 300 }, (_, n) => {
      level += random.normal(0, 0.2);
      return Math.exp(level + Number(n % 7 === 0) + random.normal(0, 0.01));
    });
    const fitsOf = (of: readonly number[]) => {
      const { reading } = readingFor(of, [7]);
      return fitMethods({ reading, T: 8, end: 200, heldFrom: 150 }, ['ridge']).fits.map(({ fitted }) => {
        const forecasts = fitted.forecasts(
          reading,
          1,
          Array.from({ length: 100 }, (_, n) => 200 + n),
        );
        const shares = forecasts.map((value, n) => Math.abs(Math.log(Math.max(value, 1e-9) / of[200 + n])));
        return { name: fitted.name, share: shares.reduce((sum, one) => sum + one, 0) / 100 };
      });
    };
    const [plain, logarithms] = fitsOf(y);
    expect([plain.name, logarithms.name]).toEqual(['ridge regression', 'ridge regression of logarithms']);
    expect(logarithms.share).toBeLessThan(0.2); // the walk itself moves by 0.16 in the mean
    expect(plain.share).toBeGreaterThan(1.2 * logarithms.share);
    expect(fitsOf(y.map((value, n) => (n === 50 ? 0 : value)))).toHaveLength(1);
    expect(fitsOf(y.map((value, n) => (n === 250 ? 0 : value)))).toHaveLength(2); // a later one counts as missing
  });

  test('of products counts numbers that are not above 0 as missing', () => {
    const { period, fit, y } = cases[0];
    const later = y.map((value, n) => (n === fit + 3 ? -5 : n === fit + 4 ? 0 : value));
    const gaps = y.map((value, n) => (n === fit + 3 || n === fit + 4 ? NaN : value));
    const { reading } = readingFor(y, [period]);
    for (const method of ['ets', 'airline'] as const) {
      const model = fitOf(method, reading, fit);
      expect(method === 'ets' ? model.numbers.season : model.numbers.isLogarithm).toEqual(
        method === 'ets' ? 'multiplicative' : true,
      );
      const [a, b] = [later, gaps].map((one) => after(model, readingFor(one, [period]).reading, y.length));
      expect(a).toEqual(b);
      expect(a.every(Number.isFinite)).toBe(true);
    }
    // with such a number in the training part, nothing is multiplied
    const early = readingFor(
      y.map((value, n) => (n === 5 ? 0 : value)),
      [period],
    ).reading;
    expect(fitOf('ets', early, fit).numbers).toMatchObject({ errors: 'additive' });
    expect(fitOf('airline', early, fit).numbers).toMatchObject({ isLogarithm: false });
  });

  test('fits a series that is constant, or rises along a line', () => {
    const line = Array.from({ length: 80 }, (_, n) => 5 + 3 * n);
    for (const y of [line, line.map(() => 7), line.map(() => 0)]) {
      const { plan, reading } = readingFor(y, [7]);
      const { fits } = fitMethods(fitInput(plan, reading, 'final'));
      for (const { method, fitted } of fits) {
        const found = fitted.forecasts(reading, 6, [77])[0];
        expect(Number.isFinite(found)).toBe(true);
        if (method === 'ets' || method === 'airline') expect(found).toBeCloseTo(y[77], 1);
      }
    }
  });

  test('of a file that is damaged is a DataError that names the field', () => {
    const y = twoSeasons(120);
    const { plan, reading } = readingFor(y, [7], [1, 2], 20);
    const { fits } = fitMethods(fitInput(plan, reading, 'final'));
    const wrong = (method: string, change: (numbers: Record<string, JsonValue>) => JsonObject): (() => NamedFit) => {
      const fit = fits.find((one) => one.method === method);
      if (!fit) throw new Error(method);
      const json = JSON.parse(JSON.stringify(fitAsJson(fit))) as { method: string; numbers: Record<string, JsonValue> };
      return () => fitIn(new JsonReader({ ...json, numbers: change(json.numbers) }, 'file'));
    };
    expect(wrong('last', () => ({ periods: [], count: 1 }))).toThrow(/file\.numbers\.periods is \[\]/);
    expect(wrong('season', (one) => ({ ...one, count: 5 }))).toThrow(/file\.numbers\.count is 5/);
    expect(wrong('ets', (one) => ({ ...one, phi: 1.5 }))).toThrow(/file\.numbers\.phi is 1\.5/);
    expect(wrong('ets', (one) => ({ ...one, period: 9 }))).toThrow(
      /file\.numbers\.first\.state is .* a list of 11 numbers/,
    );
    expect(wrong('airline', (one) => ({ ...one, theta: null }))).toThrow(/file\.numbers\.theta is null/);
    expect(wrong('airline', ({ last: _, ...one }) => one)).toThrow(/file\.numbers\.last: missing/);
    expect(() => fitIn(new JsonReader({ method: 'prophet', numbers: {} }, 'file'))).toThrow(DataError);
    expect(wrong('ridge', (one) => ({ ...one, isLogarithm: 1 }))).toThrow(/file\.numbers\.isLogarithm is 1/);
    const cut = wrong('ridge', ({ horizons, ...one }) => ({
      ...one,
      horizons: (horizons as unknown as { weights: number[] }[]).map((horizon) => ({
        ...horizon,
        weights: horizon.weights.slice(1),
      })),
    }));
    expect(() => cut().fitted.forecasts(reading, 1, [110])).toThrow(
      /file\.numbers is .* must be weights of \d+ numbers for 1 ahead/,
    );
    expect(() => cut().fitted.forecasts(reading, 5, [110])).toThrow(
      /file\.numbers\.horizons is .* must be weights for 5 ahead/,
    );
  });
});

describe('least squares', () => {
  const minimum = (residualsAt: (p: Float64Array) => Float64Array | undefined, rows: number, start: Float64Array) =>
    leastSquares(
      (p, r) => {
        const found = residualsAt(p);
        r.set(found ?? []);
        return found !== undefined;
      },
      rows,
      start,
    );

  test('finds the minimum of Rosenbrock’s valley', () => {
    const found = minimum(([x, y]) => Float64Array.of(10 * (y - x * x), 1 - x), 2, Float64Array.of(-1.2, 1));
    expect(found.sum).toBeLessThan(1e-12);
    expect(Array.from(found.parameters, (value) => Math.round(1e4 * value) / 1e4)).toEqual([1, 1]);
  });

  test('finds a line beside points, from units that differ by a million', () => {
    const t = Float64Array.from({ length: 20 }, (_, n) => n);
    const found = minimum(
      ([a, b]) => t.map((x) => 1e6 * a + 2 * x * b - (3e6 + 5 * x + (x % 2))),
      t.length,
      Float64Array.of(0, 0),
    );
    // Σ (x % 2 - a' - b'·x)² has its minimum at b' = 5/665·… ; the gradient there is 0
    const r = t.map((x) => 1e6 * found.parameters[0] + 2 * x * found.parameters[1] - (3e6 + 5 * x + (x % 2)));
    expect(Math.abs(r.reduce((sum, one) => sum + one, 0))).toBeLessThan(1e-3);
    expect(Math.abs(r.reduce((sum, one, n) => sum + one * t[n], 0))).toBeLessThan(1e-2);
  });

  test('stays where the model is not defined, and at a minimum', () => {
    const start = Float64Array.of(2);
    expect(minimum(() => undefined, 1, start)).toMatchObject({ parameters: start, sum: Infinity });
    expect(minimum(() => Float64Array.of(3), 1, start)).toMatchObject({ parameters: start, sum: 9 });
    const half = minimum(([x]) => (x > 0 ? Float64Array.of(x - 0.5) : undefined), 1, start);
    expect(half.parameters[0]).toBeCloseTo(0.5, 6);
  });
});
