/**
 * One file with a reader's answers and progress, which the terminal and the site both write and read: docs/exercises/index.md documents
 * it. It has no verdicts: whoever reads it checks the answers.
 */
import { DataError } from '../core/errors.js';
import { BUGS } from './bugs.js';
import { EXERCISES } from './exercises.js';
import type { Exercise } from './exercise.js';
import type { Language } from './folder.js';
import { headOf, LANGUAGES } from './folder.js';

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
