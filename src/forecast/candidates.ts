/** Periods with a strong spectrum: how improbable they are in noise, and whether they are those that are meant. */
import type { Spectrum } from './spectrum.js';

/** Periods that a series must have of a season: of a day, a week or a year, and of another. */
export const LEAST_PERIODS = { likely: 3, other: 4 } as const;
/** The probability of a season in noise: for each of the likely ones, and for all others together. */
const CHANCE = { likely: 0.006, other: 0.008 } as const;

/** A period with a strong spectrum. */
export interface Candidate {
  readonly period: number;
  /** Frequencies k / period, k = 1 … `harmonics`, that give the most evidence. */
  readonly harmonics: number;
  /** -log of the probability that noise has it. */
  readonly evidence: number;
}

/** What is known before a search. */
export interface Search {
  /** A day, a week, a year. */
  readonly likely: readonly number[];
  /** Seasons that were found, and are no longer in the numbers. */
  readonly found: readonly number[];
}

/** The evidence is that of the first one, two or three frequencies, or of all, whichever is the most: four tests of each period. */
const [FIRST_HARMONICS, TESTS] = [3, 4];

/** The evidence of a period that noise seldom has. */
export function leastEvidence(period: number, { likely }: Search, n: number): number {
  const kind = likely.includes(period) ? 'likely' : 'other';
  // of all periods up to n / 4 about 2·√n are independent
  const tests = kind === 'likely' ? TESTS : TESTS * 2 * Math.sqrt(n);
  return -Math.log(CHANCE[kind] / tests);
}

/** A likely period is looked at closely from this part of its evidence on: a memory that is not yet known can hide it. */
const FIRST_LOOK = 0.5;

/** The periods that noise would not have, those with the most evidence first. */
export function candidatesIn(spectrum: Spectrum, search: Search): Candidate[] {
  const { n } = spectrum;
  const periods = new Set(search.likely);
  for (let period = 2; LEAST_PERIODS.other * period <= n; period++) periods.add(period);
  return [...periods]
    .filter((period) => !search.found.some((one) => one % period === 0 || Math.abs(n / one - n / period) < 1))
    .flatMap((period) => {
      const least = leastEvidence(period, search, n) * (search.likely.includes(period) ? FIRST_LOOK : 1);
      return candidateAt(spectrum, period, search, least) ?? [];
    })
    .sort((a, b) => b.evidence - a.evidence);
}

/** Of another long season no more frequencies are read: to read all of them would need n² steps. */
const MOST_HARMONICS = 64;
/** How near to a frequency of a season that was found, in units of 1/n, the rest of it may be. */
const REACH = { likely: 0.3, other: 1 } as const;
/** The probability that noise has the other frequencies of a period, without the strongest one. */
const CHANCE_OF_OTHERS = 0.01;

/**
 * The probability that noise adds other frequencies to those of a part of a period. It may be larger for a period that is likely beside its
 * part. A long multiple is less likely than a short one. Few series repeat after half a day or a third of a year, and have no day or year.
 */
const CHANCE_OF_MORE = { ofLikely: 0.006, ofOther: 0.04, likely: 0.1, likelyFewTimes: 0.4 } as const;

/** Whether a period has other frequencies than a part of it: else the part is the season. */
export function hasMoreThan(part: number, period: number, spectrum: Spectrum, search: Search): boolean {
  const { likely, found } = search;
  let chance: number = CHANCE_OF_MORE.ofOther / (period / part) ** 3;
  if (likely.includes(part)) chance = CHANCE_OF_MORE.ofLikely;
  else if (likely.includes(period)) {
    chance = period <= FIRST_HARMONICS * part ? CHANCE_OF_MORE.likelyFewTimes : CHANCE_OF_MORE.likely;
  }
  const others = { likely, found: [...found, part] };
  return candidateAt(spectrum, period, others, -Math.log(chance / TESTS), true) !== undefined;
}

/** The period if noise would not have it. `isWhole`: no period that is no whole number of steps can be meant. */
export function candidateAt(
  spectrum: Spectrum,
  period: number,
  search: Search,
  least = leastEvidence(period, search, spectrum.n),
  isWhole = search.likely.includes(period),
): Candidate | undefined {
  const { likely, found } = search;
  const { n, size, strengths, surpriseAt, kurtosis } = spectrum;
  const kind = likely.includes(period) ? 'likely' : 'other';
  const all = Math.min(kind === 'likely' ? Infinity : MOST_HARMONICS, Math.floor(period / 2));
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
      const here = surpriseAt(at);
      count++;
      sum += weight * strengths[at];
      surprise += weight * here;
      if (here > strongest.surprise) strongest = { k, surprise: here };
    }
    if (count === 0 || (k > FIRST_HARMONICS && k < all)) continue;
    // The strengths of rare spikes depend on each other. Their sum's variance is count·(1 + count·kurtosis/n), as if they were fewer.
    const fewer = 1 / (1 + (count * kurtosis) / n);
    if (minusLogOfChance(count, surprise, fewer) < least) continue;
    // it must not only be a multiple of a period that is no whole number of steps
    const others = minusLogOfChance(count - 1, surprise - strongest.surprise);
    if (!isWhole && period % strongest.k !== 0 && others < -Math.log(CHANCE_OF_OTHERS)) continue;
    const evidence = minusLogOfChance(count, sum, fewer);
    if (!best || evidence > best.evidence) best = { period, harmonics: k, evidence };
  }
  return best;
}

/** -log of the probability that `all` exponential numbers of mean 1 have at least this sum. Dependent ones count as `fewer` · `all` numbers. */
export function minusLogOfChance(all: number, sumOfAll: number, fewer = 1): number {
  const count = Math.max(Math.min(1, all), Math.round(all * fewer));
  const sum = sumOfAll * (count / all);
  if (all === 0 || sum <= count) return 0;
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
export function isPeak({ n, size, strengths }: Spectrum, { period, harmonics }: Candidate): boolean {
  const strengthWith = (cycles: number): number => {
    let sum = 0;
    for (let k = 1; k <= harmonics; k++) sum += strengths[Math.round(k * (1 / period + cycles / n) * size)] ?? 0;
    return sum;
  };
  const near = Array.from({ length: 17 }, (_, i) => strengthWith((i - 8) / 8));
  return Math.abs(near.indexOf(Math.max(...near)) - 8) <= 4;
}

/** The strongest of the periods that have up to half a cycle more or less in the series. Many have the same index: this looks between them. */
export function sharpestNear({ n, size, fine, strengths }: Spectrum, { period, harmonics }: Candidate): number {
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
