/** What a forecast must beat. */
import fc from 'fast-check';
import { Random } from '../../src/core/rng.js';
import {
  lastValue,
  latestInPhase,
  meanOfSeasons,
  Ridge,
  ridgeValue,
  seasonalValue,
} from '../../src/forecast/baselines.js';

describe('a baseline', () => {
  const y = Float64Array.of(1, NaN, 3, 4, 5, NaN, 7, 8, NaN, 10, NaN);

  test('is the last value', () => {
    expect([0, 1, 6, 8, 10].map((t) => lastValue(y, t))).toEqual([1, 1, 7, 8, 10]);
    expect([lastValue(y, -1), lastValue(Float64Array.of(NaN), 0)]).toEqual([NaN, NaN]);
  });

  test('is the season before, or the mean of four', () => {
    // target 12, known up to 10, period 3: steps 9, 6, 3, 0
    expect(seasonalValue(y, 12, 10, 3)).toBe(10);
    expect(meanOfSeasons(y, 12, 10, 3)).toBe((10 + 7 + 4 + 1) / 4);
    // target 11, known up to 10: step 8 has no number
    expect(seasonalValue(y, 11, 10, 3)).toBe(3);
    expect(meanOfSeasons(y, 11, 10, 3)).toBe(3);
    expect([seasonalValue(y, 1, 0, 5), meanOfSeasons(y, 1, 0, 5)]).toEqual([NaN, NaN]);
    expect(
      meanOfSeasons(
        Float64Array.from({ length: 40 }, (_, t) => t),
        40,
        39,
        2,
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

  test('of ridge regression has finite weights for columns that repeat each other, and without rows', () => {
    const ridge = new Ridge(3);
    expect(ridge.weights(1e-4)).toEqual(new Float64Array(4));
    for (let n = 0; n < 20; n++) ridge.add([n, n, 0], 2 * n + 1);
    const w = ridge.weights(1e-4);
    expect(ridgeValue(w, [7, 7, 0])).toBeCloseTo(15, 2);
    expect(w[0]).toBeCloseTo(w[1], 4);
  });
});
