/** “Look inside” of a text: what the units hold at each character, and how far back the gradient of one prediction reaches. */
import type { Remote } from 'comlink';
import { counted } from '../../core/arguments.js';
import { NormsChart } from '../chart.js';
import { PASSAGE, RepeatedJob } from '../common.js';
import { button, element, made, madeButton, messageOf, nameOf, optionsOf, setText } from '../dom.js';
import type { Engine } from '../engine.js';
import type { InspectedCell } from '../inspect-image.js';
import { HeatmapFigures, onColourChange, scaledToOne } from '../heatmaps.js';
import { showChoices, CharacterText, nameOfCharacter } from '../probability-bars.js';
import { bitsOf } from '../run-panel.js';
import { type View, FIELDS } from '../settings.js';
import { PROPERTIES } from './separation.js';
import type { PassageInspection, RankedState } from './text-tools.js';

/** While a run plays, inspections begin this often, and take at most this share of the time. */
const INSPECT_EVERY_MS = 2000;
const LARGEST_SHARE = 1 / 20;

type LookView = Pick<View, 'passage' | 'reading' | 'target' | 'unit' | 'state' | 'property' | 'lstm'>;

export class TextLookView {
  private inspection: PassageInspection | undefined;
  private characters: readonly string[] = [];
  private readonly inspections = new RepeatedJob(() => this.inspect(), INSPECT_EVERY_MS, LARGEST_SHARE);
  private readonly coloured = new CharacterText(element('passage', HTMLElement), (n) => this.aim(n));
  private readonly reached = new CharacterText(element('reached', HTMLElement), (n) => this.aim(n));
  private readonly heatmaps = new HeatmapFigures(element('text-heatmaps', HTMLElement), 'character');
  private readonly norms = new NormsChart(element('text-norms-chart', HTMLElement), 'character');
  private readonly units: UnitList;
  private readonly layer = element('text-layer', HTMLSelectElement);

  constructor(
    private readonly engine: Remote<Engine>,
    private view: LookView,
    private readonly onChange: (view: Partial<View>) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.units = new UnitList(view, engine, (change) => this.change(change), onError);
    button('earlier').addEventListener('click', () => this.move(-PASSAGE));
    button('later').addEventListener('click', () => this.move(PASSAGE));
    const reading = element('reading', HTMLTextAreaElement);
    reading.value = view.reading;
    reading.addEventListener('change', () => {
      this.change({ reading: reading.value });
      this.refreshIfShown();
    });
    this.layer.addEventListener('change', () => this.change({ lstm: this.layer.selectedIndex }));
    const unit = element('unit', HTMLInputElement);
    unit.value = String(view.unit);
    unit.addEventListener('change', () => this.change({ unit: FIELDS.unit.valueOf(unit.value) ?? this.view.unit }));
    const state = element('state', HTMLSelectElement);
    state.value = view.state;
    state.addEventListener('change', () =>
      this.change({ state: FIELDS.state.valueOf(state.value) ?? this.view.state }),
    );
    onColourChange(() => this.paint());
  }

  /** While a run plays, the least time from the beginning of an inspection to the next one. */
  get periodMs(): number {
    return this.inspections.periodMs;
  }

  /** Inspects the passage with the current network. Calls during an inspection lead to one more inspection. */
  refresh(): void {
    this.inspections.run();
  }

  private async inspect(): Promise<void> {
    const { view } = this;
    const { reading, passage: start, target } = view;
    try {
      this.showInspection(await this.engine.text.inspect({ reading, start, length: PASSAGE, target }), view);
    } catch (error) {
      // about the visitor's passage: the next inspection reads the text again
      const isPassage = this.view.reading !== '' && ['DataError', 'RangeError'].includes(nameOf(error));
      if (!isPassage) {
        this.onError(error);
        return;
      }
      this.showNote(messageOf(error));
      this.change({ reading: '' });
      this.refresh();
    }
  }

  /** `requested`: what was looked at when the inspection began. */
  private showInspection(inspection: PassageInspection, { reading, passage }: LookView): void {
    const { characters, start, isLast } = inspection;
    if (reading !== '') this.showNote('');
    else if (start !== passage) this.change({ passage: start });
    button('earlier').disabled = reading === '' && start === 0;
    button('later').disabled = reading === '' && isLast;
    if (characters.join('') !== this.characters.join('')) {
      this.characters = characters;
      for (const view of [this.coloured, this.reached]) view.show(characters);
    }
    this.inspection = inspection;
    this.paint();
  }

  /** For another run; `isSameText`: its text is that of the run before. */
  restart(isSameText: boolean): void {
    this.units.clear();
    button('sort-units').disabled = false;
    if (isSameText) return;
    this.readText(0);
    this.showNote('');
  }

  private refreshIfShown(): void {
    if (this.inspection) this.refresh();
  }

  private move(by: number): void {
    this.readText(Math.max(0, this.view.passage + by));
    this.refreshIfShown();
  }

  /** Drops the visitor's passage. */
  private readText(passage: number): void {
    this.change({ passage, reading: '' });
    element('reading', HTMLTextAreaElement).value = '';
  }

  private showNote(text: string): void {
    setText('passage-note', text);
  }

  /** Explains the prediction after character n. Returns what is known about it now. */
  private aim(n: number): string {
    this.change({ target: Math.min(n, this.characters.length - 2) });
    this.refresh();
    return element('unit-value', HTMLElement).textContent;
  }

  private change(change: Partial<LookView>): void {
    this.view = { ...this.view, ...change };
    this.onChange(change);
    this.paint();
  }

  private paint(): void {
    const { inspection, characters } = this;
    if (!inspection) return;
    const { cells, dxNorms } = inspection;
    this.showLayers(cells.length);
    const cell = cells[Math.min(this.view.lstm, cells.length - 1)];
    const state = this.showState(cell);
    const N = characters.length;
    const target = Math.min(this.view.target, N - 2); // the inspection may still be that of the one before
    const unit = Math.min(this.view.unit, cell.H - 1);
    element('unit', HTMLInputElement).value = String(unit);
    element('unit', HTMLInputElement).max = String(cell.H - 1);
    const values = Float32Array.from({ length: N }, (_, n) => cell.states[state][n * cell.H + unit]);
    this.coloured.colour(scaledToOne(values));
    // the square root shows small norms, too
    this.reached.colour(scaledToOne(dxNorms.map(Math.sqrt)));
    for (const view of [this.coloured, this.reached]) view.choose(target);
    this.heatmaps.show(cell, N, N, target + 1);
    this.norms.show(cell, N, inspection.target + 1);
    this.units.mark({ lstm: this.layer.selectedIndex, state, unit });
    setText(
      'unit-value',
      `${state} of unit ${unit} after character ${target + 1}, ` +
        `“${nameOfCharacter(characters[target])}”: ${values[target].toFixed(3)}`,
    );
    this.showPrediction(inspection);
  }

  /** The state that colours the passage: h, if the cell has no c. */
  private showState({ states }: InspectedCell): View['state'] {
    const select = element('state', HTMLSelectElement);
    for (const option of select.options) option.disabled = !(option.value in states);
    const state = this.view.state in states ? this.view.state : 'h';
    select.value = state;
    return state;
  }

  private showLayers(count: number): void {
    if (this.layer.options.length !== count) {
      const labels = Array.from({ length: count }, (_, n) => made('option', '', String(n + 1)));
      this.layer.replaceChildren(...labels);
    }
    this.layer.selectedIndex = Math.min(this.view.lstm, count - 1);
  }

  private showPrediction({ choices, loss, target, step }: PassageInspection): void {
    const next = this.characters[target + 1];
    const [read, came] = [this.characters[target], next].map(nameOfCharacter);
    setText(
      'text-prediction',
      `After “${read}”, “${came}” comes: ${bitsOf(loss).toFixed(2)} bits. The network has made ${counted(step, 'training step')}.`,
    );
    showChoices(element('text-choices', HTMLElement), choices, next);
  }
}

type UnitOfLayer = Pick<View, 'unit' | 'state' | 'lstm'>;
const keyOf = ({ lstm, state, unit }: UnitOfLayer): string => `${lstm} ${state} ${unit}`;

type Chosen = Pick<View, 'property' | 'unit' | 'state' | 'lstm'>;

/** The hidden units, sorted by how well they separate a property of the text, such as “inside quotation marks”. */
class UnitList {
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
    this.select.append(...optionsOf(Object.fromEntries(PROPERTIES.map(({ id, words }) => [id, words]))));
    this.select.value = chosen.property;
    this.select.addEventListener('change', () => {
      this.change({ property: this.select.value });
      void this.sort();
    });
    button('sort-units').addEventListener('click', () => void this.sort());
  }

  /** Marks a unit of the list, if it is there. */
  mark(chosen: UnitOfLayer): void {
    this.chosen = { ...this.chosen, ...chosen };
    for (const line of this.place.querySelectorAll('button'))
      line.setAttribute('aria-pressed', String(line.dataset.unit === keyOf(chosen)));
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
      const { units, read, found, step } = await this.engine.text.rank(this.select.value);
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
