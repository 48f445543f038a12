/** The likeliest next characters, each with a bar. */
import { made } from '../dom.js';
import { nameOfCharacter } from './character-text.js';
import type { Choice } from './text-model.js';

/** `marked`: the character that came. With `onPick`, each line is a button that takes its character instead. */
export function showChoices(
  place: HTMLElement,
  choices: readonly Choice[],
  marked: string,
  onPick?: (character: string) => void,
): void {
  const lines = choices.map(({ character, probability }) => {
    const line = onPick ? made('button', 'choice') : made('div', 'choice');
    line.classList.toggle('best', character === marked);
    const track = made('span', 'track');
    const fill = made('span', 'fill');
    fill.style.width = `${100 * probability}%`;
    track.append(fill);
    line.append(made('b', '', nameOfCharacter(character)), track, made('span', 'percentage', percent(probability)));
    if (line instanceof HTMLButtonElement && onPick) {
      line.type = 'button';
      line.title = `Continue with “${nameOfCharacter(character)}” instead`;
      line.addEventListener('click', () => onPick(character));
    }
    return line;
  });
  place.replaceChildren(...lines);
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;
