/** The pictures and figures of “Your data” until its networks are trained: the series and its plan, the steps, the speed, the losses. */
import { Chart } from '../chart.js';
import { element, setText } from '../dom.js';
import type { LossPoint, SeriesProgress } from './progress.js';
import type { SeriesFacts } from './results.js';
import { TimeChart } from './time-chart.js';

/** The series as a picture, and what the plan says of it: seasons, parts, and what the networks read. */
export class SeriesPicture {
  private readonly chart = new TimeChart(element('series-chart', HTMLElement), {
    lines: [{ label: 'value', colour: '--ink' }],
    height: 220,
  });

  /** Undefined: there is no series. */
  show(facts: SeriesFacts | undefined): void {
    element('series-picture', HTMLElement).hidden = !facts;
    setText('series-facts', facts?.words ?? '');
    if (!facts) return;
    const { predict, words, seasons, parts, line, isRows, inputs } = facts;
    setText('series-predict', predict);
    setText('series-seasons', seasons);
    setText('series-inputs', inputs.join(', '));
    for (const part of parts) setText(`part-${part.name}`, part.span);
    const shades = parts.map(({ name, from, to }) => ({ from, to, colour: `--part-${name}` }));
    this.chart.show({ times: line.times, isRows }, [line.values], shades);
    this.chart.describe(`${predict}: ${words}; ${seasons}`);
  }
}

/** The figures of the run: its steps, its speed, and the loss of each network. */
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
