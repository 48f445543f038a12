/** “Train”: one run, its buttons, its figures, and what to do when something goes wrong. */
import type { Remote } from 'comlink';
import { proxy } from 'comlink';
import { Chart } from './charts.js';
import { Controls } from './controls.js';
import { button, element, made, messageOf, nameOf } from './dom.js';
import type { Engine, Standing, TestResult, Update } from './engine.js';
import type { Way } from './problem.js';
import { hideProblem, insistOnProblem, showProblem } from './problem.js';
import type { Machine, Settings } from './settings.js';
import { DEFAULTS } from './settings.js';

/** While a run goes on, the rest of the page follows it so often. */
const FOLLOW_MS = 700;

export interface TrainHooks {
  /** For the page's address. */
  readonly settingsChanged: (settings: Settings) => void;
  /** The network is another now. */
  readonly networkChanged: () => void;
  /** And it is none of the run before. */
  readonly runChanged: () => void;
  readonly tested: (result: TestResult) => void;
}

export class TrainView {
  private standing: Standing | undefined;
  /** What the present run was started with; `settings` may be those of the next. */
  private running: Settings | undefined;
  private isPlaying = false;
  /** A new run is being made. */
  private isStarting = false;
  /** The engine's learning rate when it was last heard of. */
  private followedRate: number | undefined;
  private hasData = false;
  /** The button that had the keyboard's focus before it was disabled. */
  private lostFocus: HTMLButtonElement | undefined;
  /** The visitor has changed the learning rate in the midst of the run. */
  private hasOwnRate = false;
  private followedAt = 0;
  private lines: { step: number; loss: number; accuracy: number }[] = [];
  /** The present one; `settings` has the first, and the changes since. */
  private learningRate: number;
  private readonly controls: Controls;
  private readonly lossChart = new Chart(element('loss-chart', HTMLElement), {
    series: [{ label: 'loss', colour: '--accent' }],
    height: 200,
    digits: 4,
    x: 'step',
  });
  private readonly accuracyChart = new Chart(element('accuracy-chart', HTMLElement), {
    series: [{ label: 'accuracy', colour: '--accent' }],
    range: [0, 1],
    height: 200,
    digits: 4,
    x: 'step',
  });

  constructor(
    private readonly engine: Remote<Engine>,
    private settings: Settings,
    private readonly hooks: TrainHooks,
  ) {
    this.learningRate = settings.learningRate;
    this.controls = new Controls(settings, (changed, needsNewRun) => this.change(changed, needsNewRun));
    button('play').addEventListener('click', () => void (this.isPlaying ? this.pause() : this.play()));
    button('one-step').addEventListener('click', () => void this.oneStep());
    button('reset').addEventListener('click', () => {
      if (this.hasOwnRate) this.set({ ...this.settings, learningRate: this.learningRate, rateChanges: [] });
      void this.start();
    });
    button('test').addEventListener('click', () => void this.test());
    button('save').addEventListener('click', () => void this.save());
    button('load').addEventListener('click', () => element('file', HTMLInputElement).click());
    element('file', HTMLInputElement).addEventListener('change', (event) => {
      const input = event.target as HTMLInputElement;
      const file = input.files?.[0];
      input.value = ''; // so that the same file can be chosen again
      if (file) void this.load(file);
    });
  }

  async loadData(isAgain = false): Promise<void> {
    const progress = element('progress', HTMLProgressElement);
    element('loading', HTMLElement).hidden = false;
    try {
      const folder = new URL('data/', document.baseURI).href;
      await this.engine.loadData(
        folder,
        isAgain,
        proxy((share: number) => void (progress.value = share)),
      );
      this.hasData = true;
    } catch (error) {
      insistOnProblem(messageOf(error), { words: 'Try again', go: () => void this.loadData(true) });
      return;
    } finally {
      element('loading', HTMLElement).hidden = true;
    }
    await this.start();
  }

  private async start(): Promise<void> {
    const { settings } = this;
    this.set(settings); // its first learning rate
    await this.begin(
      async () => ({ standing: await this.engine.start(settings), settings, rate: settings.learningRate }),
      this.waysToAnotherMachine(),
    );
    // the visitor may have gone on while it was made
    if (this.standing?.step === 0 && this.settings !== settings && this.running === settings) await this.start();
  }

  /** A run in place of the present one, which stays where the new one cannot be made. */
  private async begin(
    make: () => Promise<{ standing: Standing; settings: Settings; rate: number }>,
    ways: readonly Way[],
  ): Promise<void> {
    this.isStarting = true;
    this.enable(false);
    try {
      const { standing, settings, rate } = await make();
      this.followedRate = undefined;
      this.lines = this.lines.filter(({ step }) => step <= standing.step);
      this.standing = standing;
      this.running = settings;
      this.learningRate = rate;
      this.hasOwnRate = false;
      hideProblem();
      element('machine', HTMLElement).textContent = `Runs on ${standing.description}.`;
      element('settings-note', HTMLElement).textContent = '';
      button('reset').classList.remove('asked');
      element('test-accuracy', HTMLElement).textContent = '–';
      element('pace', HTMLElement).textContent = '–';
      this.showStep(standing.step);
      this.showLines();
      this.hooks.runChanged();
      this.hooks.networkChanged();
    } catch (error) {
      showProblem(messageOf(error), ...ways);
    }
    this.isStarting = false;
    this.isPlaying = false;
    button('play').textContent = 'Play';
    this.enable(this.standing !== undefined);
  }

  private waysToAnotherMachine(): Way[] {
    if (this.settings.machine === 'wasm') return [];
    const go = (): void => {
      this.set({ ...this.settings, machine: 'wasm' });
      void this.start();
    };
    return [{ words: 'Use WebAssembly instead', go }];
  }

  private change(settings: Settings, needsNewRun: boolean): void {
    const rate = settings.learningRate;
    const hasBegun = this.step > 0 || this.isPlaying;
    const isNewRate = rate !== this.learningRate;
    if (hasBegun) {
      if (isNewRate) void this.engine.setLearningRate(rate);
      if (isNewRate) this.hasOwnRate = true;
      if (settings.steps !== this.settings.steps) void this.engine.setPauseAt(settings.steps);
      this.set({ ...settings, learningRate: this.settings.learningRate }, rate);
    } else this.set(isNewRate ? { ...settings, rateChanges: [] } : settings);
    this.showStep(this.step);
    if (!hasBegun) {
      // a start that is under way sees to it itself; see `start`
      if (this.hasData && !this.isStarting) void this.start();
    } else if (needsNewRun) {
      element('settings-note', HTMLElement).textContent = 'Reset starts a new run with these settings.';
      button('reset').classList.add('asked');
    }
  }

  private set(settings: Settings, learningRate = settings.learningRate): void {
    this.settings = settings;
    this.learningRate = learningRate;
    this.controls.show({ ...settings, learningRate });
    this.hooks.settingsChanged(settings);
  }

  private async play(): Promise<void> {
    if (this.step >= this.settings.steps) {
      this.set({ ...this.settings, steps: this.step + DEFAULTS.steps }, this.learningRate);
    }
    this.playing(true);
    try {
      await this.engine.play(
        this.settings.steps,
        proxy((update: Update) => this.follow(update)),
      );
    } catch (error) {
      this.playing(false);
      this.fail(error);
      return;
    }
    if (this.isStarting) return void (this.isPlaying = false); // by a reset: the new run has the say
    this.playing(false);
    this.hooks.networkChanged();
    if (this.step >= this.settings.steps) await this.test();
  }

  private async pause(): Promise<void> {
    await this.engine.pause();
  }

  private async oneStep(): Promise<void> {
    this.enable(false);
    try {
      this.follow(await this.engine.makeOneStep());
    } catch (error) {
      this.fail(error);
    }
    this.enable(true);
  }

  private async test(): Promise<void> {
    const place = element('test-accuracy', HTMLElement);
    const { step } = this;
    place.textContent = '…';
    try {
      const result = await this.engine.test();
      place.replaceChildren(result.accuracy.toFixed(4), ' ', made('small', '', `at step ${step}`));
      this.hooks.tested(result);
    } catch (error) {
      place.textContent = '–';
      this.fail(error);
    }
  }

  private async save(): Promise<void> {
    try {
      const bytes = await this.engine.save();
      const link = made('a');
      link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
      link.download = `longhand-step-${this.step}.safetensors`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      this.fail(error);
    }
  }

  private async load(file: File): Promise<void> {
    const { machine, threads } = this.settings;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      await this.begin(async () => {
        const { description, step, ...settings } = await this.engine.load(bytes, file.name, machine, threads);
        this.lines = [];
        this.set(settings);
        return { standing: { description, step }, settings, rate: settings.learningRate };
      }, []);
    } catch (error) {
      showProblem(`${file.name}: ${messageOf(error)}`);
    }
  }

  /** Training has failed: diverged, or its machine is gone. The last copy is a way on. */
  fail(error: unknown): void {
    const back = (words: string, machine: Machine, rate = this.learningRate): Way => ({
      words,
      go: () => {
        void this.begin(async () => {
          const standing = await this.engine.goBack(machine, this.settings.threads);
          const rateChanges = this.settings.rateChanges.filter(({ step }) => step <= standing.step);
          const settings = { ...this.settings, machine, rateChanges };
          this.set(settings, rate);
          await this.engine.setLearningRate(rate);
          return { standing, settings, rate };
        }, []);
      },
    });
    const { machine } = this.running ?? this.settings;
    if (nameOf(error) === 'NonFiniteError') {
      const rate = Number((this.learningRate / 10).toPrecision(3));
      showProblem(messageOf(error), back(`Go back, with a rate of ${rate}`, machine, rate));
    } else if (machine === 'wasm' || machine === 'reference') {
      showProblem(messageOf(error), back('Go back to the last copy', machine));
    } else {
      showProblem(`The GPU has failed: ${messageOf(error)}`, back('Go on in WebAssembly', 'wasm'));
    }
  }

  private follow({ step, lines, stepsPerSecond, learningRate, rateChanges }: Update): void {
    if (this.isStarting) return; // of a run that is being replaced
    this.lines.push(...lines);
    if (this.standing) this.standing = { ...this.standing, step };
    if (stepsPerSecond !== null) element('pace', HTMLElement).textContent = stepsPerSecond.toFixed(1);
    if (learningRate !== this.followedRate || rateChanges.length !== this.settings.rateChanges.length) {
      this.followedRate = learningRate;
      this.set({ ...this.settings, rateChanges }, learningRate);
    }
    this.showStep(step);
    if (lines.length > 0) this.showLines();
    const now = performance.now();
    if (this.isPlaying && now - this.followedAt < FOLLOW_MS) return;
    this.followedAt = now;
    this.hooks.networkChanged();
  }

  private showStep(step: number): void {
    element('step', HTMLElement).textContent = String(step);
    element('steps-of', HTMLElement).textContent = `of ${this.settings.steps}`;
  }

  private showLines(): void {
    const steps = this.lines.map(({ step }) => step);
    this.lossChart.show(
      steps,
      this.lines.map(({ loss }) => loss),
    );
    this.accuracyChart.show(
      steps,
      this.lines.map(({ accuracy }) => accuracy),
    );
    const last = this.lines.at(-1);
    element('loss', HTMLElement).textContent = last ? last.loss.toFixed(4) : '–';
    element('accuracy', HTMLElement).textContent = last ? last.accuracy.toFixed(4) : '–';
    if (this.isPlaying) return;
    this.lossChart.describe(last ? `Loss over the steps: ${last.loss.toFixed(4)} at step ${last.step}` : 'No loss yet');
    this.accuracyChart.describe(
      last ? `Accuracy over the steps: ${last.accuracy.toFixed(4)} at step ${last.step}` : 'No accuracy yet',
    );
  }

  private get step(): number {
    return this.standing?.step ?? 0;
  }

  private playing(isPlaying: boolean): void {
    this.isPlaying = isPlaying;
    button('play').textContent = isPlaying ? 'Pause' : 'Play';
    this.enable(!isPlaying);
    button('play').disabled = false;
    button('reset').disabled = false;
    this.showLines();
  }

  private enable(isEnabled: boolean): void {
    const focused = document.activeElement;
    for (const id of ['play', 'one-step', 'reset', 'test', 'save', 'load']) button(id).disabled = !isEnabled;
    if (!isEnabled) this.lostFocus = focused instanceof HTMLButtonElement && focused.disabled ? focused : undefined;
    else if (document.activeElement === document.body) this.lostFocus?.focus(); // a disabled button has none
  }
}
