/** The figures with controls, and how to find their places: in the document, and in the HTML that the site's build writes. And the programs that a page runs. */

interface Where {
  readonly selector: string;
  readonly html: RegExp;
}

/** A figure stands after this picture of docs/learn/pictures. */
const picture = (name: string): Where => ({
  selector: `img[src*="/${name}."]`,
  html: new RegExp(`<img [^>]*src="[^"]*/${name}\\.`),
});
/** It stands after the empty element with this id. */
const element = (id: string): Where => ({ selector: `#${id}`, html: new RegExp(` id="${id}"`) });

/** By the figure's file in this folder. */
export const PLACES = {
  'motion-button': picture('reach'),
  'norms-slider': picture('gradient-norms'),
  'unrolled-graph': picture('unrolled'),
  'cell-paths': picture('cell'),
  'cell-run': element('cell-run'),
  'gap-run': element('gap'),
  'by-hand/number-fields': element('by-hand-numbers'),
  'by-hand/line-editors': { selector: '[id^="write-"]', html: / id="write-/ },
  'first-text': element('first-text'),
  'own-writer/own-writer': element('own-writer'),
  'own-kernel/own-kernel': element('own-kernel'),
  'moby-dick/read-back': element('read-back'),
  'moby-dick/follow-unit': element('follow-unit'),
  'softmax-live': element('softmax-live'),
  'spike-live': element('spike-live'),
  'why-57/paths-live': element('paths-live'),
  'measure/measure': element('laboratory'),
} as const;

export type FigureName = keyof typeof PLACES;

/** Programs of docs/learn/programs. Each ends within a minute, and needs nothing of Node but what docs/.vitepress/plugins.ts has. */
export const RUNNABLE = [
  ...(['by-hand', 'clipping', 'directions', 'every-step', 'fitting-mistake', 'forget-bias', 'gates'] as const),
  ...(['min-char-rnn', 'min-char-rnn-solution', 'numeric', 'one-cell', 'one-state', 'recompute', 'softmax'] as const),
  ...(['spike', 'truncation', 'updates', 'which-came-first'] as const),
  // those of docs/questions
  ...(['question-constant', 'question-dropout', 'question-initial-weights', 'question-last-value'] as const),
  ...(['question-longer', 'question-loss-stays', 'question-other-framework', 'question-overfitting'] as const),
  ...(['question-scaling', 'question-stateful'] as const),
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
