/** What a network of the reader's answers can learn. */
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { EVERY_STEP, exercisesOf, LAST_STEP } from '../../../../src/exercises/exercises.js';

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
