/** The queue of a backend: its kernels run one after another. In webgpu mode a kernel call returns a promise. */
import type { Tensor } from '../../src/core/tensor.js';
import type { Device } from './device.js';
import type { Geometry, Source } from './layout.js';
import type { Program, Size } from './program.js';
import type { Input, Operation } from './runner.js';
import type { Allocations, Operand } from './tensor.js';

/** Makes the programs of an operation on matrices of one size. */
type MakePrograms<Name extends string> = (
  geometry: Geometry,
  size: Size,
  sources: Readonly<Record<Name, Source>>,
) => readonly Program[];

export class Queue {
  /** How many operations have been enqueued. */
  enqueued = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly device: Device,
    private readonly allocations: Allocations,
  ) {}

  /** Enqueues work. After a failure no further work runs. */
  add(work: () => Promise<void>): void {
    this.enqueued++;
    this.last = this.last.then(work).then(() => this.device.collect());
    this.last.catch(() => undefined);
  }

  /** Waits for all enqueued work. Throws the error of the work that has failed. */
  done(): Promise<void> {
    return this.last;
  }

  /**
   * Enqueues an operation whose inputs are tensors and numbers. Its results become `outs`, in order.
   *
   * If one number fills a tensor, the kernel gets this number. `matrices` are the names of tensors that are passed as
   * matrices anyway. They hold one number in the first step only, and a kernel would be compiled for that step alone.
   */
  compute<Name extends string>(
    name: string,
    programs: MakePrograms<Name>,
    size: readonly number[],
    outs: readonly Tensor[],
    inputs: Readonly<Record<Name, Tensor | number>>,
    matrices: readonly NoInfer<Name>[] = [],
  ): void {
    const targets = outs.map((out) => this.allocations.plain(name, out));
    const operands = Object.fromEntries(
      Object.entries<Tensor | number>(inputs).map(([input, value]) => [
        input,
        typeof value === 'number' ? value : this.allocations.plain(name, value),
      ]),
    ) as Record<Name, Operand | number>;
    this.add(async () => {
      for (const input of matrices) {
        const operand = operands[input];
        if (typeof operand !== 'number') await operand.tensor.readMatrix(operand.from, operand.to);
      }
      await this.launch(name, programs, [size[0], size[1]], targets, operands);
    });
  }

  /** Runs an operation of the queue. */
  private async launch<Name extends string>(
    name: string,
    programs: MakePrograms<Name>,
    size: Size,
    outs: readonly Operand[],
    operands: Readonly<Record<Name, Operand | number>>,
  ): Promise<void> {
    const inputs: Record<string, Input> = {};
    for (const [input, operand] of Object.entries<Operand | number>(operands))
      inputs[input] = typeof operand === 'number' ? operand : await operand.tensor.read(operand.from, operand.to);
    await this.write(outs, {
      name: `${name} ${size.join('×')}`,
      inputs,
      programs: (geometry, sources) => programs(geometry, size, sources),
    });
  }

  /** Runs an operation; its results become the rows `outs`, in order. */
  async write(outs: readonly Operand[], operation: Operation): Promise<void> {
    const results = await this.device.run(operation);
    for (const [n, { tensor, from, to }] of outs.entries()) tensor.write(from, to, results[n]);
  }

  /** One update of an optimiser: of the tensors `updated`, in the order of the programs' results. */
  update<Name extends string, Factor extends string>(
    name: string,
    programs: MakePrograms<Name | Factor | 'g'>,
    updated: Readonly<Record<Name, Tensor>>,
    g: Tensor,
    factors: Readonly<Record<Factor, number>>,
  ): void {
    const gradient = this.allocations.plain(name, g);
    const operands = Object.entries<Tensor>(updated).map(
      ([key, tensor]) => [key, this.allocations.plain(name, tensor)] as const,
    );
    this.add(async () => {
      // dWx and dWh are two matrices. Updating them separately needs no join, and makes Wx and Wh two matrices, too.
      for (const { from, to } of gradient.tensor.pieces(gradient.from, gradient.to)) {
        const outs = operands.map(([key, operand]) => {
          const down = operand.from - gradient.from;
          return [key, { ...operand, from: from + down, to: to + down }] as const;
        });
        const size = [to - from, gradient.tensor.columns] as const;
        const inputs = { ...Object.fromEntries(outs), g: { ...gradient, from, to }, ...factors };
        await this.launch(
          name,
          programs,
          size,
          outs.map(([, out]) => out),
          inputs as Record<Name | Factor | 'g', Operand | number>,
        );
      }
    });
  }
}
