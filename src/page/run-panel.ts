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
  readonly name: string;
  readonly place: string;
  readonly of: (line: Line) => number;
}

/** The figures and charts of the run: step, loss, accuracy or bits per character, speed. */
export class RunFigures {
  private lines: Line[] = [];
  private validations: Validation[] = [];
  private readonly curves: readonly Curve[];

  constructor(private readonly subject: Subject) {
    this.curves = subject === 'text' ? textCurves() : digitCurves();
  }

  /** For another run, or an earlier step of this one: keeps the lines up to `step`. */
  restartAt(step: number): void {
    this.lines = this.lines.filter((line) => line.step <= step);
    this.validations = this.validations.filter((validation) => validation.step <= step);
    this.showLines();
    this.showTestResult('–');
    setText('pace', '–');
  }

  /** For the run of a checkpoint, whose lines are not known. */
  forgetLines(): void {
    this.lines = [];
    this.validations = [];
  }

  add(lines: readonly Line[], validations: readonly Validation[]): void {
    if (lines.length === 0 && validations.length === 0) return;
    this.lines.push(...lines);
    this.validations.push(...validations);
    this.showLines();
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
    const { lines, validations } = this;
    const steps = [...new Set([...lines, ...validations].map(({ step }) => step))].sort((a, b) => a - b);
    const valuesAt = <Kind extends { readonly step: number }>(all: readonly Kind[], of: (one: Kind) => number) => {
      const byStep = new Map(all.map((one) => [one.step, of(one)]));
      return steps.map((step) => byStep.get(step) ?? null);
    };
    const last = lines.at(-1);
    for (const { chart, place, of } of this.curves) {
      const validated = valuesAt(validations, (one) => of({ ...one, iter: 0 }));
      chart.show(steps, valuesAt(lines, of), validated);
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
  return { chart, name: `${words} over the steps`, place, of };
}

const digitCurves = (): Curve[] => [
  curve('loss', 'Loss', ({ loss }) => loss),
  curve('accuracy', 'Accuracy', ({ accuracy }) => accuracy, [0, 1]),
];

const textCurves = (): Curve[] => [curve('bits', 'Bits per character', ({ loss }) => bitsOf(loss))];
