/** (8), the learning rate of each step: against PyTorch's schedulers, and at its corners. */
import { readFileSync } from 'node:fs';
import type { Schedule } from '../src/schedule.js';
import { rateAt } from '../src/schedule.js';

const fixture = JSON.parse(readFileSync(new URL('fixtures/training.json', import.meta.url), 'utf8')) as {
  steps: number;
  schedules: (Schedule & { rates: number[] })[];
};

test.each(fixture.schedules.map((one) => [one.schedule, one.warmUp, one] as const))(
  '%s with a warm-up of %d is PyTorch’s',
  (_, __, { rates, ...schedule }) => {
    expect(rates).toHaveLength(fixture.steps);
    rates.forEach((rate, n) => expect(rateAt(schedule, n + 1, fixture.steps) / rate).toBeCloseTo(1, 12));
  },
);

const COSINE: Schedule = { learningRate: 0.1, schedule: 'cosine', warmUp: 4, decayEvery: 1, decayRate: 1 };

test('the rate rises evenly, is highest right after the warm-up, then falls towards 0 without reaching it', () => {
  const rates = Array.from({ length: 20 }, (_, n) => rateAt(COSINE, n + 1, 20));
  [0.025, 0.05, 0.075, 0.1, 0.1].forEach((rate, n) => expect(rates[n]).toBeCloseTo(rate, 15));
  for (let n = 5; n < 20; n++) expect(rates[n]).toBeLessThan(rates[n - 1]);
  expect(rates[19]).toBeGreaterThan(0);
  expect(rates[19]).toBeLessThan(0.002);
});

test('a warm-up longer than the run only rises', () => {
  expect(rateAt({ ...COSINE, warmUp: 100 }, 20, 20)).toBeCloseTo(0.02, 15);
});
