/** Checkpoints against SIGKILL, at 50 random moments; `npm run test:kills` does 1,000. */
import { expectCheckpointsKept } from '../../helpers/kill-runs.js';

test('after 50 kills no checkpoint is lost or damaged, and every line and final weight is that of an uninterrupted run', () =>
  expectCheckpointsKept(50));
