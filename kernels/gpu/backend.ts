/**
 * The operations of the GPU.js backend. Parameters, moments, activations and gradients stay on the device. Batches are
 * uploaded; only the tensors that `download` names come back.
 *
 * Operations are enqueued, and the queue runs their kernels one after another: in webgpu mode a kernel call returns a promise.
 */
import type { AccumulateOptions, Backend, MatmulOptions } from '../../src/backend.js';
import type { FloatArray, Tensor } from '../../src/tensor.js';
import { formatShape, zeros } from '../../src/tensor.js';
import { adamPrograms } from './adam.js';
import { dCellPrevPrograms, dCellPrograms, dzPrograms, gatesPrograms, statePrograms } from './cell.js';
import { cellBackwardInTiles, cellForwardInTiles } from './cell-tiles.js';
import type { Input, Operation } from './device.js';
import { Device } from './device.js';
import type { Geometry, Source } from './layout.js';
import { dLogitsPrograms, lossPrograms, softmaxPrograms } from './loss.js';
import type { OpenMode } from './modes.js';
import { columnSumsPrograms, productPrograms } from './products.js';
import type { Program, Size } from './program.js';
import { DeviceTensor } from './tensor.js';

/** Rows `from … to - 1` of a tensor on the device, read directly or as a transpose. */
interface Operand {
  readonly tensor: DeviceTensor;
  readonly from: number;
  readonly to: number;
  readonly transposed: boolean;
}

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
  private readonly tensors = new Map<FloatArray, DeviceTensor>();
  private queue: Promise<void> = Promise.resolve();
  private submitted: Promise<void> = Promise.resolve();
  /**
   * The last enqueued operation, if it is a product that has not started. It cannot start before the caller awaits. A
   * product that is added to the same rows joins its launch, such as hPrev·Wh of equation (1).
   */
  private openProducts: { readonly out: Operand; readonly products: FactorOperands[] } | undefined;

  constructor(private readonly opened: OpenMode) {
    this.device = new Device(opened);
  }

  get description(): string {
    return `gpu: GPU.js, mode ${this.opened.mode}, ${this.opened.executor()}`;
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const factors = { a: this.operand('matmul', a), b: this.operand('matmul', b), K: a.shape[1] };
    const target = this.plainOperand('matmul', out);
    const open = this.openProducts;
    if (accumulate && open && isSame(open.out, target) && open.products.length < MOST_PRODUCTS) {
      open.products.push(factors);
      return;
    }
    const products = [factors];
    const added = accumulate ? target : bias && this.plainOperand('matmul', bias);
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
    const size = [out.to - out.from, out.tensor.columns] as const;
    const start = added && (await added.tensor.read(added.from, added.to));
    const inputs: Record<string, Input> = start === undefined || start === 0 ? {} : { added: start };
    for (const [n, { a, b }] of products.entries()) {
      inputs[`a${n}_`] = await a.tensor.readMatrix(a.from, a.to);
      inputs[`b${n}_`] = await b.tensor.readMatrix(b.from, b.to);
    }
    const forms = products.map(({ a, b, K }) => ({ K, aTransposed: a.transposed, bTransposed: b.transposed }));
    await this.write([out], {
      name: `product ${size.join('×')} ${JSON.stringify(forms)} ${isBias ? 'bias' : ''}`,
      inputs,
      programs: (geometry, sources) => {
        const factors = forms.map((form, n) => ({ ...form, a: sources[`a${n}_`], b: sources[`b${n}_`] }));
        return productPrograms(geometry, size, factors, { source: sources.added, isRow: isBias });
      },
    });
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    this.compute('columnSums', columnSumsPrograms, a.shape, [out], { a, before: accumulate ? out : 0 });
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    if (this.hasCellTiles(h)) {
      this.compute('cell forward', cellForwardInTiles, h.shape, [gates, c, h], { z, cPrev, forgetBias }, ['cPrev']);
    } else {
      this.compute('gates', gatesPrograms, h.shape, [gates], { z, forgetBias });
      this.compute('c, h', statePrograms, h.shape, [c, h], { gates, cPrev });
    }
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    if (this.hasCellTiles(dh)) {
      const inputs = { dc, dcPrev, dh, gates, c, cPrev };
      this.compute('cell backward', cellBackwardInTiles, dh.shape, [dz, dc, dcPrev], inputs, ['dc', 'cPrev']);
    } else {
      this.compute('dc', dCellPrograms, dh.shape, [dc], { dc, dh, gates, c });
      this.compute('dcPrev', dCellPrevPrograms, dh.shape, [dcPrev], { dcPrev, dc, gates });
      this.compute('dz', dzPrograms, dh.shape, [dz], { dc, dh, gates, c, cPrev });
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

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor): void {
    this.compute('dLogits', dLogitsPrograms, dLogits.shape, [dLogits], { probabilities, y });
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    const gradient = this.plainOperand('adam', g);
    const updated = [m, v, p].map((tensor) => this.plainOperand('adam', tensor));
    this.enqueue(async () => {
      // dWx and dWh are two matrices. Updating them separately needs no join, and makes Wx and Wh two matrices, too.
      for (const { from, to } of gradient.tensor.pieces(gradient.from, gradient.to)) {
        const outs = updated.map((operand) => {
          const down = operand.from - gradient.from;
          return { ...operand, from: from + down, to: to + down };
        });
        const size = [to - from, gradient.tensor.columns] as const;
        const inputs = { m: outs[0], v: outs[1], p: outs[2], g: { ...gradient, from, to }, rate };
        await this.launch('adam', adamPrograms, size, outs, inputs);
      }
    });
  }

  squaredErrorForward(_losses: Tensor, _outputs: Tensor, _targets: Tensor, _counted: Tensor): void {
    throw new Error('squaredErrorForward: not written yet');
  }

  squaredErrorBackward(_dOutputs: Tensor, _outputs: Tensor, _targets: Tensor, _counted: Tensor, _count: number): void {
    throw new Error('squaredErrorBackward: not written yet');
  }

  sgd(_p: Tensor, _v: Tensor, _g: Tensor, _rate: number, _momentum: number): void {
    throw new Error('sgd: not written yet');
  }

  gatherRows(_out: Tensor, _a: Tensor, _indices: Tensor, _bias: Tensor): void {
    throw new Error('gatherRows: not written yet');
  }

  scatterAddRows(_out: Tensor, _indices: Tensor, _a: Tensor): void {
    throw new Error('scatterAddRows: not written yet');
  }

  multiply(_out: Tensor, _a: Tensor, _b: Tensor): void {
    throw new Error('multiply: not written yet');
  }

  add(_out: Tensor, _a: Tensor): void {
    throw new Error('add: not written yet');
  }

  fill(out: Tensor, value: number): void {
    const { tensor, from, to } = this.plainOperand('fill', out);
    this.enqueue(async () => tensor.write(from, to, value));
  }

  copy(out: Tensor, a: Tensor): void {
    const [target, source] = [this.plainOperand('copy', out), this.plainOperand('copy', a)];
    this.enqueue(async () => target.tensor.copy(target.from, target.to, source.tensor, source.from));
  }

  allocate(shape: readonly number[]): Tensor {
    const tensor = zeros(shape, 'f32');
    const columns = shape[shape.length - 1];
    this.tensors.set(tensor.data, new DeviceTensor(this.device, tensor.size / columns, columns));
    return tensor;
  }

  free({ data }: Tensor): void {
    const tensor = this.tensors.get(data);
    this.tensors.delete(data);
    this.enqueue(async () => tensor?.clear());
  }

  upload(view: Tensor): void {
    const { data, shape } = view;
    const { tensor, from, to } = this.plainOperand('upload', view);
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
    const { tensor, from, to } = this.plainOperand('download', view);
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
    const targets = outs.map((out) => this.plainOperand(name, out));
    const operands = Object.fromEntries(
      Object.entries<Tensor | number>(inputs).map(([input, value]) => [
        input,
        typeof value === 'number' ? value : this.plainOperand(name, value),
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

  private plainOperand(operation: string, view: Tensor): Operand {
    const operand = this.operand(operation, view);
    if (operand.transposed)
      throw new RangeError(`gpu ${operation}: ${formatShape(view.shape)} must not be a transpose`);
    return operand;
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  private operand(operation: string, { data, shape, stride, offset }: Tensor): Operand {
    const tensor = this.tensors.get(data);
    const what = `gpu ${operation}: ${formatShape(shape)}`;
    if (!tensor) throw new RangeError(`${what} was not allocated by this backend, or has been freed`);
    const { columns } = tensor;
    const from = Math.floor(offset / columns);
    const aligned = offset % columns === 0;
    if (aligned && isWholeRows(shape, stride, columns)) {
      const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      return { tensor, from, to: from + count, transposed: false };
    }
    if (aligned && shape.length === 2 && isWholeRows([...shape].reverse(), [...stride].reverse(), columns)) {
      return { tensor, from, to: from + shape[1], transposed: true };
    }
    throw new RangeError(`${what} with strides ${formatShape(stride)} is not made of whole rows of ${columns}`);
  }
}

function isSame(first: Operand, second: Operand): boolean {
  return first.tensor === second.tensor && first.from === second.from && first.to === second.to;
}

/** Whether a view consists of rows of `columns` elements, one after another without gaps. */
function isWholeRows(shape: readonly number[], stride: readonly number[], columns: number): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] > 1 && stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return shape[shape.length - 1] === columns;
}
