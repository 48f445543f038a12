/** The reader's answers to the exercises that a network needs, and the verdicts on them. */
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import type { AnswerText } from '../../../../src/exercises/network-answers.js';
import { solutionOf } from '../../../../src/exercises/network-answers.js';
import { startRun } from '../exercises/attempt.js';
import type { Language, Progress } from '../exercises/progress.js';

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

/** Checks a text in a worker of its own. Rejects with the reason of `signal` if that is aborted. */
export function verdictOn({ name }: Exercise, text: OwnText, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const stop = startRun({ name, ...text, isOnlyChecked: true }, (report) => {
      if (report.kind === 'verdict') resolve(report.verdict);
      if (report.kind === 'failed') resolve({ outcome: 'error', message: report.message });
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(signal.reason as Error);
    });
  });
}

/** Calls `work` for each item, at most two at a time. */
export async function twoAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const some = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all([some(), some()]);
}
