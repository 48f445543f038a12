/** A worker for one run of an answer. What the answer changes in the worker, such as `Math.tanh`, ends with the worker. */
import type { Job, Report } from './check-and-train.js';

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

/** A host can forbid `new Function` in the worker's Content-Security-Policy. undefined if it does not. */
function whyNoEvaluation(): string | undefined {
  try {
    makeFunction();
    return undefined;
  } catch (error) {
    return `This host forbids that a worker evaluates text, so your code cannot run here. The host’s Content-Security-Policy needs 'unsafe-eval' for the worker’s file. The browser says: ${String(error)}`;
  }
}

// eslint-disable-next-line @typescript-eslint/no-implied-eval
const makeFunction = (): unknown => new Function('');
