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
