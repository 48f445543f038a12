/** A worker for one run. What the answers change in the worker, such as `Math.tanh`, ends with it. */
import { workOn } from '../exercises/evaluation.js';
import type { Job, Report } from './train-answers.js';

workOn(async (job: Job, report: (message: Report) => void) => {
  report({ kind: 'loading', part: 0 });
  const [{ trainAnswers }, { loadData }] = await Promise.all([import('./train-answers.js'), import('./load-data.js')]);
  await trainAnswers(job, () => loadData(job, (part) => report({ kind: 'loading', part })), report);
});
