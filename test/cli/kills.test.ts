/** Checkpoints against SIGKILL, at random moments; `npm run test:kills` does 1,000. */
import { SMALL } from '../helpers/small-runs.js';
import { inTier } from '../helpers/tier.js';

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
