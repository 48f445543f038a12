/** Runs programs in an open mode: compiles a program once for each set of input sizes, and releases matrices. */
import type { KernelFunction, Value } from './gpu-js.js';
import type { OpenMode } from './modes.js';
import type { Program } from './programs.js';
import { copyProgram } from './programs.js';

/** A matrix on the device. It never changes: an operation's result is a new matrix. */
export interface Matrix {
  readonly value: Value;
  readonly rows: number;
  readonly columns: number;
}

export class Device {
  /** Compiled kernels by their text and the sizes of output and inputs: GPU.js allows none of these to change. */
  private readonly kernels = new Map<string, KernelFunction>();

  private readonly released: Matrix[] = [];

  constructor(private readonly opened: OpenMode) {}

  /** Enqueues one kernel. Inputs: matrices and numbers, in the order of the program's parameters. */
  run(program: Program, ...inputs: (Matrix | number)[]): Promise<Matrix> {
    const sizes = inputs.map((input) => (typeof input === 'number' ? 'number' : `${input.rows}×${input.columns}`));
    const values = inputs.map((input) => (typeof input === 'number' ? input : input.value));
    return this.call(program, sizes, values);
  }

  /** Enqueues the copy of `values`, row by row, from the host to the device. */
  upload(values: Float32Array, rows: number, columns: number): Promise<Matrix> {
    return this.call(copyProgram(rows, columns), ['host'], [this.opened.gpuJs.input(values, [columns, rows])]);
  }

  /** Waits for a matrix and brings its rows to the host. Rejects if the device has been lost. */
  async read({ value }: Matrix): Promise<Float32Array[]> {
    const rows = 'toArray' in value ? await value.toArray() : value;
    const { gpu, mode } = this.opened;
    // webgpu reports a lost device itself; a lost GL context continues, and reads zeros
    if (mode.includes('gl') && gpu.context?.isContextLost() === true) {
      throw new Error(`gpu: mode ${mode} has lost its device and all tensors on it; make a new backend`);
    }
    return rows;
  }

  /** Marks a matrix as not needed after the operation that is being enqueued. */
  release(matrix: Matrix): void {
    this.released.push(matrix);
  }

  /** Frees the released matrices. The device itself waits for submitted work that still reads them. */
  collect(): void {
    for (const { value } of this.released) if ('delete' in value) value.delete();
    this.released.length = 0;
  }

  private async call(program: Program, sizes: readonly string[], values: readonly unknown[]): Promise<Matrix> {
    const { rows, columns, source } = program;
    const key = `${rows}×${columns} of ${sizes.join(', ')}: ${source}`;
    const known = this.kernels.get(key);
    const kernel = known ?? this.compile(program);
    const value = await kernel(...values);
    if (!known) {
      this.assertRanAsAsked(kernel);
      this.kernels.set(key, kernel);
    }
    return { value, rows, columns };
  }

  private compile({ rows, columns, source }: Program): KernelFunction {
    return this.opened.gpu.createKernel(source, {
      output: [columns, rows],
      pipeline: true,
      immutable: true,
      precision: 'single',
      loopMaxIterations: 2 ** 30,
    });
  }

  /** GPU.js falls back to another mode without an error. Here it is an error. */
  private assertRanAsAsked({ kernel }: KernelFunction): void {
    const { mode, kernelClass } = this.opened;
    if (kernel instanceof kernelClass && !kernel.fallbackReason) return;
    throw new Error(
      `gpu: mode ${mode} was requested, but GPU.js ran a kernel on ${kernel.constructor.name}` +
        (kernel.fallbackReason ? `: ${kernel.fallbackReason}` : ''),
    );
  }
}
