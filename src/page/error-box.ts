/** The box that explains an error and offers what to do about it. */
import { element, made } from './dom.js';

export interface Action {
  readonly label: string;
  readonly run: () => void;
}

/** An error after which the page can still be used: the box has a Close button, too. */
export function showError(text: string, ...actions: readonly Action[]): void {
  showBlockingError(text, ...actions, { label: 'Close', run: () => {} });
}

/** An error after which only these actions help. */
export function showBlockingError(text: string, ...actions: readonly Action[]): void {
  element('error-text', HTMLElement).textContent = text;
  const buttons = actions.map(({ label, run }) => {
    const button = made('button', '', label);
    button.type = 'button';
    button.addEventListener('click', () => {
      hideError();
      run();
    });
    return button;
  });
  element('error-actions', HTMLElement).replaceChildren(...buttons);
  element('error', HTMLElement).hidden = false;
}

export function hideError(): void {
  element('error', HTMLElement).hidden = true;
}
