/** (8), the learning rate of each step: compared with PyTorch's schedulers, and after the end of the run. */
import { readFileSync } from 'node:fs';
import type { Schedule } from '../../src/equations/schedule.js';
import { rateAt, SCHEDULES } from '../../src/equations/schedule.js';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/parts.json', import.meta.url), 'utf8')) as {
  steps: number;
  schedules: (Schedule & { rates: number[] })[];
};

test.each(fixture.schedules.map((one) => [one.schedule, one.warmUp, one] as const))(
  '%s with a warm-up of %d gives PyTorch’s learning rates',
  (_, __, { rates, ...schedule }) => {
    expect(rates).toHaveLength(fixture.steps);
    rates.forEach((rate, n) => expect(rateAt(schedule, n + 1, fixture.steps) / rate).toBeCloseTo(1, 12));
  },
);

const COSINE: Schedule = { learningRate: 0.1, schedule: 'cosine', warmUp: 4, decayEvery: 1, decayRate: 1 };

test.each(['constant', 'step'] as const)('%s continues after the last step, and cosine stays at 0', (schedule) => {
  const change = { decayEvery: 10, decayRate: 0.5 };
  const after = [21, 25, 34, 35, 100].map((step) => rateAt({ ...COSINE, ...change, schedule }, step, 20));
  const expected = { constant: [0.1, 0.1, 0.1, 0.1, 0.1], step: [0.05, 0.025, 0.025, 0.0125, 0.1 * 0.5 ** 9] };
  after.forEach((rate, n) => expect(rate).toBeCloseTo(expected[schedule][n], 15));
  for (const step of [21, 100]) expect(rateAt(COSINE, step, 20)).toBe(0);
});

test('a warm-up that fills the run, or is longer, ends in 0 for cosine, never in NaN or another step of the curve', () => {
  for (const [warmUp, steps] of [
    [5, 5],
    [10, 5],
    [1, 1],
  ]) {
    const rates = [1, steps, warmUp, warmUp + 1, warmUp + 2, 100].map((step) =>
      rateAt({ ...COSINE, warmUp }, step, steps),
    );
    expect(rates).toEqual([0.1 / warmUp, (0.1 * steps) / warmUp, 0.1, 0, 0, 0]);
  }
});

test.each([0, -1, 0.5, NaN])('a step %p, which no run has, is refused', (step) => {
  for (const schedule of SCHEDULES) {
    expect(() => rateAt({ ...COSINE, schedule }, step, 20)).toThrow(
      new RangeError(`rateAt: step ${step}: must be a whole number ≥ 1`),
    );
  }
});
