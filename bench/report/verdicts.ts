/**
 * What rows say in sentences: which results are wrong, which times are unreliable, in how many cases
 * Longhand is the fastest, and above which sizes of the scaling suite.
 */
import { BASELINE, labelOf } from '../candidates.js';
import { loadWarning } from '../measure/environment.js';
import { type Row, timesWarning } from '../measure/rows.js';
import { threadsText } from '../program.js';
import { type Axis, AXES } from '../suites.js';
import { type Timed, groupBy, isTimed } from './tables.js';

/** Wrong results, and candidates of Longhand or of the reader that failed, as a kernel does that reads outside its memory. A rival that fails is left out. */
export function mistakesIn(rows: readonly Row[]): string[] {
  const isMistake = ({ version, candidate, reason }: Row): boolean => {
    if (reason === null || reason.startsWith('wrong')) return reason !== null;
    const hasFailed = version !== null || /^(failed|its process ended)/.test(reason);
    return hasFailed && /^(longhand|own)-/.test(candidate);
  };
  return rows.filter(isMistake).map((row) => `${row.suite}: ${row.case}: ${labelOf(row)}: ${row.reason}`);
}

/** Of the rows of one case. */
export function warningsOf(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const [{ loadBefore, loadAfter, run }] = rows;
  const load = Math.max(loadBefore ?? 0, loadAfter ?? 0);
  const ofTimes = rows.filter(isTimed).flatMap((row) => {
    const { medianMs: median, lowerQuartileMs, upperQuartileMs, samples: count } = row;
    const [lower, upper] = [lowerQuartileMs ?? median, upperQuartileMs ?? median];
    return timesWarning(labelOf(row), { median, lower, upper, count });
  });
  return [...loadWarning(load, run.cores), ...ofTimes];
}

/** From how many samples the times are, and how busy the computer was. Rows of version 1.0.0 have no load. */
export function conditionsOf(rows: readonly Timed[]): string {
  const samples = rows.map((row) => row.samples);
  const loads = rows.flatMap(({ loadBefore, loadAfter }) => [loadBefore ?? [], loadAfter ?? []].flat());
  const isKnown = loads.length === 2 * rows.length;
  const load = isKnown
    ? `load before and after each case: ${range(loads, (one) => one.toFixed(2))} of ${rows[0].run.cores} processors`
    : 'load not recorded';
  return `samples of each time: ${range(samples, String)}; ${load}`;
}

export function range(values: readonly number[], write: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(write);
  return least === most ? least : `${least} to ${most}`;
}

/** One case at one number of threads: Longhand's time, and those of its rivals with as many threads, the quickest first. */
export interface Contest {
  readonly name: string;
  readonly suite: string;
  readonly threads: number;
  readonly ours: Timed;
  readonly rivals: readonly Timed[];
}

/** The cases with a time of Longhand's and one of a rival's. The plain loops are no rival. */
export function contestsOf(rows: readonly Row[]): Contest[] {
  const timed = rows.filter(isTimed);
  const nameOf = (row: Timed): string => `${row.suite}: ${row.case}`;
  return [...groupBy(timed, (row) => `${nameOf(row)}\n${row.threads}`).values()].flatMap((of) => {
    const ours = of.find(({ candidate }) => candidate === BASELINE);
    const rivals = of.filter(({ candidate }) => !candidate.startsWith('longhand') && candidate !== 'loops');
    if (!ours || rivals.length === 0) return [];
    rivals.sort((a, b) => a.medianMs - b.medianMs);
    return [{ name: nameOf(ours), suite: ours.suite, threads: ours.threads, ours, rivals }];
  });
}

export const isBehind = ({ ours, rivals }: Contest): boolean => rivals[0].medianMs < ours.medianMs;

/** How many times as long as its quickest rival Longhand takes. */
export const lagOf = ({ ours, rivals }: Contest): number => ours.medianMs / rivals[0].medianMs;

/** `fastest in 3 of 40 cases with 1 thread, and in 5 of 40 with 2 threads`; undefined without contests. */
export function fastestIn(contests: readonly Contest[]): string | undefined {
  const counts = [...groupBy(contests, ({ threads }) => threads)]
    .sort(([a], [b]) => a - b)
    .map(([threads, of], n) => {
      const cases = n > 0 ? '' : ` ${of.length === 1 ? 'case' : 'cases'}`;
      return `in ${of.filter((one) => !isBehind(one)).length} of ${of.length}${cases} with ${threadsText(threads)}`;
    });
  return counts.length === 0 ? undefined : `fastest ${counts.join(', and ')}`;
}

/** The rows at the sizes around which the suite varies. */
export function rowsAtBase(rows: readonly Row[]): Row[] {
  return AXES.reduce<readonly Row[]>((left, axis) => {
    const usual = mostFrequent(rows.map((row) => row.sizes[axis]));
    return left.filter((row) => row.sizes[axis] === usual);
  }, rows).slice();
}

/** The rows along one axis: in their other sizes they agree with most rows. */
export function rowsAlong(axis: Axis, rows: readonly Row[]): Row[] {
  const others = AXES.filter((other) => other !== axis);
  const usual = Object.fromEntries(others.map((other) => [other, mostFrequent(rows.map((row) => row.sizes[other]))]));
  return rows
    .filter((row) => others.every((other) => row.sizes[other] === usual[other]))
    .sort((a, b) => a.sizes[axis] - b.sizes[axis]);
}

function mostFrequent(values: readonly number[]): number {
  const count = (value: number): number => values.filter((other) => other === value).length;
  return values.reduce((most, value) => (count(value) > count(most) ? value : most), values[0]);
}

interface Crossover {
  readonly axis: Axis;
  /** Between two measured sizes: the crossing of the lines through their times, on logarithmic scales. */
  readonly size: number;
  readonly faster: string;
  readonly slower: string;
}

/** Differences below 5% do not count. */
const DECISIVE = Math.log(1.05);

export function crossoversOf(rows: readonly Row[]): Crossover[] {
  return AXES.flatMap((axis) => {
    const series = [...seriesAlong(axis, rows)];
    return series.flatMap((one, n) => series.slice(n + 1).flatMap((other) => crossingsOf(axis, one, other)));
  });
}

/** One candidate's times by size. */
type Series = [label: string, times: Map<number, number>];

function seriesAlong(axis: Axis, rows: readonly Row[]): Map<string, Map<number, number>> {
  const series = new Map<string, Map<number, number>>();
  for (const row of rowsAlong(axis, rows)) {
    if (row.medianMs === null) continue;
    const times = series.get(labelOf(row)) ?? new Map<number, number>();
    series.set(labelOf(row), times.set(row.sizes[axis], row.medianMs));
  }
  return series;
}

function crossingsOf(axis: Axis, [a, aTimes]: Series, [b, bTimes]: Series): Crossover[] {
  const points = [...aTimes]
    .map(([size, time]) => ({ size: Math.log(size), lead: Math.log((bTimes.get(size) ?? NaN) / time) }))
    .filter(({ lead }) => Math.abs(lead) > DECISIVE);
  return points.slice(1).flatMap((next, n) => {
    const last = points[n];
    if (Math.sign(last.lead) === Math.sign(next.lead)) return [];
    const share = last.lead / (last.lead - next.lead);
    const size = Math.exp(last.size + share * (next.size - last.size));
    return [{ axis, size, ...(next.lead > 0 ? { faster: a, slower: b } : { faster: b, slower: a }) }];
  });
}

export function sentenceOf({ axis, size, faster, slower }: Crossover): string {
  return `above ${axis} ≈ ${size < 10 ? size.toPrecision(2) : size.toFixed(0)}, ${faster} is faster than ${slower}`;
}
