/**
 * The operations of the GPU.js backend: each is enqueued. Parameters, moments, activations and gradients stay on the device.
 * Batches are uploaded; only the tensors that `download` names come back.
 */
import type { AccumulateOptions, Backend, Cost, MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { cellBackwardInTiles, cellForwardInTiles } from './cell-tiles.js';
import { dCellPrevPrograms, dCellPrograms, dzPrograms, gatesPrograms, statePrograms } from './cell.js';
import {
  gruBackwardPrograms,
  gruGatesPrograms,
  gruPreviousPrograms,
  gruStatePrograms,
  tanhBackwardPrograms,
  tanhPrograms,
} from './cells.js';
import { Clipping } from './clipping.js';
import { Device } from './device.js';
import {
  classBackwardPrograms,
  classLossPrograms,
  crossEntropyBackwardPrograms,
  errorBackwardPrograms,
  errorForwardPrograms,
  lossPrograms,
  softmaxPrograms,
} from './loss.js';
import { Products } from './matmul.js';
import type { OpenMode } from './modes.js';
import { adamPrograms, addPrograms, multiplyPrograms, sgdPrograms } from './pointwise.js';
import { Queue } from './queue.js';
import { columnSumsPrograms, embeddingForwardPrograms, embeddingBackwardPrograms } from './rows.js';
import type { Input } from './runner.js';
import { Allocations } from './tensor.js';

const errorsOf = (kind: Cost['kind']) => ({
  forward: errorForwardPrograms(kind),
  backward: errorBackwardPrograms(kind),
});
const GRU_BACKWARD = { dax: gruBackwardPrograms(false), dah: gruBackwardPrograms(true) };

const ERRORS = {
  squared: errorsOf('squared'),
  absolute: errorsOf('absolute'),
  huber: errorsOf('huber'),
  pinball: errorsOf('pinball'),
};

type ErrorInputs = 'outputs' | 'targets' | 'mask';

export class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly dtype = 'f32';
  private readonly device: Device;
  private readonly allocations: Allocations;
  private readonly queue: Queue;
  private readonly products: Products;
  private readonly clipping: Clipping;
  private submitted: Promise<void> = Promise.resolve();

  constructor(private readonly opened: OpenMode) {
    this.device = new Device(opened);
    this.allocations = new Allocations(this.device);
    this.queue = new Queue(this.device, this.allocations);
    this.products = new Products(this.device, this.allocations, this.queue);
    this.clipping = new Clipping(this.device, this.allocations, this.queue);
  }

  get description(): string {
    return `gpu: GPU.js, mode ${this.opened.mode}, ${this.opened.executor()}`;
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions): void {
    this.products.multiply(out, a, b, options);
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [target, operand] = [this.allocations.plain('columnSums', out), this.allocations.plain('columnSums', a)];
    const [M, N] = a.shape;
    this.queue.add(async () => {
      const inputs: Record<string, Input> = {
        a: await operand.tensor.read(operand.from, operand.to),
        before: accumulate ? await target.tensor.read(target.from, target.to) : 0,
      };
      const isSomeRows = this.device.mayHaveSurplus(inputs.a);
      if (isSomeRows) inputs.M = M; // as K of a product
      await this.queue.write([target], {
        name: `columnSums ${isSomeRows ? '' : M}×${N}`,
        inputs,
        programs: (geometry, { a, before, M: count }) =>
          columnSumsPrograms(geometry, N, { a, before }, isSomeRows ? count : M),
      });
    });
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const size = this.allocations.sizeOf(h);
    if (this.hasCellTiles(h)) {
      this.queue.compute('cell forward', cellForwardInTiles, size, [gates, c, h], { z, cPrev, forgetBias }, ['cPrev']);
    } else {
      this.queue.compute('gates', gatesPrograms, size, [gates], { z, forgetBias });
      this.queue.compute('c, h', statePrograms, size, [c, h], { gates, cPrev });
    }
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const size = this.allocations.sizeOf(dh);
    if (this.hasCellTiles(dh)) {
      const inputs = { dc, dcPrev, dh, gates, c, cPrev };
      this.queue.compute('cell backward', cellBackwardInTiles, size, [dz, dc, dcPrev], inputs, ['dc', 'cPrev']);
    } else {
      this.queue.compute('dc', dCellPrograms, size, [dc], { dc, dh, gates, c });
      this.queue.compute('dcPrev', dCellPrevPrograms, size, [dcPrev], { dcPrev, dc, gates });
      this.queue.compute('dz', dzPrograms, size, [dz], { dc, dh, gates, c, cPrev });
    }
  }

  /** Whether a launch can compute a whole step of the cell; see cell-tiles.ts. */
  private hasCellTiles({ shape: [, H] }: Tensor): boolean {
    const { width, mostOutputs } = this.opened.geometry;
    return width === 4 && H % 4 === 0 && mostOutputs >= 6;
  }

  tanhForward(h: Tensor, a: Tensor): void {
    this.queue.compute('tanh', tanhPrograms, this.allocations.sizeOf(h), [h], { a });
  }

  tanhBackward(da: Tensor, dh: Tensor, h: Tensor): void {
    this.queue.compute('da', tanhBackwardPrograms, this.allocations.sizeOf(da), [da], { dh, h });
  }

  gruCellForward(h: Tensor, gates: Tensor, ax: Tensor, ah: Tensor, hPrev: Tensor): void {
    const size = this.allocations.sizeOf(h);
    this.queue.compute('gates of a GRU', gruGatesPrograms, size, [gates], { ax, ah });
    this.queue.compute('h of a GRU', gruStatePrograms, size, [h], { gates, hPrev });
  }

  gruCellBackward(dax: Tensor, dah: Tensor, dhPrev: Tensor, dh: Tensor, gates: Tensor, hPrev: Tensor): void {
    const size = this.allocations.sizeOf(dh);
    this.queue.compute('dhPrev of a GRU', gruPreviousPrograms, size, [dhPrev], { dhPrev, dh, gates });
    this.queue.compute('dax', GRU_BACKWARD.dax, size, [dax], { dh, gates, hPrev });
    this.queue.compute('dah', GRU_BACKWARD.dah, size, [dah], { dh, gates, hPrev });
  }

  crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, labels: Tensor): void {
    const { shape } = logits;
    if (labels.dimension === 2) this.queue.compute('losses', lossPrograms, shape, [losses], { logits, y: labels });
    else this.queue.compute('losses of classes', classLossPrograms, shape, [losses], { logits, classes: labels });
    this.queue.compute('softmax', softmaxPrograms, logits.shape, [probabilities], { logits });
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, labels: Tensor, count: number): void {
    const { shape } = dLogits;
    if (labels.dimension === 2) {
      const inputs = { probabilities, y: labels, count };
      this.queue.compute('dLogits', crossEntropyBackwardPrograms, shape, [dLogits], inputs);
    } else {
      const inputs = { probabilities, classes: labels, count };
      this.queue.compute('dLogits of classes', classBackwardPrograms, shape, [dLogits], inputs);
    }
  }

  errorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, { kind, ...details }: Cost): void {
    const inputs = { outputs, targets, mask, ...details };
    this.queue.compute<ErrorInputs>(`${kind} errors`, ERRORS[kind].forward, outputs.shape, [losses], inputs);
  }

  errorBackward(
    dOutputs: Tensor,
    outputs: Tensor,
    targets: Tensor,
    mask: Tensor,
    count: number,
    { kind, ...details }: Cost,
  ): void {
    const inputs = { outputs, targets, mask, ...details, count };
    const { backward } = ERRORS[kind];
    this.queue.compute<ErrorInputs | 'count'>(
      `dOutputs of ${kind} errors`,
      backward,
      dOutputs.shape,
      [dOutputs],
      inputs,
    );
  }

  clipByValue(gradients: readonly Tensor[], limit: number): void {
    this.clipping.byValue(gradients, limit);
  }

  clipByNorm(gradients: readonly Tensor[], limit: number): void {
    this.clipping.byNorm(gradients, limit);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    this.queue.update('adam', adamPrograms, { m, v, p }, g, { rate });
  }

  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
    this.queue.update('sgd', sgdPrograms, { v, p }, g, { rate, momentum });
  }

  embeddingForward(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
    const { row, first } = this.allocations.placeInRow('embeddingForward', indices);
    const size = [this.device.roomFor(out.shape[0], row.shape[0]), out.shape[1]] as const; // a step has a row of indices
    this.queue.compute('embeddingForward', embeddingForwardPrograms, size, [out], { a, indices: row, first, bias });
  }

  embeddingBackward(out: Tensor, indices: Tensor, a: Tensor): void {
    const { row, first } = this.allocations.placeInRow('embeddingBackward', indices);
    const inputs = { before: out, indices: row, first, a, M: a.shape[0] };
    this.queue.compute('embeddingBackward', embeddingBackwardPrograms, out.shape, [out], inputs);
  }

  multiply(out: Tensor, a: Tensor, b: Tensor): void {
    this.queue.compute('multiply', multiplyPrograms, this.allocations.sizeOf(out), [out], { a, b });
  }

  add(out: Tensor, a: Tensor): void {
    this.queue.compute('add', addPrograms, this.allocations.sizeOf(out), [out], { before: out, a });
  }

  fill(out: Tensor, value: number): void {
    const { tensor, from, to } = this.allocations.plain('fill', out);
    this.queue.add(async () => tensor.write(from, to, value));
  }

  copy(out: Tensor, a: Tensor): void {
    const [target, source] = [this.allocations.plain('copy', out), this.allocations.plain('copy', a)];
    this.queue.add(() => target.tensor.copy(target.from, target.to, source.tensor, source.from));
  }

  allocate(shape: readonly number[]): Tensor {
    return this.allocations.allocate(shape);
  }

  free(tensor: Tensor): void {
    const onDevice = this.allocations.remove(tensor);
    this.queue.add(async () => onDevice?.clear());
  }

  upload(view: Tensor): void {
    const { data, shape } = view;
    const { tensor, from, to } = this.allocations.plain('upload', view);
    const { columns } = tensor;
    // The host may write the next batch into the tensor before the queue reaches this upload.
    const values = Float32Array.from(data.subarray(from * columns, to * columns));
    // A long sequence needs several textures; each holds whole steps. A matrix is one step.
    const step = shape.length > 1 ? shape[shape.length - 2] : 1;
    const count = Math.max(step, Math.floor(this.device.mostRows / step) * step);
    this.queue.add(async () => {
      for (let top = from; top < to; top += count) {
        const bottom = Math.min(top + count, to);
        const part = values.subarray((top - from) * columns, (bottom - from) * columns);
        tensor.write(top, bottom, await this.device.upload(part, bottom - top, columns));
      }
    });
  }

  async download(view: Tensor): Promise<void> {
    const { tensor, from, to } = this.allocations.plain('download', view);
    this.queue.add(() => tensor.download(from, to, view.data));
    await this.queue.done();
  }

  /** One step may still run while the next is enqueued. */
  async keepPace(): Promise<void> {
    await this.queue.done();
    const before = this.submitted;
    this.submitted = this.opened.workDone();
    await before;
  }

  async dispose(): Promise<void> {
    await this.queue.done().catch(() => undefined); // callers that awaited the work have received the error
    this.device.freeAll();
    this.allocations.clear();
    await this.opened.close();
  }
}
