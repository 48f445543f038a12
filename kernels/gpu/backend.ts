/**
 * The operations of the GPU.js backend. Parameters, moments, activations and gradients stay on the device. Batches are
 * uploaded; only the tensors that `download` names come back.
 *
 * Operations are enqueued, and the queue runs their kernels one after another: in webgpu mode a kernel call returns a promise.
 */
import type { AccumulateOptions, Backend, MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { cellBackwardInTiles, cellForwardInTiles } from './cell-tiles.js';
import { dCellPrevPrograms, dCellPrograms, dzPrograms, gatesPrograms, statePrograms } from './cell.js';
import type { Input, Operation } from './device.js';
import { Device } from './device.js';
import type { Geometry, Source } from './layout.js';
import { dLogitsPrograms, lossPrograms, softmaxPrograms, dOutputsPrograms, squaredErrorPrograms } from './loss.js';
import { columnSumsPrograms, productPrograms } from './matmul.js';
import type { OpenMode } from './modes.js';
import type { Operand } from './allocations.js';
import { DeviceTensors, roomOf } from './allocations.js';
import { addPrograms, multiplyPrograms, adamPrograms, sgdPrograms } from './pointwise.js';
import type { Program, Size } from './program.js';
import { gatherRowsPrograms, scatterAddRowsPrograms } from './rows.js';

interface FactorOperands {
  readonly a: Operand;
  readonly b: Operand;
  readonly K: number;
}

/** Makes the programs of an operation on matrices of one size. */
type MakePrograms<Name extends string> = (
  geometry: Geometry,
  size: Size,
  sources: Readonly<Record<Name, Source>>,
) => readonly Program[];

/** The most products in a launch. They read 6 matrices. With the one that they are added to that is 7, the most in webgpu. */
const MOST_PRODUCTS = 3;

export class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly dtype = 'f32';
  private readonly device: Device;
  private readonly tensors: DeviceTensors;
  private queue: Promise<void> = Promise.resolve();
  private submitted: Promise<void> = Promise.resolve();
  /**
   * The last enqueued operation, if it is a product that has not started. It cannot start before the caller awaits. A
   * product that is added to the same rows joins its launch, such as hPrev·Wh of equation (1).
   */
  private openProducts: { readonly out: Operand; readonly products: FactorOperands[] } | undefined;

  constructor(private readonly opened: OpenMode) {
    this.device = new Device(opened);
    this.tensors = new DeviceTensors(this.device);
  }

  get description(): string {
    return `gpu: GPU.js, mode ${this.opened.mode}, ${this.opened.executor()}`;
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const factors = { a: this.tensors.find('matmul', a), b: this.tensors.find('matmul', b), K: a.shape[1] };
    const target = this.tensors.plain('matmul', out);
    const open = this.openProducts;
    if (accumulate && open && isSame(open.out, target) && open.products.length < MOST_PRODUCTS) {
      open.products.push(factors);
      return;
    }
    const products = [factors];
    const added = accumulate ? target : bias && this.tensors.plain('matmul', bias);
    this.enqueue(() => this.launchProducts(target, products, added, bias !== undefined));
    this.openProducts = { out: target, products };
    queueMicrotask(() => {
      this.openProducts = undefined;
    });
  }

  /** out = added + the sum of the products, in one launch. */
  private async launchProducts(
    out: Operand,
    products: readonly FactorOperands[],
    added: Operand | undefined,
    isBias: boolean,
  ): Promise<void> {
    const rows = Math.max(
      ...[out, ...products.map(({ a }) => a)].map((operand) => (operand.transposed ? 0 : roomOf(operand))),
    );
    const size = [rows, out.tensor.columns] as const;
    const start = added && (await added.tensor.read(added.from, added.to));
    const inputs: Record<string, Input> = start === undefined || start === 0 ? {} : { added: start };
    const forms: { K: number | undefined; aTransposed: boolean; bTransposed: boolean }[] = [];
    for (const [n, { a, b, K }] of products.entries()) {
      inputs[`a${n}_`] = await a.tensor.readMatrix(a.from, a.to);
      const right = await b.tensor.readMatrix(b.from, b.to);
      inputs[`b${n}_`] = right;
      // inputᵀ·dz is a sum over the sequences that have not ended: dz has surplus rows for the others
      const isSomeRows = a.transposed && !b.transposed && this.device.mayHaveSurplus(right);
      if (isSomeRows) inputs[`K${n}_`] = K;
      forms.push({ K: isSomeRows ? undefined : K, aTransposed: a.transposed, bTransposed: b.transposed });
    }
    await this.write([out], {
      name: `product ${size.join('×')} ${JSON.stringify(forms)} ${isBias ? 'bias' : ''}`,
      inputs,
      programs: (geometry, sources) => {
        const factors = forms.map(({ K, ...form }, n) => ({
          ...form,
          a: sources[`a${n}_`],
          b: sources[`b${n}_`],
          K: K ?? sources[`K${n}_`],
        }));
        return productPrograms(geometry, size, factors, { source: sources.added, isRow: isBias });
      },
    });
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [target, operand] = [this.tensors.plain('columnSums', out), this.tensors.plain('columnSums', a)];
    const [M, N] = a.shape;
    this.enqueue(async () => {
      const inputs: Record<string, Input> = {
        a: await operand.tensor.read(operand.from, operand.to),
        before: accumulate ? await target.tensor.read(target.from, target.to) : 0,
      };
      const isSomeRows = this.device.mayHaveSurplus(inputs.a);
      if (isSomeRows) inputs.M = M; // as K of a product
      await this.write([target], {
        name: `columnSums ${isSomeRows ? '' : M}×${N}`,
        inputs,
        programs: (geometry, { a, before, M: count }) =>
          columnSumsPrograms(geometry, N, { a, before }, isSomeRows ? count : M),
      });
    });
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const size = this.tensors.sizeOf(h);
    if (this.hasCellTiles(h)) {
      this.compute('cell forward', cellForwardInTiles, size, [gates, c, h], { z, cPrev, forgetBias }, ['cPrev']);
    } else {
      this.compute('gates', gatesPrograms, size, [gates], { z, forgetBias });
      this.compute('c, h', statePrograms, size, [c, h], { gates, cPrev });
    }
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const size = this.tensors.sizeOf(dh);
    if (this.hasCellTiles(dh)) {
      const inputs = { dc, dcPrev, dh, gates, c, cPrev };
      this.compute('cell backward', cellBackwardInTiles, size, [dz, dc, dcPrev], inputs, ['dc', 'cPrev']);
    } else {
      this.compute('dc', dCellPrograms, size, [dc], { dc, dh, gates, c });
      this.compute('dcPrev', dCellPrevPrograms, size, [dcPrev], { dcPrev, dc, gates });
      this.compute('dz', dzPrograms, size, [dz], { dc, dh, gates, c, cPrev });
    }
  }

  /** Whether a launch can compute a whole step of the cell; see cell-tiles.ts. */
  private hasCellTiles({ shape: [, H] }: Tensor): boolean {
    const { width, mostOutputs } = this.opened.geometry;
    return width === 4 && H % 4 === 0 && mostOutputs >= 6;
  }

  crossEntropyForward(losses: Tensor, correct: Tensor, probabilities: Tensor, logits: Tensor, y: Tensor): void {
    this.compute('losses', lossPrograms, logits.shape, [losses, correct], { logits, y });
    this.compute('softmax', softmaxPrograms, logits.shape, [probabilities], { logits });
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor, count: number): void {
    this.compute('dLogits', dLogitsPrograms, dLogits.shape, [dLogits], { probabilities, y, count });
  }

  squaredErrorForward(losses: Tensor, outputs: Tensor, targets: Tensor, counted: Tensor): void {
    this.compute('squared errors', squaredErrorPrograms, outputs.shape, [losses], { outputs, targets, counted });
  }

  squaredErrorBackward(dOutputs: Tensor, outputs: Tensor, targets: Tensor, counted: Tensor, count: number): void {
    const inputs = { outputs, targets, counted, count };
    this.compute('dOutputs', dOutputsPrograms, dOutputs.shape, [dOutputs], inputs);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    this.update('adam', adamPrograms, { m, v, p }, g, { rate });
  }

  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
    this.update('sgd', sgdPrograms, { v, p }, g, { rate, momentum });
  }

  /** One update of an optimiser: of the tensors `updated`, in the order of the programs' results. */
  private update<Name extends string, Factor extends string>(
    name: string,
    programs: MakePrograms<Name | Factor | 'g'>,
    updated: Readonly<Record<Name, Tensor>>,
    g: Tensor,
    factors: Readonly<Record<Factor, number>>,
  ): void {
    const gradient = this.tensors.plain(name, g);
    const operands = Object.entries<Tensor>(updated).map(
      ([key, tensor]) => [key, this.tensors.plain(name, tensor)] as const,
    );
    this.enqueue(async () => {
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

  gatherRows(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
    const { row, first } = this.tensors.placeInRow('gatherRows', indices);
    const size = [this.device.roomFor(out.shape[0], row.shape[0]), out.shape[1]] as const; // a step has a row of indices
    this.compute('gatherRows', gatherRowsPrograms, size, [out], { a, indices: row, first, bias });
  }

  scatterAddRows(out: Tensor, indices: Tensor, a: Tensor): void {
    const { row, first } = this.tensors.placeInRow('scatterAddRows', indices);
    const inputs = { before: out, indices: row, first, a, M: a.shape[0] };
    this.compute('scatterAddRows', scatterAddRowsPrograms, out.shape, [out], inputs);
  }

  multiply(out: Tensor, a: Tensor, b: Tensor): void {
    this.compute('multiply', multiplyPrograms, this.tensors.sizeOf(out), [out], { a, b });
  }

  add(out: Tensor, a: Tensor): void {
    this.compute('add', addPrograms, this.tensors.sizeOf(out), [out], { before: out, a });
  }

  fill(out: Tensor, value: number): void {
    const { tensor, from, to } = this.tensors.plain('fill', out);
    this.enqueue(async () => tensor.write(from, to, value));
  }

  copy(out: Tensor, a: Tensor): void {
    const [target, source] = [this.tensors.plain('copy', out), this.tensors.plain('copy', a)];
    this.enqueue(() => target.tensor.copy(target.from, target.to, source.tensor, source.from));
  }

  allocate(shape: readonly number[]): Tensor {
    return this.tensors.allocate(shape);
  }

  free(tensor: Tensor): void {
    const onDevice = this.tensors.remove(tensor);
    this.enqueue(async () => onDevice?.clear());
  }

  upload(view: Tensor): void {
    const { data, shape } = view;
    const { tensor, from, to } = this.tensors.plain('upload', view);
    const { columns } = tensor;
    // The host may write the next batch into the tensor before the queue reaches this upload.
    const values = Float32Array.from(data.subarray(from * columns, to * columns));
    // A long sequence needs several textures; each holds whole steps. A matrix is one step.
    const step = shape.length > 1 ? shape[shape.length - 2] : 1;
    const count = Math.max(step, Math.floor(this.device.mostRows / step) * step);
    this.enqueue(async () => {
      for (let top = from; top < to; top += count) {
        const bottom = Math.min(top + count, to);
        const part = values.subarray((top - from) * columns, (bottom - from) * columns);
        tensor.write(top, bottom, await this.device.upload(part, bottom - top, columns));
      }
    });
  }

  async download(view: Tensor): Promise<void> {
    const { tensor, from, to } = this.tensors.plain('download', view);
    this.enqueue(() => tensor.download(from, to, view.data));
    await this.queue;
  }

  /** One step may still run while the next is enqueued. */
  async keepPace(): Promise<void> {
    await this.queue;
    const before = this.submitted;
    this.submitted = this.opened.workDone();
    await before;
  }

  async dispose(): Promise<void> {
    await this.queue.catch(() => undefined); // callers that awaited the work have received the error
    this.device.freeAll();
    this.tensors.clear();
    await this.opened.close();
  }

  /**
   * Enqueues an operation whose inputs are tensors and numbers. Its results become `outs`, in order.
   *
   * If one number fills a tensor, the kernel gets this number. `matrices` are the names of tensors that are passed as
   * matrices anyway. They hold one number in the first step only, and a kernel would be compiled for that step alone.
   */
  private compute<Name extends string>(
    name: string,
    programs: MakePrograms<Name>,
    size: readonly number[],
    outs: readonly Tensor[],
    inputs: Readonly<Record<Name, Tensor | number>>,
    matrices: readonly NoInfer<Name>[] = [],
  ): void {
    const targets = outs.map((out) => this.tensors.plain(name, out));
    const operands = Object.fromEntries(
      Object.entries<Tensor | number>(inputs).map(([input, value]) => [
        input,
        typeof value === 'number' ? value : this.tensors.plain(name, value),
      ]),
    ) as Record<Name, Operand | number>;
    this.enqueue(async () => {
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
    for (const [input, operand] of Object.entries<Operand | number>(operands)) {
      inputs[input] = typeof operand === 'number' ? operand : await operand.tensor.read(operand.from, operand.to);
    }
    await this.write(outs, {
      name: `${name} ${size.join('×')}`,
      inputs,
      programs: (geometry, sources) => programs(geometry, size, sources),
    });
  }

  /** Runs an operation; its results become the rows `outs`, in order. */
  private async write(outs: readonly Operand[], operation: Operation): Promise<void> {
    const results = await this.device.run(operation);
    for (const [n, { tensor, from, to }] of outs.entries()) tensor.write(from, to, results[n]);
  }

  /** After a failure no further work runs; the next `await` of the queue throws the error. */
  private enqueue(work: () => Promise<void>): void {
    this.openProducts = undefined;
    this.queue = this.queue.then(work).then(() => this.device.collect());
    this.queue.catch(() => undefined);
  }
}

function isSame(first: Operand, second: Operand): boolean {
  return first.tensor === second.tensor && first.from === second.from && first.to === second.to;
}
