/** The scaling suite: its rows along one axis, and the sizes above which one candidate is faster than another. */
import { labelOf } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import type { Axis } from '../suites.js';
import { AXES } from '../suites.js';

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
