/**
 * What `longhand exercises` writes: the files of the exercises, and what an editor needs to check their types. And one file with a
 * reader's answers and progress, which the terminal and the site both write and read: docs/exercises/index.md documents it. It has no
 * verdicts: whoever reads it checks the answers.
 */
import { DataError } from '../core/errors.js';
import { BUGS } from './bugs.js';
import type { Exercise, Language } from './exercise.js';
import { EXERCISES, fileNameOf } from './exercises.js';
import { TYPES } from './types.js';

export type { Language };

/** The ends of the names of their files. */
export const LANGUAGES = { typescript: 'ts', javascript: 'js' } as const satisfies Record<Language, string>;

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
  return `# Fourteen exercises

You write every gradient of an LSTM yourself, from a product of matrices to a loss at every step, and then those of a scan and of a GRU.
Each file is one exercise. Its comment says what is given and what to write. Write in \`typescript/\` or in \`javascript/\`; both have the same exercises.

    npm run check                checks all
    npm run check 5              checks one
    npm run check 5 -- --name    names the mistake in it, if its numbers show it
    npm run check -- --watch     checks a file each time you save it
    npm run hint 5               shows a hint; hint 5 2 and hint 5 3 show more
    npm run train                trains a network on MNIST with your answers

\`npm run -s longhand -- --help\` lists all commands. If Longhand has moved, run its command \`exercises\` again: it writes the new path into package.json.

The functions use a few things of the library. \`longhand.d.ts\` lists them:

- **A Tensor** is a view of numbers. \`a.get(b, n)\` reads one, \`a.set(b, n, value)\` writes one.
- **A Matrix** of exercises 1 to 3 is a list of rows: \`W[k][n]\`.
- **backend** has operations on whole tensors. Each writes its first argument: \`backend.matmul(out, a, b)\` writes a·b to out. With
  \`{ accumulate: true }\` it adds to out.
- **Other functions** come from \`longhand\`: \`import { transposeOf } from 'longhand';\`. The files already import those that you need.

The check compares your numbers with numeric derivatives in f64, at random values. It says which quantity differs and what follows from
it, and shows the inputs that the expected number follows from. With \`--name\`, it names a known mistake that gives exactly your
numbers. Otherwise it says what your numbers show, and where to look, if that is clear.

|  #  | exercise | equation | file |
| --- | -------- | -------- | ---- |
${rows.join('\n')}

The files were made from the code of Longhand itself. The solutions are its own lines, in \`src\`, and for exercises 1 to 3 in
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

/** In one exercise. */
export type Answers = Partial<Record<Language, string>> & {
  /** How many hints are open. Default: 0. */
  readonly hints?: number;
};

/** By the names of the exercises and of the programs of “Find the bug”. What has not been begun is left out. */
export interface ReaderProgress {
  readonly exercises: Readonly<Record<string, Answers>>;
  /** The lines that the reader has chosen, in their order. */
  readonly bugs: Readonly<Record<string, readonly number[]>>;
}

/** What a reader's file is called if they do not name it. */
export const PROGRESS_FILE = 'longhand-progress.json';

const [FORMAT, VERSION] = ['longhand-progress', 1];
/** In characters. No answer is that long. */
export const LONGEST_ANSWER = 100_000;
/** In bytes. All answers in both languages are shorter. */
export const LARGEST_PROGRESS = 10_000_000;

export const progressText = ({ exercises, bugs }: ReaderProgress): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, exercises, bugs }, null, 2)}\n`;

/** What `progressText` has made. Throws a DataError in one sentence, which begins with `file`, for all other contents. */
export function progressFrom(file: string, bytes: Uint8Array): ReaderProgress {
  const fail = (why: string): never => {
    throw new DataError(`${file}: ${why}`);
  };
  if (bytes.length > LARGEST_PROGRESS) fail(`has ${bytes.length} bytes, and may have at most ${LARGEST_PROGRESS}`);
  const all = objectIn(parsed(bytes) ?? fail('is not JSON in UTF-8'), () => fail('is no file of answers'));
  if (all.format !== FORMAT) return fail(`is no file of answers: its format must be "${FORMAT}"`);
  if (all.version !== VERSION)
    return fail(`has version ${shown(all.version)}, but this version of longhand reads version ${VERSION}`);
  for (const name of Object.keys(all))
    if (!['format', 'version', 'exercises', 'bugs'].includes(name)) fail(`${shown(name)} is no field of it`);
  const part = (name: 'exercises' | 'bugs') => objectIn(all[name], () => fail(`its ${name} must be an object`));
  const exercises = Object.entries(part('exercises')).map(([name, answers]) => {
    if (!EXERCISES.some((one) => one.name === name)) fail(`exercises: there is no exercise ${shown(name)}`);
    return [name, answersFrom(answers, (why) => fail(`exercises.${name}: ${why}`))] as const;
  });
  const bugs = Object.entries(part('bugs')).map(([name, lines]) => {
    const bug = BUGS.find((one) => one.name === name) ?? fail(`bugs: there is no program ${shown(name)}`);
    const isLine = (line: unknown): line is number => bug.choosable[Number(line) - 1] && Number.isInteger(line);
    if (!Array.isArray(lines) || !lines.every(isLine) || new Set(lines).size < lines.length)
      return fail(`bugs.${name}: must be a list of different lines of the program that have code`);
    return [name, lines] as const;
  });
  return { exercises: Object.fromEntries(exercises), bugs: Object.fromEntries(bugs) };
}

function answersFrom(value: unknown, fail: (why: string) => never): Answers {
  const answers = objectIn(value, () => fail('must be an object'));
  for (const [name, one] of Object.entries(answers)) {
    if (name in LANGUAGES) {
      if (typeof one !== 'string') fail(`${name} must be a text`);
      else if (one.length > LONGEST_ANSWER)
        fail(`${name} has ${one.length} characters, and may have at most ${LONGEST_ANSWER}`);
    } else if (name !== 'hints') fail(`${shown(name)} is no field of it`);
    else if (![0, 1, 2, 3].includes(one as number)) fail('hints must be 0, 1, 2 or 3');
  }
  return answers;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

const objectIn = (value: unknown, fail: () => never): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : fail();

const shown = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value).slice(0, 50));

/** An answer of a folder as the site shows it: without the exercise's text, which its page has. */
export function withoutHead(exercise: Exercise, text: string): string {
  const lines = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const head = headOf(exercise);
  return lines.startsWith(head) ? lines.slice(head.length) : lines;
}

/** An answer as a file of a folder has it. */
export const withHead = (exercise: Exercise, text: string): string =>
  text.startsWith(`// Exercise ${exercise.number}: `) ? text : headOf(exercise) + text;
