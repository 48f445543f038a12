/** “Look inside”: one image, read row by row, with every value and gradient that the network computes for it. */
import type { Remote } from 'comlink';
import { onColourChange } from './colours.js';
import { button, canvas, element } from './dom.js';
import { DrawingPad } from './drawing-pad.js';
import type { Engine } from './engine.js';
import { HeatmapFigures } from './heatmap-figures.js';
import { paintGradientOverInk, paintInk, scaledToOne } from './heatmaps.js';
import type { Inspection, InspectionRequest } from './inspect-image.js';
import { LstmChoice } from './lstm-choice.js';
import { NormsChart } from './norms-chart.js';
import { ProbabilityBars } from './probability-bars.js';
import type { View } from './settings.js';
import { LIMITS, numberFrom } from './settings.js';

const ROW_MS = 90;
/** While a run plays, inspections begin this often. Large networks are inspected less often: at most a quarter of the time. */
const INSPECT_EVERY_MS = 700;
const LARGEST_SHARE = 1 / 4;
const IMAGES = LIMITS.image.most + 1;

export class InspectView {
  private inspection: Inspection | undefined;
  private isDrawing = false;
  /** The engine is computing an inspection. */
  private isWaiting = false;
  /** `refresh` was called during the inspection. */
  private mustAskAgain = false;
  /** How long the last inspection took. */
  private inspectionMs = 0;
  private animation: ReturnType<typeof setInterval> | undefined;
  private readonly pad = new DrawingPad(
    canvas('pad'),
    element('pen', HTMLElement),
    element('pen-status', HTMLElement),
    () => this.refreshIfShown(),
  );
  private readonly heatmaps = new HeatmapFigures(element('heatmaps', HTMLElement), 'row');
  private readonly probabilityBars = new ProbabilityBars();
  private readonly choice: LstmChoice;
  private readonly norms = new NormsChart(element('norms-chart', HTMLElement), 'row');

  constructor(
    private readonly engine: Remote<Engine>,
    private view: View,
    private readonly onChange: (view: Pick<View, 'image' | 'row' | 'lstm'>) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    const number = element('image-number', HTMLInputElement);
    number.addEventListener('change', () => this.choose(numberFrom('image', number.value) ?? this.view.image));
    button('previous').addEventListener('click', () => this.choose((this.view.image + IMAGES - 1) % IMAGES));
    button('next').addEventListener('click', () => this.choose((this.view.image + 1) % IMAGES));
    button('draw').addEventListener('click', () => this.setDrawing(!this.isDrawing));
    button('clear').addEventListener('click', () => this.pad.clear());
    button('animate').addEventListener('click', () => this.toggleAnimation());
    const row = element('row', HTMLInputElement);
    row.addEventListener('input', () => {
      this.stopAnimation();
      this.goTo(Number(row.value));
    });
    this.choice = new LstmChoice(view.lstm, (lstm) => {
      this.view = { ...this.view, lstm };
      this.onChange(this.view);
      this.paint();
    });
    onColourChange(() => this.paint());
    number.value = String(view.image);
    row.value = String(view.row);
  }

  /** While a run plays, the least time from the beginning of an inspection to the next one. */
  get periodMs(): number {
    return Math.max(INSPECT_EVERY_MS, this.inspectionMs / LARGEST_SHARE);
  }

  /** Shows a test image, in place of another or of the drawing. */
  choose(image: number): void {
    this.view = { ...this.view, image };
    element('image-number', HTMLInputElement).value = String(image);
    this.onChange(this.view);
    if (this.isDrawing) this.setDrawing(false);
    else this.refreshIfShown();
  }

  /** Inspects the image with the current network. Calls during an inspection lead to one more inspection. */
  refresh(): void {
    if (this.isWaiting) {
      this.mustAskAgain = true;
      return;
    }
    this.isWaiting = true;
    const began = performance.now();
    const request: InspectionRequest = this.isDrawing ? { drawing: this.pad.pixels() } : { image: this.view.image };
    this.engine
      .inspect(request)
      .then((inspection) => {
        this.inspection = inspection;
        this.paint();
      }, this.onError)
      .finally(() => {
        this.isWaiting = false;
        this.inspectionMs = performance.now() - began;
        if (!this.mustAskAgain) return;
        this.mustAskAgain = false;
        this.refresh();
      });
  }

  /** Does nothing before the first inspection: there is no network yet. */
  private refreshIfShown(): void {
    if (this.inspection) this.refresh();
  }

  private setDrawing(isDrawing: boolean): void {
    this.isDrawing = isDrawing;
    button('draw').setAttribute('aria-pressed', String(isDrawing));
    button('clear').hidden = !isDrawing;
    element('pad-frame', HTMLElement).hidden = !isDrawing;
    canvas('image').hidden = isDrawing;
    this.refreshIfShown();
  }

  private goTo(row: number): void {
    this.view = { ...this.view, row };
    element('row', HTMLInputElement).value = String(row);
    this.onChange(this.view);
    this.paint();
  }

  private toggleAnimation(): void {
    if (this.animation !== undefined) {
      this.stopAnimation();
      return;
    }
    button('animate').setAttribute('aria-pressed', 'true');
    button('animate').textContent = 'Stop';
    this.goTo(0);
    this.animation = setInterval(() => {
      if (this.view.row >= LIMITS.row.most) this.stopAnimation();
      else this.goTo(this.view.row + 1);
    }, ROW_MS);
  }

  private stopAnimation(): void {
    clearInterval(this.animation);
    this.animation = undefined;
    button('animate').setAttribute('aria-pressed', 'false');
    button('animate').textContent = 'Read rows';
  }

  private paint(): void {
    const { inspection } = this;
    if (!inspection) return;
    const { row } = this.view;
    const { T, I, pixels, dx, probabilities, lstms } = inspection;
    const lstm = this.choice.of(lstms);
    // in both directions, a state depends on rows before and after it
    const until = lstms.some(({ reverse }) => reverse) ? T : row;
    paintInk(canvas('image'), pixels, [T, I], row);
    paintGradientOverInk(canvas('input-gradient'), pixels, scaledToOne(dx), [T, I]);
    this.heatmaps.show(lstm, T, until, row);
    this.probabilityBars.show(probabilities, T, row);
    this.norms.show(lstm, T);
    this.showTexts(inspection, row);
  }

  private showTexts({ label, target, loss, step, T }: Inspection, row: number): void {
    element('row-text', HTMLOutputElement).textContent = `${row} of ${T} rows`;
    element('label', HTMLElement).textContent = label === null ? 'your drawing' : `label ${label}`;
    element('prediction-after', HTMLElement).textContent =
      row === T
        ? `after ${step} training steps; loss ${loss.toFixed(4)} for class ${target}`
        : `after ${row} of ${T} rows`;
    canvas('image').setAttribute('aria-label', label === null ? 'Your drawing' : `Test image, label ${label}`);
  }
}
