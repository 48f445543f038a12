/** Checkpoints of runs that a signal stops, or SIGKILL ends at random moments; `npm run test:kills` does 1,000. */
import { readFileSync } from 'node:fs';
import { motion } from '../../docs/motion.mjs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { linesOf, longhand as longhandProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { endless, FROM, RUN, SIGNALS, SMALL } from '../helpers/small-runs.js';
import { inNewFolder, linesInFolder } from '../helpers/temporary-directories.js';
import { inTier } from '../helpers/needs.js';

interface Found {
  readonly kills: number;
  readonly finished: number;
}

const { killRuns } = (await import(new URL('../kills.mjs', import.meta.url).href)) as {
  killRuns: (options: { kills: number; seed: number; args: string[] }) => Promise<Found>;
};

const days = Array.from({ length: 120 }, (_, n) => `${new Date(n * 86_400_000).toISOString().slice(0, 10)},${n % 7}`);
const SERIES = linesInFolder('series.csv', ['day,y', ...days]);
const MOTION = linesInFolder('motion.csv', [...motion({ persons: 5, bouts: 1, seconds: 1 })]);
const ofSet = ['--hidden', '2', '--batch-size', '8', '--training-iters', '80', '--seeds', '2', '--threads', '1'];
const NETWORK: [string, string[]] = ['a network', [...SMALL, '--training-iters', '1000', '--threads', '1']];
const FORECASTER: [string, string[]] = [
  'a forecaster',
  ['train', '--data', SERIES, '--time', 'day', '--predict', 'y', ...ofSet],
];
const CLASSIFIER: [string, string[]] = [
  'a classifier',
  [
    'train',
    '--data',
    MOTION,
    '--classify',
    'activity',
    '--inputs',
    'ax,ay',
    '--group',
    'person',
    '--window',
    '16',
    ...ofSet,
  ],
];

const runs: [what: string, args: string[], kills: number, seed: number][] = inTier(
  [[...NETWORK, 6, 1]],
  [
    [...NETWORK, 10, 2],
    [...FORECASTER, 6, 7],
    [...CLASSIFIER, 4, 8],
  ],
);

test.each(runs)(
  'of %s no checkpoint is lost or damaged by kills, and every line and final weight is that of an uninterrupted run',
  async (_, args, kills, seed) => {
    const found = await killRuns({ kills, seed, args });
    expect(found.kills).toBe(kills);
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
    `the run is saved: npm run -s longhand -- train --resume ${stopped} continues it`,
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
