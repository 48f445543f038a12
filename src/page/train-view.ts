/** “Train”: one run, its settings, and what the visitor can do if it fails. */
import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import type { BackendName, TextFacts } from './common.js';
import { continuedNote, isGpuFailure, showComputeNote, showTiming } from './compute-note.js';
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
import type { Engine, Started } from './engine.js';
import type { Progress } from './live-run.js';
import { showPlanted } from './planted-note.js';
import { bitsOf, RunButtons, RunFigures } from './run-panel.js';
import { SettingsForm } from './settings-form.js';
import type { RunSettings, Settings } from './settings.js';
import { DEFAULTS, fittedTo } from './settings.js';
import type { TrainListener } from './train-listener.js';

/** A run that replaces the current one, and its first learning rate. */
interface NewRun {
  readonly started: Started;
  readonly settings: RunSettings;
  readonly rate: number;
  /** Default: false. */
  readonly isSameRun?: true;
}

export class TrainView {
  /** Undefined before the first run has been started. */
  private step: number | undefined;
  /** The settings of the current run; `settings` may already be those of the next. */
  private running: RunSettings | undefined;
  private isPlaying = false;
  private isTesting = false;
  /** A new run is being created. */
  private isStarting = false;
  private hasData = false;
  /** T and the batch size before they were reduced for a short text. */
  private fullSizes: Pick<Settings, 'T' | 'batchSize'>;
  /** The current learning rate; `settings` holds the first one and the later changes. */
  private learningRate: number;
  /** The engine's learning rate in its last report. */
  private reportedRate: number | undefined;
  /** The visitor has changed the learning rate during the run. */
  private hasOwnRate = false;
  /** The current run began with a checkpoint. */
  private isResumed = false;
  /** The step of the run that a file has, or at which the run began. */
  private savedStep = 0;
  /** The name of the visitor's own text; null for the bundled one. */
  private ownText: string | null = null;
  /** The characters of the text; undefined for the digits, and before the text has been loaded. */
  private textLength: number | undefined;
  /** Why the current run computes with what it does; empty: the visitor chose it. */
  private computeNote = '';
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
    button('play').addEventListener('click', () => void (this.isPlaying ? this.engine.pause() : this.play()));
    button('one-step').addEventListener('click', () => void this.makeOneStep());
    button('reset').addEventListener('click', () => void this.reset());
    button('test').addEventListener('click', () => void (this.isTesting ? this.engine.stopTest() : this.test()));
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
      this.hasData = true;
    } catch (error) {
      showBlockingError(messageOf(error), { label: 'Try again', run: () => void this.loadData(true) });
      this.listener.onEnabled(true); // the visitor's own text needs no data
      this.buttons.setEnabled(this.step !== undefined);
      return;
    } finally {
      element('loading', HTMLElement).hidden = true;
    }
    await this.start();
  }

  /** Whether a run that is not over has made steps that no file has. */
  get isUnsaved(): boolean {
    const step = this.step ?? 0;
    return this.isPlaying || (step !== this.savedStep && step < this.settings.steps);
  }

  /** Starts a new run with these settings, and plays it. */
  async playWith(settings: Settings): Promise<void> {
    this.hasOwnRate = false;
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
      this.setEnabled(this.step !== undefined);
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
    const isFirst = !this.hasData && name === null;
    this.hasData = true;
    this.ownText = name;
    this.textLength = facts.length;
    this.listener.onText(facts, name);
    if (!isFirst) this.set(this.fitting({ ...this.settings, characters: null, rateChanges: [] }, this.fullSizes));
    // else the address has the sizes, and the changes of the learning rate
    else if (this.settings.characters !== null) this.set(this.fitting(this.settings));
  }

  /** The settings, with T and a batch size for the characters that the run reads; `full`: at most these. */
  private fitting(settings: Settings, { T, batchSize }: Pick<Settings, 'T' | 'batchSize'> = settings): Settings {
    return this.textLength === undefined ? settings : fittedTo(this.textLength, { ...settings, T, batchSize });
  }

  /** Whether a run with the present settings has been started. */
  private async start(): Promise<boolean> {
    const asked = this.settings;
    let settings: Settings = asked;
    this.isResumed = false;
    this.set(asked); // shows the run's first learning rate
    showTiming(asked.backend);
    await this.replaceRun(async () => {
      const started = await this.engine.start(asked);
      const own = { ...asked, backend: started.backend };
      if (this.settings === asked) this.set(own); // the address gets what “automatic” chose
      settings = own;
      return { started, settings: own, rate: asked.learningRate };
    }, this.actionsWithoutBackend());
    if (this.step !== 0 || this.running !== settings) return false;
    if (this.settings === settings) return true;
    await this.start(); // the visitor has changed the settings while the run was created
    return false;
  }

  private async reset(): Promise<void> {
    if (this.hasOwnRate) this.set({ ...this.settings, learningRate: this.learningRate, rateChanges: [] });
    await this.start();
  }

  /** If the new run cannot be created, the current one stays, and the error is shown with `actions`. */
  private async replaceRun(create: () => Promise<NewRun>, actions: readonly Action[]): Promise<void> {
    this.isStarting = true;
    this.setEnabled(false);
    try {
      const { started, settings, rate, isSameRun = false } = await create();
      this.step = started.step;
      if (!isSameRun) this.savedStep = started.step;
      this.running = settings;
      this.learningRate = rate;
      this.reportedRate = undefined;
      this.hasOwnRate = false;
      hideError();
      setText('backend', `Runs on ${started.description}.`);
      this.computeNote = started.note;
      showComputeNote(this.computeNote);
      this.form.offerGpu(started.hasWebGpu);
      showPlanted(settings.planted);
      this.buttons.canSave = settings.planted === 'none';
      setText('settings-note', '');
      this.buttons.suggestReset(false);
      this.figures.restartAt(started.step);
      this.figures.showStep(started.step, this.settings.steps);
      this.figures.describeCharts();
      setText('link-note', linkNote(this.isResumed, this.ownText !== null));
      this.listener.onNewRun({ step: started.step, isSameRun });
      this.listener.onWeights();
    } catch (error) {
      showComputeNote(this.computeNote);
      showError(messageOf(error), ...actions);
    }
    this.isStarting = false;
    this.isPlaying = false;
    this.buttons.setPlaying(false);
    this.setEnabled(this.step !== undefined);
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
    const hasBegun = (this.step ?? 0) > 0 || this.isPlaying;
    const isNewRate = rate !== this.learningRate;
    const { T, batchSize } = settings;
    if (!hasOwnLength && (T !== this.settings.T || batchSize !== this.settings.batchSize))
      this.fullSizes = { T, batchSize };
    if (hasBegun) {
      if (isNewRate) void this.engine.setLearningRate(rate);
      if (isNewRate) this.hasOwnRate = true;
      if (settings.steps !== this.settings.steps) void this.engine.setPauseAt(settings.steps);
      this.set({ ...settings, learningRate: this.settings.learningRate }, rate);
    } else this.set(isNewRate ? { ...settings, rateChanges: [] } : settings);
    this.figures.showStep(this.step ?? 0, settings.steps);
    if (!hasBegun) {
      if (this.hasData && !this.isStarting) void this.start(); // `start` itself notices changes while it runs
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
    const step = this.step ?? 0;
    if (step >= this.settings.steps) {
      this.set({ ...this.settings, steps: step + DEFAULTS[this.settings.subject].steps }, this.learningRate);
    }
    this.setPlaying(true);
    try {
      await this.engine.play(
        this.settings.steps,
        proxy((progress: Progress) => this.showProgress(progress)),
      );
    } catch (error) {
      if (this.isStarting) return; // the run is being replaced
      this.setPlaying(false);
      this.fail(error, true);
      return;
    }
    if (this.isStarting) return void (this.isPlaying = false); // Reset ended it: `replaceRun` updates the page
    this.setPlaying(false);
    this.listener.onWeights();
    if ((this.step ?? 0) >= this.settings.steps) await this.test();
  }

  private async makeOneStep(): Promise<void> {
    this.buttons.setEnabled(false);
    try {
      this.showProgress(await this.engine.makeOneStep());
    } catch (error) {
      this.fail(error);
    }
    if (!this.isStarting) this.buttons.setEnabled(true);
  }

  /** Ends if a step or a new run begins, or if the visitor stops it. */
  private async test(): Promise<void> {
    const { step } = this;
    this.figures.showTestResult('…');
    this.isTesting = true;
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
    this.isTesting = false;
    this.buttons.setTesting(false);
    this.figures.showTestResult(text, text === '–' ? undefined : step);
  }

  private async save(): Promise<void> {
    try {
      const { step = 0 } = this;
      const bytes = await this.engine.save(this.settings.steps);
      this.savedStep = step;
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
        this.isResumed = true;
        this.figures.forgetLines();
        this.set(settings);
        return { started, settings, rate: settings.learningRate };
      }, []);
    } catch (error) {
      showError(`${file.name}: ${messageOf(error)}`);
    }
  }

  /** Training diverged, or its backend failed: shows the error, and offers to return to the last copy. */
  fail(error: unknown, wasPlaying = this.isPlaying): void {
    const backend = this.running?.backend ?? 'wasm';
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
    return { started, settings, rate, isSameRun: true };
  }

  /** The GPU failed: the run continues from its last copy, and plays if it did. */
  private async continueOnCores(error: unknown, mustPlay: boolean): Promise<void> {
    if (this.isStarting) return; // another view has reported the same
    const failedAt = this.step ?? 0;
    await this.replaceRun(async () => {
      const run = await this.goBack('wasm');
      return { ...run, started: { ...run.started, note: continuedNote(error, failedAt, run.started.step) } };
    }, []);
    if (mustPlay && this.running?.backend === 'wasm') await this.play();
  }

  private showProgress(progress: Progress): void {
    const { step, lines, validations, samples, stepsPerSecond, learningRate, rateChanges } = progress;
    if (this.isStarting) return; // the report is from the run that is being replaced
    this.step = step;
    if (stepsPerSecond !== null) this.figures.showPace(stepsPerSecond, this.running ?? this.settings);
    if (progress.hasLostPatience) {
      setText('settings-note', 'The run stopped early: the validation loss no longer decreases.');
    }
    if (samples.length > 0) this.listener.onSamples(samples);
    if (learningRate !== this.reportedRate || rateChanges.length !== this.settings.rateChanges.length) {
      this.reportedRate = learningRate;
      this.set({ ...this.settings, rateChanges }, learningRate);
    }
    this.figures.showStep(step, this.settings.steps);
    this.figures.add(lines, validations);
    if (!this.isPlaying) this.figures.describeCharts();
    const now = performance.now();
    if (this.isPlaying && now - this.weightsShownAt < this.listener.weightsEveryMs()) return;
    this.weightsShownAt = now;
    this.listener.onWeights();
  }

  private setEnabled(isEnabled: boolean): void {
    this.buttons.setEnabled(isEnabled);
    this.listener.onEnabled(isEnabled);
  }

  private setPlaying(isPlaying: boolean): void {
    this.isPlaying = isPlaying;
    this.buttons.setPlaying(isPlaying);
    if (!isPlaying) this.figures.describeCharts();
  }
}

/** Whether the page's address repeats the run. */
function linkNote(isResumed: boolean, hasOwnText: boolean): string {
  if (isResumed) {
    return 'This run began with a checkpoint, which no link contains; Reset starts the run that the address describes.';
  }
  return hasOwnText
    ? 'The address has the settings of this run, but not your text.'
    : 'The address of this page is a link that repeats this run.';
}
