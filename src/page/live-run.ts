/** One training run of the page: it plays and pauses, changes its learning rate, and keeps a copy of its state. */
import type { Backend } from '../backend.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { yieldToEventLoop } from '../training/event-loop.js';
import { TUTORIAL } from '../training/options.js';
import type { Line, Training } from '../training/run.js';
import type { Queue } from './queue.js';
import type { RateChange } from './settings.js';

/** What a run reports while it plays. */
export interface Progress {
  readonly step: number;
  /** The lines since the last report. */
  readonly lines: readonly Line[];
  /** Over the last second, or since play began; null before the first step. */
  readonly stepsPerSecond: number | null;
  /** The current learning rate, and every change of it that this run has made or will make. */
  readonly learningRate: number;
  readonly rateChanges: readonly RateChange[];
}

type Report = (progress: Progress) => Promise<void> | void;

const REPORT_EVERY_MS = 100;
/** Steps between two copies of the run, to return to if training diverges or the GPU is lost. */
const KEEP_EVERY = 50;

export class LiveRun {
  /** The state of the run at its start, or at the last multiple of `KEEP_EVERY` steps. */
  kept: Checkpoint;
  /** The learning rate from the next step on, if it has just been changed. */
  private newRate: number | undefined;
  private pauseAt = 0;
  private abortPlay = new AbortController();
  /** Resolves after the last report of the current play. */
  private played: Promise<void> = Promise.resolve();

  private constructor(
    readonly backend: Backend,
    readonly training: Training,
    private readonly queue: Queue,
    private rateChanges: readonly RateChange[],
    start: Checkpoint,
  ) {
    this.kept = start;
  }

  /** `queue` runs the steps, so that no other work on the run overlaps with a step. Disposes of `backend` if it fails. */
  static async create(
    backend: Backend,
    queue: Queue,
    rateChanges: readonly RateChange[],
    createTraining: (backend: Backend) => Training,
  ): Promise<LiveRun> {
    try {
      const training = createTraining(backend);
      return new LiveRun(backend, training, queue, rateChanges, await training.checkpoint());
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

  /** May be called while the run plays. */
  setPauseAt(step: number): void {
    this.pauseAt = step;
  }

  async makeOneStep(): Promise<Progress> {
    const line = await this.queue.run(() => this.makeStep(1));
    return this.progress(line ? [line] : [], null);
  }

  /** Applies from the next step on. */
  setLearningRate(rate: number): void {
    this.newRate = rate;
  }

  /** The changes of the learning rate up to `step`. */
  rateChangesUntil(step: number): RateChange[] {
    return this.rateChanges.filter((change) => change.step <= step);
  }

  private async makeSteps(signal: AbortSignal, report: Report): Promise<void> {
    const rate = new StepRate();
    let lines: Line[] = [];
    let reportedAt = performance.now();
    const reportNow = async (): Promise<void> => {
      await report(this.progress(lines, rate.after(this.step)));
      lines = [];
      reportedAt = performance.now();
    };
    try {
      rate.after(this.step);
      while (this.step < this.pauseAt) {
        await yieldToEventLoop();
        if (signal.aborted) break;
        const line = await this.queue.run(() => this.makeStep(TUTORIAL.displayStep));
        if (line) lines.push(line);
        if (performance.now() - reportedAt >= REPORT_EVERY_MS) await reportNow();
      }
    } finally {
      await reportNow();
    }
  }

  private async makeStep(displayStep: number): Promise<Line | undefined> {
    const { training } = this;
    const rate = this.rateAtStep(training.step + 1);
    if (rate !== undefined) training.changeLearningRate(rate);
    await training.makeStep();
    const { step } = training;
    const line = step % displayStep === 0 ? await training.line() : undefined;
    if (step % KEEP_EVERY === 0) this.kept = await training.checkpoint();
    return line;
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

  private progress(lines: readonly Line[], stepsPerSecond: number | null): Progress {
    const { step, learningRate } = this.training;
    return { step, lines, stepsPerSecond, learningRate, rateChanges: this.rateChanges };
  }
}

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
