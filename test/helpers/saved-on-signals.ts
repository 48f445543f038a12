/** A run that a signal stops writes its checkpoint, and continues from it to the same end. */
import { readFileSync } from 'node:fs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { longhand as inThisProcess } from './longhand.js';
import type { Result } from './longhand-process.js';
import { linesOf } from './longhand-process.js';
import { ENDLESS, FROM, inNewFolder, RUN } from './small-runs.js';

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
  const first = await longhand([...ENDLESS, '--checkpoint', stopped], { signal });
  expect(first.code).toBe(exitCode);
  expect(linesOf(first.stderr).slice(2)).toEqual([
    `the run is saved: longhand train --resume ${stopped} continues it`,
    `longhand: stopped by ${signal}`,
  ]);
  const step = loadCheckpoint(stopped).training!.step;
  expect(linesOf(first.stdout)).toHaveLength(step);
  const length = ['--training-iters', String((step + 50) * 16)];
  const second = await inThisProcess([...FROM, '--resume', stopped, ...length, '--threads', '1']);
  expect(second.code).toBe(0);
  expect(second.stderr).toContain(`; from step ${step}\n`);
  const uninterrupted = await inThisProcess([...RUN, ...length, '--display-step', '1', '--checkpoint', whole]);
  expect(first.stdout + second.stdout).toBe(uninterrupted.stdout);
  expect(readFileSync(stopped)).toEqual(readFileSync(whole));
}
