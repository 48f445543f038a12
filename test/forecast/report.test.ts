/** What a report of forecasts says in words. */
import type { HorizonReport } from '../../src/forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../../src/forecast/report.js';

describe('in words, a report', () => {
  const report = (fields: Partial<HorizonReport> = {}): HorizonReport => ({
    ...{ ahead: 2, networks: [3], error: 3, numbers: 100, relative: 0.015, coverage: 0.9 },
    baselines: [
      { name: 'the last value', error: 8 },
      { name: 'ridge regression', error: 4 },
    ],
    worst: [{ date: '1988-02-29', truth: 220, forecast: 207.4567, low: 200, high: 210 }],
    ...{ beatenBy: null, echoes: false, bands: [] },
    ...fields,
  });

  test.each<[string, Partial<HorizonReport>, string]>([
    ['smaller errors', {}, '1.5% of the mean number, 25% smaller than that of ridge regression'],
    ['larger errors', { error: 5 }, '1.5% of the mean number, 25% larger than that of ridge regression'],
    ['equal errors', { error: 4 }, '1.5% of the mean number, as large as that of ridge regression'],
    ['numbers of 0', { relative: null }, 'error is 25% smaller than that of ridge regression'],
    [
      'a method without errors',
      { baselines: [{ name: 'zero', error: 0 }] },
      'mean error is 1.5% of the mean number, larger than that of zero',
    ],
  ])('compares %s', (_, fields, words) => {
    const [verdict, ...others] = verdictsOf([report(fields)]);
    expect(others).toEqual([]);
    expect(verdict).toContain(words);
    expect(verdict).toMatch(
      /^2 ahead, .*, the best other method\. The largest error is that of 1988-02-29: 207\.457 in place of 220\.000\.$/,
    );
  });

  test('has four digits of the error, however small that is', () => {
    const tiny = report({ error: 3.21e-13, networks: [3.21e-13], baselines: [{ name: 'zero', error: 4e-12 }] });
    expect(errorTable({ seeds: 1, coverage: 0.9 }, [tiny]).map(([, cell]) => cell)).toEqual([
      '2',
      '4.000e-12',
      '3.210e-13 (3.210e-13 … 3.210e-13)',
      '3.210e-13',
      '90.0%',
    ]);
    expect(verdictsOf([tiny])[0]).toContain('2.074567000000000e+2 in place of 2.200000000000000e+2.');
    const beside = (truth: number): string =>
      verdictsOf([{ ...tiny, worst: [{ ...tiny.worst[0], truth, forecast: truth + 4e-13 }] }])[0];
    expect(beside(1e-3)).toContain('1.0000000004000e-3 in place of 1.0000000000000e-3.');
    expect(beside(0)).toContain('4.000e-13 in place of 0.000e+0.');
    expect(verdictsOf([report({ error: 4e37 })])[0]).toContain('2.075e+2 in place of 2.200e+2.');
  });

  test.each<[string, Partial<HorizonReport>, string[]]>([
    ['nothing', {}, []],
    ['a defeat', { beatenBy: 'x' }, ['2 ahead, the LSTM loses against x: use that, or more data']],
    ['an echo', { echoes: true }, ['2 ahead, the LSTM repeats the last known number']],
    [
      'an interval that is too narrow',
      { coverage: 0.8 },
      ['2 ahead, 80% of the numbers lie in the 90% interval, which is too narrow'],
    ],
    [
      'an interval that is too wide',
      { coverage: 1 },
      ['2 ahead, 100% of the numbers lie in the 90% interval, which is too wide'],
    ],
    ['no difference that chance explains', { coverage: 0.82 }, []],
    ['no small difference', { coverage: 0.86, numbers: 10_000 }, []],
    [
      'a short test part',
      { numbers: 29, coverage: 0.8 },
      ['the test part has 29 numbers, so its errors are rough: choose a longer one with --test'],
    ],
  ])('warns of %s', (_, fields, warnings) => expect(warningsOf({ coverage: 0.9 }, [report(fields)])).toEqual(warnings));
});
