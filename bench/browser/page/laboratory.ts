/**
 * The measurement of /measure, in a Web Worker: the page's own thread stays free, and can end all of it. Each candidate computes in a
 * worker of its own, as in `npm run bench -- --browser`, and is compared by the same `Comparison`.
 */
import { type Candidate, candidatesFor } from '../../candidates.js';
import { Clock } from '../../measure/clock.js';
import { Comparison } from '../../measure/comparison.js';
import { expectedOf } from '../../measure/expected.js';
import { CORES, CROSSOVER_AXES, CROSSOVER_WEIGHT, GPU, nextStep, PLAN } from '../../measure/plan.js';
import type { Device, Limit, MeasuredCase, MeasuredRow, MeasuredTask } from '../../measure/result.js';
import type { Finding } from '../../measure/rows.js';
import { messageOf } from '../../program.js';
import { flopsOf, makeInputs } from '../../tasks.js';
import { packageVersion } from './in-page.js';
import { PageWorkers, WorkerProcess } from './workers.js';

/** What the page asks for. */
export interface Order {
  readonly seconds: number;
}

/** What the page hears, in this order; `limit` and `measured` several times. */
export type News =
  | { readonly device: Device; readonly revision: string }
  | { readonly begins: 'device' | 'limits' | MeasuredTask; readonly fault?: string }
  | { readonly limit: Limit }
  | { readonly measured: MeasuredCase }
  /** A case, and why it was not measured. */
  | { readonly leftOut: MeasuredTask; readonly reason: string }
  | { readonly isOver: true }
  | { readonly failure: string };

const OWN = [CORES, GPU, 'longhand-gpu-webgl2'];
const TENSORFLOW = ['tensorflow-webgpu', 'tensorflow-webgl', 'tensorflow-wasm'];
const JAX = ['jax-webgpu', 'jax-wasm'];

const tell = (news: News): void => postMessage(news);

onmessage = ({ data }: MessageEvent<Order>): void => {
  new Laboratory(data.seconds).measure().then(
    () => tell({ isOver: true }),
    (error: unknown) => tell({ failure: messageOf(error) }),
  );
};

/** A pace for short measurements: a row of a fast candidate takes a fifth of a second. */
const PACE = { warmUpMs: 40, rounds: 3, turnMs: 40, enoughMs: 1000 };

class Laboratory {
  private readonly clock: Clock;
  private ofCase: Clock;
  private partOfCase = (): Clock => this.clock;
  private readonly workers: PageWorkers;
  private readonly comparison: Comparison;
  private readonly measured: MeasuredCase[] = [];
  /** How long the f64 reference takes for one FLOP. */
  private msPerFlop = 0;

  constructor(seconds: number) {
    this.clock = new Clock(900 * seconds); // the rest is for last answers: the page keeps only whole cases
    this.ofCase = this.clock;
    this.workers = new PageWorkers(() => this.ofCase, 150 * seconds);
    const limit = {
      begin: (): void => void (this.ofCase = this.partOfCase()),
      isOver: (): boolean => this.ofCase.leftMs === 0,
    };
    this.comparison = new Comparison(this.workers, { ...PACE, longestMs: 12 * seconds, limit });
  }

  async measure(): Promise<void> {
    tell({ begins: 'device' });
    const device = await this.alone((process) => process.limit({ limit: 'device' }));
    tell({ device, revision: `${packageVersion('longhand')}, ${packageVersion('revision')}` });
    tell({ begins: 'limits' });
    await this.measureLimits(device);
    this.msPerFlop = await speedOfReference();
    const candidates = candidatesOf(device.threads);
    for (const [n, { task, weight }] of PLAN.entries()) {
      const later = PLAN.slice(n + 1).map((planned) => planned.weight);
      const others = [...later, ...CROSSOVER_AXES.map(() => CROSSOVER_WEIGHT)];
      await this.compare(task, candidates, () => this.clock.part(weight, others));
    }
    await this.findCrossover(candidates);
    this.workers.close();
  }

  /** `part`: the time of this case, from what is left when it begins. */
  private async compare(task: MeasuredTask, candidates: readonly Candidate[], part: () => Clock): Promise<void> {
    tell({ begins: task });
    this.partOfCase = part;
    const verifyingMs = (flopsOf(task) ?? 0) * this.msPerFlop;
    if (verifyingMs > this.clock.leftMs / 2) {
      const seconds = (verifyingMs / 1000).toPrecision(2);
      tell({ leftOut: task, reason: `its verification would take about ${seconds} s` });
      return;
    }
    if (this.measured.at(-1)?.task.kind !== task.kind) this.workers.forgive();
    const findings = await this.comparison.run({ name: '', task }, candidates);
    const measured = { task, rows: findings.map(rowOf) };
    this.measured.push(measured);
    tell({ measured });
  }

  private async findCrossover(candidates: readonly Candidate[]): Promise<void> {
    const most = Math.max(...candidates.filter(({ name }) => name === CORES).map(({ threads }) => threads));
    const both = candidates.filter(({ name, threads }) => name === GPU || (name === CORES && threads === most));
    for (const [n, axis] of CROSSOVER_AXES.entries())
      for (let task = nextStep(axis, this.measured); task; task = nextStep(axis, this.measured)) {
        const before = this.measured.length;
        await this.compare(task, both, () => this.clock.part(1, n === 0 ? [1] : []));
        if (this.measured.length === before) break;
      }
  }

  // The limits.

  private async measureLimits({ threads, webgpu }: Device): Promise<void> {
    for (const count of new Set([1, threads])) await this.limitOfThreads(count);
    if (!webgpu) return;
    this.ofCase = this.clock.part(1, [3]);
    try {
      const measured = await this.alone((process) => process.limit({ limit: 'webgpu' }));
      tell({ limit: { family: 'webgpu', threads: 1, ...measured } });
    } catch (error) {
      tell({ begins: 'limits', fault: `WebGPU’s limits: ${messageOf(error)}` });
    }
  }

  /** All threads at the same time, each with arrays of its own. */
  private async limitOfThreads(threads: number): Promise<void> {
    this.ofCase = this.clock.part(1, [3]);
    const all = Array.from({ length: threads }, () => new WorkerProcess(() => this.ofCase));
    const bytes = Math.max(4, Math.min(32, Math.floor(128 / threads))) * 2 ** 20;
    try {
      const peaks = await Promise.all(all.map((one) => one.limit({ limit: 'peak' })));
      const copies = await Promise.all(all.map((one) => one.limit({ limit: 'copy', bytes })));
      const gflops = peaks.reduce((sum, one) => sum + one.gflops, 0);
      const gigabytes = copies.reduce((sum, one) => sum + one.gigabytes, 0);
      tell({ limit: { family: 'wasm', threads, gflops, gigabytes } });
    } catch (error) {
      tell({ begins: 'limits', fault: `WebAssembly’s limits: ${messageOf(error)}` });
    } finally {
      for (const one of all) one.close();
    }
  }

  /** In a worker that ends afterwards. */
  private async alone<Answer>(ask: (process: WorkerProcess) => Promise<Answer>): Promise<Answer> {
    const process = new WorkerProcess(() => this.ofCase);
    try {
      return await ask(process);
    } finally {
      process.close();
    }
  }
}

/** Longhand's, and those of the rivals that this site has: WebAssembly with one thread, and with all. */
function candidatesOf(threads: number): Candidate[] {
  const hasRival = (name: string): boolean => packageVersion(name) !== 'unknown';
  const names = [...OWN, ...(hasRival('@tensorflow/tfjs') ? TENSORFLOW : []), ...(hasRival('@jax-js/jax') ? JAX : [])];
  const all = candidatesFor(names, [...new Set([1, threads])], 'page').filter(({ name }) => names.includes(name));
  return all.sort((a, b) => rankOf(a) - rankOf(b));
}

/** First those of the crossover. A GPU without a driver needs most time, so other GPU candidates come last. */
const rankOf = ({ name }: Candidate): number => (name === CORES ? 0 : name === GPU ? 1 : name.endsWith('wasm') ? 2 : 3);

function rowOf({ candidate, times, reason }: Finding): MeasuredRow {
  const { name, threads } = candidate;
  const ms = times ? Number(times.median.toPrecision(4)) : null;
  return { candidate: name, threads, ms, samples: times?.count ?? 0, reason: reason?.slice(0, 200) ?? null };
}

/** The second of two, for which V8 has compiled the loops. The bounds need a second product. */
async function speedOfReference(): Promise<number> {
  const task: MeasuredTask = { kind: 'matmul', form: 'A·B', M: 256, K: 256, N: 256 };
  const inputs = makeInputs(task);
  await expectedOf(task, inputs);
  const start = performance.now();
  await expectedOf(task, inputs);
  return (performance.now() - start) / (flopsOf(task) ?? 1);
}
