/** Probabilities as bars, and a text of which each character can be chosen. */
import { element, made, madeButton, setText } from './dom.js';
import { paintHeatmap, colours, mix } from './heatmaps.js';
import type { Choice } from './text/text-writer.js';

/** The ten class probabilities: for each class a bar for the current row, and a strip with the values after every row. */
export class ProbabilityBars {
  private readonly place = element('probabilities', HTMLElement);
  private readonly bars = Array.from({ length: 10 }, (_, digit) => {
    const line = made('div', 'probability');
    const { track, fill } = bar();
    const percentage = made('span', 'percentage');
    const history = made('canvas');
    line.append(made('b', '', String(digit)), track, percentage, history);
    this.place.append(line);
    return { line, fill, percentage, history };
  });

  /** `probabilities` is `[T,10]`: after each row. The bars show those after `row` rows, or nothing if `row` is 0. */
  show(probabilities: Float32Array, T: number, row: number): void {
    const C = this.bars.length;
    const now = row === 0 ? null : probabilities.subarray((row - 1) * C, row * C);
    const best = now ? now.indexOf(Math.max(...now)) : -1;
    this.bars.forEach(({ line, fill, percentage, history }, digit) => {
      line.classList.toggle('best', digit === best);
      fill.style.width = `${100 * (now?.[digit] ?? 0)}%`;
      percentage.textContent = now ? percent(now[digit]) : '';
      const overRows = Float32Array.from({ length: T }, (_, t) => probabilities[t * C + digit]);
      paintHeatmap(history, overRows, [1, T], row);
    });
    setText('prediction', now ? String(best) : 'nothing yet');
    this.place.setAttribute(
      'aria-label',
      now
        ? `Class probabilities: ${Array.from(now, (p, digit) => `${digit} ${percent(p)}`).join(', ')}`
        : 'No row has been read',
    );
  }
}

/**
 * The likeliest next characters, each with a bar. `marked`: the character that came. With `onPick`, each line is a button that
 * takes its character instead.
 */
export function showChoices(
  place: HTMLElement,
  choices: readonly Choice[],
  marked: string,
  onPick?: (character: string) => void,
): void {
  const lines = choices.map(({ character, probability }) => {
    const line = onPick ? madeButton('choice', '', () => onPick(character)) : made('div', 'choice');
    line.classList.toggle('best', character === marked);
    const { track, fill } = bar();
    fill.style.width = `${100 * probability}%`;
    const percentage = made('span', 'percentage', percent(probability, probability < 0.1 ? 1 : 0));
    line.append(made('b', '', nameOfCharacter(character)), track, percentage);
    if (onPick) line.title = `Continue with “${nameOfCharacter(character)}” instead`;
    return line;
  });
  place.replaceChildren(...lines);
}

/** A bar: the width of `fill` shows the share. */
function bar(): { readonly track: HTMLElement; readonly fill: HTMLElement } {
  const [track, fill] = [made('span', 'track'), made('span', 'fill')];
  track.append(fill);
  return { track, fill };
}

const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)}%`;

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

/** A text of which each character can be chosen, with the mouse or the arrow keys, and can have a colour. */
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
