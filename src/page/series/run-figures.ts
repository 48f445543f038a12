/** The figures of a run of “Your data”: its steps, its speed, and the loss of each network. */
import { Chart } from '../chart.js';
import { element, setText } from '../dom.js';
import type { LossPoint, SeriesProgress } from './progress.js';

export class ForecastFigures {
  private points: LossPoint[] = [];
  private readonly chart = new Chart(element('loss-chart', HTMLElement), {
    series: [
      { label: 'for the intervals', colour: '--above' },
      { label: 'for the forecasts', colour: '--accent' },
    ],
    height: 200,
    digits: 4,
    x: 'step',
  });

  /** For another run, or none. */
  restartAt(step: number | undefined): void {
    this.points = [];
    this.showLosses();
    this.describe();
    setText('step', step === undefined ? '–' : String(step));
    setText('steps-of', '');
    setText('pace', '–');
  }

  show({ step, steps, lines, stepsPerSecond }: SeriesProgress): void {
    setText('step', String(step));
    setText('steps-of', `of ${steps}`);
    if (stepsPerSecond !== null) setText('pace', stepsPerSecond.toFixed(1));
    if (lines.length === 0) return;
    this.points.push(...lines);
    this.showLosses();
  }

  /** Updates the text for screen readers. Not called while the run plays: the text would change too often. */
  describe(): void {
    const last = this.lastLoss;
    this.chart.describe(
      last ? `Loss over the steps: ${last.loss.toFixed(4)} at step ${last.step}` : 'Loss over the steps: no value yet',
    );
  }

  private get lastLoss(): { step: number; loss: number } | undefined {
    return this.points.flatMap(({ step, loss }) => (loss === null ? [] : [{ step, loss }])).at(-1);
  }

  private showLosses(): void {
    const of = (stage: LossPoint['stage']): (number | null)[] =>
      this.points.map((point) => (point.stage === stage ? point.loss : null));
    const steps = this.points.map(({ step }) => step);
    this.chart.show(steps, of('calibration'), of('final'));
    setText('loss', this.lastLoss?.loss.toFixed(4) ?? '–');
  }
}
