/** Checks the text of an answer. */
import { AnswerError, explained, LONGEST_MESSAGE } from './answer-error.js';
import { toCommonJs } from './common-js.js';
import { CELL_PROBLEMS } from './cell-problems.js';
import { diagnosisOf } from './diagnosis/diagnosis.js';
import { isEarlierStart } from './earlier-starts.js';
import type { Answer, Compile } from './evaluate.js';
import { evaluate } from './evaluate.js';
import type { Exercise, Verdict, WrongNumber } from './exercise.js';
import type { Language } from './folder.js';
import { LSTM_PROBLEMS } from './lstm-problems.js';
import type { Case, ExerciseChecks, Numbers, Result } from './results.js';
import { differencesOf } from './results.js';
import { RNN_PROBLEMS } from './rnn-problems.js';
import { SMALL_PROBLEMS } from './small-problems.js';
import { beginProblem } from './tensors.js';

const PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  ...SMALL_PROBLEMS,
  ...RNN_PROBLEMS,
  ...CELL_PROBLEMS,
  ...LSTM_PROBLEMS,
};

/** What an answer computes, or, for its author, why it cannot be run. */
export type Computed = { readonly numbers: Numbers } | { readonly error: string };

/**
 * The verdict on `source` as an answer to `exercise`. It runs `source` here: an endless loop there
 * does not return, so a caller needs a time limit. `isDiagnosed`: see `verdictOf`.
 */
export function check(
  exercise: Exercise,
  source: string,
  language: Language = 'typescript',
  isDiagnosed = true,
): Verdict {
  return isUntouched(exercise, source)
    ? { outcome: 'untouched' }
    : verdictOf(exercise, computeSource(exercise, source, language), isDiagnosed);
}

/** Runs `source` as an answer to the exercise with this name. */
export function computeSource(
  { name }: Pick<Exercise, 'name'>,
  source: string,
  language: Language = 'typescript',
  compile?: Compile,
): Computed {
  const numbers: Float64Array[][] = [];
  try {
    const { cases, ...asked } = PROBLEMS[name];
    const answer = evaluate(toCommonJs(source, language), asked, compile);
    for (let n = 0; n < cases.length; n++) numbers[n] = resultsOf(cases[n], answer);
    return { numbers };
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    const message = withLineOf(source, error.message);
    const isSize = numbers.length > 0 && message.includes('there is no such element');
    return { error: isSize ? `${message}; with other sizes it ran: is a size written as a number?` : message };
  }
}

function resultsOf(one: Case, answer: Answer): Float64Array[] {
  beginProblem();
  return explained(() => one.results(answer)).map(({ values }) => values);
}

/**
 * Without a line that `source` does not have: an answer can change the stack of an error. An array is not watched while it is written,
 * so a message about one gets the line that uses it.
 */
function withLineOf(source: string, message: string): string {
  const lines = source.split(/\r\n|[\r\n\u2028\u2029]/);
  const tensor = /^it writes (?:before the beginning|beyond the end) of (.+)$/.exec(message)?.[1];
  const place = tensor === undefined ? -1 : lines.findIndex((line) => /^(?!\s*(\/\/|\*)).*\bdata\b/.test(line));
  if (place >= 0)
    return `${message}: line ${place + 1} uses data, the whole array, of which ${tensor} is a part: use get and set`;
  return message.replace(/^line (\d+): /, (place, line) => (Number(line) > lines.length ? '' : place));
}

/**
 * Compares what an answer computes with what is right. Runs no code of the answer. `isDiagnosed`: it also looks for the mistake, which
 * takes longer.
 */
export function verdictOf(exercise: Exercise, computed: Computed, isDiagnosed = true): Verdict {
  if ('error' in computed) return { outcome: 'error', message: computed.error };
  const { numbers } = computed;
  const expected = expectedOf(exercise);
  const { cases } = PROBLEMS[exercise.name];
  const all = expected.flatMap((right, n) => differencesOf(numbers[n], right).map((one) => ({ ...one, of: cases[n] })));
  const differences = uniqueTensors(all).map(({ of, index, ...one }): WrongNumber => {
    const behind = of.behind(one.tensor, index);
    return { ...one, ...(behind && { behind }) };
  });
  if (differences.length === 0)
    return { outcome: 'right', compared: expected.flat().reduce((sum, { values }) => sum + values.length, 0) };
  if (!isDiagnosed) return { outcome: 'wrong', differences };
  const diagnosis = diagnosisOf(exercise, numbers, expected, (text) => numbersOf(exercise, text));
  return { outcome: 'wrong', differences, ...(diagnosis !== undefined && { diagnosis }) };
}

/** `computed` as one line of JSON, for `computedFrom`. Its numbers are strings, because JSON has no NaN. */
export function reportOf(computed: Computed): string {
  const words = (tensor: ArrayLike<number>): string[] => Array.from(tensor, String);
  return JSON.stringify('error' in computed ? computed : { numbers: computed.numbers.map((one) => one.map(words)) });
}

/** What `reportOf` has made for an answer to `exercise`. Throws an Error if the line is not of this form. */
export function computedFrom(line: string, exercise: Exercise): Computed {
  const { numbers, error } = JSON.parse(line) as { numbers: unknown; error?: unknown };
  if (typeof error === 'string') return { error: error.slice(0, LONGEST_MESSAGE) };
  const list = (value: unknown, length?: number): unknown[] => {
    if (Array.isArray(value) && value.length === (length ?? value.length)) return value;
    throw new Error('not the numbers of this exercise');
  };
  const expected = expectedOf(exercise);
  const cases = list(numbers, expected.length).map((tensors, n) => list(tensors, expected[n].length));
  return { numbers: cases.map((tensors) => tensors.map((tensor) => list(tensor).map(Number))) };
}

/** Whether the file is as the reader got it, from this version or from an earlier one, except for lines of comments and white space. */
export function isUntouched({ name, typescript, javascript }: Exercise, source: string): boolean {
  const code = (text: string): string => text.replace(/^[ \t]*\/\/.*$/gm, '').replace(/\s+/g, '');
  const given = code(source);
  return [typescript.start, javascript.start].some((start) => code(start) === given) || isEarlierStart(name, given);
}

/** Numeric derivatives take the longest, and are the same every time. */
const known = new Map<string, Result[][]>();

function expectedOf({ name }: Exercise): Result[][] {
  const expected = known.get(name) ?? PROBLEMS[name].cases.map((one) => one.expected());
  known.set(name, expected);
  return expected;
}

function uniqueTensors<One extends { tensor: string }>(all: readonly One[]): One[] {
  return all.filter(({ tensor }, n) => all.findIndex((other) => other.tensor === tensor) === n);
}

/** Of a text with known mistakes. undefined: with some shapes a mistake cannot be computed. */
function numbersOf(exercise: Exercise, text: string): Numbers | undefined {
  const computed = computeSource(exercise, text);
  return 'numbers' in computed ? computed.numbers : undefined;
}
