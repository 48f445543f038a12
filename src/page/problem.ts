/** What went wrong, and the ways on from there. */
import { element, made } from './dom.js';

export interface Way {
  readonly words: string;
  readonly go: () => void;
}

export function showProblem(text: string, ...ways: readonly Way[]): void {
  insistOnProblem(text, ...ways, { words: 'Close', go: () => {} });
}

/** Without a way to close it: there is nothing else to do. */
export function insistOnProblem(text: string, ...ways: readonly Way[]): void {
  element('problem-text', HTMLElement).textContent = text;
  const buttons = ways.map(({ words, go }) => {
    const way = made('button', '', words);
    way.type = 'button';
    way.addEventListener('click', () => {
      hideProblem();
      go();
    });
    return way;
  });
  element('problem-ways', HTMLElement).replaceChildren(...buttons);
  element('problem', HTMLElement).hidden = false;
}

export function hideProblem(): void {
  element('problem', HTMLElement).hidden = true;
}
