/** Runs asynchronous jobs one after another. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `job` does; a job that fails does not stop the jobs after it. */
  run<Result>(job: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(job);
    this.last = result.catch(() => {});
    return result;
  }
}

/** A job that is repeated while a run plays. Calls of `run` during the job lead to one more run of it. */
export class RepeatedJob {
  private isRunning = false;
  private mustRunAgain = false;
  /** How long the last run took. */
  private lastMs = 0;

  /** `job` must never reject. It begins every `everyMs`, or less often: it takes at most `largestShare` of the time. */
  constructor(
    private readonly job: () => Promise<void>,
    private readonly everyMs: number,
    private readonly largestShare: number,
  ) {}

  /** The least time from the beginning of one run to that of the next. */
  get periodMs(): number {
    return Math.max(this.everyMs, this.lastMs / this.largestShare);
  }

  run(): void {
    if (this.isRunning) {
      this.mustRunAgain = true;
      return;
    }
    this.isRunning = true;
    const began = performance.now();
    void this.job().finally(() => {
      this.isRunning = false;
      this.lastMs = performance.now() - began;
      if (!this.mustRunAgain) return;
      this.mustRunAgain = false;
      this.run();
    });
  }
}
