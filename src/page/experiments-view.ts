/** The guided experiments above “Train”: a button sets and starts each, and beside its words stands what to look at. */
import type { Subject } from './common.js';
import { element, ButtonGroup } from './dom.js';
import { type Experiment, experimentOf } from './experiments.js';
import { linkTo } from './link.js';

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
