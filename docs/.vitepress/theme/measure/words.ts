/** The names of rows and cases, and what they say in a sentence. */
import {
  type Family,
  type MeasuredCase,
  type MeasuredRow,
  type MeasuredTask,
} from '../../../../bench/measure/result.js';

export const familyOf = (candidate: string): Family => (candidate.endsWith('wasm') ? 'wasm' : 'webgpu');

/** `longhand-wasm ×2` */
export const labelOf = ({ candidate, threads }: Pick<MeasuredRow, 'candidate' | 'threads'>): string =>
  threads > 1 ? `${candidate} ×${threads}` : candidate;

/** Three significant digits. */
export const significant = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const times = (value: number): string => (value < 10 ? value.toPrecision(2) : value.toFixed(0));

/** The names of the step's own products, by their sizes. */
const NAMES: Readonly<Record<string, string>> = {
  '128,128,512': 'h·Wh',
  '128,512,128': 'dz·Whᵀ',
  '128,3584,512': 'hᵀ·dz, all steps',
};

/** `64³`, `h·Wh`, `step`, `step, H 256` */
export function titleOf(task: MeasuredTask): string {
  if (task.kind === 'matmul') {
    const { M, K, N, form } = task;
    if (M === K && K === N) return `${M}³`;
    return NAMES[`${M},${K},${N}`] ?? `${form} ${M},${K},${N}`;
  }
  const others = (['B', 'H'] as const).filter((size) => task[size] !== 128).map((size) => `${size} ${task[size]}`);
  return ['step', ...others].join(', ');
}

type Timed = MeasuredRow & { readonly ms: number };

const isLonghand = ({ candidate }: MeasuredRow): boolean => candidate.startsWith('longhand');

/** Which is quicker, and by how much: at the step if it has times of both, otherwise at the largest product that has. */
export function verdictOf(cases: readonly MeasuredCase[]): string | undefined {
  const contests = cases.flatMap(({ task, rows }) => {
    const timed = rows.filter((row): row is Timed => row.ms !== null).sort((a, b) => a.ms - b.ms);
    const ours = timed.find(isLonghand);
    const theirs = timed.find((row) => !isLonghand(row));
    return ours ? [{ task, ours, theirs }] : [];
  });
  const best = contests.sort((a, b) => rankOf(b) - rankOf(a)).at(0);
  if (!best) return undefined;
  const { task, ours, theirs } = best;
  const where = task.kind === 'step' ? 'For the tutorial’s training step' : `For the product ${titleOf(task)}`;
  if (!theirs)
    return `${where}, the quickest of Longhand’s backends is ${labelOf(ours)}, with ${significant(ours.ms)} ms.`;
  const [first, second] = ours.ms <= theirs.ms ? [ours, theirs] : [theirs, ours];
  return (
    `${where}, ${labelOf(first)} is quickest with ${significant(first.ms)} ms: ` +
    `${times(second.ms / first.ms)} times as fast as ${labelOf(second)} with ${significant(second.ms)} ms.`
  );
}

function rankOf({ task, theirs }: { readonly task: MeasuredTask; readonly theirs?: unknown }): number {
  const size = task.kind === 'step' ? (task.B === 128 && task.H === 128 ? 1e12 : 0) : task.M * task.K * task.N;
  return size + (theirs ? 1e13 : 0);
}

/** Why rows have no time: a line for each candidate and reason. */
export function reasonsOf(cases: readonly MeasuredCase[]): string[] {
  const places = new Map<string, string[]>();
  for (const { task, rows } of cases)
    for (const row of rows.filter(({ ms }) => ms === null)) {
      const why = (row.reason ?? 'no time').replace(
        / by its speed in smaller cases one run would take about [\d.]+ s/,
        ' by its speed in other cases',
      );
      const key = `${labelOf(row)}: ${why}`;
      places.set(key, [...(places.get(key) ?? []), titleOf(task)]);
    }
  return [...places].map(
    ([line, titles]) => `${line} (${titles.length === cases.length ? 'everywhere' : titles.join('; ')})`,
  );
}
