/** Computes the numbers of an answer. A process that runs one answer needs no more than this of the exercises. */
import type { Compile } from './evaluate.js';
import { AnswerError, evaluate, explained } from './evaluate.js';
import type { Exercise } from './exercise.js';
import { LSTM_PROBLEMS } from './lstm-problems.js';
import type { ExerciseChecks, Numbers } from './results.js';
import { RNN_PROBLEMS } from './rnn-problems.js';
import { SMALL_PROBLEMS } from './small-problems.js';

export const PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  ...SMALL_PROBLEMS,
  ...RNN_PROBLEMS,
  ...LSTM_PROBLEMS,
};

/** What an answer computes, or, for its author, why it cannot be run. */
export type Computed = { readonly numbers: Numbers } | { readonly error: string };

/** Runs a CommonJS module as an answer to the exercise with this name. */
export function compute({ name }: Pick<Exercise, 'name'>, code: string, compile?: Compile): Computed {
  try {
    const { exports, cases } = PROBLEMS[name];
    const answer = evaluate(code, exports, compile);
    return { numbers: cases.map((one) => explained(() => one.results(answer)).map(({ values }) => values)) };
  } catch (error) {
    if (error instanceof AnswerError) return { error: error.message };
    throw error;
  }
}

/** `computed` as one line of JSON, for `computedFrom`. Its numbers are strings, because JSON has no NaN. */
export function reportOf(computed: Computed): string {
  const words = (tensor: ArrayLike<number>): string[] => Array.from(tensor, String);
  return JSON.stringify('error' in computed ? computed : { numbers: computed.numbers.map((one) => one.map(words)) });
}
