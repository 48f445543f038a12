/** What is told of a candidate's times. */

export interface Statistics {
  readonly median: number;
  readonly min: number;
  /** The quartiles: half of all times lie between them. */
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

/** Between two of the sorted values, in proportion to where `share` of the way lies. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
