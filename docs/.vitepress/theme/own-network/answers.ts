/** The reader's answers to the exercises that a network needs. */
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import type { AnswerText } from '../../../../src/exercises/exercises.js';
import { solutionOf } from '../../../../src/exercises/exercises.js';
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
