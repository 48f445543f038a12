/**
 * The side of a run that has the device: a process of Node, or a worker of a page. A kernel can loop for ever or crash the driver, so another
 * side asks (drive.ts), waits for a limited time, and can end this one. An answer can be sent as a message.
 */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import {
  type Operands,
  type Size,
  type Timing,
  operandsOf,
  productOf,
  readyOn,
  sampleOf,
  warmUp,
} from '../steps/product-steps.js';
import { type LoadCompiler, AssemblyWorkplace } from './assembly-kernel.js';
import { type Compiled, type Prepared, type Workplace, KernelError } from './compiled.js';
import { GpuJsWorkplace } from './gpu-js-kernel.js';
import type { Language } from './languages.js';
import { WgslWorkplace } from './own-kernel.js';
import { mistakeOf } from './verdict.js';

/** A kernel to compare with, in the same language. */
export interface Compared {
  readonly name: string;
  readonly source: string;
}

export type Ask =
  | { readonly ask: 'compile'; readonly language: Language; readonly source: string }
  /** Computes the product in f64, which takes seconds if it is large: so it has a limit of time of its own. */
  | { readonly ask: 'expect'; readonly size: Size }
  | { readonly ask: 'check'; readonly size: Size }
  | {
      readonly ask: 'prepare';
      readonly size: Size;
      readonly compared: readonly Compared[];
      /** Each product is waited for, as those of other libraries are. Otherwise those of a sample are one submit. */
      readonly isWaited: boolean;
      readonly isQuick: boolean;
    }
  | { readonly ask: 'turn' };

export interface Answers {
  /** `longhand`: the name of Longhand's product in tables. */
  readonly compile: { readonly executor: string; readonly longhand: string };
  readonly expect: Record<string, never>;
  /** In sentences; left out if the kernel is right. */
  readonly check: { readonly mistake?: string };
  readonly prepare: { readonly names: readonly string[] };
  /** ms of one product, in the order of the names. */
  readonly turn: { readonly times: readonly number[] };
}

/** In place of an answer. `line`: of the kernel's text, from 1. */
export interface Refused {
  readonly refusal: string;
  readonly line?: number;
}

const FULL = { warmUpMs: 100, sampleMs: 40 } satisfies Partial<Timing>;
const QUICK = { warmUpMs: 1, sampleMs: 1 } satisfies Partial<Timing>;

/** Of a matrix: 512 MiB. */
const MOST_NUMBERS = 2 ** 27;

/** The name of the reader's kernel in tables. */
export const OWN = 'your kernel';

export interface SessionOptions {
  /** Loads AssemblyScript's compiler, 15 MB, when it is first needed. */
  readonly loadCompiler: LoadCompiler;
  /** Kernels in GPU.js run in the first of these modes that works. */
  readonly modes: readonly Mode[];
}

interface Contestant {
  readonly name: string;
  readonly repeat: (count: number) => void | Promise<void>;
  readonly dispose: () => void;
  /** Products of a sample. */
  count: number;
}

export class KernelSession {
  private readonly workplaces: Readonly<Record<Language, Workplace>>;
  private workplace: Workplace | undefined;
  private kernel: Compiled | undefined;
  private contestants: Contestant[] = [];
  private operands: Operands | undefined;

  constructor({ loadCompiler, modes }: SessionOptions) {
    this.workplaces = {
      wgsl: new WgslWorkplace(),
      'gpu.js': new GpuJsWorkplace(modes),
      assemblyscript: new AssemblyWorkplace(loadCompiler),
    };
  }

  async answer(ask: Ask): Promise<Answers[keyof Answers] | Refused> {
    try {
      switch (ask.ask) {
        case 'compile':
          return await this.compile(ask);
        case 'expect':
          this.operandsFor(ask.size);
          return {};
        case 'check':
          return await this.check(ask.size);
        case 'prepare':
          return await this.prepare(ask);
        case 'turn':
          return { times: await this.turn() };
      }
    } catch (error) {
      const lost = this.workplace?.lost;
      if (lost !== undefined)
        return { refusal: `the device was lost (${lost}): the kernel ran too long, or crashed the driver` };
      const line = error instanceof KernelError ? error.line : undefined;
      return { refusal: error instanceof Error ? error.message : String(error), ...(line !== undefined && { line }) };
    }
  }

  private async compile({ language, source }: Ask & { ask: 'compile' }): Promise<Answers['compile']> {
    await this.release();
    this.workplace = this.workplaces[language];
    this.kernel = await this.workplace.compile(source.replace(/^\uFEFF/, '')); // a mark of the encoding
    const { executor, longhand } = this.kernel;
    return { executor, longhand };
  }

  private get compiled(): { workplace: Workplace; kernel: Compiled } {
    const { workplace, kernel } = this;
    if (!workplace || !kernel) throw new Error('no kernel is compiled');
    return { workplace, kernel };
  }

  private operandsFor(size: Size): Operands {
    if (this.operands?.size.join() === size.join()) return this.operands;
    const [M, K, N] = size;
    if (Math.max(M * K, K * N, M * N) > MOST_NUMBERS)
      throw new KernelError(
        `a matrix of ${productOf(size)} has more than ${MOST_NUMBERS} numbers: time a smaller product`,
      );
    return (this.operands = operandsOf(size));
  }

  private async check(size: Size): Promise<Answers['check']> {
    const prepared = await this.compiled.kernel.prepare(this.operandsFor(size));
    try {
      const mistake = await mistakeOf(prepared);
      return mistake === undefined ? {} : { mistake };
    } finally {
      prepared.dispose();
    }
  }

  private async prepare({ size, compared, isWaited, isQuick }: Ask & { ask: 'prepare' }): Promise<Answers['prepare']> {
    const { workplace, kernel: own } = this.compiled;
    const operands = this.operandsFor(size);
    const all = [own];
    for (const { source } of compared) all.push(await workplace.compile(source));
    const list: Omit<Contestant, 'count'>[] = [];
    const ready: Prepared[] = [];
    for (const [n, kernel] of all.entries()) {
      const prepared = await kernel.prepare(operands);
      ready.push(prepared);
      list.push({
        name: n === 0 ? OWN : compared[n - 1].name,
        repeat: (count) => prepared.repeat(count),
        dispose: () => prepared.dispose(),
      });
    }
    const longhand = readyOn(await workplace.longhand(), operands);
    list.push({ name: own.longhand, repeat: (count) => longhand.repeat(count), dispose: () => longhand.dispose() });
    this.contestants = list.map((one) => ({ ...one, repeat: isWaited ? oneByOne(one.repeat) : one.repeat, count: 1 }));
    const timing = isQuick ? QUICK : FULL;
    for (const one of this.contestants) one.count = await warmUp(one.repeat, timing);
    const mistake = await mistakeOf(ready[0]);
    if (mistake !== undefined) throw new KernelError(`wrong after many products: ${mistake}`);
    return { names: this.contestants.map(({ name }) => name) };
  }

  private async turn(): Promise<number[]> {
    const times: number[] = [];
    for (const { repeat, count } of this.contestants) times.push(await sampleOf(repeat, count));
    return times;
  }

  private async release(): Promise<void> {
    for (const one of this.contestants) one.dispose();
    const { workplace } = this;
    [this.contestants, this.workplace, this.kernel] = [[], undefined, undefined];
    await workplace?.release();
  }
}

const oneByOne =
  (repeat: Contestant['repeat']): Contestant['repeat'] =>
  async (count) => {
    for (let n = 0; n < count; n++) await repeat(1);
  };
