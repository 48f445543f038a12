/** Checkpoints against SIGKILL, at 50 random moments; `npm run test:kills` does 1,000. */
import { mnistFiles } from '../helpers/idx-files.js';
import { temporaryDirectories } from '../helpers/temporary-directories.js';

interface Found {
  readonly kills: number;
  readonly finished: number;
}

const { killRuns } = (await import(new URL('../kills.mjs', import.meta.url).href)) as {
  killRuns: (options: { kills: number; seed: number; args: string[] }) => Promise<Found>;
};

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

test('after 50 kills no checkpoint is lost or damaged, and every line and final weight is that of an uninterrupted run', async () => {
  const data = ['--data', directoryOf(mnistFiles(5600, 200))];
  const args = ['train', ...data, '--hidden', '8', '--batch-size', '16', '--training-iters', '3000', '--threads', '1'];
  const { kills, finished } = await killRuns({ kills: 50, seed: 1, args });
  expect(kills).toBe(50);
  expect(finished).toBeGreaterThan(1);
});
