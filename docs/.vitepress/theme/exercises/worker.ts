/** A worker for one run of an answer. What the answer changes in the worker, such as `Math.tanh`, ends with the worker. */
import type { Job, Report } from './check-and-train.js';
import { whyNoEvaluation } from './evaluation.js';

// An answer may replace globalThis.postMessage.
const send = globalThis.postMessage.bind(globalThis);
const report = (message: Report): void => send(message);

globalThis.onmessage = ({ data }: MessageEvent<Job>): void => {
  work(data).catch((error: unknown) => report({ kind: 'failed', message: `The check failed: ${String(error)}` }));
};

async function work(job: Job): Promise<void> {
  const refusal = whyNoEvaluation();
  if (refusal !== undefined) {
    report({ kind: 'failed', message: refusal });
    return;
  }
  const { checkAndTrain } = await import('./check-and-train.js'); // where evaluation is forbidden, it cannot be loaded
  report({ kind: 'ready' });
  await checkAndTrain(job, report);
  report({ kind: 'end' });
}
