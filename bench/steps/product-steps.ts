/** What the programs of docs/kernels.md share: a product in f64 to compare with, a step's outcome, and the table. */
import type { Backend } from '../../src/core/backend.js';
import { BackendUnavailableError, WrongProductError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { copyInto, fill, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { type Statistics, spreadOf, statisticsOf, timesWarning } from '../measure/rows.js';

export type Size = readonly [M: number, K: number, N: number];

export const productOf = ([M, K, N]: Size): string => `[${M},${K}]·[${K},${N}]`;

export interface Operands {
  readonly size: Size;
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** The product in f64, and how far an f32 sum may differ from it. */
  readonly product: Float64Array;
  readonly bound: Float64Array;
}

export function operandsOf(size: Size): Operands {
  const [M, K, N] = size;
  const random = new Random(1);
  const [a, b] = [zeros([M, K]), zeros([K, N])];
  for (const tensor of [a, b]) fillRandom(tensor, () => random.uniform(-1, 1));
  const product = new Float64Array(M * N);
  const bound = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      let sizes = 0;
      for (let k = 0; k < K; k++) {
        const term = a.data[m * K + k] * b.data[k * N + n];
        sum += term;
        sizes += Math.abs(term);
      }
      product[m * N + n] = sum;
      // Each of K products and K sums is rounded by at most 2⁻²⁴ of itself; none is larger than the sum of absolute values.
      bound[m * N + n] = (K + 1) * 2 ** -24 * sizes;
    }
  }
  return { size, a: a.data as Float32Array, b: b.data as Float32Array, product, bound };
}

/** The element that is furthest beyond its bound, and its error; undefined if all are within. */
export function mistakeIn(result: ArrayLike<number>, { size: [, , N], product, bound }: Operands): string | undefined {
  let [worst, largest, wrong] = [-1, 1, 0];
  for (let n = 0; n < product.length; n++) {
    const error = Math.abs(result[n] - product[n]) / bound[n];
    if (error <= 1) continue; // false for NaN
    wrong++;
    if (error > largest || worst < 0 || (Number.isNaN(error) && !Number.isNaN(largest))) [worst, largest] = [n, error];
  }
  if (worst < 0) return undefined;
  const place = `out[${Math.floor(worst / N)},${worst % N}]`;
  const expected = `should be ${product[worst]} ± ${bound[worst].toExponential(1)}`;
  return `${place} is ${result[worst]}, ${expected}; ${wrong} of ${product.length} elements are wrong`;
}

/** A step whose operands are in place. */
export interface Ready {
  /** Computes the product `count` times, and waits for the last one. */
  repeat(count: number): void | Promise<void>;
  /** The product, row by row. */
  result(): ArrayLike<number> | Promise<ArrayLike<number>>;
  dispose(): void;
}

/** How long to measure a step. `samples` and `totalMs` are the least. */
export interface Timing {
  readonly warmUpMs: number;
  readonly samples: number;
  readonly sampleMs: number;
  readonly totalMs: number;
}

/** A page's clock counts in steps of this length, and shows 0 for less. */
const CLOCK_MS = 0.005;

/** The time of one of `count` runs, in ms. */
export async function sampleOf(repeat: Ready['repeat'], count: number): Promise<number> {
  const start = performance.now();
  await repeat(count);
  return (performance.now() - start) / count;
}

/** Runs a step until the compiler has done its work. Returns how many runs make a sample that is long enough for the clock. */
export async function warmUp(
  repeat: Ready['repeat'],
  { warmUpMs, sampleMs }: Pick<Timing, 'warmUpMs' | 'sampleMs'>,
): Promise<number> {
  let fastest = await sampleOf(repeat, 1);
  for (let runs = 1, start = performance.now(); runs < 3 || performance.now() - start < warmUpMs; runs++)
    fastest = Math.min(fastest, await sampleOf(repeat, 1));
  return Math.max(1, Math.round(sampleMs / Math.max(fastest, CLOCK_MS)));
}

/** The times of a run, after a warm-up. `repeat` runs a step some times, and waits for the last result. */
export async function timesOf(repeat: Ready['repeat'], timing: Timing): Promise<Statistics> {
  const count = await warmUp(repeat, timing);
  const times: number[] = [];
  for (let start = performance.now(); times.length < timing.samples || performance.now() - start < timing.totalMs;)
    times.push(await sampleOf(repeat, count));
  return statisticsOf(times);
}

/** Why nothing is measured. `isWrong`: the backend computes a product wrong. */
export interface Refusal {
  readonly refusal: string;
  readonly isWrong: boolean;
}

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof BackendUnavailableError)) throw error;
  return { refusal: error.message, isWrong: error instanceof WrongProductError };
}

/** A step's times, or why it has none: it is wrong, or cannot run here. */
export interface Outcome {
  readonly name: string;
  readonly times?: Statistics;
  /** The time that their median is compared with. Default: that of the step before. */
  readonly comparedMs?: number;
  /** The worst element of a wrong result. */
  readonly mistake?: string;
  readonly reason?: string;
}

/** The step's times if its result is right. `ready` can be the reason why it cannot run here. */
export async function outcomeOf(
  name: string,
  ready: Ready | string,
  operands: Operands,
  timing: Timing,
): Promise<Outcome> {
  if (typeof ready === 'string') return { name, reason: ready };
  try {
    await ready.repeat(1);
    const mistake = mistakeIn(await ready.result(), operands);
    return mistake === undefined
      ? { name, times: await timesOf((count) => ready.repeat(count), timing) }
      : { name, mistake };
  } finally {
    ready.dispose();
  }
}

/** As `outcomeOf` for several steps that take turns, so that a slow minute of the computer slows all of them. */
export async function outcomesInTurns(
  steps: readonly (readonly [name: string, ready: Ready])[],
  operands: Operands,
  timing: Timing,
): Promise<Outcome[]> {
  try {
    const counts: number[] = [];
    const mistakes: (string | undefined)[] = [];
    for (const [, ready] of steps) {
      await ready.repeat(1);
      mistakes.push(mistakeIn(await ready.result(), operands));
      counts.push(await warmUp((count) => ready.repeat(count), timing));
    }
    const times = steps.map((): number[] => []);
    for (let round = 0; round < timing.samples; round++)
      for (const [n, [, ready]] of steps.entries())
        times[n].push(await sampleOf((count) => ready.repeat(count), counts[n]));
    return steps.map(([name], n) => {
      const mistake = mistakes[n];
      return mistake === undefined ? { name, times: statisticsOf(times[n]) } : { name, mistake };
    });
  } finally {
    for (const [, ready] of steps) ready.dispose();
  }
}

/** The last step: the backend's own product. Its result is NaN at first, so that a missing element is noticed. */
export function readyOn(backend: Backend, { a, b, size: [M, K, N] }: Operands): Ready {
  const [out, left, right] = [backend.allocate([M, N]), backend.allocate([M, K]), backend.allocate([K, N])];
  copyInto(left, tensorFrom(a, [M, K]));
  copyInto(right, tensorFrom(b, [K, N]));
  fill(out, NaN);
  for (const tensor of [out, left, right]) backend.upload(tensor);
  return {
    async repeat(count) {
      for (let n = 0; n < count; n++) backend.matmul(out, left, right);
      // The first call waits for what was submitted before it, so the second waits for all.
      await backend.keepPace();
      await backend.keepPace();
    },
    async result() {
      await backend.download(out);
      return valuesOf(out);
    },
    dispose() {
      for (const tensor of [out, left, right]) backend.free(tensor);
    },
  };
}

export const row = (name: string, ...columns: string[]): string =>
  `  ${name.padEnd(46)}${columns.map((column) => column.padStart(10)).join('')}`;

/** A step's time in ms, its GFLOPS, and its speed compared with another time. A product counts 2·M·N·K FLOP. */
export function figuresOf([M, K, N]: Size, ms: number, comparedMs: number | undefined): [string, string, string] {
  const ratio = comparedMs === undefined ? '' : `×${(comparedMs / ms).toFixed(2)}`;
  return [ms.toFixed(ms < 10 ? 3 : 1), ((2 * M * N * K) / ms / 1e6).toFixed(2), ratio];
}

/** Prints the steps of one size, below one another. A wrong step sets the exit code. */
export class StepTable {
  private before: number | undefined;

  constructor(private readonly size: Size) {
    console.log(`\n${productOf(size)}\n${row('step', 'ms', 'GFLOPS', 'ratio', 'samples', 'spread')}`);
  }

  print({ name, times, comparedMs = this.before, mistake, reason }: Outcome): void {
    if (reason !== undefined) console.log(`${row(name)}  ${reason}`);
    if (mistake !== undefined) {
      console.log(`${row(name)}  WRONG: ${mistake}`);
      process.exitCode = 1;
    }
    if (times === undefined) return;
    const { median, count } = times;
    const spread = `${(100 * spreadOf(times)).toFixed(0)}%`;
    console.log(row(name, ...figuresOf(this.size, median, comparedMs), String(count), spread));
    for (const warning of timesWarning(name, times)) console.log(`  warning: ${warning}`);
    this.before = median;
  }
}
