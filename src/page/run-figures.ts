/** The figures and charts of the run: step, loss, accuracy, speed. */
import type { Line } from '../training/run.js';
import { Chart } from './chart.js';
import { element, made } from './dom.js';

export class RunFigures {
  private lines: Line[] = [];
  private readonly lossChart = new Chart(element('loss-chart', HTMLElement), {
    series: [{ label: 'loss', colour: '--accent' }],
    height: 200,
    digits: 4,
    x: 'step',
  });
  private readonly accuracyChart = new Chart(element('accuracy-chart', HTMLElement), {
    series: [{ label: 'accuracy', colour: '--accent' }],
    range: [0, 1],
    height: 200,
    digits: 4,
    x: 'step',
  });

  /** For another run, or an earlier step of this one: keeps the lines up to `step`. */
  restartAt(step: number): void {
    this.lines = this.lines.filter((line) => line.step <= step);
    this.showLines();
    this.showTestAccuracy('–');
    element('pace', HTMLElement).textContent = '–';
  }

  /** For the run of a checkpoint, whose lines are not known. */
  forgetLines(): void {
    this.lines = [];
  }

  addLines(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.lines.push(...lines);
    this.showLines();
  }

  showStep(step: number, pauseAt: number): void {
    element('step', HTMLElement).textContent = String(step);
    element('steps-of', HTMLElement).textContent = `of ${pauseAt}`;
  }

  showPace(stepsPerSecond: number): void {
    element('pace', HTMLElement).textContent = stepsPerSecond.toFixed(1);
  }

  showTestAccuracy(text: string, step?: number): void {
    const place = element('test-accuracy', HTMLElement);
    place.textContent = text;
    if (step !== undefined) place.append(' ', made('small', '', `at step ${step}`));
  }

  /** Updates the texts for screen readers. Not called while the run plays: the texts would change too often. */
  describeCharts(): void {
    const last = this.lines.at(-1);
    const describe = (chart: Chart, name: string, value: number | undefined): void =>
      chart.describe(
        last && value !== undefined ? `${name}: ${value.toFixed(4)} at step ${last.step}` : `${name}: no value yet`,
      );
    describe(this.lossChart, 'Loss over the steps', last?.loss);
    describe(this.accuracyChart, 'Accuracy over the steps', last?.accuracy);
  }

  private showLines(): void {
    const steps = this.lines.map(({ step }) => step);
    const [losses, accuracies] = [this.lines.map(({ loss }) => loss), this.lines.map(({ accuracy }) => accuracy)];
    this.lossChart.show(steps, losses);
    this.accuracyChart.show(steps, accuracies);
    element('loss', HTMLElement).textContent = losses.at(-1)?.toFixed(4) ?? '–';
    element('accuracy', HTMLElement).textContent = accuracies.at(-1)?.toFixed(4) ?? '–';
  }
}
