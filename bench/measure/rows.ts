/** One candidate in one case: a line of the NDJSON, and a row of the tables. */
import { type Candidate, BASELINE } from '../candidates.js';
import type { Suite } from '../suites.js';
import { type BenchmarkTask, flopsOf } from '../tasks.js';
import type { Environment } from './environment.js';

export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly candidate: string;
  readonly version: string | null;
  readonly threads: number;
  readonly medianMs: number | null;
  readonly minMs: number | null;
  /** Half of all times lie between the quartiles. */
  readonly lowerQuartileMs: number | null;
  readonly upperQuartileMs: number | null;
  readonly samples: number;
  readonly gflops: number | null;
  /** GFLOPS divided by one thread's peak in WebAssembly, and by the number of threads. */
  readonly shareOfPeak: number | null;
  /** Its time divided by that of longhand-wasm with the most threads. */
  readonly ratioToLonghand: number | null;
  /** Its result agreed with the f64 reference. */
  readonly verified: boolean;
  /** The largest error in units of its bound. */
  readonly error: number | null;
  /** Why there is no time. */
  readonly reason: string | null;
  /** The most resident memory that its process has used. */
  readonly peakRssMiB: number | null;
  readonly description: string | null;
  readonly engine: string | null;
  /** Processors that other programs kept busy before and after the case. Missing in rows of version 1.0.0. */
  readonly loadBefore?: number;
  readonly loadAfter?: number;
  /** M, K, N or T, B, I, H, C; of a network also the number of layers. */
  readonly sizes: Readonly<Record<string, number>>;
  /** When, on which computer and how: the same in all rows of one run. */
  readonly run: Environment;
}

/** What a comparison found out about one candidate. */
export interface Finding {
  readonly candidate: Candidate;
  readonly version?: string;
  readonly description?: string;
  readonly engine?: string;
  readonly error?: number;
  readonly isRight?: boolean;
  readonly reason?: string;
  readonly times?: Statistics;
  /** The median time of each turn. */
  readonly turns?: readonly number[];
  readonly memoryMiB?: number | null;
}

export function rowsOf(
  suite: Suite,
  name: string,
  task: BenchmarkTask,
  findings: readonly Finding[],
  run: Environment,
  load: Pick<Row, 'loadBefore' | 'loadAfter'> = {},
): Row[] {
  const peakGflops = Math.max(run.peak.portable, run.peak.fused ?? 0);
  const baseline = baselineOf(findings);
  return findings.map((finding) => {
    const { candidate, times } = finding;
    const flops = flopsOf(task);
    const gflops = times && flops !== undefined ? flops / times.median / 1e6 : null;
    return {
      suite: suite.name,
      case: name,
      candidate: candidate.name,
      version: finding.version ?? null,
      threads: candidate.threads,
      medianMs: times?.median ?? null,
      minMs: times?.min ?? null,
      lowerQuartileMs: times?.lower ?? null,
      upperQuartileMs: times?.upper ?? null,
      samples: times?.count ?? 0,
      gflops,
      shareOfPeak: gflops !== null ? gflops / (peakGflops * candidate.threads) : null,
      ratioToLonghand: times && baseline ? times.median / baseline : null,
      verified: finding.isRight === true,
      error: finding.error !== undefined && Number.isFinite(finding.error) ? finding.error : null,
      reason: finding.reason ?? null,
      peakRssMiB: finding.memoryMiB ?? null,
      description: finding.description ?? null,
      engine: finding.engine ?? null,
      ...load,
      sizes: sizesOf(task),
      run,
    };
  });
}

function baselineOf(findings: readonly Finding[]): number | undefined {
  const longhand = findings.filter(({ candidate, times }) => candidate.name === BASELINE && times);
  return longhand.sort((a, b) => b.candidate.threads - a.candidate.threads).at(0)?.times?.median;
}

function sizesOf(task: BenchmarkTask): Record<string, number> {
  return Object.fromEntries(
    Object.entries(task).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/** The times of a candidate. */
export interface Statistics {
  readonly median: number;
  readonly min: number;
  /** Half of all times lie between the quartiles. */
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

export function statisticsOf(samples: readonly number[]): Statistics {
  if (samples.length === 0) throw new RangeError('statistics: no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0],
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** Interpolates between the two sorted values around `share`. */
function quantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** The range of the middle half of the times, as a share of their median. */
export const spreadOf = ({ median, lower, upper }: Omit<Statistics, 'min'>): number => (upper - lower) / median;

const HIGH_SPREAD = 0.5;

/** Why a median may not be a typical time. */
export function timesWarning(name: string, times: Omit<Statistics, 'min'>): string[] {
  const { lower, upper, count } = times;
  if (count === 1) return [`${name}: timed only once`];
  const spread = spreadOf(times);
  if (spread <= HIGH_SPREAD) return [];
  const [from, to] = [lower, upper].map((ms) => ms.toPrecision(3));
  return [
    `${name}: the middle half of ${count} samples is ${from} to ${to} ms, ${(100 * spread).toFixed(0)}% of the median`,
  ];
}
