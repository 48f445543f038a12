/** Checkpoints against SIGKILL, at a few random moments; test/slow has 50, and `npm run test:kills` does 1,000. */
import { expectCheckpointsKept } from '../helpers/kill-runs.js';

test('after a few kills no checkpoint is lost or damaged, and every line and final weight is that of an uninterrupted run', () =>
  expectCheckpointsKept(6, 1));
