/** Median, minimum and quartiles of a candidate's times. */

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
