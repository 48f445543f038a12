/** The last run of an exercise, and what it has found. */
import images from 'virtual:exercise-images';
import { type Ref, onUnmounted, ref } from 'vue';
import { type Exercise, type Verdict, isUntouched } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import type { Language } from '../../../../src/exercises/folder.js';
import type { Job, Report, StepLoss, WorkerReport } from './check-and-train.js';
import type { Case } from './judge.js';
import { startLimited } from './limited-run.js';

export interface Attempt {
  /** The text that was run: the findings are about no other text. */
  readonly source: string;
  isRunning: boolean;
  verdict: Verdict | undefined;
  /** What the answer has printed. */
  printed: string;
  /** Why there is no verdict. */
  failure: string | undefined;
  /** One for each training step so far. */
  losses: StepLoss[];
  /** How many training steps there will be. */
  steps: number;
  /** Why the training has not begun, or has not ended. */
  noTraining: string | undefined;
}

/** At most one run at a time. `onVerdict` gets undefined if a run ends without one. */
export function useAttempt(name: string, onVerdict: (verdict: Verdict | undefined) => void) {
  const attempt: Ref<Attempt | undefined> = ref();
  let end: (() => void) | undefined;

  function run(source: string, language: Language): void {
    end?.();
    attempt.value = fresh(source);
    const current = attempt.value;
    end = startRun({ name, source, language }, (report) => {
      note(current, report);
      if (report.kind === 'verdict') onVerdict(report.verdict);
      if (report.kind === 'failed' && !current.verdict) onVerdict(undefined);
    });
  }

  /** Ends the run, if there is one. `why` is shown in place of what it would have found. */
  function stop(why: string): void {
    end?.();
    end = undefined;
    if (attempt.value?.isRunning) note(attempt.value, { kind: 'failed', message: why });
  }

  function clear(): void {
    end?.();
    attempt.value = undefined;
  }

  onUnmounted(() => end?.());
  return { attempt, run, stop, clear };
}

const fresh = (source: string): Attempt => ({
  source,
  isRunning: true,
  verdict: undefined,
  printed: '',
  failure: undefined,
  losses: [],
  steps: 0,
  noTraining: undefined,
});

function note(attempt: Attempt, report: Report): void {
  switch (report.kind) {
    case 'ready':
      return;
    case 'verdict':
      attempt.printed = report.printed;
      attempt.verdict = report.verdict;
      return;
    case 'loss':
      attempt.losses.push(report.loss);
      attempt.steps = report.steps;
      return;
    case 'no-training':
      attempt.noTraining = report.message;
      return;
    case 'end':
      attempt.isRunning = false;
      return;
    case 'failed':
      attempt.isRunning = false;
      if (attempt.verdict) attempt.noTraining = report.message;
      else attempt.failure = report.message;
  }
}

/**
 * Runs an answer in a worker, and compares its numbers in another one. `hear` gets the reports, and none after a call of the returned
 * function, which ends the run.
 */
export function startRun(answer: Omit<Job, 'images'>, hear: (report: Report) => void): () => void {
  const { name, source, isOnlyChecked = false } = answer;
  let isOver = false;
  const tell = (report: Report): void => {
    if (!isOver) hear(report);
  };
  const exercise = EXERCISES.find((one) => one.name === name);
  if (exercise && isUntouched(exercise, source)) {
    queueMicrotask(() => {
      tell({ kind: 'verdict', verdict: { outcome: 'untouched' }, printed: '' });
      tell({ kind: 'end' });
    });
    return () => (isOver = true);
  }
  const judge = startJudge();
  let judged: Promise<void> | undefined;
  const job: Job = { ...answer, images: new URL(images, location.href).href };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const stopWorker = startLimited<WorkerReport>(worker, job, (report) => {
    if (report.kind === 'computed') {
      const { computed, printed } = report;
      judged = judge.verdictOn({ name, computed, isDiagnosed: !isOnlyChecked }).then(
        (verdict) => tell({ kind: 'verdict', verdict, printed }),
        (error: unknown) => fail(String(error)),
      );
    } else if (report.kind !== 'end' && report.kind !== 'failed') tell(report);
    else if (judged) void judged.then(() => tell(report));
    else {
      judge.stop();
      tell(report);
    }
  });
  const stop = (): void => {
    isOver = true;
    stopWorker();
    judge.stop();
  };
  function fail(message: string): void {
    tell({ kind: 'failed', message });
    stop();
  }
  return stop;
}

/** The worker that compares. It is loaded while the answer runs. */
function startJudge() {
  const worker = new Worker(new URL('./judge.ts', import.meta.url), { type: 'module' });
  const result = new Promise<Verdict>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Verdict>): void => resolve(data);
    worker.onerror = (event): void => {
      event.preventDefault(); // it is shown on the page
      reject(new Error('the program that compares your numbers could not be loaded. Try again, or reload the page.'));
    };
  });
  const stop = (): void => worker.terminate();
  result.then(stop, stop);
  return { verdictOn: (one: Case): Promise<Verdict> => (worker.postMessage(one), result), stop };
}

/** Checks a text in a worker of its own. Rejects with the reason of `signal` if that is aborted. */
export function verdictOn(
  { name }: Exercise,
  text: Pick<Job, 'source' | 'language'>,
  signal: AbortSignal,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const stop = startRun({ name, ...text, isOnlyChecked: true }, (report) => {
      if (report.kind === 'verdict') resolve(report.verdict);
      if (report.kind === 'failed') resolve({ outcome: 'error', message: report.message });
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(signal.reason as Error);
    });
  });
}

/** Calls `work` for each item, at most two at a time. */
export async function twoAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all([some(), some()]);
}
