/** “Two cells side by side”: the visitor chooses two cells, and watches how both learn parity. */
import { type Remote, proxy } from 'comlink';
import type { CellName } from '../cells/names.js';
import { Chart } from './chart.js';
import { button, element, optionsOf, setText } from './dom.js';
import type { Engine } from './engine.js';
import type { CellChoice, CellLine } from './two-cells.js';

/** A cell by its name on the page; it ends with “signed” if its factors are. */
const CELLS: Readonly<Record<string, CellName>> = {
  LSTM: 'lstm',
  'LSTM with peepholes': 'lstm-peephole',
  GRU: 'gru',
  'plain RNN': 'rnn',
  sLSTM: 'slstm',
  minGRU: 'mingru',
  'minGRU, signed': 'mingru',
  minLSTM: 'minlstm',
  'minLSTM, signed': 'minlstm',
};

const choiceOf = (name: string): CellChoice => ({
  cell: CELLS[name],
  eigenvalues: name.endsWith('signed') ? 'signed' : 'positive',
});

const percent = (accuracy: number): string => `${(100 * accuracy).toFixed(1)}%`;

export class TwoCellsView {
  private readonly selects = ['first-cell', 'second-cell'].map((id) => element(id, HTMLSelectElement));
  private readonly place = element('two-cells-chart', HTMLElement);
  private chart: Chart | undefined;
  private isRunning = false;

  constructor(
    private readonly engine: Remote<Engine>,
    private readonly onError: (error: unknown) => void,
  ) {
    const names = Object.fromEntries(Object.keys(CELLS).map((name) => [name, name]));
    for (const select of this.selects) select.append(...optionsOf(names));
    this.selects[1].value = 'minGRU';
    button('open-cells').disabled = false;
    button('open-cells').addEventListener('click', () => this.open());
    button('train-cells').addEventListener('click', () => void (this.isRunning ? engine.stopCells() : this.run()));
  }

  /** Shows the experiment, and begins it unless it runs. */
  private open(): void {
    const panel = element('two-cells', HTMLElement);
    panel.hidden = false;
    panel.scrollIntoView({ block: 'start' });
    button('train-cells').focus({ preventScroll: true });
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    const names = this.selects.map(({ value }) => value);
    const lines: CellLine[] = [];
    this.chart?.remove();
    this.chart = new Chart(this.place, {
      series: names.map((label, n) => ({ label, colour: ['--below', '--above'][n] })),
      ...{ range: [0.4, 1.02], height: 200, digits: 3, x: 'update' },
    });
    this.setRunning(true);
    setText('two-cells-status', 'Starting …');
    const report = (line: CellLine): void => {
      lines.push(line);
      const curve = (n: number): number[] => lines.map(({ accuracies }) => accuracies[n]);
      this.chart?.show(
        lines.map(({ step }) => step),
        curve(0),
        curve(1),
      );
      const said = names.map((name, n) => `${name} ${percent(line.accuracies[n])}`).join(', ');
      setText('two-cells-status', `Update ${line.step}: ${said} of the longer sequences are right.`);
      this.chart?.describe(`Accuracy on longer sequences after ${line.step} updates: ${said}`);
    };
    try {
      await this.engine.trainCells(names.map(choiceOf), proxy(report));
    } catch (error) {
      this.onError(error);
    }
    if (lines.length === 0) setText('two-cells-status', '');
    this.setRunning(false);
  }

  private setRunning(isRunning: boolean): void {
    this.isRunning = isRunning;
    setText('train-cells', isRunning ? 'Stop' : 'Train both');
    for (const select of this.selects) select.disabled = isRunning;
  }
}
