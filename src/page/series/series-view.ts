/** “Your data”: a series of the visitor's, or the example; its forecaster; and what it forecasts. */
import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import type { FirstRows } from '../../data/table-reader.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { Chart } from '../chart.js';
import {
  button,
  ButtonGroup,
  chooseFile,
  download,
  element,
  hideError,
  messageOf,
  nameOf,
  setText,
  showError,
} from '../dom.js';
import { RunButtons } from '../run-panel.js';
import { fromSeriesQuery, toSeriesQuery } from './choices.js';
import type { Choices } from './choices-form.js';
import { ChoicesForm } from './choices-form.js';
import { ForecastView } from './forecast-view.js';
import type { LossPoint, SeriesProgress } from './progress.js';
import type { SeriesFacts } from './results.js';
import type { SeriesEngine } from './series-engine.js';
import html from './series.html?raw';
import './series.css';
import { TimeChart } from './time-chart.js';
import { UnitsView } from './units-view.js';

/** Whether a run has begun, plays, or is over. */
type RunState = 'none' | 'new' | 'playing' | 'paused' | 'over';

export class SeriesView {
  private state: RunState = 'none';
  /** Another table or run has been asked for since: the answers of earlier calls are not shown. */
  private requests = 0;
  private isExample = false;
  private fileName = '';
  private points: LossPoint[] = [];
  /** Steps of all networks of the run. */
  private steps = 0;
  private readonly form: ChoicesForm;
  private readonly buttons = new RunButtons();
  private readonly sources = new ButtonGroup(['choose-series', 'use-example']);
  private readonly losses: Chart;
  private readonly chart: TimeChart;
  private readonly forecasts: ForecastView;
  private readonly units: UnitsView;

  constructor(private readonly engine: Remote<SeriesEngine>) {
    place(html);
    const link = fromSeriesQuery(location.search);
    this.form = new ChoicesForm(link.texts, () => void this.changed());
    this.losses = new Chart(element('loss-chart', HTMLElement), {
      series: [
        { label: 'for the intervals', colour: '--above' },
        { label: 'for the forecasts', colour: '--accent' },
      ],
      height: 200,
      digits: 4,
      x: 'step',
    });
    this.chart = new TimeChart(element('series-chart', HTMLElement), {
      lines: [{ label: 'value', colour: '--ink' }],
      height: 220,
    });
    const ignoreAborted = (error: unknown): void => this.fail(error);
    this.units = new UnitsView(engine, ignoreAborted);
    this.forecasts = new ForecastView((ahead) => void this.units.show(ahead));
    button('play').addEventListener('click', () => void (this.state === 'playing' ? this.engine.pause() : this.play()));
    button('reset').addEventListener('click', () => void this.prepare());
    button('save').addEventListener('click', () => void this.save());
    button('use-example').addEventListener('click', () => void this.openExample());
    chooseFile('choose-series', 'series-file', (file) => void this.openFile(file));
    chooseFile('load', 'file', (file) => void this.load(file));
    this.acceptDrops();
    element('loading', HTMLElement).hidden = true;
    setText('step', '–');
    setText('steps-of', '');
    if (link.isExample) void this.openExample(link.columns);
  }

  private acceptDrops(): void {
    const frame = element('series-source', HTMLElement);
    document.addEventListener('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      frame.classList.add('dropping');
    });
    document.addEventListener('dragleave', () => frame.classList.remove('dropping'));
    document.addEventListener('drop', (event) => {
      frame.classList.remove('dropping');
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void this.openFile(file);
    });
  }

  private async openFile(file: File): Promise<void> {
    await this.open(file.name, false, undefined, () => this.engine.open(file));
  }

  private async openExample(columns?: SeriesColumns, bypassCache = false): Promise<void> {
    const bar = element('progress', HTMLProgressElement);
    const folder = new URL('data/', document.baseURI).href;
    element('loading', HTMLElement).hidden = false;
    await this.open('the example', true, columns, () =>
      this.engine.openExample(
        folder,
        bypassCache,
        proxy((share: number) => void (bar.value = share)),
      ),
    );
    element('loading', HTMLElement).hidden = true;
  }

  /** Reads the beginning of a file, guesses what its columns are, and reads all of it. If it is no table, the series before stays. */
  private async open(
    name: string,
    isExample: boolean,
    columns: SeriesColumns | undefined,
    read: () => Promise<FirstRows>,
  ): Promise<void> {
    const request = ++this.requests;
    setText('file-fault', '');
    try {
      const first = await read();
      if (request !== this.requests) return;
      this.isExample = isExample;
      this.fileName = name;
      setText('series-name', isExample ? 'births in the USA' : name);
      this.form.showTable(first, columns);
      element('series-choices', HTMLElement).hidden = false;
    } catch (error) {
      setText('file-fault', messageOf(error));
      return;
    }
    await this.prepare();
  }

  /** A column or a setting has changed. */
  private async changed(): Promise<void> {
    if (this.state === 'none' || this.state === 'new') return this.prepare();
    setText('settings-note', 'Press Reset to start a new run with these settings.');
    this.buttons.suggestReset(true);
  }

  /** Reads the series as the form says, and begins a new run. */
  private async prepare(): Promise<void> {
    const request = ++this.requests;
    const choices = this.choices();
    if (!choices) return this.showFacts(undefined);
    setText('series-facts', 'reading…');
    this.setState('none');
    try {
      const facts = await this.engine.prepare(choices.columns, choices.settings);
      const description = await this.engine.description();
      if (request !== this.requests) return;
      this.restart(facts, description, 0);
      this.setState('new');
      this.link(choices);
    } catch (error) {
      if (request !== this.requests) return;
      this.showFacts(undefined);
      setText('series-fault', messageOf(error));
    }
  }

  /** What the form says. If it is wrong, shows why. */
  private choices(): Choices | undefined {
    try {
      const choices = this.form.read();
      setText('series-fault', '');
      return choices;
    } catch (error) {
      setText('series-fault', messageOf(error));
      return undefined;
    }
  }

  /** Shows a run that has made `step` steps. */
  private restart(facts: SeriesFacts, description: string, step: number): void {
    hideError();
    this.points = [];
    this.showLosses();
    this.steps = 0;
    setText('step', String(step));
    setText('steps-of', '');
    setText('loss', '–');
    setText('pace', '–');
    setText('settings-note', '');
    setText('backend', `Runs on ${description}.`);
    this.buttons.suggestReset(false);
    this.forecasts.clear();
    this.units.clear();
    this.showFacts(facts);
  }

  /** Undefined: the choices are wrong. */
  private showFacts(facts: SeriesFacts | undefined): void {
    element('series-picture', HTMLElement).hidden = !facts;
    setText('series-facts', facts?.words ?? '');
    if (!facts) return this.setState('none');
    const { predict, seasons, parts, line, inputs } = facts;
    setText('series-predict', predict);
    setText('series-seasons', seasons);
    setText('series-inputs', inputs.join(', '));
    for (const part of parts) setText(`part-${part.name}`, part.span);
    const shades = parts.map(({ name, from, to }) => ({ from, to, colour: `--part-${name}` }));
    this.chart.show(line.times, [line.values], shades);
    this.chart.describe(`${predict}: ${facts.words}; ${seasons}`);
  }

  private async play(): Promise<void> {
    const request = this.requests;
    this.setState('playing');
    try {
      const isOver = await this.engine.play(proxy((progress: SeriesProgress) => this.showProgress(progress, request)));
      if (request !== this.requests) return;
      this.setState(isOver ? 'over' : 'paused');
      this.describeLosses();
      if (isOver) await this.showResults();
    } catch (error) {
      if (request !== this.requests) return;
      this.setState('paused');
      this.fail(error);
    }
  }

  private showProgress({ step, steps, lines, network, stepsPerSecond }: SeriesProgress, request: number): void {
    if (request !== this.requests) return;
    this.steps = steps;
    setText('step', String(step));
    setText('steps-of', `of ${steps}`);
    setText('settings-note', network);
    if (stepsPerSecond !== null) setText('pace', stepsPerSecond.toFixed(1));
    this.points.push(...lines);
    this.showLosses();
    setText('loss', this.lastLoss?.loss.toFixed(4) ?? '–');
  }

  private get lastLoss(): { step: number; loss: number } | undefined {
    return this.points.flatMap(({ step, loss }) => (loss === null ? [] : [{ step, loss }])).at(-1);
  }

  private showLosses(): void {
    const of = (stage: LossPoint['stage']): (number | null)[] =>
      this.points.map((point) => (point.stage === stage ? point.loss : null));
    this.losses.show(
      this.points.map(({ step }) => step),
      of('calibration'),
      of('final'),
    );
  }

  private describeLosses(): void {
    const last = this.lastLoss;
    const words = last ? `${last.loss.toFixed(4)} at step ${last.step} of ${this.steps}` : 'no value yet';
    this.losses.describe(`Loss over the steps: ${words}`);
  }

  private async showResults(): Promise<void> {
    const request = this.requests;
    setText('forecasts-about', 'Forecasting the test part…');
    try {
      const results = await this.engine.results();
      if (request !== this.requests) return;
      this.forecasts.show(results);
    } catch (error) {
      setText('forecasts-about', '');
      this.fail(error);
    }
  }

  private async save(): Promise<void> {
    try {
      const bytes = await this.engine.save();
      const stem = (this.isExample ? 'births' : this.fileName).replace(/\.\w+$/, '');
      download(bytes as Uint8Array<ArrayBuffer>, `${stem}.safetensors`);
    } catch (error) {
      this.fail(error);
    }
  }

  private async load(file: File): Promise<void> {
    const choices = this.choices();
    const request = ++this.requests;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const { facts, columns, settings, step, isOver } = await this.engine.load(
        bytes,
        file.name,
        choices?.settings.threads ?? null,
      );
      if (request !== this.requests) return;
      this.form.showColumns(columns);
      const { ahead, ...numbers } = settings;
      const texts = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
      this.form.showTexts({ ...texts, ahead: ahead.join(', ') });
      setText('series-fault', '');
      this.restart(facts, await this.engine.description(), step);
      setText('link-note', 'This run began with a checkpoint, which no link contains.');
      this.setState(isOver ? 'over' : step > 0 ? 'paused' : 'new');
      if (isOver) await this.showResults();
    } catch (error) {
      this.fail(error);
      if (this.state === 'playing') this.setState('paused'); // the load has ended the play
    }
  }

  /** The address of the page repeats a run on the example. */
  private link({ columns }: Choices): void {
    history.replaceState(
      null,
      '',
      `${location.pathname}${toSeriesQuery({ texts: this.form.texts, isExample: this.isExample, columns })}`,
    );
    setText(
      'link-note',
      this.isExample
        ? 'The address of this page is a link that repeats this run.'
        : 'The address has the settings of this run, but not your data.',
    );
  }

  /** An error that another request has caused, by ending this one, is none for the visitor. */
  private fail(error: unknown): void {
    if (nameOf(error) === 'AbortError') return;
    showError(messageOf(error));
  }

  private setState(state: RunState): void {
    this.state = state;
    this.buttons.setPlaying(state === 'playing');
    this.sources.setEnabled(true);
    if (state === 'playing') return;
    button('play').disabled = state === 'none' || state === 'over';
    button('reset').disabled = state === 'none' || state === 'new';
    button('save').disabled = state !== 'paused' && state !== 'over';
    button('load').disabled = this.fileName === '';
  }
}

/** Puts the templates of this subject into their places. */
function place(text: string): void {
  const parsed = new DOMParser().parseFromString(text, 'text/html');
  for (const template of parsed.querySelectorAll('template')) {
    element(template.dataset.place ?? '', HTMLElement).append(document.importNode(template.content, true));
  }
}
