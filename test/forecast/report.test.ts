/** What a report of forecasts compares, and what it says: baselines, intervals, chance, and words. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/core/rng.js';
import { tableOf } from '../../src/data/table.js';
import { lastValue, latestInPhase, meanInPhase } from '../../src/forecast/methods/naive.js';
import { Ridge, ridgeValue } from '../../src/forecast/methods/ridge.js';
import type { Band } from '../../src/forecast/intervals.js';
import {
  bandLoss,
  chanceOf,
  coverageOf,
  errorUnit,
  meanAbsoluteError,
  meanBand,
  movedOutwards,
  pinballLoss,
  recentShifts,
  recentSize,
  rootMeanSquaredError,
  scoreOf,
} from '../../src/forecast/intervals.js';
import { stepsIn } from '../../src/core/numbers.js';
import { planOf } from '../../src/forecast/planning.js';
import type { HorizonReport } from '../../src/forecast/report.js';
import { baselinesOf } from '../../src/forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../../src/forecast/report-words.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import { readingOf } from '../../src/forecast/windows.js';

describe('a baseline', () => {
  const y = Float64Array.of(1, NaN, 3, 4, 5, NaN, 7, 8, NaN, 10, NaN);

  test('is the last value', () => {
    expect([0, 1, 6, 8, 10].map((t) => lastValue(y, t))).toEqual([1, 1, 7, 8, 10]);
    expect([lastValue(y, -1), lastValue(Float64Array.of(NaN), 0)]).toEqual([NaN, NaN]);
  });

  test('is the season before, or the mean of four', () => {
    // target 12, known up to 10, period 3: steps 9, 6, 3, 0
    expect(meanInPhase(y, 12, 10, 3, 1)).toBe(10);
    expect(meanInPhase(y, 12, 10, 3, 4)).toBe((10 + 7 + 4 + 1) / 4);
    // target 11, known up to 10: step 8 has no number
    expect(meanInPhase(y, 11, 10, 3, 1)).toBe(3);
    expect(meanInPhase(y, 11, 10, 3, 4)).toBe(3);
    expect([meanInPhase(y, 1, 0, 5, 1), meanInPhase(y, 1, 0, 5, 4)]).toEqual([NaN, NaN]);
    expect(
      meanInPhase(
        Float64Array.from({ length: 40 }, (_, t) => t),
        40,
        39,
        2,
        4,
      ),
    ).toBe((38 + 36 + 34 + 32) / 4);
  });

  test('reads only what is known', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 40 }), (t, ahead, period) => {
        const at = latestInPhase(t + ahead, t, period);
        expect(at).toBeLessThanOrEqual(t);
        expect(at).toBeGreaterThan(t - period);
        expect((t + ahead - at) % period).toBe(0);
      }),
    );
  });

  test('of ridge regression solves (XᵀX + λ·n·I)·w = Xᵀy', () => {
    const random = new Random(3);
    for (const inputs of [1, 4, 9]) {
      for (const lambda of [1e-6, 0.1, 3]) {
        const ridge = new Ridge(inputs);
        const count = 30;
        const rows = Array.from({ length: count }, () => Array.from({ length: inputs }, () => random.normal(1, 2)));
        const truth = rows.map((row) => row.reduce((sum, x, i) => sum + x * (i - 1), 5) + random.normal(0, 1));
        for (const [n, row] of rows.entries()) ridge.add(row, truth[n]);
        const w = ridge.weights(lambda);
        // the gradient of ½·Σ(y - x·w)² + ½·λ·n·Σw² is 0, without a penalty for the constant
        for (let i = 0; i <= inputs; i++) {
          const penalty = i < inputs ? lambda * count * w[i] : 0;
          const gradient = rows.reduce(
            (sum, row, n) => sum + (ridgeValue(w, row) - truth[n]) * (i < inputs ? row[i] : 1),
            penalty,
          );
          expect(Math.abs(gradient)).toBeLessThan(1e-5);
        }
      }
    }
  });

  test('of ridge regression read the numbers of the window: two of them are all that an AR(2) needs', () => {
    const random = new Random(1);
    const y = [0, 0];
    while (y.length < 900) y.push(1.5 * y[y.length - 1] - 0.75 * y[y.length - 2] + random.normal(0, 1));
    const columns = { time: ['date'], predict: 'y', inputs: [], known: [], fill: null };
    const rows = y.map((value, n) => ({ date: new Date(86_400_000 * n).toISOString().slice(0, 10), y: value }));
    const series = seriesOf(tableOf('rows', rows, wantedColumns(columns)), columns);
    const common = {
      ahead: [1],
      isTogether: false,
      seeds: 1,
      coverage: 0.9,
      test: null,
      method: 'network',
      isNegative: false,
    };
    const plan = planOf('rows', series, { ...common, columns, seasons: [7, 30] }, undefined);
    const steps = stepsIn(plan.parts.test);
    const found = baselinesOf(
      { plan, readingOf: (of, ahead) => readingOf(of, plan.inputs, undefined, ahead) },
      series,
      1,
      steps,
    );
    const errorOf = (values: readonly number[]): number =>
      meanAbsoluteError(
        values,
        steps.map((d) => y[d]),
      );
    const errors = new Map(found.map(({ name, values }) => [name, errorOf(values)]));
    const best = errorOf(steps.map((d) => 1.5 * y[d - 1] - 0.75 * y[d - 2]));
    expect((errors.get('ridge regression') ?? NaN) / best).toBeLessThan(1.1);
    expect((errors.get('the last value') ?? NaN) / best).toBeGreaterThan(1.3);
    expect([...errors.keys()].slice(0, 7)).toEqual([
      'the last value',
      ...[7, 30].flatMap((season) => [
        `the season before (${season} steps)`,
        `the mean of four seasons (${season} steps)`,
      ]),
      'the mean of the seasons before (7, 30 steps)',
      'ridge regression',
    ]);
  });

  test('of ridge regression has finite weights for columns that repeat each other, and without rows', () => {
    const ridge = new Ridge(3);
    expect(ridge.weights(1e-4)).toEqual(new Float64Array(4));
    for (let n = 0; n < 20; n++) ridge.add([n, n, 0], 2 * n + 1);
    const w = ridge.weights(1e-4);
    expect(ridgeValue(w, [7, 7, 0])).toBeCloseTo(15, 2);
    expect(w[0]).toBeCloseTo(w[1], 4);
  });
});

describe('an error', () => {
  const y = [1, 4, NaN, 2, 8];
  const forecasts = [3, 3, 5, NaN, 4]; // too large by 2, too small by 1, and by 4

  test('is a mean over the steps that have a number and a forecast', () => {
    expect(meanAbsoluteError(forecasts, y)).toBeCloseTo((2 + 1 + 4) / 3, 12);
    expect(rootMeanSquaredError(forecasts, y)).toBeCloseTo(Math.sqrt((4 + 1 + 16) / 3), 12);
    expect(pinballLoss(0.9, forecasts, y)).toBeCloseTo((0.1 * 2 + 0.9 * 1 + 0.9 * 4) / 3, 12);
    expect(pinballLoss(0.5, forecasts, y)).toBeCloseTo(meanAbsoluteError(forecasts, y) / 2, 12);
    expect([meanAbsoluteError, rootMeanSquaredError].map((one) => one([NaN], [1]))).toEqual([NaN, NaN]);
    expect(pinballLoss(0.1, [], [])).toBeNaN();
  });

  test('of quantiles is smallest for the numbers’ own quantile', () => {
    const numbers = Array.from({ length: 101 }, (_, n) => n);
    const lossOf = (quantile: number, value: number): number =>
      pinballLoss(
        quantile,
        numbers.map(() => value),
        numbers,
      );
    for (const quantile of [0.05, 0.5, 0.8]) {
      const best = numbers.reduce((a, b) => (lossOf(quantile, b) < lossOf(quantile, a) ? b : a));
      expect(best).toBe(Math.round(100 * quantile));
    }
  });

  test('of a band is the mean of its three quantiles', () => {
    const bands = [
      { low: 0, forecast: 1, high: 5 },
      { low: 2, forecast: 3, high: 4 },
    ];
    // y 1 and 7: low 0.05·1, 0.05·5; the middle 0, 0.5·4; high 0.05·4, 0.95·3
    expect(bandLoss(bands, [1, 7], 0.9)).toBeCloseTo((0.05 + 0.25 + 2 + 0.2 + 2.85) / 2 / 3, 12);
  });

  test('has as its unit, for MASE, how much the training part changes in a season', () => {
    const numbers = Float64Array.of(1, 5, 2, 8, NaN, 9, 1000);
    expect(errorUnit(numbers, 6, 2)).toBeCloseTo((1 + 3 + 1) / 3, 12);
    expect(errorUnit(numbers, 4, 1)).toBeCloseTo((4 + 3 + 6) / 3, 12);
    expect(errorUnit(numbers, 2, 2)).toBeNaN();
  });
});

describe('an interval', () => {
  const band = (low: number, high: number, forecast = (low + high) / 2): Band => ({ forecast, low, high });

  const shiftOf = (bands: readonly Band[], y: readonly number[], coverage: number): number => {
    const scores = bands.map((one, n) => scoreOf(one, y[n]));
    return recentShifts(scores, [scores.length], Infinity, coverage)[0].shift;
  };

  test('moves by the ⌈(n+1)·coverage⌉-th smallest score', () => {
    const bands = [0, 1, 2, 3].map(() => band(-1, 1));
    const y = [0, 3, -1.5, 1.25]; // scores -1, 2, 0.5, 0.25
    const shifts = [0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 0.81, 0.99].map((coverage) => shiftOf(bands, y, coverage));
    expect(shifts).toEqual([-1, -1, 0.25, 0.25, 0.5, 0.5, 2, 2, 2]);
    expect(shiftOf(bands, [NaN, 3, NaN, NaN], 0.5)).toBe(2);
    expect(shiftOf(bands, [NaN, NaN, NaN, NaN], 0.5)).toBe(0);
    expect(movedOutwards(band(-1, 1, 0.5), 2)).toEqual({ forecast: 0.5, low: -3, high: 3 });
    expect(movedOutwards(band(-1, 1, 0.5), -3)).toEqual({ forecast: 0.5, low: 0.5, high: 0.5 });
    expect(meanBand([band(0, 2), band(2, 8)])).toEqual({ forecast: 3, low: 1, high: 5 });
  });

  test('moves by the latest scores', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(NaN)), { maxLength: 40 }),
        fc.array(fc.nat(45), { maxLength: 10 }),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (scores, unsorted, most, coverage) => {
          const ends = unsorted.sort((a, b) => a - b);
          const expected = ends.map((end) => {
            const known = scores.slice(0, end).filter((score) => !Number.isNaN(score));
            const recent = known.slice(-most);
            recent.sort((a, b) => a - b);
            const shift = recent[Math.min(Math.ceil((recent.length + 1) * coverage), recent.length) - 1] ?? 0;
            return { shift, count: recent.length };
          });
          expect(recentShifts(scores, ends, most, coverage)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('compares errors with their recent size', () => {
    expect(recentSize([], 0, 5)).toBe(5);
    expect(recentSize([10], 1, 5)).toBeCloseTo(0.06 * 10 + 0.94 * 5, 12);
    expect(recentSize([10, NaN, 20, 99], 3, 5)).toBeCloseTo(0.06 * (20 + 0.94 * 10) + 0.94 ** 2 * 5, 12);
    expect(recentSize(Array<number>(50).fill(0), 50, 5)).toBe(1); // a fifth of the usual one
    expect(recentSize([1e9, ...Array<number>(50).fill(2)], 51, 2)).toBeCloseTo(2, 12); // 50 count
  });

  test('keeps its promise for numbers in any order', () => {
    const random = new Random(11);
    for (const coverage of [0.5, 0.9]) {
      let inside = 0;
      const [rounds, n] = [3000, 19];
      for (let round = 0; round < rounds; round++) {
        const y = Array.from({ length: n + 1 }, () => random.normal(0, 1) ** 3);
        const bands = y.map(() => band(-0.2, 0.1));
        const moved = movedOutwards(band(-0.2, 0.1, NaN), 0);
        const shift = shiftOf(bands.slice(0, n), y, coverage);
        inside += Number(y[n] >= -0.2 - shift && y[n] <= 0.1 + shift);
        expect(moved.low).toBeNaN();
      }
      // at least `coverage`, and at most 1/(n+1) more; 0.02 are more than two standard deviations
      expect(inside / rounds).toBeGreaterThan(coverage - 0.02);
      expect(inside / rounds).toBeLessThan(coverage + 1 / (n + 1) + 0.02);
    }
  });

  test('is measured on the steps that have a number', () => {
    expect(coverageOf([band(0, 1), band(0, 1), band(0, 1), band(0, 1)], [0, 1, 1.1, NaN])).toBeCloseTo(2 / 3, 12);
    expect(meanAbsoluteError([1, 2, NaN, 4], [0, 4, 1, NaN])).toBe(1.5);
    expect([coverageOf([], []), meanAbsoluteError([], [])]).toEqual([NaN, NaN]);
  });
});

describe('the probability that chance explains', () => {
  test('counts every way in which numbers can lie in their intervals', () => {
    for (const [count, share] of [
      [1, 0.9],
      [3, 0.9],
      [4, 0.5],
      [9, 0.7],
    ]) {
      const chances = Array.from({ length: count + 1 }, () => 0);
      for (let way = 0; way < 2 ** count; way++) {
        const inside = way.toString(2).split('1').length - 1;
        chances[inside] += share ** inside * (1 - share) ** (count - inside);
      }
      for (const inside of chances.keys()) {
        const tail = inside < count * share ? chances.slice(0, inside + 1) : chances.slice(inside);
        const sum = tail.reduce((all, one) => all + one, 0);
        expect(chanceOf(inside, count, share)).toBeCloseTo(sum, 14);
      }
    }
  });

  test('is that of the document, for 40 numbers', () => {
    const shares = Array.from({ length: 41 }, (_, n) => n).filter((n) => chanceOf(n, 40, 0.9) >= 0.001);
    const [least, most] = [shares[0], shares[shares.length - 1]].map((n) => Math.round((100 * n) / 40));
    const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/forecast.md'), 'utf8').replace(/\s+/g, ' ');
    const [said] = /40 numbers says little, because [^.]* are compatible/.exec(text) ?? [];
    expect(said).toBe(`40 numbers says little, because ${least}% to ${most}% are compatible`);
  });
});

describe('in words, a report', () => {
  const method = (name: string, error: number) => ({ name, error, rmse: 2 * error, mase: error / 4, values: [] });
  const report = (fields: Partial<HorizonReport> = {}): HorizonReport => ({
    ...{ ahead: 2, networks: [3], numbers: 100, relative: 0.015, scores: 50, coverage: 0.9 },
    ...{ ...method('', fields.error ?? 3), methods: ['ridge regression'], share: 0.5, pinball: 1 },
    baselines: [method('the last value', 8), method('ridge regression', 4)],
    worst: [{ date: '1988-02-29', truth: 220, forecast: 207.4567, low: 200, high: 210 }],
    ...{ beatenBy: null, echoes: false, bands: [] },
    ...fields,
  });

  test.each<[string, Partial<HorizonReport>, string]>([
    ['smaller errors', {}, '1.5% of the mean number, 25% smaller than that of ridge regression'],
    ['larger errors', { error: 5 }, '1.5% of the mean number, 25% larger than that of ridge regression'],
    ['equal errors', { error: 4 }, '1.5% of the mean number, as large as that of ridge regression'],
    ['numbers of 0', { relative: null }, 'mean error is 25% smaller than that of ridge regression'],
    [
      'a method without errors',
      { baselines: [method('zero', 0)] },
      'mean error is 1.5% of the mean number, larger than that of zero',
    ],
  ])('compares %s', (_, fields, words) => {
    const [verdict, ...others] = verdictsOf([report(fields)]);
    expect(others).toEqual([]);
    expect(verdict).toContain(words);
    expect(verdict).toMatch(
      /^2 ahead, .*, the best simple method\. The largest error is that of 1988-02-29: 207\.457 in place of 220\.000\.$/,
    );
  });

  test.each<[Partial<HorizonReport>, string]>([
    [{ methods: [] }, 'the mean of the networks'],
    [{ methods: ['x'], share: 0, networks: [] }, 'that of x, without a network'],
    [{ methods: ['x', 'y'], share: 0, networks: [] }, 'the mean of x and y, without a network'],
    [{ methods: ['x', 'y', 'z'], share: 1 }, 'the mean of x, y and z, plus the correction of a network'],
    [{ methods: ['x'], share: 0.25 }, 'that of x, plus 25% of the correction of a network'],
    [{ methods: ['x'], share: 0.75, networks: [3, 4] }, 'that of x, plus 75% of the mean correction of 2 networks'],
  ])('says what forecasts: %j', (fields, words) =>
    expect(verdictsOf([report(fields)])[0]).toContain(`2 ahead, the forecast is ${words}. Its mean error is `),
  );

  test('has four digits of the error, however small that is', () => {
    const tiny = report({ error: 3.21e-13, networks: [3.21e-13], baselines: [method('zero', 4e-12)], pinball: 1e-13 });
    expect(errorTable({ seeds: 1, coverage: 0.9 }, [tiny]).map(([, cell]) => cell)).toEqual([
      '2',
      '4.000e-12',
      '3.210e-13 (3.210e-13 … 3.210e-13)',
      '3.210e-13',
      '6.420e-13',
      '0.000',
      '1.000e-13',
      '90.0%',
    ]);
    expect(verdictsOf([tiny])[0]).toContain('2.074567000000000e+2 in place of 2.200000000000000e+2.');
    const beside = (truth: number): string =>
      verdictsOf([{ ...tiny, worst: [{ ...tiny.worst[0], truth, forecast: truth + 4e-13 }] }])[0];
    expect(beside(1e-3)).toContain('1.0000000004000e-3 in place of 1.0000000000000e-3.');
    expect(beside(0)).toContain('4.000e-13 in place of 0.000e+0.');
    expect(verdictsOf([report({ error: 4e37 })])[0]).toContain('2.075e+2 in place of 2.200e+2.');
  });

  const tooFew = (known: string): string =>
    `2 ahead, the 90% interval needs 9 errors of earlier forecasts, but ${known}: choose a smaller --interval, or a longer test part, because the errors come from a part before it that is as long`;
  const few = (numbers: number): string =>
    `the test part has ${numbers} number${numbers === 1 ? '' : 's'}, so its errors are rough: choose a longer one with --test`;
  const narrow = '2 ahead, 0% of the numbers lie in the 90% interval, which is too narrow';
  const wide = '2 ahead, 100% of the numbers lie in the 90% interval, which is too wide';

  test.each<[string, Partial<HorizonReport>, string[]]>([
    ['nothing', {}, []],
    [
      'a defeat',
      { beatenBy: 'x' },
      [
        '2 ahead, the forecast loses against x: compare them on other parts, with --test or --origins, and choose with --method',
      ],
    ],
    ['an echo', { echoes: true }, ['2 ahead, the forecast repeats the last known number']],
    [
      'an interval that is too narrow',
      { coverage: 0.79 },
      ['2 ahead, 79% of the numbers lie in the 90% interval, which is too narrow'],
    ],
    ['an interval that is too wide', { coverage: 1 }, [wide]],
    ['no difference that chance explains', { coverage: 0.8 }, []],
    ['an interval of which all of four numbers lie outside', { numbers: 4, coverage: 0 }, [few(4), narrow]],
    ['no interval of which the only number lies outside', { numbers: 1, coverage: 0 }, [few(1)]],
    ['no interval of which two numbers lie outside', { numbers: 2, coverage: 0 }, [few(2)]],
    ['no interval of which all of forty numbers lie inside', { numbers: 40, coverage: 1 }, []],
    ['an interval of which all of a hundred thousand lie inside', { numbers: 1e5, coverage: 1 }, [wide]],
    ['an interval of which none of a hundred thousand lies inside', { numbers: 1e5, coverage: 0 }, [narrow]],
    ['no small difference', { coverage: 0.86, numbers: 10_000 }, []],
    ['an interval that has just enough scores', { scores: 9 }, []],
    ['an interval that has too few scores', { scores: 8 }, [tooFew('8 are known, which allow at most 88.8%')]],
    ['an interval that has one score', { scores: 1 }, [tooFew('1 is known, which allow at most 50%')]],
    ['an interval without scores', { scores: 0 }, [tooFew('0 are known, which allow none')]],
    ['a short test part', { numbers: 29, coverage: 0.8 }, [few(29)]],
  ])('warns of %s', (_, fields, warnings) => expect(warningsOf({ coverage: 0.9 }, [report(fields)])).toEqual(warnings));
});
