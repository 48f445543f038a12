/** Checkpoints against SIGKILL, at 50 random moments; `npm run test:kills` does 1,000. */
import { expectCheckpointsKept } from '../../helpers/kill-runs.js';

test.each([2, 3, 4, 5, 6])(
  'after 10 kills no checkpoint is lost or damaged, and every line and final weight is that of an uninterrupted run (seed %d)',
  (seed) => expectCheckpointsKept(10, seed),
);
