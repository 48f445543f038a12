/**
 * Runs an answer in a process of its own, which ends when the answer has been run, or needs too much time or memory. That
 * process only computes numbers. They are compared here, where no answer can change anything.
 */
import type { Computed } from '../../exercises/check.js';
import { computedFrom, verdictOf } from '../../exercises/check.js';
import { isUntouched } from '../../exercises/exercise.js';
import type { Verdict } from '../../exercises/exercise.js';
import type { AnswerText } from '../../exercises/exercises.js';
import type { Limits } from './child-process.js';
import { endOf, hintIn } from './child-process.js';
import type { WrittenAnswer } from '../exercise-files.js';
import { informLines } from '../print.js';

/** What the process gets. */
export type Job = Omit<AnswerText, 'file'>;

/** The longest solution needs a tenth of a second, and 70 MB. */
const LIMITS: Limits = { milliseconds: 10_000, megabytes: 512 };

/**
 * The verdict on an answer; with `isDiagnosed` it says what wrong numbers show. What the answer prints goes to standard error if it
 * `isHeard`. Rejects with the reason of `signal` as soon as that is aborted.
 */
export async function verdictOn(
  answer: WrittenAnswer,
  signal: AbortSignal,
  isDiagnosed = true,
  limits = LIMITS,
  isHeard = true,
): Promise<Verdict> {
  const { exercise, source } = answer;
  if (isUntouched(exercise, source)) return { outcome: 'untouched' };
  return verdictOf(exercise, await computedBy(answer, signal, limits, isHeard), isDiagnosed);
}

async function computedBy(
  { exercise, file, source, language }: WrittenAnswer,
  signal: AbortSignal,
  limits: Limits,
  isHeard: boolean,
): Promise<Computed> {
  try {
    signal.throwIfAborted();
    const job: Job = { name: exercise.name, source, language };
    const { reports, excess, printed, lastWords, how } = await endOf('program-answer', job, signal, limits);
    if (isHeard && printed !== '') informLines(`${file} prints:\n${shortened(printed.trimEnd())}`);
    if (excess !== undefined) return { error: excess };
    if (reports.length > 0) return computedFrom(reports[0]);
    return { error: `its process ended without a result (${how})${hintIn(lastWords)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { error: `its process failed: ${(error as Error).message}` };
  }
}

/** In characters. */
const MOST_PRINTED = 10_000;

const shortened = (text: string): string =>
  text.length > MOST_PRINTED ? `${text.slice(0, MOST_PRINTED)}\n… (it prints more)` : text;
