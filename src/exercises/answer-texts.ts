/** The answers that a network can train with. This file reads no answer, so that it needs no compiler. */
import type { Exercise } from './exercise.js';
import { EXERCISES } from './exercises.js';
import type { Language } from './folder.js';

/** The exercises whose answers train a network with a loss at its last step, in the order of the exercises. */
export const LAST_STEP = [
  'product',
  'hidden-state',
  'cell-state',
  'gates',
  'weights',
  'through-time',
  'softmax',
  'adam',
] as const;
/** With a loss at every step. */
export const EVERY_STEP = [...LAST_STEP, 'every-step'] as const;

export type Name = (typeof EVERY_STEP)[number];

/** The exercises that a network needs. */
export const exercisesOf = (names: readonly Name[]): Exercise[] =>
  EXERCISES.filter(({ name }) => (names as readonly string[]).includes(name));

/** An answer to one of these exercises. */
export interface AnswerText {
  /** The exercise's name. */
  readonly name: string;
  /** Its file, for messages. */
  readonly file: string;
  readonly source: string;
  readonly language: Language;
}

/** The project's own lines, in place of an answer. */
export const solutionOf = ({ name, typescript }: Exercise): AnswerText => ({
  ...{ name, file: `the solution of ${name}` },
  ...{ source: typescript.solution, language: 'typescript' },
});
