/**
 * The GPU.js backend: the whole training step as GPU.js kernels. Parameters, moments, activations and gradients stay on
 * the device. Batches are uploaded; only the tensors that `download` names come back.
 *
 * Operations are enqueued, and the queue runs their kernels one after another: under webgpu a kernel call is a promise.
 */
import { EPSILON } from '../../src/adam.js';
import { assertKnownNames, describe } from '../../src/arguments.js';
import type { AccumulateOptions, Backend, MatmulOptions } from '../../src/backend.js';
import { BackendUnavailableError } from '../../src/errors.js';
import { withShapeChecks } from '../../src/shape-checks.js';
import type { FloatArray, Tensor } from '../../src/tensor.js';
import { formatShape, zeros } from '../../src/tensor.js';
import type { Matrix } from './device.js';
import { Device } from './device.js';
import { loadGpuJs } from './gpu-js.js';
import type { Mode } from './mode-names.js';
import { MODES } from './mode-names.js';
import type { OpenMode } from './modes.js';
import { openMode } from './modes.js';
import * as programs from './programs.js';
import { DeviceRows } from './rows.js';

export type { Mode } from './mode-names.js';
export { MODES } from './mode-names.js';

/** Options of `createGpuBackend`. */
export interface GpuOptions {
  /** The mode of GPU.js; `auto` uses the first of webgpu, webgl2, headlessgl, webasm and cpu that works. Default: 'auto'. */
  readonly mode?: Mode | 'auto';
}

/**
 * Opens GPU.js in a mode; `auto` uses the first mode of `MODES` that computes a small product correctly. Throws a
 * BackendUnavailableError that says what to install if the mode is not available.
 */
export async function createGpuBackend(options: GpuOptions = {}): Promise<Backend> {
  assertKnownNames('gpu', options, ['mode']);
  const { mode = 'auto' } = options;
  if (mode !== 'auto' && !MODES.includes(mode)) {
    throw new RangeError(`gpu: mode ${describe(mode)}: must be auto, ${MODES.join(', ')}`);
  }
  if (mode !== 'auto') return openChecked(mode);
  await loadGpuJs(); // if it is missing, report it once, not for each mode
  const refusals: string[] = [];
  for (const candidate of MODES) {
    try {
      return await openChecked(candidate);
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new BackendUnavailableError(`no GPU.js mode works here:\n${refusals.join('\n')}`);
}

/** Opens a mode and multiplies two matrices: a mode that opens may still compute wrong results. */
async function openChecked(mode: Mode): Promise<Backend> {
  const backend = withShapeChecks(new GpuBackend(await openMode(mode)));
  try {
    const [a, product] = [backend.allocate([2, 2]), backend.allocate([2, 2])];
    a.data.set([1, 2, 3, 4]);
    backend.upload(a);
    backend.matmul(product, a, a);
    await backend.download(product);
    if (product.data.join() !== '7,10,15,22') {
      throw new BackendUnavailableError(
        `GPU mode ${mode} does not work here: [1 2; 3 4]² should be 7,10,15,22 but is ${product.data.join()}`,
      );
    }
    backend.free(a);
    backend.free(product);
    return backend;
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

/** Where an operand lies: rows `from … to - 1` of a tensor, read directly or as a transpose. */
interface Operand {
  readonly rows: DeviceRows;
  readonly from: number;
  readonly to: number;
  readonly transposed: boolean;
}

class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly dtype = 'f32';
  private readonly device: Device;
  private readonly tensors = new Map<FloatArray, DeviceRows>();
  private queue: Promise<void> = Promise.resolve();
  private submitted: Promise<void> = Promise.resolve();

  constructor(private readonly opened: OpenMode) {
    this.device = new Device(opened);
  }

  get description(): string {
    return `gpu: GPU.js, mode ${this.opened.mode}, ${this.opened.executor()}`;
  }

  allocate(shape: readonly number[]): Tensor {
    const tensor = zeros(shape, 'f32');
    const columns = shape[shape.length - 1];
    this.tensors.set(tensor.data, new DeviceRows(this.device, tensor.size / columns, columns));
    return tensor;
  }

  free(tensor: Tensor): void {
    const rows = this.tensors.get(tensor.data);
    this.tensors.delete(tensor.data);
    this.enqueue(async () => rows?.clear());
  }

  upload(tensor: Tensor): void {
    const { rows, from, to } = this.plainOperand('upload', tensor);
    const { columns } = rows;
    // The host may write the next batch into the tensor before the queue reaches this upload.
    const values = Float32Array.from(tensor.data.subarray(from * columns, to * columns));
    this.enqueue(async () => rows.write(from, to, await this.device.upload(values, to - from, columns)));
  }

  async download(tensor: Tensor): Promise<void> {
    const { rows, from, to } = this.plainOperand('download', tensor);
    let values: Float32Array[] = [];
    this.enqueue(async () => {
      values = await this.device.read(await rows.read(from, to));
    });
    await this.queue;
    values.forEach((row, n) => tensor.data.set(row, (from + n) * rows.columns));
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
    for (const rows of this.tensors.values()) rows.clear();
    this.device.collect();
    this.tensors.clear();
    await this.opened.close();
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const [A, B] = [this.operand('matmul', a), this.operand('matmul', b)];
    const [M, K] = a.shape;
    const N = b.shape[1];
    const added = accumulate ? out : bias;
    const addedShape = accumulate ? 'matrix' : bias ? 'row' : 'none';
    const form = { M, K, N, aTransposed: A.transposed, bTransposed: B.transposed, added: addedShape } as const;
    this.compute(programs.matmulProgram(form), out, added ? [a, b, added] : [a, b]);
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [M, N] = a.shape;
    this.compute(programs.columnSumsProgram(M, N, accumulate), out, accumulate ? [a, out] : [a]);
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const [B, H] = h.shape;
    this.compute(programs.gatesProgram(B, H), gates, [z, forgetBias]);
    this.compute(programs.cellProgram(B, H), c, [gates, cPrev]);
    this.compute(programs.hiddenProgram(B, H), h, [gates, c]);
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const [B, H] = dh.shape;
    this.compute(programs.dCellProgram(B, H), dc, [dc, dh, gates, c]);
    this.compute(programs.dCellPrevProgram(B, H), dcPrev, [dcPrev, dc, gates]);
    this.compute(programs.dzProgram(B, H), dz, [dc, dh, gates, c, cPrev]);
  }

  crossEntropyForward(losses: Tensor, correct: Tensor, probabilities: Tensor, logits: Tensor, y: Tensor): void {
    const [B, C] = logits.shape;
    this.compute(programs.lossesProgram(B, C), losses, [logits, y]);
    this.compute(programs.correctProgram(B, C), correct, [logits, y]);
    this.compute(programs.softmaxProgram(B, C), probabilities, [logits]);
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor): void {
    const [B, C] = dLogits.shape;
    this.compute(programs.dLogitsProgram(B, C), dLogits, [probabilities, y]);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    const columns = p.shape[p.dimension - 1];
    const rows = p.size / columns;
    this.compute(programs.meanProgram(rows, columns), m, [m, g]);
    this.compute(programs.squareProgram(rows, columns), v, [v, g]);
    this.compute(programs.updateProgram(rows, columns), p, [p, m, v, rate, EPSILON]);
  }

  fill(out: Tensor, value: number): void {
    const { rows, from, to } = this.plainOperand('fill', out);
    this.enqueue(async () => rows.write(from, to, value));
  }

  copy(out: Tensor, a: Tensor): void {
    const columns = a.shape[a.dimension - 1];
    this.compute(programs.copyProgram(a.size / columns, columns), out, [a]);
  }

  /** Enqueues a program. Its inputs are tensors or numbers; its result becomes the rows of `out`. */
  private compute(program: programs.Program, out: Tensor, inputs: readonly (Tensor | number)[]): void {
    const { rows, from, to } = this.plainOperand('out', out);
    const operands = inputs.map((input) => (typeof input === 'number' ? input : this.operand('input', input)));
    this.enqueue(async () => {
      const values: (Matrix | number)[] = [];
      for (const operand of operands) {
        values.push(typeof operand === 'number' ? operand : await operand.rows.read(operand.from, operand.to));
      }
      rows.write(from, to, await this.device.run(program, ...values));
    });
  }

  /** After a failure no further work runs; the next `await` of the queue throws the error. */
  private enqueue(work: () => Promise<void>): void {
    this.queue = this.queue.then(work).then(() => this.device.collect());
    this.queue.catch(() => undefined);
  }

  private plainOperand(operation: string, tensor: Tensor): Operand {
    const operand = this.operand(operation, tensor);
    if (operand.transposed)
      throw new RangeError(`gpu ${operation}: ${formatShape(tensor.shape)} must not be a transpose`);
    return operand;
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  private operand(operation: string, { data, shape, stride, offset }: Tensor): Operand {
    const rows = this.tensors.get(data);
    const what = `gpu ${operation}: ${formatShape(shape)}`;
    if (!rows) throw new RangeError(`${what} was not allocated by this backend, or has been freed`);
    const from = Math.floor(offset / rows.columns);
    const aligned = offset % rows.columns === 0;
    if (aligned && isWholeRows(shape, stride, rows.columns)) {
      const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      return { rows, from, to: from + count, transposed: false };
    }
    if (aligned && shape.length === 2 && isWholeRows([...shape].reverse(), [...stride].reverse(), rows.columns)) {
      return { rows, from, to: from + shape[1], transposed: true };
    }
    throw new RangeError(`${what} with strides ${formatShape(stride)} is not made of whole rows of ${rows.columns}`);
  }
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
