/**
 * The side of a run that has the device: a process of Node, or a worker of a page. A kernel can loop for ever or crash the driver, so another
 * side asks (drive.ts), waits for a limited time, and can end this one. An answer can be sent as a message.
 */
import { Device } from '../../kernels/webgpu/device.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import type { Backend } from '../../src/core/backend.js';
import {
  type Operands,
  type Size,
  type Timing,
  operandsOf,
  readyOn,
  sampleOf,
  warmUp,
} from '../steps/product-steps.js';
import { KernelError, readKernel } from './kernel-file.js';
import { OwnKernel } from './own-kernel.js';
import { mistakeOf } from './verdict.js';

/** A kernel to compare with. */
export interface Compared {
  readonly name: string;
  readonly source: string;
}

export type Ask =
  | { readonly ask: 'compile'; readonly source: string }
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
  readonly compile: { readonly executor: string };
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

/** The names of the reader's kernel and of Longhand's product in tables. */
export const [OWN, LONGHAND] = ['your kernel', 'longhand-webgpu'];

interface Contestant {
  readonly name: string;
  readonly repeat: (count: number) => void | Promise<void>;
  readonly dispose: () => void;
  /** Products of a sample. */
  count: number;
}

export class KernelSession {
  private device: Device | undefined;
  private lost: string | undefined;
  private kernel: OwnKernel | undefined;
  /** Made when it is first compared with, and kept: its kernels need seconds to compile. */
  private longhand: Backend | undefined;
  private contestants: Contestant[] = [];
  private operands: Operands | undefined;

  async answer(ask: Ask): Promise<Answers[keyof Answers] | Refused> {
    try {
      switch (ask.ask) {
        case 'compile':
          return await this.compile(ask.source);
        case 'check':
          return await this.check(ask.size);
        case 'prepare':
          return await this.prepare(ask);
        case 'turn':
          return { times: await this.turn() };
      }
    } catch (error) {
      if (this.lost !== undefined)
        return { refusal: `the device was lost (${this.lost}): the kernel ran too long, or crashed the driver` };
      const line = error instanceof KernelError ? error.line : undefined;
      return { refusal: error instanceof Error ? error.message : String(error), ...(line !== undefined && { line }) };
    }
  }

  private async compile(source: string): Promise<Answers['compile']> {
    this.release();
    const file = readKernel(source);
    const device = await Device.open();
    this.device = device;
    void device.gpu.lost.then(({ message, reason }) => {
      if (this.device === device) this.lost = message || reason;
    });
    this.kernel = await OwnKernel.compile(device, file);
    return { executor: device.description };
  }

  private get compiled(): OwnKernel {
    if (!this.kernel) throw new Error('no kernel is compiled');
    return this.kernel;
  }

  private operandsFor(size: Size): Operands {
    if (this.operands?.size.join() === size.join()) return this.operands;
    return (this.operands = operandsOf(size));
  }

  private async check(size: Size): Promise<Answers['check']> {
    const prepared = await this.compiled.prepare(this.operandsFor(size));
    try {
      const mistake = await mistakeOf(prepared);
      return mistake === undefined ? {} : { mistake };
    } finally {
      prepared.dispose();
    }
  }

  private async prepare({ size, compared, isWaited, isQuick }: Ask & { ask: 'prepare' }): Promise<Answers['prepare']> {
    const { device } = this.compiled;
    const operands = this.operandsFor(size);
    const all = [this.compiled];
    for (const { source } of compared) all.push(await OwnKernel.compile(device, readKernel(source)));
    const list: Omit<Contestant, 'count'>[] = [];
    for (const [n, kernel] of all.entries()) {
      const prepared = await kernel.prepare(operands);
      list.push({
        name: n === 0 ? OWN : compared[n - 1].name,
        repeat: (count) => prepared.repeat(count),
        dispose: () => prepared.dispose(),
      });
    }
    this.longhand ??= await createWebGpuBackend();
    const longhand = readyOn(this.longhand, operands);
    list.push({ name: LONGHAND, repeat: (count) => longhand.repeat(count), dispose: () => longhand.dispose() });
    this.contestants = list.map((one) => ({ ...one, repeat: isWaited ? oneByOne(one.repeat) : one.repeat, count: 1 }));
    const timing = isQuick ? QUICK : FULL;
    for (const one of this.contestants) one.count = await warmUp(one.repeat, timing);
    return { names: this.contestants.map(({ name }) => name) };
  }

  private async turn(): Promise<number[]> {
    const times: number[] = [];
    for (const { repeat, count } of this.contestants) times.push(await sampleOf(repeat, count));
    return times;
  }

  private release(): void {
    for (const one of this.contestants) one.dispose();
    this.contestants = [];
    const { device } = this;
    [this.device, this.kernel, this.lost] = [undefined, undefined, undefined];
    device?.close();
  }
}

const oneByOne =
  (repeat: Contestant['repeat']): Contestant['repeat'] =>
  async (count) => {
    for (let n = 0; n < count; n++) await repeat(1);
  };
