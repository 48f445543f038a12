/** The reader's answers to the exercises that a network needs, and what the page says about them. */
import type { AnswerText } from '../../../../src/exercises/exercises.js';
import { EVERY_STEP, exercisesOf, LAST_STEP, solutionOf } from '../../../../src/exercises/exercises.js';
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { areOrIs, exercisesIn } from '../../../../src/own-network/words.js';
import { shortVerdict } from '../exercises/findings.js';
import type { Language, Progress } from '../exercises/progress.js';

/** What a network of the reader's answers can learn. */
export type Subject = 'digits' | 'text';

interface SubjectFacts {
  readonly label: string;
  /** The exercises that the network needs. */
  readonly exercises: readonly Exercise[];
  /** Updates, as in a terminal. */
  readonly steps: number;
}

export const SUBJECTS: Readonly<Record<Subject, SubjectFacts>> = {
  digits: { label: 'Digits', exercises: exercisesOf(LAST_STEP), steps: 500 },
  text: { label: 'Text', exercises: exercisesOf(EVERY_STEP), steps: 1000 },
};

/** The numbers of updates that a reader can choose. */
export const STEPS = [20, 100, 200, 500, 1000, 2000] as const;

export interface OwnText {
  readonly source: string;
  readonly language: Language;
}

/** The reader's text: in the language of the exercise's page, or, if that is not begun, in the other one. undefined: not begun. */
export function ownText({ language, typescript, javascript }: Progress): OwnText | undefined {
  const texts = { typescript, javascript };
  const other = language === 'typescript' ? 'javascript' : 'typescript';
  for (const one of [language, other] as const) {
    const source = texts[one];
    if (source !== undefined) return { source, language: one };
  }
  return undefined;
}

/** One exercise of the network. */
export interface Row {
  readonly exercise: Exercise;
  /** undefined: not begun. */
  readonly text: OwnText | undefined;
  /** On this text. undefined: not checked. */
  readonly verdict: Verdict | undefined;
  /** The engine's own function is used. */
  readonly isFilled: boolean;
}

/** Why a row cannot be trained with, or does not compute what the exercise asks for. */
export type State = 'filled' | 'missing' | 'unchecked' | 'right' | 'wrong' | 'error';

export function stateOf({ text, verdict, isFilled }: Row): State {
  if (isFilled) return 'filled';
  if (text === undefined || verdict?.outcome === 'untouched') return 'missing';
  return verdict?.outcome ?? 'unchecked';
}

/** What a worker trains with. Every row must have a text, or be filled. */
export function answerOf({ exercise, text, isFilled }: Row): AnswerText {
  if (isFilled || text === undefined) return solutionOf(exercise);
  return { name: exercise.name, file: `Exercise ${exercise.number}`, ...text };
}

const numbersIn = (rows: readonly Row[]): number[] => rows.map(({ exercise }) => exercise.number);

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Of a row, in the table. */
export function stateWords(row: Row, isChecking: boolean): string {
  switch (stateOf(row)) {
    case 'filled':
      return row.text ? 'the engine’s; yours is not used' : 'the engine’s';
    case 'missing':
      return 'not begun';
    case 'unchecked':
      return isChecking ? 'yours, is checked …' : 'yours: Train checks it first';
    case 'right':
      return '✓ yours, right';
    case 'wrong':
      return 'yours, not yet right';
    case 'error':
      return 'yours, cannot be run';
  }
}

/** What the check has found, of each row that is not right: below the table. */
export const findingsOf = (rows: readonly Row[]): string[] =>
  rows.flatMap((row) =>
    row.verdict && ['wrong', 'error'].includes(stateOf(row))
      ? [`Exercise ${row.exercise.number}: ${shortVerdict(row.verdict).replace('Not yet right: ', '')}`]
      : [],
  );

/** Why these rows are not trained with, or undefined. `isAnyway`: also with wrong numbers. */
export function refusalOf(rows: readonly Row[], isAnyway: boolean): string | undefined {
  const of = (state: string): Row[] => rows.filter((row) => stateOf(row) === state);
  const [missing, broken, wrong] = [of('missing'), of('error'), of('wrong')];
  const about = (some: readonly Row[], what: string): string[] =>
    some.length === 0 ? [] : [`${capital(exercisesIn(numbersIn(some)))} ${areOrIs(some)} ${what}.`];
  const found = [
    ...about(missing, 'not begun'),
    ...(broken.length === 0 ? [] : [`${capital(exercisesIn(numbersIn(broken)))} cannot be run.`]),
    ...about(wrong, 'not yet right'),
  ];
  if (missing.length + broken.length > 0)
    return [...found, 'Write what is missing, or tick “the engine’s” in its row.'].join(' ');
  if (wrong.length === 0 || isAnyway) return undefined;
  return [...found, 'Correct it, tick “the engine’s”, or train anyway: the curve shows what the mistake does.'].join(
    ' ',
  );
}

/** Who computes what: above the curves. */
export function whoseWords(rows: readonly Row[]): string {
  const filled = rows.filter(({ isFilled }) => isFilled);
  const own = rows.filter(({ isFilled }) => !isFilled);
  if (filled.length === 0) return 'Your own functions compute every gradient and the update.';
  if (own.length === 0) return 'All functions are the engine’s. Write one of the exercises, and train again.';
  return `Yours: ${exercisesIn(numbersIn(own))}. The engine’s: ${exercisesIn(numbersIn(filled))}.`;
}

/** The exercises whose answers are wrong. */
export const wrongIn = (rows: readonly Row[]): number[] => numbersIn(rows.filter((row) => stateOf(row) === 'wrong'));
