/** What the worker of “Your own min-char-rnn” reports to its page, and in which words the page says it. And the text that the reader completes. */
import type { Failed } from '../exercises/limited-run.js';

/** The gradients of one parameter. */
export interface Checked {
  readonly name: string;
  readonly count: number;
  /** The largest difference from a numeric derivative. */
  readonly largest: number;
  readonly isRight: boolean;
}

/** What the worker reports to the page. */
export type Report =
  | { readonly kind: 'ready' }
  /** null: the gradients are not written yet. */
  | { readonly kind: 'checked'; readonly found: readonly Checked[] | null }
  /** What the network writes after some updates, and its running loss. */
  | { readonly kind: 'written'; readonly number: number; readonly mean: number; readonly text: string }
  | { readonly kind: 'no-update' }
  | { readonly kind: 'end' }
  | Failed;

/** Of a run. */
export const UPDATES = 3000;

/** The two functions of the program that the reader completes. */
export const startIn = (program: string): string =>
  program
    .slice(
      program.indexOf('/** The gradient of every parameter'),
      program.indexOf('/**\n * For each parameter of a small'),
    )
    .replaceAll('export ', '')
    .trimEnd();

/** As the reader's code names it: dWx, dBias. */
const gradientOf = ({ name }: Checked): string => `d${name[0].toUpperCase()}${name.slice(1)}`;

/** What a run has found, in sentences that change seldom: a screen reader reads each of them. */
export function wordsOf(reports: readonly Report[]): string[] {
  return reports.flatMap((report) => {
    if (report.kind === 'failed') return [report.message];
    if (report.kind === 'no-update') return ['The update is not written yet: no weight has changed.'];
    if (report.kind !== 'checked') return [];
    if (!report.found) return ['The gradients are not written yet: all of them are 0.'];
    const wrong = report.found.filter(({ isRight }) => !isRight);
    if (wrong.length === 0) return ['All gradients are right, so the network learns the rhyme with your update.'];
    const right = report.found.filter(({ isRight }) => isRight);
    return [
      `Wrong: ${wrong.map((one) => `${gradientOf(one)} (off by up to ${one.largest.toExponential(0)})`).join(', ')}.`,
      ...(right.length > 0 ? [`Right: ${right.map(gradientOf).join(', ')}.`] : []),
    ];
  });
}
