/** A worker for one run. What the answers change in the worker, such as `Math.tanh`, ends with it. */
import { whyNoEvaluation } from '../exercises/evaluation.js';
import type { Job, Report } from './train-answers.js';

// An answer may replace globalThis.postMessage.
const send = globalThis.postMessage.bind(globalThis);
const report = (message: Report): void => send(message);

globalThis.onmessage = ({ data }: MessageEvent<Job>): void => {
  work(data).catch((error: unknown) => report({ kind: 'failed', message: String(error) }));
};

async function work(job: Job): Promise<void> {
  const refusal = whyNoEvaluation();
  if (refusal !== undefined) {
    report({ kind: 'failed', message: refusal });
    return;
  }
  report({ kind: 'loading', part: 0 });
  const [{ trainAnswers }, { loadData }] = await Promise.all([import('./train-answers.js'), import('./load-data.js')]);
  await trainAnswers(job, () => loadData(job, (part) => report({ kind: 'loading', part })), report);
}
