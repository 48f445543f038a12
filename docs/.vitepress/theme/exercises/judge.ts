/** A worker that compares the numbers of answers with what is right. It never reads an answer, so no answer can change what is compared. */
import { type Computed, verdictOf } from '../../../../src/exercises/check.js';
import type { Verdict } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';

/** What an answer has computed. */
export interface Case {
  /** The exercise's name. */
  readonly name: string;
  readonly computed: Computed;
  readonly isDiagnosed: boolean;
}

globalThis.onmessage = ({ data: { name, computed, isDiagnosed } }: MessageEvent<Case>): void => {
  const exercise = EXERCISES.find((one) => one.name === name);
  if (!exercise) throw new Error(`no exercise ${name}`);
  const verdict: Verdict = verdictOf(exercise, computed, isDiagnosed);
  globalThis.postMessage(verdict);
};
