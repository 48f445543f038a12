/** Windows: so many rows one after another, in one stretch of a recording. A network reads one and says its class. */
import { windowsWithin } from '../trained-state.js';
import type { Recordings } from './recordings.js';

/** The sizes of windows. */
export interface WindowSizes {
  /** T: rows of a window. */
  readonly window: number;
  /** Rows from the beginning of one window to that of the next. */
  readonly stride: number;
}

/** Windows of recordings. */
export interface Windows {
  readonly count: number;
  /** The place at which each begins. */
  readonly starts: Uint32Array;
  /** The class of each: the most frequent one of its rows; -1 if most rows have none. */
  readonly labels: Int32Array;
  /** The group of each; null without groups. */
  readonly groups: readonly (string | null)[];
}

/** The windows of all stretches: `window` rows, one every `stride` rows. */
export function windowsOf(
  { stretches, labels, classes }: Pick<Recordings, 'stretches' | 'labels' | 'classes'>,
  { window, stride }: WindowSizes,
): Windows {
  const starts: number[] = [];
  const groups: (string | null)[] = [];
  for (const stretch of stretches) {
    const { first, count } = windowsWithin(stretch, window, stride);
    for (let n = 0; n < count; n++) {
      starts.push(first + n * stride);
      groups.push(stretch.group);
    }
  }
  const counts = new Uint32Array(classes.length + 1);
  return {
    count: starts.length,
    starts: Uint32Array.from(starts),
    labels: Int32Array.from(starts, (start) => mostFrequent(labels.subarray(start, start + window), counts)),
    groups,
  };
}

/** The most frequent class; of several, the one that occurs last. No class, -1, counts as one. `counts` has room for them. */
function mostFrequent(labels: Int32Array, counts: Uint32Array): number {
  counts.fill(0);
  let most = 0;
  for (const label of labels) most = Math.max(most, ++counts[label + 1]);
  let last = labels.length - 1;
  while (counts[labels[last] + 1] < most) last--;
  return labels[last];
}

/** The windows for which `isWanted` is true. */
export function windowsWhere({ starts, labels, groups }: Windows, isWanted: (n: number) => boolean): Windows {
  const kept = Array.from(starts.keys()).filter(isWanted);
  return {
    count: kept.length,
    starts: Uint32Array.from(kept, (n) => starts[n]),
    labels: Int32Array.from(kept, (n) => labels[n]),
    groups: kept.map((n) => groups[n]),
  };
}
