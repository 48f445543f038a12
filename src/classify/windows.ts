/** Windows: so many rows one after another, in one stretch of a recording. A network reads one and says its class. */
import { windowsWithin } from '../trained-state.js';
import type { Recordings } from './recordings.js';

/** The sizes of windows. */
export interface WindowSizes {
  /** T: rows of a window. */
  readonly window: number;
  /** Rows from the beginning of one window to that of the next. */
  readonly stride: number;
  /**
   * `group`: each group has one class, and one verdict for all of its windows. These cover every row: a stretch that is shorter than a window
   * is one shorter window. Without it each window has a verdict, and all have T rows.
   */
  readonly verdicts?: 'group';
}

/** Rows of a recording that have one class. */
export interface Window {
  /** The place at which it begins. */
  readonly start: number;
  /** Its rows, at most T. */
  readonly length: number;
  /** The most frequent class of its rows; -1 if most rows have none. */
  readonly label: number;
  /** null without groups. */
  readonly group: string | null;
}

/** The windows of all stretches: `window` rows, one every `stride` rows. */
export function windowsOf(
  { stretches, labels, classes }: Pick<Recordings, 'stretches' | 'labels' | 'classes'>,
  { window, stride, verdicts }: WindowSizes,
): Window[] {
  const counts = new Uint32Array(classes.length + 1);
  return stretches.flatMap(({ from, to, group }) => {
    const windowAt = (start: number, length: number): Window => {
      const label = mostFrequent(labels.subarray(start, start + length), counts);
      return { start, length, label, group };
    };
    const { first, count } = windowsWithin({ from, to }, window, stride);
    const found = Array.from({ length: count }, (_, n) => windowAt(first + n * stride, window));
    const end = count > 0 ? first + (count - 1) * stride + window : from; // of what the windows cover
    const length = Math.min(window, to - from);
    return verdicts === 'group' && end < to ? [...found, windowAt(to - length, length)] : found;
  });
}

/** With more rows in a window, a network learns slowly. */
const DEFAULT_ROWS = 128;

/** The sizes of windows for a table. Default: 128 rows, or the longest recording if each has one class and is shorter; half a window from one to the next. */
export function sizesOf(
  { stretches, labels }: Pick<Recordings, 'stretches' | 'labels'>,
  { window: rows, stride }: { readonly window?: number | undefined; readonly stride?: number | undefined },
): WindowSizes {
  const classOf = new Map<string | null, number>();
  const hasOneClass = stretches.every(({ from, to, group }) =>
    labels.subarray(from, to).every((label) => {
      if (label >= 0 && !classOf.has(group)) classOf.set(group, label);
      return label < 0 || classOf.get(group) === label;
    }),
  );
  const isPerGroup = hasOneClass && !classOf.has(null);
  const longest = stretches.reduce((most, { from, to }) => Math.max(most, to - from), 2);
  const window = rows ?? (isPerGroup ? Math.min(longest, DEFAULT_ROWS) : DEFAULT_ROWS);
  return {
    ...{ window, stride: stride ?? Math.max(1, Math.floor(window / 2)) },
    ...(isPerGroup && { verdicts: 'group' }),
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

/** What has a verdict, and the logarithm of each class's probability for it, plus a constant. */
export interface Verdicts {
  /** Each window; with `verdicts: 'group'` each group, as one window from its first row to its last. */
  readonly of: readonly Window[];
  readonly scores: readonly Float64Array[];
}

/** The verdicts on windows whose log-probabilities `[C]` are `scores`: for a group, the mean over its windows. */
export function verdictsOn(
  { verdicts }: Pick<WindowSizes, 'verdicts'>,
  windows: readonly Window[],
  scores: readonly Float64Array[],
): Verdicts {
  if (verdicts === undefined) return { of: windows, scores };
  const firsts = windows.flatMap(({ group }, n) => (group === windows[n - 1]?.group ? [] : [n])); // those of a group follow one another
  const ends = firsts.map((_, at) => firsts[at + 1] ?? windows.length);
  return {
    of: firsts.map((first, at) => {
      const last = windows[ends[at] - 1];
      return { ...windows[first], length: last.start + last.length - windows[first].start };
    }),
    scores: firsts.map((first, at) => {
      const own = scores.slice(first, ends[at]);
      return own[0].map((_, k) => own.reduce((sum, row) => sum + row[k], 0) / own.length);
    }),
  };
}
