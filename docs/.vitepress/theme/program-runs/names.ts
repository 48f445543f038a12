/** The programs of docs/learn/programs that a page runs, and the commands in a chapter that name them. */

/** Each ends within a minute, and needs nothing of Node but what docs/.vitepress/programs.ts has. */
export const RUNNABLE = [
  ...(['by-hand', 'clipping', 'directions', 'every-step', 'fitting-mistake', 'forget-bias', 'gates'] as const),
  ...(['min-char-rnn', 'min-char-rnn-solution', 'numeric', 'one-cell', 'one-state', 'recompute', 'softmax'] as const),
  ...(['spike', 'truncation', 'updates', 'which-came-first'] as const),
];

export type Runnable = (typeof RUNNABLE)[number];

/** The programs without arguments that a code block says to run: each a line of its own, `node docs/learn/programs/NAME.mjs`. */
export const programsIn = (text: string): string[] =>
  Array.from(text.matchAll(/^(?:\$ )?node docs\/learn\/programs\/([\w-]+)\.mjs$/gm), ([, name]) => name);

export const isRunnable = (name: string): name is Runnable => (RUNNABLE as readonly string[]).includes(name);

/** The output of the program that a code block shows below its command; empty if it shows none. */
export function outputIn(text: string, name: string): string[] {
  const [, ...outputs] = text.split(`$ node docs/learn/programs/${name}.mjs\n`);
  return outputs.flatMap((output) => output.trimEnd().split('\n'));
}

/** How many lines of the program differ from those that the chapter shows; trailing spaces do not count. */
export const differing = (printed: readonly string[], shown: readonly string[]): number =>
  shown.filter((line, n) => line.trimEnd() !== printed[n]?.trimEnd()).length;
