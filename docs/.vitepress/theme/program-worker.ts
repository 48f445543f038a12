/** Runs one program of docs/learn/programs, and reports what it prints. docs/.vitepress/plugins.ts is its Node. */
import type { Runnable } from './places.js';

/** What the worker reports. A text says why the program failed. */
export interface Printed {
  /** A line; undefined if the program has ended. */
  readonly line?: string;
}

const PROGRAMS: Readonly<Record<Runnable, () => Promise<unknown>>> = {
  'by-hand': () => import('../../learn/programs/by-hand.mjs'),
  clipping: () => import('../../learn/programs/clipping.mjs'),
  directions: () => import('../../learn/programs/directions.mjs'),
  'every-step': () => import('../../learn/programs/every-step.mjs'),
  'fitting-mistake': () => import('../../learn/programs/fitting-mistake.mjs'),
  'forget-bias': () => import('../../learn/programs/forget-bias.mjs'),
  gates: () => import('../../learn/programs/gates.mjs'),
  'min-char-rnn': () => import('../../learn/programs/min-char-rnn.mjs'),
  'min-char-rnn-solution': () => import('../../learn/programs/min-char-rnn-solution.mjs'),
  numeric: () => import('../../learn/programs/numeric.mjs'),
  'one-cell': () => import('../../learn/programs/one-cell.mjs'),
  'one-state': () => import('../../learn/programs/one-state.mjs'),
  'question-constant': () => import('../../learn/programs/question-constant.mjs'),
  'question-dropout': () => import('../../learn/programs/question-dropout.mjs'),
  'question-initial-weights': () => import('../../learn/programs/question-initial-weights.mjs'),
  'question-last-value': () => import('../../learn/programs/question-last-value.mjs'),
  'question-longer': () => import('../../learn/programs/question-longer.mjs'),
  'question-loss-stays': () => import('../../learn/programs/question-loss-stays.mjs'),
  'question-other-framework': () => import('../../learn/programs/question-other-framework.mjs'),
  'question-overfitting': () => import('../../learn/programs/question-overfitting.mjs'),
  'question-scaling': () => import('../../learn/programs/question-scaling.mjs'),
  'question-stateful': () => import('../../learn/programs/question-stateful.mjs'),
  recompute: () => import('../../learn/programs/recompute.mjs'),
  softmax: () => import('../../learn/programs/softmax.mjs'),
  spike: () => import('../../learn/programs/spike.mjs'),
  truncation: () => import('../../learn/programs/truncation.mjs'),
  updates: () => import('../../learn/programs/updates.mjs'),
  'which-came-first': () => import('../../learn/programs/which-came-first.mjs'),
};

const report = (printed: Printed): void => globalThis.postMessage(printed);

globalThis.onmessage = ({ data }: MessageEvent<Runnable>): void => {
  run(data).catch((error: unknown) => globalThis.postMessage(String(error)));
};

/** A program runs while it is imported, as in Node, because it finds its own name among the arguments. */
async function run(name: Runnable): Promise<void> {
  Object.assign(globalThis, { process: { argv: ['node', `/${name}.mjs`] } });
  console.log = (...values: unknown[]): void => {
    for (const line of values.map(String).join(' ').split('\n')) report({ line });
  };
  await PROGRAMS[name]();
  report({});
}
