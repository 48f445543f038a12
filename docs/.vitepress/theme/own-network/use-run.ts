/** One run of both networks in a worker, and what it has reported so far. */
import { withBase } from 'vitepress';
import { shallowRef, triggerRef } from 'vue';
import type { Whose } from '../../../../src/own-network/own-network.js';
import type { Tested } from '../../../../src/own-network/words.js';
import type { Line } from '../../../../src/training/training.js';
import { startLimited } from '../exercises/limited-run.js';
import type { Row } from './answers.js';
import { answerOf } from './answers.js';
import type { Subject } from './subjects.js';
import type { Job, Report } from './train-answers.js';

export interface BothRuns {
  readonly subject: Subject;
  readonly steps: number;
  /** As they were when the run began. */
  readonly rows: readonly Row[];
  /** The part of the data that has arrived, from 0 to 1. */
  loaded: number;
  /** One for each update. */
  readonly lines: Readonly<Record<Whose, Line[]>>;
  readonly tested: Partial<Record<Whose, Tested>>;
  /** Rows about the first update. */
  gradients?: readonly (readonly string[])[];
  /** When the engine's run was over, and when the other one: in milliseconds. */
  readonly ended: Partial<Record<Whose, number>>;
  /** Why the run ended early. */
  failure?: string;
}

export function useRun() {
  const runs = shallowRef<BothRuns>();

  /** Resolves when the run is over. Rejects with the reason of `signal` as soon as that is aborted. */
  function train(subject: Subject, steps: number, rows: readonly Row[], signal: AbortSignal): Promise<void> {
    const current: BothRuns = {
      subject,
      steps,
      rows,
      loaded: 0,
      lines: { engine: [], own: [] },
      tested: {},
      ended: {},
    };
    runs.value = current;
    const folder = new URL(withBase('/play/data/'), location.href).href;
    const job: Job = { subject, steps, answers: rows.map(answerOf), folder };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    return new Promise((resolve, reject) => {
      const hear = (report: Report): void => {
        note(current, report);
        triggerRef(runs);
        if (report.kind === 'end' || report.kind === 'failed') resolve();
      };
      const stop = startLimited<Report>(worker, job, hear, {
        what: 'An update of your network',
        isTimed: ({ kind }) => kind !== 'loading',
      });
      signal.addEventListener('abort', () => {
        stop();
        reject(signal.reason as Error);
      });
    });
  }

  return { runs, train };
}

function note(runs: BothRuns, report: Report): void {
  switch (report.kind) {
    case 'loading':
      runs.loaded = report.part;
      return;
    case 'line':
      runs.loaded = 1;
      runs.lines[report.whose].push(report);
      return;
    case 'gradients':
      runs.gradients = report.rows;
      return;
    case 'tested':
      runs.tested[report.whose] = report;
      runs.ended[report.whose] = performance.now();
      return;
    case 'failed':
      runs.failure = report.message;
      return;
    case 'end':
  }
}
