/** “Check it”: the gradient check, with or without a mistake planted into src/equations/lstm.ts. */
import type { Remote } from 'comlink';
import type { GradientReport } from '../equations/gradcheck-report.js';
import { mistakeOf, PLANTED_MISTAKES } from './common.js';
import { button, ButtonGroup, element, made, setText, tableLine } from './dom.js';
import type { Engine } from './engine.js';

export class CheckView {
  private readonly training = new ButtonGroup(['train-mistaken']);

  constructor(
    private readonly engine: Remote<Engine>,
    private mistake: string,
    private readonly onChange: (mistake: string) => void,
    private readonly onError: (error: unknown) => void,
    /** Trains with a mistake; undefined if the page's subject cannot. */
    private readonly onTrain?: (mistake: string) => void,
  ) {
    if (!mistakeOf(mistake)) this.mistake = 'none';
    const choices = [{ id: 'none', words: 'no mistake', equation: '' }, ...PLANTED_MISTAKES];
    element('mistakes', HTMLElement).append(...choices.map((choice) => this.choice(choice)));
    button('run-check').addEventListener('click', () => void this.run());
    button('train-mistaken').addEventListener('click', () => this.onTrain?.(this.mistake));
    this.showMistake();
  }

  /** Whether a run can be started now. */
  setEnabled(isEnabled: boolean): void {
    this.training.setEnabled(isEnabled);
  }

  private choice({ id, words, equation }: { id: string; words: string; equation: string }): HTMLElement {
    const label = made('label');
    const input = made('input');
    input.type = 'radio';
    input.name = 'mistake';
    input.value = id;
    input.checked = id === this.mistake;
    input.addEventListener('change', () => {
      this.mistake = id;
      this.onChange(id);
      this.showMistake();
    });
    label.append(input, made('span', '', words));
    if (equation) {
      label.dataset.equation = equation;
      label.append(made('small', '', `(${equation})`));
    }
    return label;
  }

  private showMistake(): void {
    const planted = mistakeOf(this.mistake);
    const place = element('planted', HTMLPreElement);
    place.hidden = !planted;
    button('train-mistaken').hidden = !planted || !this.onTrain;
    if (planted) {
      place.replaceChildren(
        made('span', 'line right', `right: ${planted.right}`),
        '\n',
        made('span', 'line wrong', `wrong: ${planted.wrong}`),
      );
    }
    element('check-table', HTMLTableElement).hidden = true;
    setText('check-summary', '');
  }

  private async run(): Promise<void> {
    const run = button('run-check');
    const { mistake } = this;
    run.disabled = true;
    setText('check-summary', 'Changing every number a little…');
    try {
      const reports = await this.engine.check(mistake);
      if (mistake === this.mistake) this.show(reports); // otherwise the visitor has chosen another mistake
    } catch (error) {
      setText('check-summary', '');
      this.onError(error);
    } finally {
      run.disabled = false;
      if (document.activeElement === document.body) run.focus(); // the disabled button lost the focus
    }
  }

  private show(reports: readonly GradientReport[]): void {
    const table = element('check-table', HTMLTableElement);
    table.hidden = false;
    table.tBodies[0].replaceChildren(...reports.map(row));
    const wrong = reports.filter(({ ok }) => !ok).map(({ name }) => nameOf(name));
    const causes = new Set(reports.map(({ cause }) => cause)); // undefined becomes no text
    setText(
      'check-summary',
      wrong.length === 0
        ? 'Every gradient agrees with its numeric gradient to seven digits or more.'
        : `Wrong: ${wrong.join(', ')}.${wrong.length < reports.length ? ' The others agree.' : ''} ${[...causes].join(' ')}`,
    );
  }
}

const nameOf = (name: string): string => `∂L/∂${name}`;

function row({ name, shape, largestRelative, worst, ok }: GradientReport): HTMLTableRowElement {
  const numbers = [largestRelative.toExponential(1), worst.backward.toPrecision(6), worst.numeric.toPrecision(6)];
  const line = tableLine([nameOf(name), shape.join(' × '), ...numbers, ok ? 'right' : 'wrong']);
  line.classList.toggle('is-wrong', !ok);
  return line;
}
