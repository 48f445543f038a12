/** The line that says with which mistake the run trains. */
import { element, setText } from './dom.js';
import { mistakeOf } from './mistakes.js';

/** `id`: of a planted mistake, or `none`. */
export function showPlanted(id: string): void {
  const mistake = mistakeOf(id);
  element('planted-note', HTMLElement).hidden = !mistake;
  const words = mistake && `This run trains with the mistake “${mistake.words}” in (${mistake.equation}).`;
  setText('planted-words', words ? `${words} It cannot be saved.` : '');
}
