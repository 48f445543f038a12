/**
 * The seasons of a series: whole periods after which it repeats. Noise with a memory also has strong frequencies, but broad ones: those near
 * them are strong too. A season is one sharp frequency and its multiples, because it keeps its phase over the whole series.
 */
import type { Calendar } from '../data/calendar.js';
import { naturalPeriods } from '../data/calendar.js';
import { unitOf } from '../data/scale.js';
import type { Spectrum } from './spectrum.js';
import { autoregressionOf, covariancesIn, covariancesOf, spectrumOf, unexplained } from './spectrum.js';

/** The numbers that the search reads: the last ones of a long series. */
const MOST_READ = 50_000;
const MOST_SEASONS = 5;
/** Seasons besides a day, a week and a year. */
const MOST_OTHER = 2;
/** Periods that a series must have of a season: of a day, a week or a year, and of another. */
const LEAST_PERIODS = { likely: 3, other: 4 } as const;
/** The probability of a season in noise: for each of the likely ones, and for all others together. */
const CHANCE = { likely: 0.006, other: 0.008 } as const;
/** The share of the variance that another season must explain at least: what a smaller one adds is not worth its columns. */
const LEAST_SHARE = 0.05;
/** Of the series' variation; what is left is only rounding. */
const ROUNDING = 1e-12;

/** A period with a strong spectrum. */
interface Candidate {
  readonly period: number;
  /** Frequencies k / period, k = 1 … `harmonics`, that give the most evidence. */
  readonly harmonics: number;
  /** -log of the probability that noise has it. */
  readonly evidence: number;
}

/** What is known before a search. */
interface Search {
  /** A day, a week, a year, and multiples of other seasons that were found. */
  readonly likely: readonly number[];
  /** Seasons that were found, and are no longer in the numbers. */
  readonly found: readonly number[];
}

/**
 * The seasons of the numbers, the shortest first. Any period is tried of which there are four or more, and of a day, a week and a year three.
 * NaN is missing. The search needs n·log n steps for n numbers, and less than n²/16 additions.
 */
export function seasonsIn(calendar: Calendar, values: Float64Array): number[] {
  const natural = Object.values(naturalPeriods(calendar))
    .map(Math.round)
    .filter((period) => period >= 2);
  const read = values.subarray(Math.max(0, values.length - MOST_READ));
  const unit = unitOf(read);
  const whole = withoutTrend(read.map((value) => value / unit));
  const found: number[] = [];
  for (let rest = whole; found.length < MOST_SEASONS; rest = found.reduce(withoutSeason, whole)) {
    const multiples = found.filter((one) => !natural.includes(one)).flatMap((one) => [2, 3, 4].map((m) => m * one));
    const likely = [...natural, ...multiples].filter((period) => LEAST_PERIODS.likely * period <= read.length);
    const period = strongestSeason(rest, { likely, found });
    if (period === undefined) break;
    found.push(period);
    const part = oftenIn(period).find((one) => shareOf(whole, one) >= OWN.often * shareOf(whole, period));
    if (part !== undefined && !found.includes(part)) found.push(part);
  }
  const shares = new Map(found.map((period) => [period, shareOf(whole, period)]));
  const isPart = (one: number): boolean => found.some((other) => isPartOf(one, other, natural, shares));
  const kept = found.filter((one) => !isPart(one));
  const others = kept.filter((one) => !natural.includes(one)).slice(0, MOST_OTHER);
  return kept.filter((one) => natural.includes(one) || others.includes(one)).sort((a, b) => a - b);
}

/** A season that is a whole part of another one is of its own if it has so large a share of the other's variance; else it is its shape. */
const OWN = { often: 0.3, rarely: 0.65 } as const;
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
  return (!isOften && !natural.includes(one)) || share < (isOften ? OWN.often : OWN.rarely);
}

/** Candidates that are looked at closely. */
const MOST_TRIED = 8;
/** A frequency this many times as strong as its background is taken for a season while the memory of the noise is sought. */
const CLEARLY_STRONG = 4;
/** A part of a season with only so much less evidence is the season. */
const ALMOST = 5;

/** The season with the most evidence; undefined if noise would have any of them. */
function strongestSeason(rest: Float64Array, search: Search): number | undefined {
  const x = withoutGaps(rest);
  const n = x.length;
  const { likely, found } = search;
  if (n < 8 || x.every((value) => Math.abs(value) < ROUNDING)) return undefined;
  const spectrum = spectrumOf(x, found);
  const noise = spectrum.powers.map((power, j) => Math.min(power, CLEARLY_STRONG * spectrum.background[j]));
  const memory = autoregressionOf(covariancesOf(noise, n, mostOrders(n)), n);
  const candidates = candidatesIn(spectrumOf(withoutExtremes(unexplained(x, memory)), found), search);
  const isNear = (a: number, b: number): boolean => Math.abs(n / a - n / b) < 0.5;
  const tried: number[] = [];
  for (const candidate of candidates) {
    if (tried.some((one) => isNear(one, candidate.period))) continue;
    if (tried.length === MOST_TRIED) break;
    tried.push(candidate.period);
    if (!isPeak(spectrum, candidate)) continue;
    const sharpest = sharpestNear(spectrum, candidate);
    const period = likely.find((one) => isNear(one, candidate.period)) ?? sharpest;
    const parts = candidates
      .filter((one) => isWholePart(one.period, period))
      .filter(
        (one) =>
          likely.includes(one.period) || (!likely.includes(period) && one.evidence > candidate.evidence - ALMOST),
      );
    const shortest = parts.map((one) => one.period).sort((a, b) => a - b);
    const season = [...shortest, period, sharpest].find((one) => isSeason(rest, x, one, search));
    if (season !== undefined) return season;
  }
  return undefined;
}

/** A number that is further from 0 than so many times the median distance is moved there: two of them would look like a season. */
const FAR = 8;

function withoutExtremes(values: Float64Array): Float64Array {
  const far = FAR * (values.map(Math.abs).sort()[values.length >> 1] ?? 0);
  return far > 0 ? values.map((value) => Math.max(-far, Math.min(far, value))) : values;
}

/** Whether a period goes into another a whole number of times, within a step. */
const isWholePart = (part: number, period: number): boolean => {
  const times = Math.round(period / part);
  return times > 1 && Math.abs(period - times * part) < times;
};

/** Terms of the noise's memory. */
const mostOrders = (n: number): number => Math.min(40, Math.floor(n / 8));

/**
 * Whether noise would not have the period. The memory of the noise is now that of what the season leaves. So a season cannot be mistaken for a
 * memory. A memory with a broad peak is no season either: without one frequency, the others near it still show the peak.
 */
function isSeason(rest: Float64Array, x: Float64Array, period: number, search: Search): boolean {
  if (!search.likely.includes(period) && shareOf(rest, period) < LEAST_SHARE) return false;
  const memory = autoregressionOf(covariancesIn(withoutSeason(x, period), mostOrders(x.length)), x.length);
  return candidateAt(spectrumOf(withoutExtremes(unexplained(x, memory)), search.found), period, search) !== undefined;
}

/** The periods that noise would not have, those with the most evidence first. */
function candidatesIn(spectrum: Spectrum, search: Search): Candidate[] {
  const { n } = spectrum;
  const periods = new Set(search.likely);
  for (let period = 2; LEAST_PERIODS.other * period <= n; period++) periods.add(period);
  return [...periods]
    .filter((period) => !search.found.some((one) => one % period === 0 || Math.abs(n / one - n / period) < 1))
    .flatMap((period) => candidateAt(spectrum, period, search) ?? [])
    .sort((a, b) => b.evidence - a.evidence);
}

/** The evidence is that of the first one, two or three frequencies, or of all, whichever is the most: four tests of each period. */
const [FIRST_HARMONICS, TESTS] = [3, 4];
/** How near to a frequency of a season that was found, in units of 1/n, the rest of it may be. */
const REACH = { likely: 0.3, other: 1 } as const;
/** The probability that noise has the other frequencies of a period, without the strongest one. */
const CHANCE_OF_OTHERS = 0.01;

/** The period if noise would not have it. */
function candidateAt(spectrum: Spectrum, period: number, { likely, found }: Search): Candidate | undefined {
  const { n, size, strengths, surprises } = spectrum;
  const kind = likely.includes(period) ? 'likely' : 'other';
  // of all periods up to n / 4 about 2·√n are independent
  const tests = kind === 'likely' ? TESTS : TESTS * 2 * Math.sqrt(n);
  const least = -Math.log(CHANCE[kind] / tests);
  const all = Math.floor(period / 2);
  /** Whether a frequency k/period is what is left of a season that was found. */
  const isRest = (k: number): boolean => {
    for (const season of found) {
      const cycles = (k * season) / period;
      if (Math.abs(cycles - Math.round(cycles)) * n < REACH[kind] * season) return true;
    }
    return false;
  };
  let [sum, surprise, count] = [0, 0, 0];
  let strongest = { k: 1, surprise: 0 };
  let best: Candidate | undefined;
  for (let k = 1; k <= all; k++) {
    if (!isRest(k)) {
      const at = Math.round((k / period) * size);
      const weight = 2 * k === period ? 0.5 : 1; // the frequency 1/2 has no sine
      count++;
      sum += weight * strengths[at];
      surprise += weight * surprises[at];
      if (surprises[at] > strongest.surprise) strongest = { k, surprise: surprises[at] };
    }
    if (count === 0 || (k > FIRST_HARMONICS && k < all) || minusLogOfChance(count, surprise) < least) continue;
    // it must not only be a multiple of a period that is no whole number of steps
    const others = minusLogOfChance(count - 1, surprise - strongest.surprise);
    if (kind === 'other' && period % strongest.k !== 0 && others < -Math.log(CHANCE_OF_OTHERS)) continue;
    const evidence = minusLogOfChance(count, sum);
    if (!best || evidence > best.evidence) best = { period, harmonics: k, evidence };
  }
  return best;
}

/** -log of the probability that `count` exponential numbers of mean 1 have at least this sum. */
function minusLogOfChance(count: number, sum: number): number {
  if (count === 0 || sum <= count) return 0;
  let log = (count - 1) * Math.log(sum) - sum;
  for (let j = 2; j < count; j++) log -= Math.log(j);
  // Σ sum^j / j! over j < count, in units of the last and largest term
  let [term, terms] = [1, 0];
  for (let j = count - 1; j >= 0 && term > Number.EPSILON * terms; j--) {
    terms += term;
    term *= j / sum;
  }
  return -log - Math.log(terms);
}

/** Whether the period is stronger than those that have up to one cycle more or less in the series: else one of these is meant, or a longer one. */
function isPeak({ n, size, strengths }: Spectrum, { period, harmonics }: Candidate): boolean {
  const strengthWith = (cycles: number): number => {
    let sum = 0;
    for (let k = 1; k <= harmonics; k++) sum += strengths[Math.round(k * (1 / period + cycles / n) * size)] ?? 0;
    return sum;
  };
  const near = Array.from({ length: 17 }, (_, i) => strengthWith((i - 8) / 8));
  return Math.abs(near.indexOf(Math.max(...near)) - 8) <= 4;
}

/** The strongest of the periods that have up to half a cycle more or less in the series. Many have the same index: this looks between them. */
function sharpestNear({ n, size, fine, strengths }: Spectrum, { period, harmonics }: Candidate): number {
  const strengthOf = (one: number): number => {
    let sum = 0;
    for (let k = 1; k <= harmonics; k++) {
      const place = (k / one) * size;
      const at = Math.min(Math.max(1, Math.round(place)), fine.length - 2);
      const [before, here, after] = [fine[at - 1], fine[at], fine[at + 1]];
      const d = place - at; // on the parabola through three powers
      const power = here + (d * (after - before)) / 2 + (d * d * (after + before - 2 * here)) / 2;
      const middle = Math.round((k / period) * size);
      sum += (power * strengths[middle]) / fine[middle];
    }
    return sum;
  };
  const from = Math.ceil(n / (n / period + 0.5));
  const to = Math.floor(Math.min(n / (n / period - 0.5), n / LEAST_PERIODS.other));
  let [best, strongest] = [period, strengthOf(period)];
  for (let other = from; other <= to; other++) {
    const strength = strengthOf(other);
    if (strength > strongest) [best, strongest] = [other, strength];
  }
  return best;
}

/** The share of the variance that the means of the phases explain, less what they explain of noise. */
function shareOf(values: Float64Array, period: number): number {
  const without = withoutSeason(values, period);
  let [before, after, count] = [0, 0, 0];
  for (const [t, y] of values.entries()) {
    if (Number.isNaN(y)) continue;
    before += y * y;
    after += without[t] ** 2;
    count++;
  }
  return (before - after - (after * (period - 1)) / Math.max(1, count - period)) / before;
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

/** The differences from the straight line that fits the numbers best. */
function withoutTrend(values: Float64Array): Float64Array {
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

/** The differences from the mean of each phase of the period. */
function withoutSeason(values: Float64Array, period: number): Float64Array {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (const [t, y] of values.entries()) {
    if (Number.isNaN(y)) continue;
    sums[t % period] += y;
    counts[t % period]++;
  }
  return values.map((y, t) => y - sums[t % period] / Math.max(counts[t % period], 1));
}
