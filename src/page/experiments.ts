/**
 * The guided experiments: what each run sets, and the view above “Train”. A button sets and starts each, and beside its words
 * stands what to look at. build/plugins.ts has the words.
 */
import type { Subject } from './common.js';
import { element, ButtonGroup } from './dom.js';
import { linkTo } from './link.js';
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
    title: 'No gradient from later steps',
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

const RUN = 'data-run';

export class ExperimentsView {
  private readonly panel = element('experiment', HTMLElement);
  private readonly buttons: ButtonGroup;

  /** `onRun` sets and starts run number n of an experiment on the page's subject. `threads`: those of the visitor. */
  constructor(
    private readonly subject: Subject,
    private readonly onRun: (experiment: Experiment, n: number) => void,
    private readonly threads: () => number | null,
  ) {
    const section = element('experiments', HTMLElement);
    const all = [...section.querySelectorAll<HTMLButtonElement>(`[${RUN}]`)];
    this.buttons = new ButtonGroup(all.map(({ id }) => id));
    section.addEventListener('click', ({ target }) => {
      const pressed = target instanceof Element ? target.closest(`[${RUN}]`) : null;
      const [id, n] = pressed?.getAttribute(RUN)?.split(' ') ?? [];
      const experiment = experimentOf(id);
      if (experiment) this.run(experiment, Number(n));
    });
  }

  /** While a run is created, no other can be. */
  setEnabled(isEnabled: boolean): void {
    this.buttons.setEnabled(isEnabled);
  }

  /** Shows the words of an experiment; of an unknown one, none. */
  show(id: string): void {
    const experiment = experimentOf(id);
    this.panel.hidden = experiment?.subject !== this.subject;
    for (const words of this.panel.querySelectorAll<HTMLElement>('[data-words]'))
      words.hidden = words.dataset.words !== id;
    element('experiment-norms', HTMLElement).hidden = experiment?.hasNorms !== true;
  }

  /** An experiment on the other subject begins on a page of its own. */
  run(experiment: Experiment, n: number): void {
    if (experiment.subject !== this.subject) {
      location.assign(linkTo(experiment, { threads: this.threads() }));
      return;
    }
    this.show(experiment.id);
    this.panel.scrollIntoView({ block: 'start' });
    this.onRun(experiment, n);
  }
}
