/** The intervals of forecasts, which their scores correct. */
import fc from 'fast-check';
import { Random } from '../../src/core/rng.js';
import type { Band } from '../../src/forecast/intervals.js';
import {
  coverageOf,
  meanAbsoluteError,
  meanBand,
  movedOutwards,
  recentShifts,
  scoreOf,
  Scores,
} from '../../src/forecast/intervals.js';

describe('an interval', () => {
  const band = (low: number, high: number, forecast = (low + high) / 2): Band => ({ forecast, low, high });

  const shiftOf = (bands: readonly Band[], y: readonly number[], coverage: number): number => {
    const scores = new Scores();
    for (const [n, one] of bands.entries()) scores.add(scoreOf(one, y[n]));
    return scores.shift(coverage);
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
            return recent[Math.min(Math.ceil((recent.length + 1) * coverage), recent.length) - 1] ?? 0;
          });
          expect(recentShifts(scores, ends, most, coverage)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
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
