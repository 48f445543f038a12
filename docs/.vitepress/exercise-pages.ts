/** The pages of the exercises: what can be read without scripts, and the components that add the editor. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DefaultTheme } from 'vitepress';
import type { Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { project } from './source-pages.js';

export const exercisePages = (): { params: { exercise: string }; content: string }[] =>
  EXERCISES.map((exercise) => ({ params: { exercise: fileNameOf(exercise) }, content: pageOfExercise(exercise) }));

export const exercisesInSidebar: DefaultTheme.SidebarItem = {
  text: 'Exercises',
  items: [
    { text: 'All exercises', link: '/exercises/' },
    ...EXERCISES.map((exercise) => ({
      text: `${exercise.number}. ${exercise.title}`,
      link: `/exercises/${fileNameOf(exercise)}`,
    })),
  ],
};

/** Links are relative to docs/exercises, as in a document there. */
function pageOfExercise(exercise: Exercise): string {
  const { name, number, title, equation, formula, task, source } = exercise;
  return `# ${number}. ${title}

<ExerciseNumbers name="${name}" />

${formula.map((line) => `    ${line}`).join('\n')}

Equation: ${equation}. ${derivationOf(exercise)}The project’s own lines are in [\`${source}\`](../../${source}).

${task}

<ExerciseWorkbench name="${name}" />
`;
}

function derivationOf({ chapter }: Exercise): string {
  const file = path.join(project, 'docs', chapter.replace(/#.*/, ''));
  const [, title] = /^# (.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return `Derived in [${title}](../${chapter}). `;
}
