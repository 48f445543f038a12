/** “Look inside”: one image, read row by row, and all that the network makes of it. */
import type { Remote } from 'comlink';
import { Chart } from './charts.js';
import { button, canvas, element, made } from './dom.js';
import type { Engine, TestResult } from './engine.js';
import type { Look, LookRequest } from './inside.js';
import { Pad } from './pad.js';
import { onColoursChange, paintInk, paintOverInk, paintSigned, scaled, turned } from './paint.js';
import type { View } from './settings.js';
import { numberFrom } from './settings.js';

/** Each is one figure: a value for every unit (up) after every row (to the right). */
const HEATMAPS = [
  { name: 'i', equation: '2', words: 'input gate' },
  { name: 'j', equation: '2', words: 'candidate' },
  { name: 'f', equation: '2', words: 'forget gate' },
  { name: 'o', equation: '2', words: 'output gate' },
  { name: 'c', equation: '3', words: 'cell, ÷ its largest' },
  { name: 'h', equation: '4', words: 'hidden state' },
] as const;

/** As numbers -1 … 1. */
const gate = (values: Float32Array): Float32Array => values.map((value) => 2 * value - 1);
const state = (values: Float32Array): Float32Array => values;
const shownAs = { i: gate, j: state, f: gate, o: gate, c: scaled, h: state };

const MOST_WRONG = 60;
const ROW_MS = 90;

export class LookView {
  private look: Look | undefined;
  /** One a picture of the misread ones. */
  private readonly wrongPaints: (() => void)[] = [];
  private isDrawing = false;
  /** An answer is awaited, and another question has come up meanwhile. */
  private isAsking = false;
  private mustAskAgain = false;
  private animation: ReturnType<typeof setInterval> | undefined;
  private readonly pad = new Pad(canvas('pad'), element('pen', HTMLElement), element('pen-status', HTMLElement), () =>
    this.ask(),
  );
  private readonly heatmaps = HEATMAPS.map((heatmap) => ({ ...heatmap, ...heatmapFigure(heatmap) }));
  private readonly bars = probabilityBars();
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
    private readonly changed: (view: Pick<View, 'image' | 'row'>) => void,
    private readonly failed: (error: unknown) => void,
  ) {
    const number = element('image-number', HTMLInputElement);
    number.addEventListener('change', () => this.choose(numberFrom('image', number.value) ?? this.view.image));
    button('previous').addEventListener('click', () => this.choose((this.view.image + 9999) % 10_000));
    button('next').addEventListener('click', () => this.choose((this.view.image + 1) % 10_000));
    button('draw').addEventListener('click', () => this.draw(!this.isDrawing));
    button('clear').addEventListener('click', () => this.pad.clear());
    button('animate').addEventListener('click', () => this.animate());
    const row = element('row', HTMLInputElement);
    row.addEventListener('input', () => {
      this.stopAnimation();
      this.goTo(Number(row.value));
    });
    onColoursChange(() => {
      this.paint();
      this.wrongPaints.forEach((paint) => paint());
    });
    number.value = String(view.image);
    row.value = String(view.row);
  }

  /** For the visitor's wishes: before there is a network there is nothing to ask. */
  private ask(): void {
    if (this.look) this.refresh();
  }

  /** Asks the engine about what is chosen; while it answers, only the latest question is kept. */
  refresh(): void {
    if (this.isAsking) {
      this.mustAskAgain = true;
      return;
    }
    this.isAsking = true;
    const request: LookRequest = this.isDrawing ? { drawn: this.pad.pixels() } : { image: this.view.image };
    this.engine
      .look(request)
      .then((look) => {
        this.look = look;
        this.paint();
      }, this.failed)
      .finally(() => {
        this.isAsking = false;
        if (!this.mustAskAgain) return;
        this.mustAskAgain = false;
        this.refresh();
      });
  }

  /** The images that a test found read wrongly. */
  async showWrong({ wrong, count }: TestResult): Promise<void> {
    const shown = wrong.slice(0, MOST_WRONG);
    this.wrongPaints.length = 0;
    const pixels = await this.engine.images(shown.map(({ image }) => image));
    const size = pixels.length / Math.max(1, shown.length);
    const side = Math.sqrt(size);
    const buttons = shown.map(({ image, label, predicted }, n) => {
      const node = made('button');
      node.type = 'button';
      node.setAttribute(
        'aria-label',
        `${label} → ${predicted}: test image ${image}, a ${label} read as ${predicted}. Look inside.`,
      );
      const picture = made('canvas');
      const paint = (): void => paintInk(picture, pixels.subarray(n * size, (n + 1) * size), [side, side]);
      paint();
      this.wrongPaints.push(paint);
      node.append(picture, made('span', '', `${label} → ${predicted}`));
      node.addEventListener('click', () => {
        this.choose(image);
        element('look', HTMLElement).scrollIntoView({ block: 'start' });
      });
      return node;
    });
    element('wrong', HTMLElement).replaceChildren(...buttons);
    const more = wrong.length > shown.length ? `, the first ${shown.length} of them` : '';
    element('wrong-count', HTMLElement).textContent = `${wrong.length} of ${count}${more}`;
  }

  /** Of another network. */
  forgetWrong(): void {
    this.wrongPaints.length = 0;
    element('wrong', HTMLElement).replaceChildren();
    element('wrong-count', HTMLElement).textContent = 'Test shows them here.';
  }

  private choose(image: number): void {
    this.view = { ...this.view, image };
    element('image-number', HTMLInputElement).value = String(image);
    this.changed(this.view);
    if (this.isDrawing) this.draw(false);
    else this.ask();
  }

  private draw(isDrawing: boolean): void {
    this.isDrawing = isDrawing;
    button('draw').setAttribute('aria-pressed', String(isDrawing));
    button('clear').hidden = !isDrawing;
    element('pad-frame', HTMLElement).hidden = !isDrawing;
    canvas('image').hidden = isDrawing;
    this.ask();
  }

  private goTo(row: number): void {
    this.view = { ...this.view, row };
    element('row', HTMLInputElement).value = String(row);
    this.changed(this.view);
    this.paint();
  }

  private animate(): void {
    if (this.animation !== undefined) {
      this.stopAnimation();
      return;
    }
    button('animate').setAttribute('aria-pressed', 'true');
    button('animate').textContent = 'Stop';
    this.goTo(0);
    this.animation = setInterval(() => {
      if (this.view.row >= 28) this.stopAnimation();
      else this.goTo(this.view.row + 1);
    }, ROW_MS);
  }

  private stopAnimation(): void {
    clearInterval(this.animation);
    this.animation = undefined;
    button('animate').setAttribute('aria-pressed', 'false');
    button('animate').textContent = 'Read';
  }

  private paint(): void {
    const { look } = this;
    if (!look) return;
    const { row } = this.view;
    const { T, I, H, pixels } = look;
    const size = [T, I] as const;
    element('row-text', HTMLOutputElement).textContent = `${row} of ${T} rows`;
    paintInk(canvas('image'), pixels, size, row);
    paintOverInk(canvas('input-gradient'), pixels, scaled(look.dx), size);
    for (const { name, picture, cursor } of this.heatmaps) {
      const values = turned(shownAs[name](look[name]), T, H);
      paintSigned(picture, values, [H, T], row);
      cursor.style.left = `${(100 * row) / T}%`;
    }
    this.paintProbabilities(look, row);
    const rows = Array.from(look.dhNorms.keys());
    const positive = (norms: Float32Array): (number | null)[] => Array.from(norms, (norm) => (norm > 0 ? norm : null));
    this.norms.show(rows, positive(look.dhNorms), positive(look.dcNorms));
    this.norms.describe(
      `Norms of the gradients: at h ${look.dhNorms[0].toPrecision(2)} before the first row, ` +
        `${look.dhNorms[T].toPrecision(2)} after the last`,
    );
    this.say(look, row);
  }

  private say({ label, prediction, target, loss, step, T }: Look, row: number): void {
    element('label', HTMLElement).textContent = label === null ? 'yours' : `a ${label}`;
    const words = `after ${step} steps of training; loss ${loss.toFixed(4)}, as a ${target}`;
    element('says-after', HTMLElement).textContent = row === T ? words : `after ${row} of its ${T} rows`;
    canvas('image').setAttribute('aria-label', label === null ? 'Your drawing' : `Test image, a ${label}`);
    canvas('image').dataset.prediction = String(prediction); // at the end, wherever the reader stands
  }

  private paintProbabilities({ probabilities, T }: Look, row: number): void {
    const C = probabilities.length / T;
    const now = row === 0 ? null : probabilities.subarray((row - 1) * C, row * C);
    const best = now ? now.indexOf(Math.max(...now)) : -1;
    this.bars.forEach(({ line, fill, share, history }, k) => {
      const probability = now?.[k] ?? 0;
      line.classList.toggle('best', k === best);
      fill.style.width = `${100 * probability}%`;
      share.textContent = now ? `${Math.round(100 * probability)}%` : '';
      const course = Float32Array.from({ length: T }, (_, t) => probabilities[t * C + k]);
      paintSigned(history, course, [1, T], row);
    });
    element('says', HTMLElement).textContent = best < 0 ? 'nothing yet' : String(best);
    element('probabilities', HTMLElement).setAttribute(
      'aria-label',
      now
        ? `Class probabilities: ${Array.from(now, (p, k) => `${k} ${Math.round(100 * p)}%`).join(', ')}`
        : 'Nothing read',
    );
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
  picture.setAttribute('aria-label', `${words}: every unit over the rows`);
  const cursor = made('div', 'cursor');
  frame.append(picture, cursor);
  figure.append(caption, frame);
  element('heatmaps', HTMLElement).append(figure);
  return { picture, cursor };
}

/** Ten lines: the digit, a bar, its share, and its course over the rows. */
function probabilityBars() {
  return Array.from({ length: 10 }, (_, k) => {
    const line = made('div', 'probability');
    const track = made('span', 'track');
    const fill = made('span', 'fill');
    const share = made('span', 'share');
    const history = made('canvas');
    track.append(fill);
    line.append(made('b', '', String(k)), track, share, history);
    element('probabilities', HTMLElement).append(line);
    return { line, fill, share, history };
  });
}
