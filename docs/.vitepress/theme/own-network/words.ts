/** What the page says about the answers and about a run. */
import { shortVerdict } from '../exercises/findings.js';
import { areOrIs, exercisesIn } from '../../../../src/own-network/words.js';
import type { Row } from './answers.js';
import { stateOf } from './answers.js';

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
