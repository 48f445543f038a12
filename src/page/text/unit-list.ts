/** The hidden units, sorted by how well they separate a property of the text, such as “inside quotation marks”. */
import type { Remote } from 'comlink';
import { counted } from '../../core/arguments.js';
import { button, element, made, madeButton, setText } from '../dom.js';
import type { Engine } from '../engine.js';
import type { View } from '../settings.js';
import { PROPERTIES } from './separation.js';
import type { RankedState } from './text-tools.js';

type UnitOfLayer = Pick<View, 'unit' | 'state' | 'lstm'>;
const keyOf = ({ lstm, state, unit }: UnitOfLayer): string => `${lstm} ${state} ${unit}`;

type Chosen = Pick<View, 'property' | 'unit' | 'state' | 'lstm'>;

export class UnitList {
  private readonly select = element('property', HTMLSelectElement);
  private readonly place = element('units', HTMLElement);
  /** How often the list was requested or cleared: the result of an earlier request is not shown. */
  private requests = 0;

  constructor(
    private chosen: Chosen,
    private readonly engine: Remote<Engine>,
    private readonly onChange: (change: Partial<Chosen>) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.select.append(
      ...PROPERTIES.map(({ id, words }) => {
        const option = made('option', '', words);
        option.value = id;
        return option;
      }),
    );
    if (PROPERTIES.some(({ id }) => id === chosen.property)) this.select.value = chosen.property;
    this.select.addEventListener('change', () => {
      this.change({ property: this.select.value });
      void this.sort();
    });
    button('sort-units').addEventListener('click', () => void this.sort());
  }

  /** Marks a unit of the list, if it is there. */
  mark(chosen: UnitOfLayer): void {
    this.chosen = { ...this.chosen, ...chosen };
    for (const line of this.place.querySelectorAll('button')) {
      line.setAttribute('aria-pressed', String(line.dataset.unit === keyOf(chosen)));
    }
  }

  /** For another run, whose units are others. */
  clear(): void {
    this.requests++;
    this.place.replaceChildren();
    setText('units-note', '');
  }

  private change(change: Partial<Chosen>): void {
    this.chosen = { ...this.chosen, ...change };
    this.onChange(change);
  }

  /** Sorts the units of the current network. */
  private async sort(): Promise<void> {
    const note = element('units-note', HTMLElement);
    note.textContent = 'Reading…';
    const request = ++this.requests;
    try {
      const { units, read, found, step } = await this.engine.rankUnits(this.select.value);
      if (request !== this.requests) return;
      const words = `After ${counted(step, 'step')}: of ${counted(read, 'character')}, ${found} have the property`;
      note.textContent = units.length > 0 ? `${words}.` : `${words}: too few to sort the units by.`;
      this.place.replaceChildren(...units.map((unit) => this.line(unit)));
      this.mark(this.chosen);
    } catch (error) {
      note.textContent = '';
      this.onError(error);
    }
  }

  private line({ layer, state, unit, auc }: RankedState): HTMLButtonElement {
    const line = madeButton('unit', '', () => this.change({ unit, state, lstm: layer }));
    line.dataset.unit = keyOf({ lstm: layer, state, unit });
    line.append(
      made('b', '', `${state} of ${unit}`),
      made('small', '', `layer ${layer + 1}`),
      made('span', '', auc.toFixed(3)),
    );
    return line;
  }
}
