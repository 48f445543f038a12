/** A run in a worker that the reader starts and stops; at most one at a time. */
import { type Ref, onUnmounted, ref, shallowRef } from 'vue';

/** What `useWorker` returns. */
interface WorkerRun<Job, Report> {
  readonly reports: Ref<readonly Report[]>;
  readonly isRunning: Ref<boolean>;
  /** Why the run failed; empty if it did not. */
  readonly fault: Ref<string>;
  readonly start: (job: Job) => void;
  readonly stop: () => void;
}

/** `create` starts a worker, which gets the job and reports objects, or a text: why it failed. `isLast`: whether the run ends with a report. */
export function useWorker<Job, Report extends object>(
  create: () => Worker,
  isLast: (report: Report) => boolean,
): WorkerRun<Job, Report> {
  const [reports, isRunning, fault] = [shallowRef<readonly Report[]>([]), ref(false), ref('')];
  let worker: Worker | undefined;
  const stop = (): void => {
    worker?.terminate();
    isRunning.value = false;
  };
  const fail = (message: string): void => {
    stop();
    fault.value = `The run failed: ${message}`;
  };
  const start = (job: Job): void => {
    stop();
    [reports.value, fault.value, isRunning.value] = [[], '', true];
    worker = create();
    worker.onmessage = ({ data }: MessageEvent<Report | string>): void => {
      if (typeof data === 'string') {
        fail(data);
        return;
      }
      reports.value = [...reports.value, data];
      if (isLast(data)) stop();
    };
    worker.onerror = (event): void => {
      event.preventDefault(); // it is shown on the page
      fail(event.message);
    };
    worker.postMessage(job);
  };
  onUnmounted(stop);
  return { reports, isRunning, fault, start, stop };
}
