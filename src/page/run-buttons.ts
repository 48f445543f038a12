/** The buttons of the run: Play, One step, Reset, Test, and those for checkpoints. */
import { button } from './dom.js';

const IDS = ['play', 'one-step', 'reset', 'test', 'save', 'load'] as const;

export class RunButtons {
  /** The button that lost the keyboard's focus because it was disabled. */
  private lostFocus: HTMLButtonElement | undefined;

  /** While a run plays, only Pause and Reset can be pressed. */
  setPlaying(isPlaying: boolean): void {
    button('play').textContent = isPlaying ? 'Pause' : 'Play';
    this.setEnabled(!isPlaying);
    button('play').disabled = false;
    button('reset').disabled = false;
  }

  setEnabled(isEnabled: boolean): void {
    const focused = document.activeElement;
    for (const id of IDS) button(id).disabled = !isEnabled;
    if (!isEnabled) this.lostFocus = focused instanceof HTMLButtonElement && focused.disabled ? focused : undefined;
    else if (document.activeElement === document.body) this.lostFocus?.focus();
  }

  /** During a test its button ends it. */
  setTesting(isTesting: boolean): void {
    button('test').textContent = isTesting ? 'Stop the test' : 'Test';
  }

  /** Draws attention to Reset: the changed settings need a new run. */
  suggestReset(isSuggested: boolean): void {
    button('reset').classList.toggle('suggested', isSuggested);
  }
}
