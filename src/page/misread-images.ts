/** The test images that the network misread: one button each, which opens the image in “Look inside”. */
import type { Remote } from 'comlink';
import { onColourChange } from './colours.js';
import { element, made } from './dom.js';
import type { Engine, MisreadImage, TestResult } from './engine.js';
import { paintInk } from './heatmaps.js';

const MOST_SHOWN = 60;

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
    element('misread-count', HTMLElement).textContent = `${misread.length} of ${count}${which}`;
  }

  clear(): void {
    this.paints = [];
    element('misread', HTMLElement).replaceChildren();
    element('misread-count', HTMLElement).textContent = 'Press Test to see them here.';
  }

  private buttonFor({ image, label, predicted }: MisreadImage, pixels: Uint8Array): HTMLButtonElement {
    const button = made('button');
    button.type = 'button';
    const [short, long] = [`${label} → ${predicted}`, `test image ${image}, a ${label} read as ${predicted}`];
    button.setAttribute('aria-label', `${short}: ${long}. Look inside.`);
    const picture = made('canvas');
    const side = Math.sqrt(pixels.length);
    const paint = (): void => paintInk(picture, pixels, [side, side]);
    paint();
    this.paints.push(paint);
    button.append(picture, made('span', '', short));
    button.addEventListener('click', () => this.onChoose(image));
    return button;
  }
}
