/** “Train”: one run, its settings, and what the visitor can do if it fails. */
import { type Remote, proxy } from 'comlink';
import type { BackendName, TextFacts } from './common.js';
import type { Action } from './dom.js';
import {
  button,
  chooseFile,
  download,
  element,
  hideError,
  messageOf,
  nameOf,
  setText,
  showBlockingError,
  showError,
} from './dom.js';
import type { Engine, Started, TestResult } from './engine.js';
import { SettingsForm } from './form.js';
import type { Progress, Sample } from './live-run.js';
import { continuedNote, isGpuFailure, showComputeNote, showPlanted, showTiming } from './run-notes.js';
import { bitsOf, RunButtons, RunFigures } from './run-panel.js';
import { type RunSettings, type Settings, DEFAULTS, fittedTo } from './settings.js';

/** What “Train” reports to the other views. */
export interface TrainListener {
  readonly onSettings: (settings: Settings) => void;
  /** A new run began, or one was resumed; `isSameRun`: it continues the run before from a copy. `onWeights` follows. */
  readonly onNewRun: (run: { readonly step: number; readonly isSameRun: boolean }) => void;
  /** Whether a new run can be started now, or the text be replaced. */
  readonly onEnabled: (isEnabled: boolean) => void;
  /** The weights changed. */
  readonly onWeights: () => void;
  /** While the run plays, the time from one call of `onWeights` to the next. */
  readonly weightsEveryMs: () => number;
  readonly onTested: (result: TestResult) => void;
  /** What the network wrote after some step, of a run on a text. */
  readonly onSamples: (samples: readonly Sample[]) => void;
  /** The page has a text: the bundled one, or the visitor's. */
  readonly onText: (facts: TextFacts, name: string | null) => void;
}

/** The current run. */
interface Run {
  /** The settings of the page may already be those of the next run. */
  readonly settings: RunSettings;
  /** Why it computes with what it does; empty: the visitor chose it. */
  readonly note: string;
  /** It began with a checkpoint. */
  readonly isResumed: boolean;
  step: number;
  /** The step that a file has, or at which the run began. */
  savedStep: number;
  /** The engine's learning rate in its last report. */
  reportedRate?: number;
  /** The visitor has changed the learning rate during the run. */
  hasOwnRate: boolean;
}

/** A run that replaces the current one, and its first learning rate. */
interface NewRun {
  readonly started: Started;
  readonly settings: RunSettings;
  readonly rate: number;
  /** `same`: it continues the current run from a copy; `resumed`: it begins with a checkpoint. */
  readonly origin: 'new' | 'same' | 'resumed';
}

/** The images, or a text. */
interface Data {
  /** The name of the visitor's own text; null for the bundled one, and for the images. */
  readonly ownText: string | null;
  /** The characters of the text. */
  readonly length?: number;
}

/** `starting`: a new run is being created; reports of the current one are not shown. */
type Activity = 'idle' | 'playing' | 'testing' | 'starting';

export class TrainView {
  private activity: Activity = 'idle';
  /** Undefined before the first run has been started. */
  private run: Run | undefined;
  /** Undefined before it has been loaded. */
  private data: Data | undefined;
  /** T and the batch size before they were reduced for a short text. */
  private fullSizes: Pick<Settings, 'T' | 'batchSize'>;
  /** The current learning rate; `settings` holds the first one and the later changes. */
  private learningRate: number;
  private weightsShownAt = 0;
  private readonly form: SettingsForm;
  private readonly buttons = new RunButtons();
  private readonly figures: RunFigures;

  constructor(
    private readonly engine: Remote<Engine>,
    private settings: Settings,
    private readonly listener: TrainListener,
  ) {
    this.learningRate = settings.learningRate;
    this.figures = new RunFigures(settings.subject);
    this.fullSizes = settings;
    this.form = new SettingsForm(settings, (changed, needsNewRun) => this.change(changed, needsNewRun));
    button('play').addEventListener('click', () => void (this.is('playing') ? this.engine.pause() : this.play()));
    button('one-step').addEventListener('click', () => void this.makeOneStep());
    button('reset').addEventListener('click', () => void this.reset());
    button('test').addEventListener('click', () => void (this.is('testing') ? this.engine.stopTest() : this.test()));
    button('save').addEventListener('click', () => void this.save());
    button('take-out').addEventListener('click', () => {
      this.set({ ...this.settings, planted: 'none' }, this.learningRate);
      void this.reset();
    });
    chooseFile('load', 'file', (file) => void this.load(file));
  }

  async loadData(bypassCache = false): Promise<void> {
    const progress = element('progress', HTMLProgressElement);
    element('loading', HTMLElement).hidden = false;
    try {
      const folder = new URL('data/', document.baseURI).href;
      const facts = await this.engine.loadData(
        this.settings.subject,
        folder,
        bypassCache,
        proxy((share: number) => void (progress.value = share)),
      );
      if (facts) this.changeText(facts, null);
      else this.data = { ownText: null };
    } catch (error) {
      showBlockingError(messageOf(error), { label: 'Try again', run: () => void this.loadData(true) });
      this.listener.onEnabled(true); // the visitor's own text needs no data
      this.buttons.setEnabled(this.run !== undefined);
      return;
    } finally {
      element('loading', HTMLElement).hidden = true;
    }
    await this.start();
  }

  /** Whether a run that is not over has made steps that no file has. */
  get isUnsaved(): boolean {
    const { run, activity, settings } = this;
    return activity === 'playing' || (run !== undefined && run.step !== run.savedStep && run.step < settings.steps);
  }

  /** Starts a new run with these settings, and plays it. */
  async playWith(settings: Settings): Promise<void> {
    if (this.run) this.run.hasOwnRate = false;
    this.fullSizes = settings;
    this.set(this.fitting(settings));
    if (await this.start()) await this.play();
  }

  /** Trains on the visitor's own text. `name`: what the page calls it. */
  async useText(text: string, name: string): Promise<void> {
    this.setEnabled(false);
    try {
      this.changeText(await this.engine.useText(text), name);
    } catch (error) {
      showError(`${name}: ${messageOf(error)}`);
      this.setEnabled(this.run !== undefined);
      return;
    }
    await this.start();
  }

  /** Trains on the bundled text again. */
  async useBundledText(): Promise<void> {
    this.setEnabled(false);
    await this.loadData();
  }

  private changeText(facts: TextFacts, name: string | null): void {
    const isFirst = !this.data && name === null;
    this.data = { ownText: name, length: facts.length };
    this.listener.onText(facts, name);
    if (!isFirst) this.set(this.fitting({ ...this.settings, characters: null, rateChanges: [] }, this.fullSizes));
    // else the address has the sizes, and the changes of the learning rate
    else if (this.settings.characters !== null) this.set(this.fitting(this.settings));
  }

  /** The settings, with T and a batch size for the characters that the run reads; `full`: at most these. */
  private fitting(settings: Settings, { T, batchSize }: Pick<Settings, 'T' | 'batchSize'> = settings): Settings {
    const length = this.data?.length;
    return length === undefined ? settings : fittedTo(length, { ...settings, T, batchSize });
  }

  /** Whether a run with the present settings has been started. */
  private async start(): Promise<boolean> {
    const asked = this.settings;
    let settings: Settings = asked;
    this.set(asked); // shows the run's first learning rate
    showTiming(asked.backend);
    await this.replaceRun(async () => {
      const started = await this.engine.start(asked);
      const own = { ...asked, backend: started.backend };
      if (this.settings === asked) this.set(own); // the address gets what “automatic” chose
      settings = own;
      return { started, settings: own, rate: asked.learningRate, origin: 'new' };
    }, this.actionsWithoutBackend());
    if (this.run?.step !== 0 || this.run.settings !== settings) return false;
    if (this.settings === settings) return true;
    await this.start(); // the visitor has changed the settings while the run was created
    return false;
  }

  private async reset(): Promise<void> {
    if (this.run?.hasOwnRate) this.set({ ...this.settings, learningRate: this.learningRate, rateChanges: [] });
    await this.start();
  }

  /** If the new run cannot be created, the current one stays, and the error is shown with `actions`. */
  private async replaceRun(create: () => Promise<NewRun>, actions: readonly Action[]): Promise<void> {
    this.activity = 'starting';
    this.setEnabled(false);
    try {
      const { started, settings, rate, origin } = await create();
      const { step, note } = started;
      const isSameRun = origin === 'same';
      const before = isSameRun ? this.run : undefined;
      const isResumed = before?.isResumed ?? origin === 'resumed';
      this.run = { settings, note, isResumed, step, savedStep: before?.savedStep ?? step, hasOwnRate: false };
      this.learningRate = rate;
      hideError();
      setText('backend', `Runs on ${started.description}.`);
      showComputeNote(note);
      this.form.offerGpu(started.hasWebGpu);
      showPlanted(settings.planted);
      this.buttons.canSave = settings.planted === 'none';
      setText('settings-note', '');
      this.buttons.suggestReset(false);
      this.figures.restartAt(step);
      this.figures.showStep(step, this.settings.steps);
      this.figures.describeCharts();
      setText('link-note', linkNote(isResumed, typeof this.data?.ownText === 'string'));
      this.listener.onNewRun({ step, isSameRun });
      this.listener.onWeights();
    } catch (error) {
      showComputeNote(this.run?.note ?? '');
      showError(messageOf(error), ...actions);
    }
    this.activity = 'idle';
    this.buttons.setPlaying(false);
    this.setEnabled(this.run !== undefined);
  }

  private actionsWithoutBackend(): Action[] {
    if (this.settings.backend === 'wasm') return [];
    const useWasm = (): void => {
      this.set({ ...this.settings, backend: 'wasm' });
      void this.start();
    };
    return [{ label: 'Use WebAssembly instead', run: useWasm }];
  }

  private change(changed: Settings, needsNewRun: boolean): void {
    const hasOwnLength = changed.characters !== this.settings.characters;
    const settings = hasOwnLength ? this.fitting(changed, this.fullSizes) : changed;
    const rate = settings.learningRate;
    const step = this.run?.step ?? 0;
    const hasBegun = step > 0 || this.is('playing');
    const isNewRate = rate !== this.learningRate;
    const { T, batchSize } = settings;
    if (!hasOwnLength && (T !== this.settings.T || batchSize !== this.settings.batchSize))
      this.fullSizes = { T, batchSize };
    if (this.run && hasBegun) {
      if (isNewRate) void this.engine.setLearningRate(rate);
      if (isNewRate) this.run.hasOwnRate = true;
      if (settings.steps !== this.settings.steps) void this.engine.setPauseAt(settings.steps);
      this.set({ ...settings, learningRate: this.settings.learningRate }, rate);
    } else this.set(isNewRate ? { ...settings, rateChanges: [] } : settings);
    this.figures.showStep(step, settings.steps);
    if (!hasBegun) {
      if (this.data && !this.is('starting')) void this.start(); // `start` itself notices changes while it runs
    } else if (needsNewRun) {
      setText('settings-note', 'Press Reset to start a new run with these settings.');
      this.buttons.suggestReset(true);
    }
  }

  private set(settings: Settings, learningRate = settings.learningRate): void {
    this.settings = settings;
    this.learningRate = learningRate;
    this.form.show({ ...settings, learningRate });
    this.listener.onSettings(settings);
  }

  private async play(): Promise<void> {
    if (this.isAtEnd()) {
      const step = this.run?.step ?? 0;
      this.set({ ...this.settings, steps: step + DEFAULTS[this.settings.subject].steps }, this.learningRate);
    }
    this.setPlaying(true);
    try {
      await this.engine.play(
        this.settings.steps,
        proxy((progress: Progress) => this.showProgress(progress)),
      );
    } catch (error) {
      if (this.is('starting')) return; // the run is being replaced
      this.setPlaying(false);
      this.fail(error, true);
      return;
    }
    if (this.is('starting')) return; // Reset ended it: `replaceRun` updates the page
    this.setPlaying(false);
    this.listener.onWeights();
    if (this.isAtEnd()) await this.test();
  }

  private isAtEnd(): boolean {
    return (this.run?.step ?? 0) >= this.settings.steps;
  }

  /** A method, since the activity can change while another method waits. */
  private is(activity: Activity): boolean {
    return this.activity === activity;
  }

  private async makeOneStep(): Promise<void> {
    this.buttons.setEnabled(false);
    try {
      this.showProgress(await this.engine.makeOneStep());
    } catch (error) {
      this.fail(error);
    }
    if (!this.is('starting')) this.buttons.setEnabled(true);
  }

  /** Ends if a step or a new run begins, or if the visitor stops it. */
  private async test(): Promise<void> {
    const step = this.run?.step;
    this.figures.showTestResult('…');
    this.activity = 'testing';
    this.buttons.setTesting(true);
    let text = '–';
    try {
      const result = await this.engine.test();
      if (result) {
        text = (this.settings.subject === 'text' ? bitsOf(result.loss) : result.accuracy).toFixed(4);
        this.listener.onTested(result);
      }
    } catch (error) {
      this.fail(error);
    }
    if (this.is('testing')) this.activity = 'idle';
    this.buttons.setTesting(false);
    this.figures.showTestResult(text, text === '–' ? undefined : step);
  }

  private async save(): Promise<void> {
    const { run } = this;
    if (!run) return;
    try {
      const { step } = run;
      const bytes = await this.engine.save(this.settings.steps);
      run.savedStep = step;
      download(bytes as Uint8Array<ArrayBuffer>, `longhand-step-${step}.safetensors`);
    } catch (error) {
      this.fail(error);
    }
  }

  private async load(file: File): Promise<void> {
    const current = this.settings;
    showTiming(current.backend);
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      await this.replaceRun(async () => {
        const { settings, ...started } = await this.engine.load(bytes, file.name, current);
        this.figures.forgetLines();
        this.set(settings);
        return { started, settings, rate: settings.learningRate, origin: 'resumed' };
      }, []);
    } catch (error) {
      showError(`${file.name}: ${messageOf(error)}`);
    }
  }

  /** Training diverged, or its backend failed: shows the error, and offers to return to the last copy. */
  fail(error: unknown, wasPlaying = this.is('playing')): void {
    const backend = this.run?.settings.backend ?? 'wasm';
    if (nameOf(error) === 'NonFiniteError') {
      const rate = Number((this.learningRate / 10).toPrecision(3));
      showError(messageOf(error), this.actionToGoBack(`Go back and use a rate of ${rate}`, backend, rate));
    } else if (backend === 'gpu' && isGpuFailure(error)) {
      void this.continueOnCores(error, wasPlaying);
    } else if (backend === 'wasm' || backend === 'gpu' || backend === 'reference') {
      showError(messageOf(error), this.actionToGoBack('Go back to the last copy', backend));
    } else {
      showError(`The GPU failed: ${messageOf(error)}`, this.actionToGoBack('Continue in WebAssembly', 'wasm'));
    }
  }

  private actionToGoBack(label: string, backend: BackendName, rate = this.learningRate): Action {
    return { label, run: () => void this.replaceRun(() => this.goBack(backend, rate), []) };
  }

  private async goBack(backend: BackendName, rate = this.learningRate): Promise<NewRun> {
    const started = await this.engine.goBack(backend, this.settings.threads);
    const rateChanges = this.settings.rateChanges.filter(({ step }) => step <= started.step);
    const settings = { ...this.settings, backend: started.backend, rateChanges };
    this.set(settings, rate);
    await this.engine.setLearningRate(rate);
    return { started, settings, rate, origin: 'same' };
  }

  /** The GPU failed: the run continues from its last copy, and plays if it did. */
  private async continueOnCores(error: unknown, mustPlay: boolean): Promise<void> {
    if (this.is('starting')) return; // another view has reported the same
    const failedAt = this.run?.step ?? 0;
    await this.replaceRun(async () => {
      const run = await this.goBack('wasm');
      return { ...run, started: { ...run.started, note: continuedNote(error, failedAt, run.started.step) } };
    }, []);
    if (mustPlay && this.run?.settings.backend === 'wasm') await this.play();
  }

  private showProgress(progress: Progress): void {
    const { step, lines, validations, samples, stepsPerSecond, learningRate, rateChanges } = progress;
    const { run } = this;
    if (!run || this.is('starting')) return; // the report is from the run that is being replaced
    run.step = step;
    if (stepsPerSecond !== null) this.figures.showPace(stepsPerSecond, run.settings);
    if (progress.hasLostPatience)
      setText('settings-note', 'The run stopped early: the validation loss no longer decreases.');
    if (samples.length > 0) this.listener.onSamples(samples);
    if (learningRate !== run.reportedRate || rateChanges.length !== this.settings.rateChanges.length) {
      run.reportedRate = learningRate;
      this.set({ ...this.settings, rateChanges }, learningRate);
    }
    this.figures.showStep(step, this.settings.steps);
    this.figures.add(lines, validations);
    const isPlaying = this.is('playing');
    if (!isPlaying) this.figures.describeCharts();
    const now = performance.now();
    if (isPlaying && now - this.weightsShownAt < this.listener.weightsEveryMs()) return;
    this.weightsShownAt = now;
    this.listener.onWeights();
  }

  private setEnabled(isEnabled: boolean): void {
    this.buttons.setEnabled(isEnabled);
    this.listener.onEnabled(isEnabled);
  }

  private setPlaying(isPlaying: boolean): void {
    this.activity = isPlaying ? 'playing' : 'idle';
    this.buttons.setPlaying(isPlaying);
    if (!isPlaying) this.figures.describeCharts();
  }
}

/** Whether the page's address repeats the run. */
function linkNote(isResumed: boolean, hasOwnText: boolean): string {
  if (isResumed)
    return 'This run began with a checkpoint, which no link contains; Reset starts the run that the address describes.';
  return hasOwnText
    ? 'The address has the settings of this run, but not your text.'
    : 'The address of this page is a link that repeats this run.';
}
