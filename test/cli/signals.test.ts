/** A run that a signal stops writes its checkpoint, and continues from it to the same end. */
import { readFileSync } from 'node:fs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { linesOf, longhand as longhandProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { endless, FROM, RUN, SIGNALS } from '../helpers/small-runs.js';
import { inNewFolder } from '../helpers/temporary-directories.js';
import { inTier } from '../helpers/tier.js';

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
