/** What `longhand exercises` writes: the files of the exercises, and what an editor needs to check their types. */
import type { Exercise } from './exercise.js';
import { EXERCISES, fileNameOf } from './exercises.js';
import { TYPES } from './types.js';

export const LANGUAGES = { typescript: 'ts', javascript: 'js' } as const;
export type Language = keyof typeof LANGUAGES;

/** `typescript/05-hidden-state.ts` */
export const pathOf = (exercise: Exercise, language: Language): string =>
  `${language}/${fileNameOf(exercise)}.${LANGUAGES[language]}`;

/** At the top of the folder, so also there if the answers cannot be read. */
export const TYPES_FILE = 'longhand.d.ts';

/** Contents by path. */
export function folderContents(scripts: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const answers = EXERCISES.flatMap((exercise) =>
    (Object.keys(LANGUAGES) as Language[]).map(
      (language) => [pathOf(exercise, language), `${headOf(exercise)}${exercise[language].start}`] as const,
    ),
  );
  return new Map([
    ['README.md', readme()],
    ['package.json', `${JSON.stringify({ private: true, type: 'module', scripts }, null, 2)}\n`],
    ['tsconfig.json', `${JSON.stringify(TSCONFIG, null, 2)}\n`],
    [TYPES_FILE, TYPES],
    ...answers,
  ]);
}

/** The exercise's text, as comments above the code. */
export function headOf({ number, title, equation, formula, task, chapter }: Exercise): string {
  const lines = [
    `Exercise ${number}: ${title} (${equation})`,
    '',
    ...formula.map((line) => `    ${line}`),
    '',
    ...wrapped(task),
    '',
    `Derived in docs/${chapter} of longhand`,
  ];
  return `${lines.map((line) => `// ${line}`.trimEnd()).join('\n')}\n\n`;
}

/** Lines of at most 110 characters. */
function wrapped(text: string): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= 110) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

function readme(): string {
  const rows = EXERCISES.map(
    (exercise) => `| ${exercise.number} | ${exercise.title} | ${exercise.equation} | \`${fileNameOf(exercise)}\` |`,
  );
  return `# Twelve exercises

You write every gradient of an LSTM yourself, from the derivative of σ to a loss at every step. Each file is one exercise. Its
comment says what is given and what to write. Write in \`typescript/\` or in \`javascript/\`; both have the same exercises.

    npm run check                checks all
    npm run check 5              checks one
    npm run check -- --watch     checks a file each time you save it
    npm run hint 5               shows a hint; hint 5 2 and hint 5 3 show more
    npm run train                trains a network on MNIST with your answers

\`npm run -s longhand -- --help\` lists all commands. If Longhand has moved, run its command \`exercises\` again: it writes the new path into package.json.

The functions use a few things of the library. \`longhand.d.ts\` lists them:

- **A Tensor** is a view of numbers. \`a.get(b, n)\` reads one, \`a.set(b, n, value)\` writes one.
- **backend** has operations on whole tensors. Each writes its first argument: \`backend.matmul(out, a, b)\` writes a·b to out. With
  \`{ accumulate: true }\` it adds to out.
- **Other functions** come from \`longhand\`: \`import { transposeOf } from 'longhand';\`. The files already import those that you need.

The check compares your numbers with numeric derivatives in f64, at random values. It names the first element of each tensor that
differs, and shows the inputs that the expected number follows from. If a known mistake gives exactly your numbers, it names
this mistake. Otherwise it says what your numbers show, and where to look, if that is clear.

|  #  | exercise | equation | file |
| --- | -------- | -------- | ---- |
${rows.join('\n')}

The files were made from the code of Longhand itself. The solutions are its own lines, in \`src\`, and for exercises 2 and 3 in
\`docs/learn/programs/plain-rnn.mjs\`. (After an installation these folders are in \`node_modules/longhand\`.) The check runs your code
in a process of its own, for at most 10 seconds and in at most 512 MB. The training has 60 seconds for each update, and 1024 MB. Such a process cannot write files with \`fs\`, or start programs.
This protects you from accidents, not from malice, because other parts of Node can still write files. So do not check an answer
that you would not run. The check does not check types: your editor does.
`;
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'ES2022',
    moduleResolution: 'bundler',
    moduleDetection: 'force',
    lib: ['ES2022'],
    types: [],
    strict: true,
    noEmit: true,
  },
  include: [TYPES_FILE, 'typescript'],
};
