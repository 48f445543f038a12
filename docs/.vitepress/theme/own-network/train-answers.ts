/** What the worker does with the answers of a network, and what it and the page send each other. */
import { createWasmBackend } from '../../../../kernels/wasm/index.js';
import { NonFiniteError } from '../../../../src/core/errors.js';
import type { TrainingData } from '../../../../src/data/train-data.js';
import type { AnswerText } from '../../../../src/exercises/exercises.js';
import { functionsOf } from '../../../../src/exercises/network-answers.js';
import { type RunReport, trainBoth, IMAGES_TASK, TEXT_TASK } from '../../../../src/own-network/own-network.js';
import { type Failed, keepPrinted } from '../exercises/limited-run.js';
import type { Subject } from './answers.js';

export interface Job {
  readonly subject: Subject;
  /** Updates. */
  readonly steps: number;
  /** One to each exercise that the network needs. */
  readonly answers: readonly AnswerText[];
  /** The absolute address of the folder with the data. */
  readonly folder: string;
}

/** What the worker reports to the page. */
export type Report =
  /** `part`, from 0 to 1, of the data has arrived. */
  | { readonly kind: 'loading'; readonly part: number }
  /** The lines of each run, and its test. */
  | Exclude<RunReport, { kind: 'step' }>
  | { readonly kind: 'end' }
  | Failed;

/** Trains the engine's network, and then that of the answers. A line follows each update. What the answers print is not shown. */
export async function trainAnswers(
  { subject, steps, answers }: Job,
  load: () => Promise<TrainingData>,
  report: (report: Report) => void,
): Promise<void> {
  const usual = subject === 'text' ? TEXT_TASK : IMAGES_TASK;
  try {
    const data = await load();
    const means = {
      createBackend: () => createWasmBackend({ threads: 1 }),
      makeFunctions: () => {
        keepPrinted()(); // the console is replaced, and what arrives after this is not kept
        return functionsOf(answers);
      },
    };
    await trainBoth(means, data, { ...usual, steps, displayStep: 1 }, (one) => {
      if (one.kind !== 'step') report(one);
    });
    report({ kind: 'end' });
  } catch (error) {
    report({ kind: 'failed', message: wordsOf(error) });
  }
}

/** The learning rate, which the engine's message advises to change, is not the reader's. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof NonFiniteError ? message.replace(/;.*/, '') : message;
}
