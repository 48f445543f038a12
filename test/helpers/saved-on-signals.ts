/** A run that a signal stops writes its checkpoint, and continues from it to the same end. */
import { readFileSync } from 'node:fs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { longhand as inThisProcess } from './longhand.js';
import type { Result } from './longhand-process.js';
import { linesOf } from './longhand-process.js';
import { FROM, inNewFolder, RUN } from './small-runs.js';

export const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** `longhand` runs in the test's own process, or as a process of its own. */
export async function expectSavedOn(
  longhand: (args: readonly string[], options: { signal: NodeJS.Signals }) => Promise<Result>,
  signal: NodeJS.Signals,
  exitCode: number,
): Promise<void> {
  const [whole, stopped] = [inNewFolder(), inNewFolder()];
  const options = ['--training-iters', '40000', '--display-step', '1'];
  const first = await inThisProcess([...RUN, ...options, '--checkpoint', whole]);
  const second = await longhand([...RUN, ...options, '--checkpoint', stopped], { signal });
  expect(second.code).toBe(exitCode);
  expect(linesOf(second.stderr).slice(2)).toEqual([
    `the run is saved: longhand train --resume ${stopped} continues it`,
    `longhand: stopped by ${signal}`,
  ]);
  const step = loadCheckpoint(stopped).training!.step;
  expect(linesOf(second.stdout)).toHaveLength(step);
  const third = await inThisProcess([...FROM, '--resume', stopped, '--threads', '1']);
  expect(third.code).toBe(0);
  expect(third.stderr).toContain(`; from step ${step}\n`);
  expect(second.stdout + third.stdout).toBe(first.stdout);
  expect(readFileSync(stopped)).toEqual(readFileSync(whole));
}
