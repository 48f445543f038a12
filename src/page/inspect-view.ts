/** “Look inside”: one image, read row by row, with every value and gradient that the network computes for it. */
import type { Remote } from 'comlink';
import { Chart } from './chart.js';
import { onColourChange } from './colours.js';
import { button, canvas, element, made } from './dom.js';
import { DrawingPad } from './drawing-pad.js';
import type { Engine } from './engine.js';
import { paintGradientOverInk, paintHeatmap, paintInk, scaledToOne, transposed } from './heatmaps.js';
import type { InspectedLstm, Inspection, InspectionRequest } from './inspect-image.js';
import { LstmChoice } from './lstm-choice.js';
import { ProbabilityBars } from './probability-bars.js';
import type { View } from './settings.js';
import { LIMITS, numberFrom } from './settings.js';

/** One figure each: a value for every unit (upwards) after every row (to the right). */
const HEATMAPS = [
  { name: 'i', equation: '2', words: 'input gate' },
  { name: 'j', equation: '2', words: 'candidate' },
  { name: 'f', equation: '2', words: 'forget gate' },
  { name: 'o', equation: '2', words: 'output gate' },
  { name: 'c', equation: '3', words: 'cell, scaled to ±1' },
  { name: 'h', equation: '4', words: 'hidden state' },
] as const;

/** Maps values to -1 … 1 for a heat map. */
const ofGate = (values: Float32Array): Float32Array => values.map((value) => 2 * value - 1);
const ofState = (values: Float32Array): Float32Array => values;
const toHeatmap = { i: ofGate, j: ofState, f: ofGate, o: ofGate, c: scaledToOne, h: ofState };

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
  private readonly heatmaps = HEATMAPS.map((heatmap) => ({ ...heatmap, ...heatmapFigure(heatmap) }));
  private readonly probabilityBars = new ProbabilityBars();
  private readonly choice: LstmChoice;
  private readonly norms = new Chart(element('norms-chart', HTMLElement), {
    series: [
      { label: '‖∂L/∂h‖', colour: '--below' },
      { label: '‖∂L/∂c‖', colour: '--above' },
    ],
    logarithmic: true,
    height: 140,
    digits: 3,
    x: 'after row',
  });

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
    for (const { name, picture, cursor } of this.heatmaps) {
      const values = transposed(toHeatmap[name](lstm[name]), T, lstm.H);
      paintHeatmap(picture, values, [lstm.H, T], until);
      cursor.style.left = `${(100 * row) / T}%`;
    }
    this.probabilityBars.show(probabilities, T, row);
    this.showNorms(lstm, T);
    this.showTexts(inspection, row);
  }

  private showNorms({ dhNorms, dcNorms, reverse }: InspectedLstm, T: number): void {
    const rows = Array.from(dhNorms.keys(), (n) => (reverse ? n + 1 : n)); // in reverse, the initial state is at T+1
    const positive = (norms: Float32Array): (number | null)[] => Array.from(norms, (norm) => (norm > 0 ? norm : null));
    this.norms.show(rows, positive(dhNorms), positive(dcNorms));
    const [zero, all] = (reverse ? [T, 0] : [0, T]).map((n) => dhNorms[n].toPrecision(2));
    const [first, last] = reverse ? ['last', 'first'] : ['first', 'last'];
    this.norms.describe(`Gradient norms: ‖∂L/∂h‖ is ${zero} before the ${first} row, ${all} after the ${last}`);
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

function heatmapFigure({ name, equation, words }: (typeof HEATMAPS)[number]) {
  const figure = made('figure');
  figure.dataset.equation = equation;
  const caption = made('figcaption', '', name);
  caption.append(made('small', '', words));
  const frame = made('div', 'frame');
  const picture = made('canvas');
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', `${words}: every unit after every row`);
  const cursor = made('div', 'cursor');
  frame.append(picture, cursor);
  figure.append(caption, frame);
  element('heatmaps', HTMLElement).append(figure);
  return { picture, cursor };
}
