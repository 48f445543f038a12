/** The exercises in the site: their pages, and their images. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DefaultTheme } from 'vitepress';
import { FILES, packagedDirectory } from '../../src/data/mnist-files.js';
import { parseLabelledImages, sliceImages } from '../../src/data/mnist.js';
import type { Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { IMAGE_COUNT } from '../../src/exercises/train.js';
import { asset } from './assets.js';
import { project } from './source-pages.js';

/** What can be read without scripts, and the components that add the editor. */
export const exercisePages = (): { params: { exercise: string }; content: string }[] =>
  EXERCISES.map((exercise) => ({ params: { exercise: fileNameOf(exercise) }, content: pageOfExercise(exercise) }));

export const exercisesInSidebar: DefaultTheme.SidebarItem = {
  text: 'Exercises',
  items: [
    { text: 'All exercises', link: '/exercises/' },
    ...EXERCISES.map((one) => ({ text: `${one.number}. ${one.title}`, link: `/exercises/${fileNameOf(one)}` })),
    { text: 'A network of your own', link: '/exercises/network' },
    { text: 'Find the bug', link: '/exercises/bugs' },
    { text: 'Find the bug: answers', link: '/exercises/bugs-answers' },
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

/** A Vite plugin: `virtual:exercise-images` is the address of a file with the images that the exercises train on. */
export const exerciseImages = () => asset('exercise-images', 'images.gz', () => gzipSync(firstImages(), { level: 9 }));

/** The labels, then the pixels. */
function firstImages(): Uint8Array {
  const read = (name: string) => ({ name, bytes: readFileSync(path.join(packagedDirectory(), name)) });
  const all = parseLabelledImages(read(FILES.trainImages), read(FILES.trainLabels));
  const { labels, pixels } = sliceImages(all, 0, IMAGE_COUNT);
  return Buffer.concat([labels, pixels]);
}
