/** Runs of test/kills.mjs on small images. */
import { mnistFiles } from './idx-files.js';
import { temporaryDirectories } from './temporary-directories.js';

interface Found {
  readonly kills: number;
  readonly finished: number;
}

const { killRuns } = (await import(new URL('../kills.mjs', import.meta.url).href)) as {
  killRuns: (options: { kills: number; seed: number; args: string[] }) => Promise<Found>;
};

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

/** Throws at the first fault. */
export async function expectCheckpointsKept(kills: number, seed: number): Promise<void> {
  const data = ['--data', directoryOf(mnistFiles(5600, 200))];
  const args = ['train', ...data, '--hidden', '8', '--batch-size', '16', '--training-iters', '1000', '--threads', '1'];
  const found = await killRuns({ kills, seed, args });
  expect(found.kills).toBe(kills);
  expect(found.finished).toBeGreaterThan(1);
}
