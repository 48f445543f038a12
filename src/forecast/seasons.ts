/**
 * The seasons of a series: whole periods after which it repeats. Noise with a memory also has strong frequencies, but broad ones: those near
 * them are strong too. A season is one sharp frequency and its multiples, because it keeps its phase over the whole series.
 */
import type { Calendar } from '../data/calendar.js';
import { naturalPeriods } from '../data/calendar.js';
import { unitOf } from '../data/scale.js';
import type { Search } from './candidates.js';
import {
  candidateAt,
  candidatesIn,
  hasMoreThan,
  isPeak,
  LEAST_PERIODS,
  leastEvidence,
  minusLogOfChance,
  sharpestNear,
} from './candidates.js';
import type { Autoregression, Spectrum } from './spectrum.js';
import {
  autoregressionIn,
  autoregressionOf,
  covariancesIn,
  covariancesOf,
  spectrumOf,
  unexplained,
} from './spectrum.js';

/** The numbers that the search reads: the last ones of a long series. */
const MOST_READ = 50_000;
const MOST_SEASONS = 5;
/** Seasons besides a day, a week and a year. */
const MOST_OTHER = 2;
/** The share of the variance that another season must explain at least: what a smaller one adds is not worth its columns. */
const LEAST_SHARE = 0.05;
/** Of the largest number: smaller differences are only rounding. */
const ROUNDING = 2 ** -49;

/**
 * The seasons of the numbers, the shortest first. Any period is tried of which there are four or more, and of a day, a week and a year three.
 * NaN is missing. The search needs about n·log n steps for n numbers.
 */
export function seasonsIn(calendar: Calendar, values: Float64Array): number[] {
  const natural = Object.values(naturalPeriods(calendar))
    .map(Math.round)
    .filter((period) => period >= 2);
  const read = values.subarray(Math.max(0, values.length - MOST_READ));
  const whole = withoutTrend(read);
  const likely = natural.filter((period) => LEAST_PERIODS.likely * period <= read.length);
  const found: number[] = [];
  while (found.length < MOST_SEASONS) {
    const rest = found.reduce((left, one) => withoutSeason(left, one), whole);
    const period = strongestSeason(rest, { likely, found });
    if (period === undefined) break;
    found.push(period);
    const part = oftenIn(period).find(
      (one) => shareOf(whole, one) >= ownShare(true, natural.includes(one)) * shareOf(whole, period),
    );
    if (part !== undefined && !found.some((one) => part % one === 0)) found.push(part);
  }
  const shares = new Map(found.map((period) => [period, shareOf(whole, period)]));
  const isPart = (one: number): boolean => found.some((other) => isPartOf(one, other, natural, shares));
  const kept = found.filter((one) => !isPart(one));
  const others = kept.filter((one) => !natural.includes(one)).slice(0, MOST_OTHER);
  return kept.filter((one) => natural.includes(one) || others.includes(one)).sort((a, b) => a - b);
}

/** A season that is a whole part of another one is of its own if it has so large a share of the other's variance; else it is its shape. */
const ownShare = (isOften: boolean, isNatural: boolean): number => {
  if (isNatural) return isOften ? 0.3 : 0.65;
  return isOften ? 0.65 : Infinity;
};
/** Times that a season repeats often in another one, as a day does in a week. With fewer, only a day, a week or a year can be of its own. */
const OFTEN = 7;

/** The periods that repeat often in another one, the longest first. */
const oftenIn = (period: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor(period / 2) - OFTEN + 1) }, (_, k) => period / (OFTEN + k)).filter(
    Number.isInteger,
  );

function isPartOf(
  one: number,
  other: number,
  natural: readonly number[],
  shares: ReadonlyMap<number, number>,
): boolean {
  if (other <= one || other % one !== 0) return false;
  const isOften = other / one >= OFTEN;
  const share = (shares.get(one) ?? 0) / (shares.get(other) ?? 0);
  return share < ownShare(isOften, natural.includes(one));
}

/** Candidates that are looked at closely. */
const MOST_TRIED = 8;
/** A frequency this many times as strong as its background is taken for a season while the memory of the noise is sought. */
const CLEARLY_STRONG = 4;

/** The season with the most evidence; undefined if noise would have any of them. */
function strongestSeason(rest: Float64Array, search: Search): number | undefined {
  const x = withoutGaps(rest);
  const n = x.length;
  const { likely, found } = search;
  if (n < 8 || x.every((value) => Math.abs(value) < ROUNDING)) return undefined;
  const spectrum = spectrumOf(x, found);
  const noise = spectrum.powers.map((power, j) => Math.min(power, CLEARLY_STRONG * spectrum.background[j]));
  const memory = autoregressionOf(covariancesOf(noise, n, mostOrders(n)), n);
  const candidates = candidatesIn(spectrumWithout(memory, x, found), search);
  const isNear = (a: number, b: number): boolean => Math.abs(n / a - n / b) < 0.5;
  const tried: number[] = [];
  for (const candidate of candidates) {
    if (tried.some((one) => isNear(one, candidate.period))) continue;
    if (tried.length === MOST_TRIED) break;
    tried.push(candidate.period);
    if (!isPeak(spectrum, candidate)) continue;
    const sharpest = sharpestNear(spectrum, candidate);
    const period = likely.find((one) => isNear(one, candidate.period)) ?? sharpest;
    const parts = likely.filter((one) => isWholePart(one, period)).sort((a, b) => a - b);
    const season = [...parts, period, sharpest].find((one) => isSeason(rest, x, one, search));
    if (season !== undefined) return wholeSeason(x, season, search);
  }
  return undefined;
}

/** A number that is further from 0 than so many times the median distance is moved there: two of them would look like a season. */
const FAR = 8;

function withoutExtremes(values: Float64Array): Float64Array {
  const far = FAR * (values.map(Math.abs).sort()[values.length >> 1] ?? 0);
  return far > 0 ? values.map((value) => Math.max(-far, Math.min(far, value))) : values;
}

/** The spectrum of what a memory does not explain: of noise all frequencies are about equally strong. */
const spectrumWithout = (memory: Autoregression, x: Float64Array, found: readonly number[]): Spectrum =>
  spectrumOf(withoutExtremes(unexplained(x, memory)), found);

/** Whether a period goes into another a whole number of times, within a step. */
const isWholePart = (part: number, period: number): boolean => {
  const times = Math.round(period / part);
  return times > 1 && Math.abs(period - times * part) < times;
};

/** The shortest part of a period that has all its frequencies. A season is not always found first: then, the multiple that adds some to it. */
function wholeSeason(x: Float64Array, period: number, { likely, found }: Search): number {
  const spectrumFor = (one: number, left: Float64Array): Spectrum =>
    spectrumWithout(memoryOf(withoutSeason(x, one)), left, found);
  const isNew = (one: number): boolean => !found.includes(one);
  const parts = Array.from({ length: period >> 1 }, (_, i) => i + 1).filter((one) => one > 1 && period % one === 0);
  const all = spectrumFor(period, x);
  let season = parts.find((part) => isNew(part) && !hasMoreThan(part, period, all, { likely, found })) ?? period;
  for (let part = 0; part !== season && !likely.includes(season);) {
    part = season;
    const left = withoutSeason(x, part); // it is so strong that the frequencies near it would seem to be others
    const multiples = [2, 3, 4].map((times) => times * part).filter((one) => LEAST_PERIODS.other * one <= x.length);
    season =
      [...likely.filter((one) => isWholePart(part, one)), ...multiples].find(
        (one) => isNew(one) && hasMoreThan(part, one, spectrumFor(one, left), { likely, found }),
      ) ?? part;
  }
  return season;
}

/** Terms of the noise's memory. */
const mostOrders = (n: number): number => Math.min(40, Math.floor(n / 8));

/**
 * Whether noise would not have the period. The memory of the noise is now that of what the season leaves. So a season cannot be mistaken for a
 * memory. A memory with a broad peak is no season either: without one frequency, the others near it still show the peak.
 *
 * The peak of a memory can be almost as sharp as a season. So a season and a memory must also explain the numbers better than a memory alone.
 * This memory is shorter than half the period, because a longer one can imitate a season, and its changes too.
 */
function isSeason(rest: Float64Array, x: Float64Array, period: number, search: Search): boolean {
  if (!search.likely.includes(period) && shareOf(rest, period) < LEAST_SHARE) return false;
  const n = x.length;
  const memory = autoregressionOf(covariancesIn(withoutSeason(x, period), mostOrders(n)), n);
  const season = candidateAt(spectrumWithout(memory, x, search.found), period, search);
  if (season === undefined) return false;
  const alone = autoregressionIn(x, Math.min(mostOrders(n), Math.ceil(period / 2) - 1));
  const beside = memoryOf(withoutSeason(x, period, season.harmonics));
  // of noise this has about the distribution χ²(2·harmonics); half of it is a sum of exponential numbers
  const gain = (alone.misfit - beside.misfit) * (1 - (season.harmonics + alone.a.length) / n);
  return minusLogOfChance(season.harmonics, gain / 2) >= leastEvidence(period, search, n);
}

const memoryOf = (x: Float64Array): Autoregression => autoregressionIn(x, mostOrders(x.length));

/**
 * The differences from the straight line that fits the numbers best, in units of about the largest number. The first number is subtracted from
 * all of them: so numbers that are far from 0 lose no digits.
 */
function withoutTrend(numbers: Float64Array): Float64Array {
  const unit = unitOf(numbers);
  const first = numbers.find((y) => !Number.isNaN(y)) ?? 0;
  const values = numbers.map((y) => y / unit - first / unit);
  let [count, sumT, sumY, sumTT, sumTY] = [0, 0, 0, 0, 0];
  for (const [t, y] of values.entries()) {
    if (Number.isNaN(y)) continue;
    count++;
    sumT += t;
    sumY += y;
    sumTT += t * t;
    sumTY += t * y;
  }
  const spread = count * sumTT - sumT * sumT;
  const slope = spread > 0 ? (count * sumTY - sumT * sumY) / spread : 0;
  const level = (sumY - slope * sumT) / Math.max(count, 1);
  return values.map((y, t) => y - level - slope * t);
}

/** The numbers with missing ones on a line from the number before to the one after; 0 before the first and after the last. */
function withoutGaps(values: Float64Array): Float64Array {
  const result = values.slice();
  let last = -1;
  for (let t = 0; t <= result.length; t++) {
    if (t < result.length && Number.isNaN(values[t])) continue;
    const [a, b] = [values[last] ?? 0, values[t] ?? 0];
    for (let k = last + 1; k < t; k++) result[k] = a + ((b - a) * (k - last)) / (t - last);
    last = t;
  }
  return result;
}

/** The differences from the mean of each phase of the period, or from the first harmonics of these means. */
function withoutSeason(values: Float64Array, period: number, harmonics = period / 2): Float64Array {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue;
    sums[t % period] += values[t];
    counts[t % period]++;
  }
  const means = sums.map((sum, phase) => sum / Math.max(counts[phase], 1));
  const season = harmonics < Math.floor(period / 2) ? lowHarmonicsOf(means, harmonics) : means;
  const result = new Float64Array(values.length);
  for (let t = 0; t < values.length; t++) result[t] = values[t] - season[t % period];
  return result;
}

/** The mean and the first harmonics of the numbers. */
function lowHarmonicsOf(means: Float64Array, harmonics: number): Float64Array {
  const period = means.length;
  const result = new Float64Array(period).fill(means.reduce((sum, mean) => sum + mean, 0) / period);
  for (let k = 1; k <= harmonics; k++) {
    let [re, im] = [0, 0];
    for (const [t, mean] of means.entries()) {
      re += (2 / period) * mean * Math.cos((2 * Math.PI * k * t) / period);
      im += (2 / period) * mean * Math.sin((2 * Math.PI * k * t) / period);
    }
    for (let t = 0; t < period; t++) {
      result[t] += re * Math.cos((2 * Math.PI * k * t) / period) + im * Math.sin((2 * Math.PI * k * t) / period);
    }
  }
  return result;
}

/** The share of the variance that the means of the phases explain, less what they explain of noise. */
function shareOf(values: Float64Array, period: number): number {
  const without = withoutSeason(values, period);
  let [before, after, count] = [0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue;
    before += values[t] ** 2;
    after += without[t] ** 2;
    count++;
  }
  return (before - after - (after * (period - 1)) / Math.max(1, count - period)) / before;
}
