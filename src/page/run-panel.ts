/** The buttons, the figures and the charts of the run. */
import type { Line, Validation } from '../training/training.js';
import { Chart } from './chart.js';
import type { Subject } from './common.js';
import { button, ButtonGroup, element, made, setText } from './dom.js';
import type { Settings } from './settings.js';

/** The buttons of the run: Play, One step, Reset, Test, and those for checkpoints. */
export class RunButtons extends ButtonGroup {
  constructor() {
    super(['play', 'one-step', 'reset', 'test', 'save', 'load', 'take-out']);
  }

  override setEnabled(isEnabled: boolean): void {
    super.setEnabled(isEnabled);
    if (!this.canSave) button('save').disabled = true;
  }

  /** Whether the run can be saved: not if it trains with a mistake. */
  canSave = true;

  /** While a run plays, only Pause can be pressed, and what begins another run. */
  setPlaying(isPlaying: boolean): void {
    button('play').textContent = isPlaying ? 'Pause' : 'Play';
    this.setEnabled(!isPlaying);
    button('play').disabled = false;
    button('reset').disabled = false;
    button('take-out').disabled = false;
  }

  /** During a test its button ends it. */
  setTesting(isTesting: boolean): void {
    button('test').textContent = isTesting ? 'Stop the test' : 'Test';
  }

  /** Draws attention to Reset: the changed settings need a new run. */
  suggestReset(isSuggested: boolean): void {
    button('reset').classList.toggle('suggested', isSuggested);
  }
}

/** One line of a chart: its name in a sentence, and a place in the figures that shows its last value. */
interface Curve {
  readonly chart: Chart;
  /** A value or null for each of the steps of the run's figures: of the training batches, and of the validations. */
  readonly batch: (number | null)[];
  readonly validation: (number | null)[];
  readonly name: string;
  readonly place: string;
  readonly of: (line: Line) => number;
}

/** The figures and charts of the run: step, loss, accuracy or bits per character, speed. */
export class RunFigures {
  private lines: Line[] = [];
  private validations: Validation[] = [];
  /** The steps that have a line or a validation, in order. */
  private readonly steps: number[] = [];
  private readonly curves: readonly Curve[];

  constructor(private readonly subject: Subject) {
    this.curves = subject === 'text' ? textCurves() : digitCurves();
  }

  /** For another run, or an earlier step of this one: keeps the lines up to `step`. */
  restartAt(step: number): void {
    const lines = this.lines.filter((line) => line.step <= step);
    const validations = this.validations.filter((validation) => validation.step <= step);
    this.forgetLines();
    this.insert(lines, validations);
    this.showLines();
    this.showTestResult('–');
    setText('pace', '–');
  }

  /** For the run of a checkpoint, whose lines are not known. */
  forgetLines(): void {
    this.lines = [];
    this.validations = [];
    this.steps.length = 0;
    for (const { batch, validation } of this.curves) batch.length = validation.length = 0;
  }

  add(lines: readonly Line[], validations: readonly Validation[]): void {
    if (lines.length === 0 && validations.length === 0) return;
    this.insert(lines, validations);
    this.showLines();
  }

  /** Only what is new is computed: a run reports ten times a second, and can have many thousands of lines. */
  private insert(lines: readonly Line[], validations: readonly Validation[]): void {
    for (const line of lines) {
      this.lines.push(line);
      const row = this.rowOf(line.step);
      for (const { batch, of } of this.curves) batch[row] = of(line);
    }
    for (const one of validations) {
      this.validations.push(one);
      const row = this.rowOf(one.step);
      for (const { validation, of } of this.curves) validation[row] = of({ ...one, iter: 0 });
    }
  }

  /** The index of a step; a new step gets an empty row. The search begins at the end, because steps arrive in order. */
  private rowOf(step: number): number {
    const { steps } = this;
    let row = steps.length;
    while (row > 0 && steps[row - 1] > step) row--;
    if (row > 0 && steps[row - 1] === step) return row - 1;
    steps.splice(row, 0, step);
    for (const { batch, validation } of this.curves)
      for (const column of [batch, validation]) column.splice(row, 0, null);
    return row;
  }

  showStep(step: number, pauseAt: number): void {
    setText('step', String(step));
    setText('steps-of', `of ${pauseAt}`);
  }

  showPace(stepsPerSecond: number, { batchSize, T }: Settings): void {
    const place = element('pace', HTMLElement);
    place.textContent = stepsPerSecond.toFixed(1);
    if (this.subject === 'digits') return;
    const characters = Number((stepsPerSecond * batchSize * T).toPrecision(2));
    place.append(' ', made('small', '', `${characters.toLocaleString('en')} characters`));
  }

  showTestResult(text: string, step?: number): void {
    const place = element('test-result', HTMLElement);
    place.textContent = text;
    if (step !== undefined) place.append(' ', made('small', '', `at step ${step}`));
  }

  /** Updates the texts for screen readers. Not called while the run plays: the texts would change too often. */
  describeCharts(): void {
    const last = this.lines.at(-1);
    for (const { chart, name, of } of this.curves)
      chart.describe(last ? `${name}: ${of(last).toFixed(4)} at step ${last.step}` : `${name}: no value yet`);
  }

  private showLines(): void {
    const last = this.lines.at(-1);
    for (const { chart, place, of, batch, validation } of this.curves) {
      chart.show(this.steps, batch, validation);
      setText(place, last ? of(last).toFixed(4) : '–');
    }
  }
}

/** In place of nats: the loss in bits per character. */
export const bitsOf = (loss: number): number => loss / Math.LN2;

const SERIES = [
  { label: 'batch', colour: '--accent' },
  { label: 'validation', colour: '--above', isSparse: true },
] as const;

const CHART = { series: SERIES, joinsGaps: true, height: 200, digits: 4, x: 'step' } as const;

function curve(place: string, words: string, of: Curve['of'], range?: readonly [number, number]): Curve {
  const chart = new Chart(element(`${place}-chart`, HTMLElement), { ...CHART, ...(range && { range }) });
  return { chart, name: `${words} over the steps`, place, of, batch: [], validation: [] };
}

const digitCurves = (): Curve[] => [
  curve('loss', 'Loss', ({ loss }) => loss),
  curve('accuracy', 'Accuracy', ({ accuracy }) => accuracy, [0, 1]),
];

const textCurves = (): Curve[] => [curve('bits', 'Bits per character', ({ loss }) => bitsOf(loss))];
