/** Checks the text of an answer. */
import type { Answer } from './evaluate.js';
import { AnswerError, evaluate, explained } from './evaluate.js';
import type { Exercise, KnownMistake, Verdict } from './exercise.js';
import { LSTM_PROBLEMS } from './lstm-problems.js';
import type { ExerciseChecks, Result } from './results.js';
import { areSame, differencesOf } from './results.js';
import { RNN_PROBLEMS } from './rnn-problems.js';
import { SMALL_PROBLEMS } from './small-problems.js';

const PROBLEMS: Readonly<Record<string, ExerciseChecks>> = { ...SMALL_PROBLEMS, ...RNN_PROBLEMS, ...LSTM_PROBLEMS };

/**
 * The verdict on `source`, TypeScript or JavaScript, as an answer to `exercise`. It runs `source`: an endless loop there does
 * not return, so a caller needs a time limit.
 */
export function check(exercise: Exercise, source: string): Verdict {
  if (isUntouched(exercise, source)) return { outcome: 'untouched' };
  const problem = PROBLEMS[exercise.name];
  try {
    const results = resultsOf(problem, evaluate(source, problem.exports));
    const expected = expectedOf(exercise.name, problem);
    const differences = uniqueTensors(expected.flatMap((right, n) => differencesOf(results[n], right)));
    if (differences.length === 0)
      return { outcome: 'right', compared: expected.flat().reduce((sum, { values }) => sum + values.length, 0) };
    const mistake = exercise.mistakes.find((one) => isTheirMistake(exercise, problem, one, results));
    return { outcome: 'wrong', differences, ...(mistake && { mistake: mistake.words }) };
  } catch (error) {
    if (error instanceof AnswerError) return { outcome: 'error', message: error.message };
    throw error;
  }
}

/** Whether the file is as the reader got it, except for lines of comments and white space. */
export function isUntouched({ typescript, javascript }: Exercise, source: string): boolean {
  const code = (text: string): string => text.replace(/^\s*\/\/.*$/gm, '').replace(/\s+/g, '');
  return [typescript.start, javascript.start].some((start) => code(start) === code(source));
}

const resultsOf = ({ cases }: ExerciseChecks, answer: Answer): Result[][] =>
  cases.map((one) => explained(() => one.results(answer)));

/** Numeric derivatives take the longest, and are the same every time. */
const known = new Map<string, Result[][]>();

function expectedOf(name: string, { cases }: ExerciseChecks): Result[][] {
  const expected = known.get(name) ?? cases.map((one) => one.expected());
  known.set(name, expected);
  return expected;
}

function uniqueTensors<One extends { tensor: string }>(all: readonly One[]): One[] {
  return all.filter(({ tensor }, n) => all.findIndex((other) => other.tensor === tensor) === n);
}

function isTheirMistake(
  exercise: Exercise,
  problem: ExerciseChecks,
  mistake: KnownMistake,
  results: Result[][],
): boolean {
  try {
    const answer = evaluate(withMistake(exercise, mistake), problem.exports);
    return resultsOf(problem, answer).every((theirs, n) => areSame(theirs, results[n]));
  } catch (error) {
    if (error instanceof AnswerError) return false; // with these shapes the mistake cannot be computed
    throw error;
  }
}

/** The solution with one mistake. */
export function withMistake({ typescript: { solution } }: Exercise, { right, wrong }: KnownMistake): string {
  return solution.split(right).join(wrong);
}
