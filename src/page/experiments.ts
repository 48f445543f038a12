/** The guided experiments: what each run sets. build/plugins.ts has their words. */
import type { Subject } from './common.js';
import { type Settings, DEFAULTS, settingsOf } from './settings.js';

interface ExperimentRun {
  /** On the button that starts it. */
  readonly label: string;
  /** What differs from the default settings. */
  readonly change: Partial<Settings>;
}

export interface Experiment {
  readonly id: string;
  readonly title: string;
  readonly subject: Subject;
  /** Beside its words stands how far back the gradient reaches. */
  readonly hasNorms: boolean;
  /** The first is the experiment; the others are for comparison. */
  readonly runs: readonly ExperimentRun[];
}

/** A network that reads digits after a few seconds. */
const DIGITS = { hidden: 32, batchSize: 64, learningRate: 0.003, steps: 400 };
const BY_HEART = { hidden: 64, layers: 1, T: 25, batchSize: 8, steps: 1000 };
const AS_IT_SHOULD_BE = { label: 'Train without the mistake', change: DIGITS };

export const EXPERIMENTS: readonly Experiment[] = [
  {
    id: 'no-later-steps',
    title: 'No gradient from later cells',
    subject: 'digits',
    hasNorms: true,
    runs: [{ label: 'Train with the mistake', change: { ...DIGITS, planted: 'no-memory' } }, AS_IT_SHOULD_BE],
  },
  {
    id: 'wrong-but-it-learns',
    title: 'A mistake that learns',
    subject: 'digits',
    hasNorms: false,
    runs: [{ label: 'Train with the mistake', change: { ...DIGITS, planted: 'swapped-gate' } }, AS_IT_SHOULD_BE],
  },
  {
    id: 'rate-too-high',
    title: 'A learning rate too high',
    subject: 'digits',
    hasNorms: false,
    runs: [
      { label: 'Train with 1', change: { ...DIGITS, learningRate: 1 } },
      { label: 'Train with 0.003', change: DIGITS },
    ],
  },
  {
    id: 'forget-bias',
    title: 'Forget bias 0, then 3',
    subject: 'digits',
    hasNorms: true,
    runs: [
      { label: 'Train with 0', change: { ...DIGITS, forgetBias: 0 } },
      { label: 'Then with 3', change: { ...DIGITS, forgetBias: 3 } },
      { label: 'Then with 1', change: DIGITS },
    ],
  },
  {
    id: 'by-heart',
    title: 'Learning by heart',
    subject: 'text',
    hasNorms: false,
    runs: [
      { label: 'Train on 5,000 characters', change: { ...BY_HEART, characters: 5000 } },
      { label: 'Train on the whole text', change: BY_HEART },
    ],
  },
];

export const experimentOf = (id: string): Experiment | undefined => EXPERIMENTS.find((one) => one.id === id);

/** All settings of a run; the threads stay those of the visitor. */
export const settingsFor = (
  { subject, runs }: Experiment,
  run: number,
  { threads }: Pick<Settings, 'threads'>,
): Settings => ({ ...settingsOf(DEFAULTS[subject]), ...runs[run].change, threads });
