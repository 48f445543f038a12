/** “Look inside”: one image, read row by row, with every value and gradient that the network computes for it. */
import type { Remote } from 'comlink';
import { counted } from '../core/arguments.js';
import { NormsChart } from './chart.js';
import { button, canvas, element, made, madeButton, setText } from './dom.js';
import { DrawingPad } from './drawing-pad.js';
import type { Engine, MisreadImage, TestResult } from './engine.js';
import { HeatmapFigures, onColourChange, paintGradientOverInk, paintInk, scaledToOne } from './heatmaps.js';
import type { InspectedCell, Inspection, InspectionRequest } from './inspect-image.js';
import { ProbabilityBars } from './probability-bars.js';
import { RepeatedJob } from './common.js';
import { type View, FIELDS, IMAGES, ROWS } from './settings.js';

const ROW_MS = 90;
/** While a run plays, inspections begin this often. Large networks are inspected less often: at most a quarter of the time. */
const INSPECT_EVERY_MS = 700;
const LARGEST_SHARE = 1 / 4;

export class InspectView {
  private inspection: Inspection | undefined;
  private isDrawing = false;
  private readonly inspections = new RepeatedJob(() => this.inspect(), INSPECT_EVERY_MS, LARGEST_SHARE);
  private animation: ReturnType<typeof setInterval> | undefined;
  private readonly pad = new DrawingPad(
    canvas('pad'),
    element('pen', HTMLElement),
    element('pen-status', HTMLElement),
    () => this.refreshIfShown(),
  );
  private readonly heatmaps = new HeatmapFigures(element('heatmaps', HTMLElement), 'row');
  private readonly probabilityBars = new ProbabilityBars();
  private readonly choice: CellChoice;
  private readonly norms = new NormsChart(element('norms-chart', HTMLElement), 'row');

  constructor(
    private readonly engine: Remote<Engine>,
    private view: View,
    private readonly onChange: (view: Pick<View, 'image' | 'row' | 'lstm'>) => void,
    private readonly onError: (error: unknown) => void,
    /** The chart of a guided experiment; it shows the same norms as that of “Look inside”. */
    private readonly experimentNorms: NormsChart,
  ) {
    const number = element('image-number', HTMLInputElement);
    number.addEventListener('change', () => this.choose(FIELDS.image.valueOf(number.value) ?? this.view.image));
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
    this.choice = new CellChoice(view.lstm, (lstm) => {
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
    return this.inspections.periodMs;
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
    this.inspections.run();
  }

  private async inspect(): Promise<void> {
    const request: InspectionRequest = this.isDrawing ? { drawing: this.pad.pixels() } : { image: this.view.image };
    try {
      this.inspection = await this.engine.inspect(request);
    } catch (error) {
      this.onError(error);
      return;
    }
    this.paint();
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
      if (this.view.row >= ROWS) this.stopAnimation();
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
    const { T, I, pixels, dx, probabilities, cells } = inspection;
    const cell = this.choice.of(cells);
    // in both directions, a state depends on rows before and after it
    const until = cells.some(({ reverse }) => reverse) ? T : row;
    paintInk(canvas('image'), pixels, [T, I], row);
    paintGradientOverInk(canvas('input-gradient'), pixels, scaledToOne(dx), [T, I]);
    this.heatmaps.show(cell, T, until, row);
    this.probabilityBars.show(probabilities, T, row);
    for (const chart of [this.norms, this.experimentNorms]) chart.show(cell, T);
    this.showTexts(inspection, row);
  }

  private showTexts({ label, target, loss, step, T }: Inspection, row: number): void {
    setText('row-text', `${row} of ${counted(T, 'row')}`);
    setText('label', label === null ? 'your drawing' : `label ${label}`);
    setText(
      'prediction-after',
      row === T
        ? `after ${counted(step, 'training step')}; loss ${loss.toFixed(4)} for class ${target}`
        : `after ${row} of ${counted(T, 'row')}`,
    );
    canvas('image').setAttribute('aria-label', label === null ? 'Your drawing' : `Test image, label ${label}`);
  }
}

/** “Look inside”: the choice of the layer, and of its direction, whose gates and states are shown. */
class CellChoice {
  private readonly select = element('lstm', HTMLSelectElement);
  private labels: readonly string[] = [];

  /** `chosen`: the number of a cell. `onChange` gets the new one. */
  constructor(
    private chosen: number,
    onChange: (chosen: number) => void,
  ) {
    this.select.addEventListener('change', () => {
      this.chosen = this.select.selectedIndex;
      onChange(this.chosen);
    });
  }

  /** The chosen one of these, or the first one if they are fewer. The choice is hidden if there is only one. */
  of(cells: readonly InspectedCell[]): InspectedCell {
    const isBidirectional = cells.some(({ reverse }) => reverse);
    const labels = cells.map(({ layer, reverse }) => {
      const direction = reverse ? ', reverse' : ', forward';
      return `${layer + 1}${isBidirectional ? direction : ''}`;
    });
    if (labels.join() !== this.labels.join()) {
      this.labels = labels;
      this.select.replaceChildren(...labels.map((label) => made('option', '', label)));
      element('lstm-choice', HTMLElement).hidden = cells.length === 1;
      element('reverse-note', HTMLElement).hidden = !isBidirectional;
    }
    const chosen = this.chosen < cells.length ? this.chosen : 0;
    this.select.selectedIndex = chosen;
    return cells[chosen];
  }
}

const MOST_SHOWN = 60;

/** The test images that the network misread: one button each, which opens the image in “Look inside”. */
export class MisreadImages {
  /** Each paints one picture. */
  private paints: (() => void)[] = [];

  constructor(
    private readonly engine: Remote<Engine>,
    private readonly onChoose: (image: number) => void,
  ) {
    onColourChange(() => this.paints.forEach((paint) => paint()));
  }

  async show({ misread, count }: TestResult): Promise<void> {
    const shown = misread.slice(0, MOST_SHOWN);
    const pixels = await this.engine.images(shown.map(({ image }) => image));
    const size = pixels.length / Math.max(1, shown.length);
    this.paints = [];
    const buttons = shown.map((image, n) => this.buttonFor(image, pixels.subarray(n * size, (n + 1) * size)));
    element('misread', HTMLElement).replaceChildren(...buttons);
    const which = misread.length > shown.length ? `; the first ${shown.length}` : '';
    setText('misread-count', `${misread.length} of ${count}${which}`);
  }

  clear(): void {
    this.paints = [];
    element('misread', HTMLElement).replaceChildren();
    setText('misread-count', 'Press Test to see them here.');
  }

  private buttonFor({ image, label, predicted }: MisreadImage, pixels: Uint8Array): HTMLButtonElement {
    const button = madeButton('', '', () => this.onChoose(image));
    const [short, long] = [`${label} → ${predicted}`, `test image ${image}, a ${label} read as ${predicted}`];
    button.setAttribute('aria-label', `${short}: ${long}. Look inside.`);
    const picture = made('canvas');
    const side = Math.sqrt(pixels.length);
    const paint = (): void => paintInk(picture, pixels, [side, side]);
    paint();
    this.paints.push(paint);
    button.append(picture, made('span', '', short));
    return button;
  }
}
