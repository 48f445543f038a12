/** Checks the text of an answer. */
import { AnswerError, explained, LONGEST_MESSAGE } from './answer-error.js';
import { toCommonJs } from './common-js.js';
import { CELL_PROBLEMS } from './cell-problems.js';
import { diagnosisOf } from './diagnosis/diagnosis.js';
import { type Exercise, type Verdict, type WrongNumber, isUntouched, whyFormer } from './exercise.js';
import { type Answer, type Compile, evaluate } from './evaluate.js';
import type { Language } from './folder.js';
import { LSTM_PROBLEMS } from './lstm-problems.js';
import { NUMBERS } from './numbers.js';
import type { Case, ExerciseChecks, Numbers, Result } from './results.js';
import { differencesOf, withDerivatives } from './results.js';
import { sourceFirst } from './replies.js';
import { whyNoUsing } from './silent-ways.js';
import { OTHER_CELL_PROBLEMS } from './other-cell-problems.js';
import { RNN_PROBLEMS } from './rnn-problems.js';
import { SMALL_PROBLEMS } from './small-problems.js';
import { beginProblem } from './tensors.js';

/** By the names of the exercises. */
export const PROBLEMS: Readonly<Record<string, ExerciseChecks>> = {
  ...SMALL_PROBLEMS,
  ...RNN_PROBLEMS,
  ...CELL_PROBLEMS,
  ...LSTM_PROBLEMS,
  ...OTHER_CELL_PROBLEMS,
};

/**
 * What an answer computes, or, for its author, why it cannot be run. It is made where the answer runs, so nothing in it can be trusted:
 * `verdictOf` compares it where the answer does not run.
 */
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
  exercise: Pick<Exercise, 'name'>,
  source: string,
  language: Language = 'typescript',
  compile?: Compile,
): Computed {
  const refusal = whyFormer(exercise, source) ?? whyNoUsing(source);
  if (refusal !== undefined) return { error: refusal };
  const numbers: Float64Array[][] = []; // filled by syntax alone: in a browser an answer can replace the methods of lists
  try {
    const { cases, ...asked } = PROBLEMS[exercise.name];
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
  const results = explained(() => one.results(answer));
  const numbers: Float64Array[] = [];
  for (let k = 0; k < results.length; k++) numbers[k] = results[k].values;
  return numbers;
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
  const { error, numbers: found } = computed as { readonly error?: unknown; readonly numbers?: unknown };
  if (typeof error === 'string') return { outcome: 'error', message: error.slice(0, LONGEST_MESSAGE) };
  const expected = keptOf(exercise);
  const numbers = numbersIn(found, expected);
  if (!numbers) return { outcome: 'error', message: NO_NUMBERS };
  const { cases } = PROBLEMS[exercise.name];
  const all = expected.flatMap((right, n) => differencesOf(numbers[n], right).map((one) => ({ ...one, of: cases[n] })));
  const differences = sourceFirst(exercise.name, uniqueTensors(all)).map(({ of, index, ...one }): WrongNumber => {
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

/** What `reportOf` has made. Throws an Error if the line is no JSON of an object. */
export function computedFrom(line: string): Computed {
  const computed: unknown = JSON.parse(line);
  if (typeof computed !== 'object' || computed === null) throw new Error('no report');
  return computed as Computed;
}

const NO_NUMBERS =
  'its numbers cannot be read: does it replace a function that the check uses too, such as Array.prototype.map?';

/** `numbers` with a list for each tensor of each case. undefined if a case or a tensor is missing, or more than one. */
function numbersIn(numbers: unknown, expected: readonly (readonly Result[])[]): Numbers | undefined {
  const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value);
  const isWhole =
    isList(numbers) &&
    numbers.length === expected.length &&
    expected.every((results, n) => {
      const tensors = numbers[n];
      return isList(tensors) && tensors.length === results.length && results.every((_, k) => isList(tensors[k]));
    });
  if (!isWhole) return undefined;
  return (numbers as ArrayLike<unknown>[][]).map((tensors) => tensors.map((tensor) => Array.from(tensor, Number)));
}

/** What is right in each case. The build has computed the numeric derivatives, which take the longest. */
export const expectedOf = (
  { name }: Pick<Exercise, 'name'>,
  derivatives = numbersFrom(NUMBERS[name]?.derivatives ?? ''),
): Result[][] => withDerivatives(derivatives, () => PROBLEMS[name].cases.map((one) => one.expected()));

/** What is right is the same at each check of an answer. By the names of the exercises. */
const kept = new Map<string, Result[][]>();

function keptOf(exercise: Exercise): Result[][] {
  const expected = kept.get(exercise.name) ?? expectedOf(exercise);
  kept.set(exercise.name, expected);
  return expected;
}

/** The numbers in f64 whose bytes the text has in base64. */
const numbersFrom = (text: string): number[] =>
  Array.from(new Float64Array(Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)).buffer));

function uniqueTensors<One extends { tensor: string }>(all: readonly One[]): One[] {
  return all.filter(({ tensor }, n) => all.findIndex((other) => other.tensor === tensor) === n);
}

/** Of a text with known mistakes. undefined: with some shapes a mistake cannot be computed. */
function numbersOf(exercise: Exercise, text: string): Numbers | undefined {
  const computed = computeSource(exercise, text);
  return 'numbers' in computed ? computed.numbers : undefined;
}
