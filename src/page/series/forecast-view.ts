/** The forecasts of the test part, their errors, and the forecasts after the last row. */
import { counted } from '../../core/arguments.js';
import { button, element, made, setText, tableLine } from '../dom.js';
import { shownFor, timeText } from './drawn.js';
import type { HorizonResults, Results } from './results.js';
import { TimeChart } from './time-chart.js';

/** Colours of the baselines' lines. */
const BASELINE_COLOURS = ['--fine', '--below', '--alarm', '--quiet'];
const FIXED_LINES = [
  { label: 'truth', colour: '--ink' },
  { label: 'forecast', colour: '--above' },
  { label: 'low', colour: '--band' },
  { label: 'high', colour: '--band' },
];
const BAND = [3, 2] as const;
/** Steps of the test part that the arrows show: twelve weeks of days. */
const STRETCH = 84;

/** Digits of the numbers in the table. */
const DIGITS = 6;

export class ForecastView {
  private readonly select = element('horizon', HTMLSelectElement);
  private readonly baselines = element('baselines', HTMLFieldSetElement);
  private readonly future = new TimeChart(element('future-chart', HTMLElement), {
    lines: FIXED_LINES,
    band: BAND,
    height: 220,
  });
  private results: Results | undefined;
  private chart: TimeChart | undefined;
  /** The first step of the stretch that the chart shows; undefined: all steps. */
  private start: number | undefined;

  /** `onHorizon` gets the horizon that is shown. */
  constructor(private readonly onHorizon: (ahead: number) => void) {
    this.select.addEventListener('change', () => this.showHorizon());
    button('test-earlier').addEventListener('click', () => this.move(-STRETCH));
    button('test-later').addEventListener('click', () => this.move(STRETCH));
    button('test-all').addEventListener('click', () => this.showFrom(undefined));
  }

  clear(): void {
    this.results = undefined;
    element('forecasts-shown', HTMLElement).hidden = true;
    setText('forecasts-about', 'Train the networks to see them here.');
  }

  show(results: Results): void {
    this.results = results;
    element('forecasts-shown', HTMLElement).hidden = false;
    setText('forecasts-about', '');
    this.start = undefined;
    setText('test-about', results.test);
    this.select.replaceChildren(...results.horizons.map(({ ahead }) => made('option', '', String(ahead))));
    this.showBaselines(results.horizons[0]);
    this.showErrors(results.table);
    const warnings = results.warnings.map((warning) => made('li', '', `Warning: ${warning}.`));
    element('forecast-warnings', HTMLElement).replaceChildren(...warnings);
    const verdicts = results.verdicts.map((verdict) => made('li', '', verdict));
    element('forecast-verdicts', HTMLElement).replaceChildren(...verdicts);
    this.showFuture(results);
    this.showHorizon();
  }

  /** A chart with a line for each baseline, and a box that shows it. */
  private showBaselines({ baselines }: HorizonResults): void {
    this.chart?.remove();
    const lines = baselines.map(({ name }, n) => ({
      label: name,
      colour: BASELINE_COLOURS[n % BASELINE_COLOURS.length],
      isShown: false,
    }));
    const chart = new TimeChart(element('test-chart', HTMLElement), {
      lines: [...FIXED_LINES, ...lines],
      band: BAND,
      height: 300,
    });
    this.chart = chart;
    const boxes = baselines.map(({ name }, n) => {
      const label = made('label');
      const box = made('input');
      box.type = 'checkbox';
      box.addEventListener('change', () => chart.showLine(FIXED_LINES.length + n, box.checked));
      label.append(box, ` ${name}`);
      return label;
    });
    const [legend] = this.baselines.children;
    this.baselines.replaceChildren(legend, ...boxes);
  }

  private showHorizon(): void {
    const horizon = this.results?.horizons[Math.max(0, this.select.selectedIndex)];
    if (!this.results || !horizon) return;
    const { ahead, bands, baselines, error } = horizon;
    this.chart?.show({ times: this.results.truth.times, isRows: this.results.isRows }, [
      this.results.truth.values,
      bands.map(({ forecast }) => forecast),
      bands.map(({ low }) => low),
      bands.map(({ high }) => high),
      ...baselines.map(({ values }) => values),
    ]);
    this.chart?.describe(
      `Forecasts ${counted(ahead, 'step')} ahead, their interval and the truth: ${this.results.test}, mean absolute error ${error.toPrecision(4)}`,
    );
    this.showFrom(this.start);
    this.onHorizon(ahead);
  }

  /** To the first or the last stretch, then from one to the next. */
  private move(steps: number): void {
    const last = Math.max(0, (this.results?.truth.times.length ?? 0) - STRETCH);
    this.showFrom(this.start === undefined ? (steps > 0 ? 0 : last) : this.start + steps);
  }

  private showFrom(start: number | undefined): void {
    if (!this.results || this.results.truth.times.length === 0) return;
    const {
      truth: { times },
      isRows,
    } = this.results;
    const last = Math.max(0, times.length - STRETCH);
    this.start = start === undefined ? undefined : Math.max(0, Math.min(last, start));
    const [from, to] = this.start === undefined ? [0, times.length] : [this.start, this.start + STRETCH];
    const [first, end] = [times[from], times[Math.min(to, times.length) - 1]];
    this.chart?.zoom(first, end);
    setText('test-stretch', `${timeText(first, isRows)} … ${timeText(end, isRows)}`);
  }

  private showErrors([heading, ...lines]: Results['table']): void {
    const [head, body] = [made('thead'), made('tbody')];
    head.append(tableLine(heading, 'column'));
    for (const cells of lines) {
      const line = tableLine(cells);
      line.classList.toggle('own', cells[0] === 'the forecast');
      body.append(line);
    }
    element('errors', HTMLTableElement).replaceChildren(head, body);
  }

  private showFuture({ recent, future, isRows }: Results): void {
    const text = (time: number): string => timeText(time, isRows);
    const isRefused = typeof future === 'string';
    setText('future-fault', isRefused ? future : '');
    element('future', HTMLElement).hidden = isRefused;
    if (isRefused) return;
    const before = recent.times.map(() => null);
    const after = future.map(() => null);
    this.future.show({ times: [...recent.times, ...future.map(({ time }) => time)], isRows }, [
      [...recent.values, ...after],
      ...(['forecast', 'low', 'high'] as const).map((name) => [...before, ...future.map((step) => step[name])]),
    ]);
    const ends = future.flatMap(({ low, high }) => [low, high]);
    const show = shownFor(ends, DIGITS);
    const [first, last] = [future[0], future[future.length - 1]];
    this.future.describe(
      `Forecasts after the last row, from ${text(first.time)}, ${show(first.forecast)}, to ${text(last.time)}, ${show(last.forecast)}`,
    );
    const rows = future.map(({ time, ahead, forecast, low, high }) =>
      tableLine([text(time), String(ahead), show(forecast), `${show(low)} … ${show(high)}`]),
    );
    element('future-rows', HTMLTableSectionElement).replaceChildren(...rows);
  }
}
