/** “Look inside”: the choice of the layer, and of its direction, whose gates and states are shown. */
import { element, made } from './dom.js';
import type { InspectedLstm } from './inspect-image.js';

export class LstmChoice {
  private readonly select = element('lstm', HTMLSelectElement);
  private labels: readonly string[] = [];

  /** `chosen`: the number of an LSTM. `onChange` gets the new one. */
  constructor(
    private chosen: number,
    onChange: (chosen: number) => void,
  ) {
    this.select.addEventListener('change', () => {
      this.chosen = this.select.selectedIndex;
      onChange(this.chosen);
    });
  }

  /** The chosen one of these, or the first one if they are fewer. The choice is hidden if there is only one. */
  of(lstms: readonly InspectedLstm[]): InspectedLstm {
    const isBidirectional = lstms.some(({ reverse }) => reverse);
    const labels = lstms.map(({ layer, reverse }) => {
      const direction = reverse ? ', reverse' : ', forward';
      return `${layer + 1}${isBidirectional ? direction : ''}`;
    });
    if (labels.join() !== this.labels.join()) {
      this.labels = labels;
      this.select.replaceChildren(...labels.map((label) => made('option', '', label)));
      element('lstm-choice', HTMLElement).hidden = lstms.length === 1;
      element('reverse-note', HTMLElement).hidden = !isBidirectional;
    }
    const chosen = this.chosen < lstms.length ? this.chosen : 0;
    this.select.selectedIndex = chosen;
    return lstms[chosen];
  }
}
