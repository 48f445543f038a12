/** Starts a worker for one run, and ends it if it takes too long. */
import images from 'virtual:exercise-images';
import type { Job, Report } from './messages.js';

/** A run ends if the worker reports nothing for this long. */
const TIME_LIMIT_S = 10;

/** Runs `source`. `hear` gets the reports, and none after a call of the returned function, which ends the run. */
export function startRun({ name, source }: Omit<Job, 'images'>, hear: (report: Report) => void): () => void {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  let [isReady, isOver] = [false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    worker.terminate();
  };
  const fail = (message: string): void => {
    if (isOver) return;
    stop();
    hear({ kind: 'failed', message });
  };
  worker.onmessage = ({ data }: MessageEvent<Report>): void => {
    if (isOver) return;
    isReady = true;
    clearTimeout(timer);
    timer = setTimeout(() => fail(TOO_LONG), TIME_LIMIT_S * 1000);
    if (data.kind === 'end' || data.kind === 'failed') stop();
    hear(data);
  };
  worker.onerror = (event): void => {
    event.preventDefault(); // it is shown on the page
    fail(isReady ? `Your code fails outside of the check: ${event.message}` : NOT_LOADED);
  };
  const job: Job = { name, source, images: new URL(images, location.href).href };
  worker.postMessage(job);
  return stop;
}

const TOO_LONG = `Your code did not end within ${TIME_LIMIT_S} seconds. Is there an endless loop?`;
const NOT_LOADED = 'The program that checks your code could not be loaded. Try again, or reload the page.';
