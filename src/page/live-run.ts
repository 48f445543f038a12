/** One training run of the page: it plays and pauses, changes its learning rate, and keeps a copy of its state. */
import type { Backend } from '../core/backend.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import type { Checkpoint } from '../training/checkpoint.js';
import type { Line, Training, Validation } from '../training/training.js';
import type { Queue, RateChange } from './common.js';

/** What a run reports while it plays. */
export interface Progress {
  readonly step: number;
  /** The lines since the last report. */
  readonly lines: readonly Line[];
  /** The validations and samples since the last report. */
  readonly validations: readonly Validation[];
  readonly samples: readonly Sample[];
  /** The run has stopped early: the validation loss has not decreased for `patience` validations. */
  readonly hasLostPatience: boolean;
  /** Over the last second, or since play began; null before the first step. */
  readonly stepsPerSecond: number | null;
  /** The current learning rate, and every change of it that this run has made or will make. */
  readonly learningRate: number;
  readonly rateChanges: readonly RateChange[];
}

/** What the network of a run on a text wrote after a step. */
export interface Sample {
  readonly step: number;
  readonly text: string;
}

/** What a run does besides its steps. */
export interface LiveHooks {
  /** Steps between two lines. */
  readonly lineEvery: number;
  /** Writes a sample. Called every `SAMPLE_EVERY` steps; undefined if the network reads no text. */
  readonly sample: ((training: Training) => Promise<string>) | undefined;
}

type Report = (progress: Progress) => Promise<void> | void;

const REPORT_EVERY_MS = 100;
/** Steps between two copies of the run, to return to if training diverges or the GPU is lost. */
const KEEP_EVERY = 50;
/** Steps between two samples. */
const SAMPLE_EVERY = 100;

export class LiveRun {
  /** The state of the run at its start, or at the last multiple of `KEEP_EVERY` steps. */
  kept: Checkpoint;
  /** The learning rate from the next step on, if it has just been changed. */
  private newRate: number | undefined;
  private pauseAt = 0;
  private abortPlay = new AbortController();
  /** Resolves after the last report of the current play. */
  private played: Promise<void> = Promise.resolve();
  private news = noNews();
  private hasFirstSample = false;
  /** Another run has taken its place, and its tensors are freed. */
  private hasEnded = false;

  private constructor(
    readonly backend: Backend,
    readonly training: Training,
    private readonly queue: Queue,
    private rateChanges: readonly RateChange[],
    private readonly hooks: LiveHooks,
    start: Checkpoint,
  ) {
    this.kept = start;
  }

  /** `queue` runs the steps, so that no other work on the run overlaps with a step. Disposes of `backend` if it fails. */
  static async create(
    backend: Backend,
    queue: Queue,
    rateChanges: readonly RateChange[],
    hooks: LiveHooks,
    createTraining: (backend: Backend) => Training,
  ): Promise<LiveRun> {
    try {
      const training = createTraining(backend);
      return new LiveRun(backend, training, queue, rateChanges, hooks, await training.checkpoint());
    } catch (error) {
      await backend.dispose();
      throw error;
    }
  }

  get step(): number {
    return this.training.step;
  }

  /** Steps until `pause`, or until step `pauseAt`. Resolves after the last report; rejects if training fails. */
  play(pauseAt: number, report: Report): Promise<void> {
    this.pauseAt = pauseAt;
    this.abortPlay = new AbortController();
    const playing = this.makeSteps(this.abortPlay.signal, report);
    this.played = playing.catch(() => {}); // the caller of play gets the error
    return playing;
  }

  async pause(): Promise<void> {
    this.abortPlay.abort();
    await this.played;
  }

  /** No step begins from now on, also if the run plays. */
  end(): void {
    this.hasEnded = true;
    this.abortPlay.abort();
  }

  /** May be called while the run plays. */
  setPauseAt(step: number): void {
    this.pauseAt = step;
  }

  async makeOneStep(): Promise<Progress> {
    await this.queue.run(() => this.makeStep(1));
    return this.progress(null);
  }

  /** Applies from the next step on. The present rate is no change. */
  setLearningRate(rate: number): void {
    if (rate !== this.training.learningRate || this.newRate !== undefined) this.newRate = rate;
  }

  /** The changes of the learning rate up to `step`. */
  rateChangesUntil(step: number): RateChange[] {
    return this.rateChanges.filter((change) => change.step <= step);
  }

  private async makeSteps(signal: AbortSignal, report: Report): Promise<void> {
    const rate = new StepRate();
    let reportedAt = performance.now();
    const reportNow = async (): Promise<void> => {
      await report(this.progress(rate.after(this.step)));
      reportedAt = performance.now();
    };
    try {
      rate.after(this.step);
      while (this.step < this.pauseAt && !this.training.hasLostPatience && !this.hasEnded) {
        await yieldToEventLoop();
        if (signal.aborted) break;
        await this.queue.run(() => this.makeStep(this.hooks.lineEvery));
        if (performance.now() - reportedAt >= REPORT_EVERY_MS) await reportNow();
      }
    } finally {
      await reportNow();
    }
  }

  private async makeStep(lineEvery: number): Promise<void> {
    const { training, news } = this;
    if (this.hasEnded) return;
    if (training.step === 0 && !this.hasFirstSample) await this.writeSample();
    this.hasFirstSample = true;
    const rate = this.rateAtStep(training.step + 1);
    if (rate !== undefined) training.changeLearningRate(rate);
    await training.makeStep();
    const { step } = training;
    const { validateEvery } = training.options;
    if (step % lineEvery === 0) news.lines.push(await training.line());
    if (validateEvery !== null && step % validateEvery === 0) news.validations.push(await training.validate());
    if (step % SAMPLE_EVERY === 0) await this.writeSample();
    if (step % KEEP_EVERY === 0) this.kept = await training.checkpoint();
  }

  private async writeSample(): Promise<void> {
    const { step } = this;
    const text = await this.hooks.sample?.(this.training);
    if (text !== undefined) this.news.samples.push({ step, text });
  }

  /** The learning rate that begins with `step`: set by hand just now, or in the run that this one repeats. */
  private rateAtStep(step: number): number | undefined {
    const rate = this.newRate;
    if (rate === undefined) return this.rateChanges.find((change) => change.step === step)?.rate;
    this.newRate = undefined;
    // the run now differs from the one that it repeats: drop that run's later changes
    this.rateChanges = [...this.rateChanges.filter((change) => change.step < step), { step, rate }];
    return rate;
  }

  /** The news since the last report. */
  private progress(stepsPerSecond: number | null): Progress {
    const { step, learningRate, hasLostPatience } = this.training;
    const { news } = this;
    this.news = noNews();
    return { step, ...news, stepsPerSecond, learningRate, rateChanges: this.rateChanges, hasLostPatience };
  }
}

const noNews = (): { lines: Line[]; validations: Validation[]; samples: Sample[] } => ({
  lines: [],
  validations: [],
  samples: [],
});

/** Steps per second, over about the last second. */
class StepRate {
  private readonly marks: { readonly step: number; readonly at: number }[] = [];

  after(step: number): number | null {
    const now = performance.now();
    this.marks.push({ step, at: now });
    while (this.marks.length > 2 && now - this.marks[1].at > 1000) this.marks.shift();
    const [first] = this.marks;
    return step > first.step ? (1000 * (step - first.step)) / (now - first.at) : null;
  }
}
