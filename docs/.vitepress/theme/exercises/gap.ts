/** Where the reader writes: the editor opens there, with the rest of the text folded. */
import type { Files } from '../../../../src/exercises/exercise.js';

/** Lines, counted from 0; `to` is excluded. */
export interface Lines {
  readonly from: number;
  readonly to: number;
}

/** The lines of `text` that differ from the solution or from the start text: what the reader writes, or has changed. */
export function gapIn(text: string, { start, solution }: Files): Lines {
  const lines = text.split('\n');
  const others = [start, solution].map((other) => other.split('\n'));
  const common = (reading: (all: readonly string[], n: number) => string | undefined): number => {
    const differs = (n: number): boolean => others.some((other) => reading(other, n) !== reading(lines, n));
    let n = 0;
    while (n < lines.length && !differs(n)) n++;
    return n;
  };
  const from = common((all, n) => all[n]);
  const to = lines.length - common((all, n) => all.at(-1 - n));
  return { from: Math.min(from, Math.max(0, lines.length - 1)), to: Math.max(to, from + 1) };
}

/** The whole functions that the gap lies in, with the comment above them: a line at the margin begins or ends them. */
export function aroundGap(text: string, { from, to }: Lines): Lines {
  const lines = text.split('\n');
  const isBlank = (n: number): boolean => lines[n].trim() === '';
  let [first, last] = [from, Math.min(to, lines.length - 1)];
  while (first > 0 && !(/^\S/.test(lines[first]) && isBlank(first - 1))) first--;
  while (last < lines.length - 1 && !isBlank(last + 1)) last++;
  while (last < lines.length - 1 && !/^\S/.test(lines[last])) last++;
  return { from: first, to: last + 1 };
}
