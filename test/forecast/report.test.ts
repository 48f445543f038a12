/** What a report of forecasts says in words. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chanceOf } from '../../src/forecast/intervals.js';
import type { HorizonReport } from '../../src/forecast/report.js';
import { errorTable, verdictsOf, warningsOf } from '../../src/forecast/report.js';

describe('in words, a report', () => {
  const report = (fields: Partial<HorizonReport> = {}): HorizonReport => ({
    ...{ ahead: 2, networks: [3], error: 3, numbers: 100, relative: 0.015, scores: 50, coverage: 0.9 },
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

  const tooFew = (known: string): string =>
    `2 ahead, the 90% interval needs 9 errors of earlier forecasts, but ${known}: choose a smaller --interval, or a longer test part, because the errors come from a part before it that is as long`;
  const few = (numbers: number): string =>
    `the test part has ${numbers} number${numbers === 1 ? '' : 's'}, so its errors are rough: choose a longer one with --test`;
  const narrow = '2 ahead, 0% of the numbers lie in the 90% interval, which is too narrow';
  const wide = '2 ahead, 100% of the numbers lie in the 90% interval, which is too wide';

  test.each<[string, Partial<HorizonReport>, string[]]>([
    ['nothing', {}, []],
    ['a defeat', { beatenBy: 'x' }, ['2 ahead, the LSTM loses against x: use that, or more data']],
    ['an echo', { echoes: true }, ['2 ahead, the LSTM repeats the last known number']],
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

describe('the probability that chance explains', () => {
  test.each([
    [0, 1, 0.9, 0.1],
    [1, 1, 0.9, 0.9],
    [0, 3, 0.9, 0.1 ** 3],
    [1, 3, 0.9, 0.1 ** 3 + 3 * 0.9 * 0.1 ** 2],
    [10, 10, 0.5, 0.5 ** 10],
    [2, 3, 0.5, 0.5],
  ])('%i of %i numbers for a share of %d', (inside, count, share, expected) => {
    expect(chanceOf(inside, count, share)).toBeCloseTo(expected, 15);
  });

  test('counts every way in which numbers can lie in their intervals', () => {
    const [count, share] = [9, 0.7];
    const chances = Array.from({ length: count + 1 }, () => 0);
    for (let way = 0; way < 2 ** count; way++) {
      const inside = way.toString(2).split('1').length - 1;
      chances[inside] += share ** inside * (1 - share) ** (count - inside);
    }
    for (const inside of chances.keys()) {
      const tail = inside < count * share ? chances.slice(0, inside + 1) : chances.slice(inside);
      expect(chanceOf(inside, count, share)).toBeCloseTo(
        tail.reduce((sum, one) => sum + one, 0),
        14,
      );
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
