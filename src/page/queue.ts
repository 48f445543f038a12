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
