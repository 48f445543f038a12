/** An exercise: its text, its files, and what a check finds; a program of “Find the bug”. */
import type { Behind } from './behind.js';

/** The languages of an answer. */
export type Language = 'typescript' | 'javascript';

/** One language's files. */
export interface Files {
  /** What the reader begins with. */
  readonly start: string;
  /** The project's own lines. */
  readonly solution: string;
}

/** A mistake in the lines that the reader writes, as a change of the TypeScript solution. */
export interface KnownMistake {
  /** The mistake in a few words. */
  readonly words: string;
  /** The text that occurs once in the solution … */
  readonly right: string;
  /** … and the one that replaces it. */
  readonly wrong: string;
}

/** `text`, the solution or a part of it, with the mistake. */
export const withMistake = (text: string, { right, wrong }: KnownMistake): string => text.split(right).join(wrong);

/** What make.mjs makes of the code. */
export interface Texts {
  /** As in the name of its file: `05-hidden-state.ts`. */
  readonly name: string;
  readonly typescript: Files;
  readonly javascript: Files;
  readonly mistakes: readonly KnownMistake[];
}

export interface Exercise extends Texts {
  /** 1 … 14. */
  readonly number: number;
  readonly title: string;
  /** The number or letter of the equation, as in the documents: `4′`, `a′`. */
  readonly equation: string;
  /** The equation, in the documents' notation, one line each. */
  readonly formula: readonly string[];
  /** The chapter that derives it, from docs/, with its anchor. */
  readonly chapter: string;
  /** The file of the project that has these lines. */
  readonly source: string;
  /** What to write, and what is given. */
  readonly task: string;
  /** Why the solution is right: it follows “Right, because”. */
  readonly because: string;
  /** From a nudge to the last step of the derivation. None holds a line of the answer. */
  readonly hints: readonly [string, string, string];
  /** What a training step can use in place of the project's own function, if it can. Default: none. */
  readonly trains?: Trained;
}

/** A part of the training step that an exercise's function can replace. */
export type Trained =
  'crossEntropyBackward' | 'denseBackward' | 'lstmCellBackward' | 'lstmStepBackward' | 'lstmBackward' | 'adam';

/** The first element of a tensor that differs. */
export interface WrongNumber {
  /** The tensor's name: `dz`. */
  readonly tensor: string;
  /** Where, as a reader would write it: `dz[1, 4] (sequence 1, gate j, unit 1)`. */
  readonly element: string;
  readonly expected: number;
  readonly found: number;
  /** How many elements differ, of how many, in the case that was checked. */
  readonly differing: number;
  readonly size: number;
  /** What the expected number follows from, if that is known. */
  readonly behind?: Behind;
}

/** `dz[1, 4] (sequence 1, gate j, unit 1)` → `dz[1, 4]` */
export const plainElement = (element: string): string => element.replace(/ \(.*/, '');

/** Both numbers with eight digits, or with all digits if these are equal. */
export function digitsOf(expected: number, found: number): [expected: string, found: string] {
  const short = (value: number): string => String(Number(value.toPrecision(8)));
  return short(expected) === short(found) ? [String(expected), String(found)] : [short(expected), short(found)];
}

export type Verdict =
  | { readonly outcome: 'right'; /** How many numbers were compared. */ readonly compared: number }
  | { readonly outcome: 'untouched' }
  /** It cannot be run: a syntax error, an exception, a missing function. */
  | { readonly outcome: 'error'; readonly message: string }
  | {
      readonly outcome: 'wrong';
      /** The first tensor that differs comes first. Each tensor is listed once. */
      readonly differences: readonly WrongNumber[];
      /** What the numbers show about the mistake, in sentences: see diagnosis/diagnosis.ts. */
      readonly diagnosis?: string;
    };

/** Start texts of earlier versions by exercise, for TypeScript and for JavaScript: an untouched file in an old folder has not been begun either. */
const EARLIER: Readonly<Partial<Record<string, readonly string[]>>> = {
  'rnn-step': ['2613-624d5019', '2427-bb9f8b0'],
  'hidden-state': ['859-ccba570d', '771-2bbc40a8', '829-b2407025', '741-76a25d94'],
  'cell-state': ['906-dacf5f56', '818-8c4e5551'],
  gates: ['857-73bcb835', '769-979857f8'],
  weights: ['1551-b2fe55ab', '1416-4a9eb6'],
  'initial-state': ['2676-c1c4717', '2490-4a23c460'],
  product: ['455-62517de8', '305-5410daaf'],
  'every-step': ['577-dbd24d36', '484-f595c702'],
};

/** The whole files of version 1.0.0, of exercises whose text is another one now: for TypeScript and for JavaScript. */
const FILES: Readonly<Partial<Record<string, readonly string[]>>> = {
  product: ['1307-54e0278a', '1119-376cbe99'],
  'every-step': ['1361-db2bd5cd', '1238-4ffb47d1'],
};

/** Whether a file is exactly as version 1.0.0 wrote it, for an exercise whose text has changed since then. */
export const isFormerFile = (name: string, text: string): boolean =>
  FILES[name]?.includes(fingerprintOf(text)) === true;

/** What only an answer to the earlier text of an exercise has, and what it was asked for. */
const FORMER: Readonly<Partial<Record<string, readonly [answer: RegExp, asked: string]>>> = {
  product: [
    /^export (?:const|function\*?|async function) denseBackward\b|^export \{[^}]*\bdenseBackward\b/m,
    'denseBackward',
  ],
  'every-step': [/^import \{[^}]*\bdenseBackward\b[^}]*\} from 'longhand'/m, 'everyStepBackward alone'],
};

/** Why an answer to the earlier text of an exercise cannot be checked. undefined: it is none. */
export function whyFormer({ name }: Pick<Exercise, 'name'>, source: string): string | undefined {
  const [answer, asked] = FORMER[name] ?? [];
  if (!answer?.test(source)) return undefined;
  return `it belongs to the earlier text of this exercise, which asked for ${asked}, and stays as it is. For the new text, press Reset in the site, or move this file away and run exercises`;
}

/** The length of a text, and its FNV-1a hash. */
function fingerprintOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return `${text.length}-${(hash >>> 0).toString(16)}`;
}

/** `code`: an answer without its lines of comments and white space. */
const isEarlierStart = (name: string, code: string): boolean => EARLIER[name]?.includes(fingerprintOf(code)) === true;

/** Whether the file is as the reader got it, from this version or from an earlier one, except for lines of comments and white space. */
export function isUntouched({ name, typescript, javascript }: Exercise, source: string): boolean {
  const code = (text: string): string => text.replace(/^[ \t]*\/\/.*$/gm, '').replace(/\s+/g, '');
  const given = code(source);
  return [typescript.start, javascript.start].some((start) => code(start) === given) || isEarlierStart(name, given);
}

/** A program of “Find the bug”: one of its lines is wrong. */
export interface Bug {
  readonly name: string;
  readonly title: string;
  /** What the program is, in Markdown. */
  readonly shown: string;
  /** Its gradient check, as a program would print it. */
  readonly evidence: string;
  /** Its loss and that of the right program, in words. */
  readonly curves: string;
  readonly lines: readonly string[];
  /** Whether a line has code. */
  readonly choosable: readonly boolean[];
  /** Why a line is right, in Markdown. '' for the wrong one and those without code. */
  readonly hints: readonly string[];
  /** Counted from 1. */
  readonly wrongLine: number;
  readonly rightText: string;
  readonly why: string;
  /** How the evidence leads to the line. */
  readonly clues: string;
}

/** What a reader has found out about a program from the lines that they have chosen, in their order. */
export interface Search {
  /** The wrong choices. */
  readonly tried: readonly number[];
  readonly found: boolean;
}

export const searchOf = ({ wrongLine }: Bug, chosen: readonly number[]): Search => ({
  tried: chosen.filter((line) => line !== wrongLine),
  found: chosen.includes(wrongLine),
});

export const chosenIn = ({ wrongLine }: Bug, { tried, found }: Search): number[] => [
  ...tried.filter((line) => line !== wrongLine),
  ...(found ? [wrongLine] : []),
];
