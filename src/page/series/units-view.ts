/** What each hidden unit follows: a heat map with a line for each unit, and one unit beside its input. */
import type { Remote } from 'comlink';
import { counted } from '../../core/arguments.js';
import { button, element, made, madeButton, setText } from '../dom.js';
import { onColourChange, paintHeatmap } from '../heatmaps.js';
import { timeText, withNulls } from './drawn.js';
import type { SeriesEngine } from './series-engine.js';
import { TimeChart } from './time-chart.js';
import type { NamedLine, Unit, UnitStates } from './unit-states.js';

/** Steps of a stretch. */
const STRETCH = 84;
/** Units that are shown at first. */
const FEW = 32;

export class UnitsView {
  private shown: UnitStates | undefined;
  private start = 0;
  private chosen = 0;
  private hasAll = false;
  private requests = 0;
  private rows: { readonly unit: Unit; readonly line: HTMLButtonElement; readonly picture: HTMLCanvasElement }[] = [];
  private readonly chart = new TimeChart(element('unit-chart', HTMLElement), {
    lines: [
      { label: 'h of the unit', colour: '--above' },
      { label: 'the input, scaled to it', colour: '--below' },
    ],
    height: 140,
  });

  constructor(
    private readonly engine: Remote<SeriesEngine>,
    private readonly onError: (error: unknown) => void,
  ) {
    button('units-earlier').addEventListener('click', () => this.move(-STRETCH));
    button('units-later').addEventListener('click', () => this.move(STRETCH));
    button('all-units').addEventListener('click', () => {
      this.hasAll = true;
      this.showRows();
    });
    onColourChange(() => this.paint());
  }

  clear(): void {
    this.requests++;
    this.shown = undefined;
    element('units-shown', HTMLElement).hidden = true;
    setText('units-about', 'Train the networks to see what each hidden unit follows.');
  }

  /** The units of the network that forecasts `ahead` steps. */
  async show(ahead: number): Promise<void> {
    const request = ++this.requests;
    setText('units-about', 'Reading the test part…');
    try {
      const shown = await this.engine.units(ahead);
      if (request !== this.requests) return;
      this.shown = shown;
      this.chosen = 0;
      this.hasAll = false;
      this.start = Math.max(0, Math.min(this.start, shown.times.length - STRETCH));
      element('units-shown', HTMLElement).hidden = false;
      const count = shown.units.length;
      setText(
        'units-about',
        `The ${counted(count, 'hidden unit')} of the first network that forecasts ${ahead} ahead.`,
      );
      this.showRows();
    } catch (error) {
      if (request !== this.requests) return;
      setText('units-about', '');
      this.onError(error);
    }
  }

  private move(steps: number): void {
    if (!this.shown) return;
    const last = Math.max(0, this.shown.times.length - STRETCH);
    this.start = Math.max(0, Math.min(last, this.start + steps));
    this.paint();
  }

  private showRows(): void {
    if (!this.shown) return;
    const { units, columns } = this.shown;
    const few = this.hasAll ? units : units.slice(0, FEW);
    this.rows = few.map((unit, n) => {
      const line = madeButton('unit-row', '', () => this.choose(n));
      const picture = made('canvas');
      line.append(made('span', '', `unit ${unit.unit}`), picture, made('span', '', wordsOf(unit, columns)));
      return { unit, line, picture };
    });
    const items = this.rows.map(({ line }) => {
      const item = made('li');
      item.append(line);
      return item;
    });
    element('unit-rows', HTMLOListElement).replaceChildren(...items);
    button('all-units').hidden = few.length === units.length;
    button('all-units').textContent = `Show all ${counted(units.length, 'unit')}`;
    this.paint();
  }

  /** The present stretch. */
  private paint(): void {
    if (!this.shown) return;
    const { times, isRows } = this.shown;
    const end = Math.min(times.length, this.start + STRETCH);
    for (const { unit, picture } of this.rows) {
      paintHeatmap(picture, unit.h.subarray(this.start, end), [1, end - this.start]);
    }
    setText('units-stretch', `${timeText(times[this.start], isRows)} … ${timeText(times[end - 1], isRows)}`);
    button('units-earlier').disabled = this.start === 0;
    button('units-later').disabled = end === times.length;
    this.choose(this.chosen);
  }

  private choose(n: number): void {
    this.chosen = n;
    for (const [row, { line }] of this.rows.entries()) line.setAttribute('aria-pressed', String(row === n));
    const unit = this.rows.at(n)?.unit;
    if (!this.shown || !unit) return;
    const { times, isRows, columns } = this.shown;
    const range = [this.start, Math.min(times.length, this.start + STRETCH)] as const;
    const h = unit.h.subarray(...range);
    const column = unit.column < 0 ? undefined : columns[unit.column];
    const beside = column ? scaledLike(column.values.subarray(...range), h) : h.map(() => NaN);
    this.chart.show({ times: times.slice(...range), isRows }, [withNulls(h), withNulls(beside)]);
    setText('unit-title', `Unit ${unit.unit}${column ? ` beside “${column.name}”` : ''}`);
    setText('unit-r', column ? `r = ${unit.r.toFixed(2)}` : 'follows no input');
    this.chart.describe(`h of unit ${unit.unit} over the stretch: ${wordsOf(unit, columns)}`);
  }
}

const wordsOf = ({ column, r }: Unit, columns: readonly NamedLine[]): string =>
  column < 0 ? 'follows no input' : `${columns[column].name}, r = ${r.toFixed(2)}`;

/** The values with the range of `target`, so that both lines fill the chart. */
function scaledLike(values: Float32Array, target: Float32Array): Float32Array {
  const [least, most] = rangeOf(values);
  const [low, high] = rangeOf(target);
  return values.map((value) =>
    most > least ? low + ((value - least) / (most - least)) * (high - low) : (low + high) / 2,
  );
}

function rangeOf(values: Float32Array): [least: number, most: number] {
  return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
}
