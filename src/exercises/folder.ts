/** What `longhand exercises` writes: the files of the exercises, and what an editor needs to check their types. */
import type { Exercise } from './exercise.js';
import { EXERCISES, fileNameOf } from './exercises.js';

export const LANGUAGES = { typescript: 'ts', javascript: 'js' } as const;
export type Language = keyof typeof LANGUAGES;

/** `typescript/05-hidden-state.ts` */
export const pathOf = (exercise: Exercise, language: Language): string =>
  `${language}/${fileNameOf(exercise)}.${LANGUAGES[language]}`;

/** At the top of the folder, so also there if the answers cannot be read. */
export const TYPES_FILE = 'longhand.d.ts';

/** Contents by path. */
export function folderContents(): ReadonlyMap<string, string> {
  const answers = EXERCISES.flatMap((exercise) =>
    (Object.keys(LANGUAGES) as Language[]).map(
      (language) => [pathOf(exercise, language), `${headOf(exercise)}${exercise[language].start}`] as const,
    ),
  );
  return new Map([
    ['README.md', readme()],
    ['package.json', `${JSON.stringify({ private: true, type: 'module' }, null, 2)}\n`],
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

    npx longhand exercises check           checks all
    npx longhand exercises check 5         checks one
    npx longhand exercises check --watch   checks a file each time you save it
    npx longhand exercises hint 5          shows a hint; hint 5 2 and hint 5 3 show more

In a clone of Longhand, stay in its folder and write \`npm run -s longhand --\` in place of \`npx longhand\`.

The functions use a few things of the library. \`longhand.d.ts\` lists them:

- **A Tensor** is a view of numbers. \`a.get(b, n)\` reads one, \`a.set(b, n, value)\` writes one.
- **backend** has operations on whole tensors. Each writes its first argument: \`backend.matmul(out, a, b)\` writes a·b to out. With
  \`{ accumulate: true }\` it adds to out.
- **Other functions** come from \`longhand\`: \`import { transposeOf } from 'longhand';\`. The files already import those that you need.

The check compares your numbers with numeric derivatives in f64, at random values. It names the first element that differs. If
a well-known mistake gives exactly your numbers, it names the mistake.

|  #  | exercise | equation | file |
| --- | -------- | -------- | ---- |
${rows.join('\n')}

The files were made from the code of Longhand itself. The solutions are its own lines, in \`src\`, and for exercises 4 and 10 in
\`docs/learn/programs/plain-rnn.mjs\`. (After an installation these folders are in \`node_modules/longhand\`.) The check runs your code
in a process of its own, for at most 10 seconds and in at most 512 MB. That process cannot write files with \`fs\`, or start programs.
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

/** What the exercises use of the library's types. test/slow/exercises/exercises.test.ts compares them with the library's. */
export const TYPES = `// What the exercises use of longhand, so that an editor knows the types without an installation.
declare module 'longhand' {
  /** A view of numbers in an array. */
  export interface Tensor {
    /** The whole array, of which the tensor can be a part. */
    readonly data: Float32Array | Float64Array;
    /** Where data holds the first element. */
    readonly offset: number;
    readonly shape: number[];
    /** The number of elements. */
    readonly size: number;
    get(...index: number[]): number;
    set(...indexAndValue: number[]): number;
  }

  /** y \`[B,C]\`, which is only read. */
  export type LabelRows = Pick<Tensor, 'get'>;

  /** Operations write their first argument, \`out\`. */
  export interface Backend {
    /** out \`[M,N]\` = a \`[M,K]\` · b \`[K,N]\`, or out += with accumulate. */
    matmul(out: Tensor, a: Tensor, b: Tensor, options?: { accumulate?: boolean }): void;
    /** out \`[N]\` = the sum of the rows of a \`[M,N]\`, or out += with accumulate. */
    columnSums(out: Tensor, a: Tensor, options?: { accumulate?: boolean }): void;
    /** Equations (4′) to (2′) of one step. */
    lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void;
    /** out += a */
    add(out: Tensor, a: Tensor): void;
    /** Every element of out = value. */
    fill(out: Tensor, value: number): void;
    /** out = a */
    copy(out: Tensor, a: Tensor): void;
  }

  export interface AccumulateOptions {
    /** Add to the output. */
    readonly accumulate?: boolean;
  }

  /** The views of one step for the sequences that run at it. */
  export interface RunningRows {
    readonly dz: Tensor;
    readonly dc: Tensor;
    readonly dcPrev: Tensor;
    readonly dh: Tensor;
    readonly dhPrev: Tensor;
    readonly gates: Tensor;
    readonly c: Tensor;
    readonly cPrev: Tensor;
    readonly hPrevTransposed: Tensor;
    readonly xTransposed: Tensor[];
    readonly dx: Tensor[];
  }

  /** The views of one step for the sequences that have ended. */
  export interface EndedRows {
    readonly dh: Tensor;
    readonly dc: Tensor;
    readonly dhPrev: Tensor;
    readonly dcPrev: Tensor;
  }

  /** The views of one step that a projection uses. */
  export interface ProjectedRows {
    readonly h: Tensor;
    readonly dh: Tensor;
    readonly dm: Tensor;
    readonly mTransposed: Tensor;
    readonly WrTransposed: Tensor;
    readonly dWr: Tensor;
  }

  /** The views of one step. */
  export interface Step {
    readonly running: RunningRows | undefined;
    readonly projected: ProjectedRows | undefined;
    readonly ended: EndedRows | undefined;
  }

  export interface Lstm {
    readonly sizes: { readonly T: number; readonly B: number; readonly I: number; readonly H: number };
    /** Hidden states \`[T+1,B,H]\`. */
    readonly h: Tensor;
    readonly dh: Tensor;
    readonly dc: Tensor;
    readonly dhUpstream: Tensor;
    readonly dcUpstream?: Tensor | undefined;
    readonly dKernel: Tensor;
    readonly dBias: Tensor;
    readonly projection?: { readonly dWr: Tensor } | undefined;
    readonly dInputs: readonly Tensor[];
    readonly WxTransposed: readonly Tensor[];
    readonly WhTransposed: Tensor;
    readonly dWx: readonly Tensor[];
    readonly dWh: Tensor;
    /** In the order of the forward pass. */
    readonly steps: readonly Step[];
  }

  export const BETA1: number;
  export const BETA2: number;
  export const EPSILON: number;
  export function copyInto(target: Tensor, source: Tensor): void;
  export function fill(tensor: Tensor, value: number): void;
  /** Every element as one vector. */
  export function flatten(tensor: Tensor): Tensor;
  /** \`[…,N]\` as a matrix. */
  export function matrixOf(tensor: Tensor): Tensor;
  /** The rows from … to - 1. */
  export function rowsOf(tensor: Tensor, from: number, to: number): Tensor;
  export function stepOf(tensor: Tensor, t: number): Tensor;
  export function transposeOf(matrix: Tensor): Tensor;
  /** dStates, dW and db of the output layer. Exercise 3 asks for it, so there it cannot be imported. */
  export function denseBackward(
    backend: Backend,
    dStates: readonly Tensor[],
    dW: Tensor,
    db: Tensor,
    dLogits: Tensor,
    states: readonly Tensor[],
    W: Tensor,
  ): void;
  /** The whole sequence. Exercises 8 and 9 ask for it, so there it cannot be imported. */
  export function lstmBackward(backend: Backend, lstm: Lstm, options?: AccumulateOptions): void;
  /** (4′)–(1′) of one step. Exercise 8 asks for it, so there it cannot be imported. */
  export function lstmStepBackward(backend: Backend, lstm: Lstm, step: RunningRows): void;
  /** From  z = x·Wx + b:  dx += dz·Wxᵀ;  dWx += xᵀ·dz. */
  export function inputBackward(
    backend: Backend,
    dx: readonly Tensor[],
    dWx: readonly Tensor[],
    dz: Tensor,
    xTransposed: readonly Tensor[],
    WxTransposed: readonly Tensor[],
  ): void;
  /** (14′) of the sequences that have ended. */
  export function keepStateBackward(backend: Backend, ended: EndedRows): void;
  /** (16′): dm and dWr of a projection h = m·Wr. */
  export function projectBackward(backend: Backend, projected: ProjectedRows): void;
}
`;
