/** Probabilities as bars. */
import { element, made, madeButton, setText } from './dom.js';
import { paintHeatmap } from './heatmaps.js';
import { nameOfCharacter } from './text/character-text.js';
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
