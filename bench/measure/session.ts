/** Prepares, warms up and times one candidate's tasks; the same in a Node process and in a page. */
import Benchmark from 'benchmark'; // pages: browser/page/benchmark-js.ts
import type { Program, Prepared } from '../program.js';
import type { Arrays, BenchmarkTask } from '../tasks.js';

/** A longer run is timed by a plain loop, since Benchmark.js would repeat it to calibrate itself. */
const LONG_MS = 100;
/** The length of a Benchmark.js sample: many times the clock's resolution. */
const SAMPLE_SECONDS = 0.005;
/** The clock's resolution in a page, which is finer if the page is cross-origin isolated; Node's clock counts nanoseconds. */
const TICK_MS = typeof process !== 'undefined' ? 0 : crossOriginIsolated ? 0.005 : 0.1;
/** Shorter runs are timed several at a time, so that one tick of the clock is at most 2% of the time. */
const LEAST_MS = 50 * TICK_MS;

export class Session {
  private prepared?: Prepared;
  private isKernel = false;
  private fastest = Infinity;

  constructor(private readonly program: Program) {}

  /** Infinity before the warm-up. */
  private get fastestKnown(): number {
    return Math.max(this.fastest, TICK_MS);
  }

  async prepare(task: BenchmarkTask, inputs: Arrays): Promise<Arrays> {
    await this.release();
    this.isKernel = ['matmul', 'cellForward', 'cellBackward'].includes(task.kind);
    this.fastest = Infinity;
    this.prepared = await this.program.prepare(task, inputs);
    return this.prepared.result();
  }

  /** Runs for `ms`, at least once, to warm up compilers and caches. Returns the time of the fastest run, in ms. */
  async warmUp(ms: number): Promise<number> {
    this.fastest = (await this.loop(ms)).reduce((least, time) => Math.min(least, time), Infinity);
    return this.fastest;
  }

  /** Runs for about `ms`. Returns the time of one run in each sample, in ms. */
  async turn(ms: number): Promise<number[]> {
    return this.isKernel && this.fastest < LONG_MS ? this.sample(ms) : this.loop(ms);
  }

  async release(): Promise<void> {
    await this.prepared?.dispose();
    delete this.prepared;
  }

  private async loop(ms: number): Promise<number[]> {
    const { prepared } = this;
    if (!prepared) throw new Error('session: no task is prepared');
    const times: number[] = [];
    const runs = Math.max(1, Math.ceil(LEAST_MS / this.fastestKnown));
    const end = performance.now() + ms;
    do {
      const start = performance.now();
      for (let n = 0; n < runs; n++) {
        const running = prepared.run();
        if (running) await running;
      }
      times.push((performance.now() - start) / runs);
    } while (performance.now() < end);
    return times;
  }

  private sample(ms: number): Promise<number[]> {
    const { prepared } = this;
    if (!prepared) throw new Error('session: no task is prepared');
    const isAsync = prepared.run() instanceof Promise;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(error instanceof Error ? error : new Error(String(error)));
      const benchmark = new Benchmark({
        defer: isAsync,
        fn: isAsync
          ? (deferred: { resolve(): void }) => void Promise.resolve(prepared.run()).then(() => deferred.resolve(), fail)
          : () => prepared.run(),
        // Benchmark.js would otherwise find this number by doubling, in each turn.
        initCount: Math.ceil((SAMPLE_SECONDS * 1000) / this.fastestKnown),
        delay: 0,
        minTime: SAMPLE_SECONDS / 2,
        maxTime: ms / 1000,
        minSamples: 3,
        onError: () => fail(benchmark.error),
        onComplete: () => resolve((benchmark.stats.sample as number[]).map((seconds) => seconds * 1000)),
      });
      benchmark.run({ async: true });
    });
  }
}
