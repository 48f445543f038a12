/** An exercise: its text, its files, and what a check finds. */
import type { Behind } from './behind.js';

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
  /** 1 … 12. */
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
