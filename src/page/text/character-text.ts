/** A text of which each character can be chosen, with the mouse or the arrow keys, and can have a colour. */
import { colours, mix } from '../heatmaps.js';
import { made } from '../dom.js';

/** The largest share of a colour behind a character, so that the character can be read. */
const STRONGEST = 0.5;
/** Characters that PageUp and PageDown move by, about a line. */
const LINE = 60;

const NAMES: Readonly<Record<string, string>> = {
  '\n': 'new line',
  '\r': 'carriage return',
  ' ': 'space',
  '\t': 'tab',
};

/** A character as a word, for messages and screen readers. */
export const nameOfCharacter = (character: string): string => NAMES[character] ?? character;

export class CharacterText {
  private spans: HTMLElement[] = [];
  private chosen = -1;
  private readonly status = made('span', 'visually-hidden');

  /**
   * `place` is a list box. `onChoose` gets the character's place in the text, and returns what a screen reader says about it.
   */
  constructor(
    private readonly place: HTMLElement,
    private readonly onChoose: (n: number) => string,
  ) {
    place.addEventListener('click', ({ target }) => {
      const n = this.spans.indexOf(target as HTMLElement);
      if (n >= 0) this.pick(n);
    });
    place.after(this.status);
    this.status.setAttribute('role', 'status');
    place.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own keys
      const to = this.target(event.key);
      if (to === undefined || this.spans.length === 0) return;
      event.preventDefault();
      this.pick(Math.max(0, Math.min(this.spans.length - 1, to)));
    });
  }

  /** Replaces the text. */
  show(characters: readonly string[]): void {
    this.spans = [];
    this.chosen = -1;
    this.place.replaceChildren();
    this.place.removeAttribute('aria-activedescendant');
    this.append(characters);
  }

  append(characters: readonly string[]): void {
    const spans = characters.map((character, n) => {
      const span = made('span', '', character === '\n' ? '↵\n' : character);
      span.id = `${this.place.id}-${this.spans.length + n}`;
      span.setAttribute('role', 'option');
      span.setAttribute('aria-selected', 'false');
      if (character in NAMES) span.setAttribute('aria-label', NAMES[character]);
      if (character === '\n') span.className = 'line-end';
      return span;
    });
    this.spans.push(...spans);
    this.place.append(...spans);
  }

  /** Marks a character, without a call of `onChoose`. */
  choose(n: number): void {
    this.spans.at(this.chosen)?.setAttribute('aria-selected', 'false');
    this.chosen = n;
    const span = this.spans.at(n);
    if (n < 0 || !span) return;
    span.setAttribute('aria-selected', 'true');
    this.place.setAttribute('aria-activedescendant', span.id);
  }

  /** A colour behind each character: values from -1 to 1, blank at 0. */
  colour(values: ArrayLike<number>): void {
    const { zero, below, above } = colours();
    this.spans.forEach((span, n) => {
      const value = Math.max(-1, Math.min(1, values[n] ?? 0));
      const rgb = mix(zero, value < 0 ? below : above, STRONGEST * Math.abs(value));
      span.style.backgroundColor = `rgb(${rgb.map(Math.round).join(',')})`;
    });
  }

  private pick(n: number): void {
    this.choose(n);
    this.status.textContent = this.onChoose(n);
  }

  /** Where a key moves to. */
  private target(key: string): number | undefined {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -LINE,
      ArrowDown: LINE,
      PageUp: -LINE,
      PageDown: LINE,
    };
    if (key in steps) return this.chosen + steps[key];
    if (key === 'Home') return 0;
    return key === 'End' ? this.spans.length - 1 : undefined;
  }
}
