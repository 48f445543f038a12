/** Checkpoints of runs that a signal stops, or SIGKILL ends at random moments; `npm run test:kills` does 1,000. */
import { readFileSync } from 'node:fs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { linesOf, longhand as longhandProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { endless, FROM, RUN, SIGNALS, SMALL } from '../helpers/small-runs.js';
import { inNewFolder } from '../helpers/temporary-directories.js';
import { inTier } from '../helpers/needs.js';

interface Found {
  readonly kills: number;
  readonly finished: number;
}

const { killRuns } = (await import(new URL('../kills.mjs', import.meta.url).href)) as {
  killRuns: (options: { kills: number; seed: number; args: string[] }) => Promise<Found>;
};

const [KILLS, SEEDS] = inTier([6, [1]], [10, [2, 3, 4, 5, 6]]);

test.each(SEEDS)(
  `after ${KILLS} kills no checkpoint is lost or damaged, and every line and final weight is that of an uninterrupted run (seed %d)`,
  async (seed) => {
    const found = await killRuns({
      kills: KILLS,
      seed,
      args: [...SMALL, '--training-iters', '1000', '--threads', '1'],
    });
    expect(found.kills).toBe(KILLS);
    expect(found.finished).toBeGreaterThan(1);
  },
);

/** The second tier starts a process. */
const stoppable = inTier(longhand, longhandProcess);

test.each(SIGNALS)('writes the run on %s, and --resume continues to the same end', async (signal, exitCode) => {
  const [whole, stopped] = [inNewFolder(), inNewFolder()];
  const first = await stoppable([...endless(RUN), '--checkpoint', stopped], { signal });
  expect(first.code).toBe(exitCode);
  expect(linesOf(first.stderr).slice(2)).toEqual([
    `the run is saved: longhand train --resume ${stopped} continues it`,
    `longhand: stopped by ${signal}`,
  ]);
  const step = loadCheckpoint(stopped).training!.step;
  expect(linesOf(first.stdout)).toHaveLength(step);
  const length = ['--training-iters', String((step + 50) * 16)];
  const second = await longhand([...FROM, '--resume', stopped, ...length, '--threads', '1']);
  expect(second.code).toBe(0);
  expect(second.stderr).toContain(`; from step ${step}\n`);
  const uninterrupted = await longhand([...RUN, ...length, '--display-step', '1', '--checkpoint', whole]);
  expect(first.stdout + second.stdout).toBe(uninterrupted.stdout);
  expect(readFileSync(stopped)).toEqual(readFileSync(whole));
});
