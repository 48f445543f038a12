/** Checks the answers that a network needs. */
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { startRun } from '../exercises/attempt.js';
import type { OwnText } from './answers.js';

/** Checks a text in a worker of its own. Rejects with the reason of `signal` if that is aborted. */
export function verdictOn({ name }: Exercise, text: OwnText, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const stop = startRun({ name, ...text, isOnlyChecked: true }, (report) => {
      if (report.kind === 'verdict') resolve(report.verdict);
      if (report.kind === 'failed') resolve({ outcome: 'error', message: report.message });
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(signal.reason as Error);
    });
  });
}

/** Calls `work` for each item, at most two at a time. */
export async function twoAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all([some(), some()]);
}
