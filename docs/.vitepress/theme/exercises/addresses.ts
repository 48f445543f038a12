/** Where the exercises are in the site. */
import { withBase } from 'vitepress';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { fileNameOf } from '../../../../src/exercises/exercises.js';

export const addressOf = (exercise: Exercise): string => withBase(`/exercises/${fileNameOf(exercise)}.html`);
