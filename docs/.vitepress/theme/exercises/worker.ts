/** A worker for one run of an answer. What the answer changes in the worker, such as `Math.tanh`, ends with the worker. */
import type { Job, WorkerReport } from './check-and-train.js';
import { workOn } from './limited-run.js';

workOn(async (job: Job, report: (message: WorkerReport) => void) => {
  const { computeAndTrain } = await import('./check-and-train.js'); // where evaluation is forbidden, it cannot be loaded
  report({ kind: 'ready' });
  await computeAndTrain(job, report);
  report({ kind: 'end' });
});
