/** “Your data”: a series of the visitor's, or the example; its forecaster; and what it forecasts. */
import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import { describe } from '../../core/arguments.js';
import type { FirstRows } from '../../data/table-reader.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { wantedColumns } from '../../forecast/series.js';
import {
  acceptDrops,
  button,
  chooseFile,
  download,
  element,
  hasFiles,
  hideError,
  messageOf,
  nameOf,
  setText,
  showError,
  showLinkFault,
} from '../dom.js';
import { RunButtons } from '../run-panel.js';
import { rolesOf } from './choices.js';
import type { Choices } from './choices-form.js';
import { ChoicesForm, fromSeriesQuery, toSeriesQuery } from './choices-form.js';
import { ForecastView } from './forecast-view.js';
import type { SeriesProgress } from './progress.js';
import type { SeriesFacts } from './results.js';
import { ForecastFigures, SeriesPicture } from './run-figures.js';
import type { SeriesEngine } from './series-engine.js';
import html from './series.html?raw';
import './series.css';
import { UnitsView } from './units-view.js';

/** `none`: there is no series, or the choices are wrong. */
type RunState = 'none' | 'new' | 'playing' | 'paused' | 'over';

export class SeriesView {
  private state: RunState = 'none';
  /** A file has the steps of the run. */
  private isSaved = false;
  /** Another table or run has been asked for since: the answers of earlier calls are not shown. */
  private requests = 0;
  /** The name of the table; null for the example, undefined before one is open. */
  private fileName: string | null | undefined;
  private readonly form: ChoicesForm;
  private readonly buttons = new RunButtons();
  private readonly picture: SeriesPicture;
  private readonly figures: ForecastFigures;
  private readonly forecasts: ForecastView;
  private readonly units: UnitsView;

  constructor(private readonly engine: Remote<SeriesEngine>) {
    place(html);
    const link = fromSeriesQuery(location.search, showLinkFault);
    this.form = new ChoicesForm(link.texts, () => void this.changed());
    const openFile = (file: File): void => void this.open(file.name, undefined, () => this.engine.open(file));
    button('use-example').addEventListener('click', () => void this.openExample());
    chooseFile('choose-series', 'series-file', openFile);
    acceptDrops(element('series-source', HTMLElement), hasFiles, (dropped) => {
      if (dropped?.files[0]) openFile(dropped.files[0]);
    });
    this.picture = new SeriesPicture();
    this.figures = new ForecastFigures();
    this.units = new UnitsView(engine, (error) => this.fail(error));
    this.forecasts = new ForecastView((ahead) => void this.units.show(ahead));
    button('play').addEventListener('click', () => void (this.state === 'playing' ? this.engine.pause() : this.play()));
    button('reset').addEventListener('click', () => void this.prepare());
    button('save').addEventListener('click', () => void this.save());
    chooseFile('load', 'file', (file) => void this.load(file));
    element('loading', HTMLElement).hidden = true;
    this.figures.restartAt(undefined);
    if (link.isExample) void this.openExample(link.columns);
  }

  /** Whether a run that is not over has made steps that no file has. */
  get isUnsaved(): boolean {
    return this.state === 'playing' || (this.state === 'paused' && !this.isSaved);
  }

  private async openExample(columns?: SeriesColumns, bypassCache = false): Promise<void> {
    const bar = element('progress', HTMLProgressElement);
    const folder = new URL('data/', document.baseURI).href;
    const progress = proxy((share: number) => void (bar.value = share));
    await this.open(null, columns, async () => {
      element('loading', HTMLElement).hidden = false;
      try {
        return await this.engine.openExample(folder, bypassCache, progress);
      } catch (error) {
        showError(messageOf(error), { label: 'Try again', run: () => void this.openExample(columns, true) });
        throw error;
      } finally {
        element('loading', HTMLElement).hidden = true;
      }
    });
  }

  /** Reads the beginning of a file, guesses what its columns are, and reads all of it. If it is no table, the series before stays. */
  private async open(
    name: string | null,
    columns: SeriesColumns | undefined,
    read: () => Promise<FirstRows>,
  ): Promise<void> {
    const request = ++this.requests;
    setText('file-fault', '');
    try {
      const first = await read();
      if (request !== this.requests) return;
      this.fileName = name;
      setText('series-name', name ?? 'births in the USA');
      this.form.showTable(first, columns);
      if (columns && !rolesOf(first.titles, columns)) {
        const missing = Object.keys(wantedColumns(columns)).find((title) => !first.titles.includes(title));
        showLinkFault(`the table has no column ${describe(missing)}, so the page has guessed what each column is for`);
      }
      element('series-choices', HTMLElement).hidden = false;
    } catch (error) {
      if (name !== null) setText('file-fault', messageOf(error)); // the example's error has a box with an action
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
    if (this.fileName === undefined) return;
    const request = ++this.requests;
    const choices = this.choices();
    this.setState('none');
    if (!choices) {
      this.showNothing();
      return;
    }
    setText('series-facts', 'reading…');
    try {
      const facts = await this.engine.prepare(choices.columns, choices.settings);
      const description = await this.engine.description();
      if (request !== this.requests) return;
      this.restart(facts, description, 0);
      this.setState('new');
      this.link(choices);
    } catch (error) {
      if (request !== this.requests) return;
      this.showNothing();
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

  /** The choices are wrong. */
  private showNothing(): void {
    this.picture.show(undefined);
    this.figures.restartAt(undefined);
    this.forecasts.clear();
    this.units.clear();
  }

  /** Shows a run that has made `step` steps. */
  private restart(facts: SeriesFacts, description: string, step: number): void {
    hideError();
    this.figures.restartAt(step);
    setText('settings-note', '');
    setText('backend', `Runs on ${description}.`);
    this.buttons.suggestReset(false);
    this.forecasts.clear();
    this.units.clear();
    this.picture.show(facts);
  }

  private async play(): Promise<void> {
    const request = this.requests;
    this.setState('playing');
    this.isSaved = false;
    const report = (progress: SeriesProgress): void => {
      if (request !== this.requests) return;
      this.figures.show(progress);
      const note = element('settings-note', HTMLElement);
      if (note.textContent !== progress.network) note.textContent = progress.network;
    };
    try {
      const isOver = await this.engine.play(proxy(report));
      if (request !== this.requests) return;
      this.setState(isOver ? 'over' : 'paused');
      if (!isOver) return;
      setText('settings-note', 'All networks are trained.');
      await this.showResults();
    } catch (error) {
      if (request !== this.requests) return;
      this.setState('paused');
      this.fail(error);
    }
  }

  private async showResults(): Promise<void> {
    const request = this.requests;
    setText('forecasts-about', 'Forecasting the test part…');
    try {
      const results = await this.engine.results();
      if (request === this.requests) this.forecasts.show(results);
    } catch (error) {
      if (request === this.requests) this.forecasts.clear();
      this.fail(error);
    }
  }

  private async save(): Promise<void> {
    try {
      const bytes = await this.engine.save();
      this.isSaved = true;
      const stem = (this.fileName ?? 'births').replace(/\.\w+$/, '');
      download(bytes as Uint8Array<ArrayBuffer>, `${stem}.safetensors`);
    } catch (error) {
      this.fail(error);
    }
  }

  private async load(file: File): Promise<void> {
    const request = ++this.requests; // what runs ends
    const stateBefore = this.state === 'playing' ? 'paused' : this.state;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const loaded = await this.engine.load(bytes, file.name, this.choices()?.settings.threads ?? null);
      const description = await this.engine.description();
      if (request !== this.requests) return;
      const { facts, columns, settings, step, isOver } = loaded;
      this.form.showColumns(columns);
      this.form.showTexts(settings);
      setText('series-fault', '');
      this.restart(facts, description, step);
      this.isSaved = true;
      setText('link-note', 'This run began with a checkpoint, which no link contains.');
      this.setState(isOver ? 'over' : step > 0 ? 'paused' : 'new');
      if (isOver) await this.showResults();
    } catch (error) {
      if (request !== this.requests) return;
      this.setState(stateBefore);
      this.fail(error);
    }
  }

  /** The address of the page repeats a run on the example. */
  private link({ columns }: Choices): void {
    const isExample = this.fileName === null;
    const query = toSeriesQuery({ texts: this.form.texts, isExample, columns });
    history.replaceState(null, '', `${location.pathname}${query}`);
    const words = isExample
      ? 'The address of this page is a link that repeats this run.'
      : 'The address has the settings of this run, but not your data.';
    setText('link-note', words);
  }

  /** An error that another request has caused, by ending this one, is none for the visitor. */
  private fail(error: unknown): void {
    if (nameOf(error) !== 'AbortError') showError(messageOf(error));
  }

  private setState(state: RunState): void {
    this.state = state;
    this.buttons.setPlaying(state === 'playing');
    if (state === 'playing') return;
    this.figures.describe();
    const hadFocus = document.activeElement === button('play');
    button('play').disabled = state === 'none' || state === 'over';
    button('reset').disabled = state === 'none' || state === 'new';
    button('save').disabled = state !== 'paused' && state !== 'over';
    button('load').disabled = this.fileName === undefined;
    if (hadFocus && state === 'over') button('reset').focus();
  }
}

/** Puts the templates of this subject into their places. */
function place(text: string): void {
  const parsed = new DOMParser().parseFromString(text, 'text/html');
  for (const template of parsed.querySelectorAll('template')) {
    element(template.dataset.place ?? '', HTMLElement).append(document.importNode(template.content, true));
  }
}
