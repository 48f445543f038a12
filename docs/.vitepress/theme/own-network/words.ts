/** What the page says about the answers and about a run. */
import { shortVerdict } from '../exercises/findings.js';
import type { Tested } from '../../../../src/own-network/both-runs.js';
import type { Row } from './answers.js';
import { stateOf } from './answers.js';
import type { Subject } from './subjects.js';

/** `exercise 5`, `exercises 5 and 7`, `exercises 5, 7 and 8` */
export function exercisesIn(rows: readonly Row[]): string {
  const numbers = rows.map(({ exercise }) => String(exercise.number));
  const last = numbers.at(-1) ?? '';
  return numbers.length === 1 ? `exercise ${last}` : `exercises ${numbers.slice(0, -1).join(', ')} and ${last}`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const areOrIs = ({ length }: readonly Row[]): string => (length === 1 ? 'is' : 'are');

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
    some.length === 0 ? [] : [`${capital(exercisesIn(some))} ${areOrIs(some)} ${what}.`];
  const found = [
    ...about(missing, 'not begun'),
    ...(broken.length === 0 ? [] : [`${capital(exercisesIn(broken))} cannot be run.`]),
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
  return `Yours: ${exercisesIn(own)}. The engine’s: ${exercisesIn(filled)}.`;
}

export const percent = (part: number): string => `${(100 * part).toFixed(1)}%`;

/** A loss in nats, as the page shows it: a text's in bits per character. */
export const lossOf = (subject: Subject, nats: number): number => (subject === 'text' ? nats / Math.LN2 : nats);

/** An accuracy that is this much lower is worse, and not only otherwise rounded. */
const WORSE = 0.03;

/** What the two tests show, and only that. */
export function conclusionOf(rows: readonly Row[], own: Tested, engine: Tested): string {
  const wrong = rows.filter((row) => stateOf(row) === 'wrong');
  const isWorse = own.accuracy < engine.accuracy - WORSE;
  if (wrong.length === 0) {
    const same = 'Both began with the same weights and read the same batches.';
    if (percent(own.accuracy) === percent(engine.accuracy) && own.loss.toFixed(3) === engine.loss.toFixed(3))
      return `${same} All their figures agree.`;
    return `${same} Their figures differ, because your functions round differently, and each update enlarges the difference.`;
  }
  const cause = `${exercisesIn(wrong)} ${areOrIs(wrong)} wrong`;
  if (isWorse) return `Your network does worse, because ${cause}.`;
  return `Your network learns although ${cause}: a run that works proves less than the check does.`;
}
