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
import type { Input, Operation } from './device.js';
import { cellBackwardInTiles, cellForwardInTiles } from './cell-tiles.js';
import { Device } from './device.js';
import { loadGpuJs } from './gpu-js.js';
import type { Geometry, Source } from './layout.js';
import type { Mode } from './mode-names.js';
import { MODES } from './mode-names.js';
import type { OpenMode } from './modes.js';
import { openMode } from './modes.js';
import { productProgram } from './products.js';
import type { Program } from './program.js';
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

interface FactorOperands {
  readonly a: Operand;
  readonly b: Operand;
  readonly K: number;
}

function isSame(first: Operand, second: Operand): boolean {
  return first.rows === second.rows && first.from === second.from && first.to === second.to;
}

class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly dtype = 'f32';
  private readonly device: Device;
  private readonly tensors = new Map<FloatArray, DeviceRows>();
  private queue: Promise<void> = Promise.resolve();
  private submitted: Promise<void> = Promise.resolve();
  /**
   * The last operation, if it is a product that was enqueued by the caller's running code. A product that is added to the
   * same rows joins its launch, such as hPrev·Wh of equation (1).
   */
  private openProducts: { readonly place: Operand; readonly products: FactorOperands[] } | undefined;

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
    this.enqueue(() => rows.download(from, to, tensor.data));
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
    for (const rows of this.tensors.values()) rows.clear();
    this.device.collect();
    this.tensors.clear();
    await this.opened.close();
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const factors = { a: this.operand('matmul', a), b: this.operand('matmul', b), K: a.shape[1] };
    const place = this.plainOperand('matmul', out);
    const open = this.openProducts;
    if (accumulate && open && isSame(open.place, place)) {
      open.products.push(factors);
      return;
    }
    const products = [factors];
    const added = accumulate ? place : bias && this.plainOperand('matmul', bias);
    this.enqueue(() => this.multiply(place, products, added, bias !== undefined));
    this.openProducts = { place, products };
    queueMicrotask(() => {
      this.openProducts = undefined;
    });
  }

  /** place = added + the sum of the products, in one launch. */
  private async multiply(
    place: Operand,
    products: readonly FactorOperands[],
    added: Operand | undefined,
    isBias: boolean,
  ): Promise<void> {
    const size = [place.to - place.from, place.rows.columns] as const;
    const start = added && (await added.rows.read(added.from, added.to));
    const inputs: Record<string, Input> = start === undefined || start === 0 ? {} : { added: start };
    for (const [n, { a, b }] of products.entries()) {
      inputs[`a${n}_`] = await a.rows.readMatrix(a.from, a.to);
      inputs[`b${n}_`] = await b.rows.readMatrix(b.from, b.to);
    }
    const forms = products.map(({ a, b, K }) => ({ K, aTransposed: a.transposed, bTransposed: b.transposed }));
    await this.write([place], {
      name: `product ${size} ${JSON.stringify(forms)} ${isBias}`,
      inputs,
      programs: (geometry, sources) => {
        const factors = forms.map((form, n) => ({ ...form, a: sources[`a${n}_`], b: sources[`b${n}_`] }));
        return [productProgram(geometry, size, factors, { source: sources.added, isRow: isBias })];
      },
    });
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [M, N] = a.shape;
    this.compute([out], `columnSums ${M} ${N}`, { a, before: accumulate ? out : 0 }, (geometry, { a, before }) => [
      programs.columnSumsProgram(geometry, [M, N], a, before),
    ]);
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const size = [h.shape[0], h.shape[1]] as const;
    if (this.hasCellTiles(size)) {
      this.compute([gates, c, h], `cell forward ${size}`, { z, cPrev, forgetBias }, (_, sources) => [
        cellForwardInTiles(size, sources),
      ]);
      return;
    }
    this.compute([gates], `gates ${size}`, { z, forgetBias }, (geometry, { z, forgetBias }) =>
      programs.gatesPrograms(geometry, size, z, forgetBias),
    );
    this.compute([c, h], `state ${size}`, { gates, cPrev }, (geometry, { gates, cPrev }) =>
      programs.statePrograms(geometry, size, gates, cPrev),
    );
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const size = [dh.shape[0], dh.shape[1]] as const;
    if (this.hasCellTiles(size)) {
      this.compute([dz, dc, dcPrev], `cell backward ${size}`, { dc, dcPrev, dh, gates, c, cPrev }, (_, sources) => [
        cellBackwardInTiles(size, sources),
      ]);
      return;
    }
    this.compute([dc], `dc ${size}`, { dc, dh, gates, c }, (geometry, sources) =>
      programs.dCellPrograms(geometry, size, sources),
    );
    this.compute([dcPrev], `dcPrev ${size}`, { dcPrev, dc, gates }, (geometry, sources) =>
      programs.dCellPrevPrograms(geometry, size, sources),
    );
    this.compute([dz], `dz ${size}`, { dc, dh, gates, c, cPrev }, (geometry, sources) =>
      programs.dzPrograms(geometry, size, sources),
    );
  }

  /** Whether a launch can compute a whole step of the cell; see cell-tiles.ts. */
  private hasCellTiles([, H]: readonly [number, number]): boolean {
    const { width, mostOutputs } = this.opened.geometry;
    return width === 4 && H % 4 === 0 && mostOutputs >= 6;
  }

  crossEntropyForward(losses: Tensor, correct: Tensor, probabilities: Tensor, logits: Tensor, y: Tensor): void {
    const size = [logits.shape[0], logits.shape[1]] as const;
    this.compute([losses, correct], `losses ${size}`, { logits, y }, (geometry, { logits, y }) =>
      programs.lossPrograms(geometry, size, logits, y),
    );
    this.compute([probabilities], `softmax ${size}`, { logits }, (geometry, { logits }) =>
      programs.softmaxPrograms(geometry, size, logits),
    );
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor): void {
    const size = [dLogits.shape[0], dLogits.shape[1]] as const;
    this.compute([dLogits], `dLogits ${size}`, { probabilities, y }, (geometry, { probabilities, y }) =>
      programs.dLogitsPrograms(geometry, size, probabilities, y),
    );
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    const operands = { p, m, v, g };
    const [P, M, V, G] = Object.values(operands).map((tensor) => this.plainOperand('adam', tensor));
    const { columns } = P.rows;
    this.enqueue(async () => {
      // dWx and dWh were computed apart. Updating them apart needs no join, and leaves Wx and Wh as matrices of their own.
      for (const { from, to } of G.rows.pieces(G.from, G.to)) {
        const [top, bottom] = [from - G.from, to - G.from];
        const places = [M, V, P].map((place) => ({ ...place, from: place.from + top, to: place.from + bottom }));
        const [m, v, p] = places;
        const size = [to - from, columns] as const;
        await this.write(places, {
          name: `adam ${size}`,
          inputs: {
            p: await p.rows.read(p.from, p.to),
            m: await m.rows.read(m.from, m.to),
            v: await v.rows.read(v.from, v.to),
            g: await G.rows.read(from, to),
            rate,
            epsilon: EPSILON,
          },
          programs: (geometry, { p, m, v, g, rate, epsilon }) =>
            programs.adamPrograms(geometry, size, { p, m, v, g, rate, epsilon }),
        });
      }
    });
  }

  fill(out: Tensor, value: number): void {
    const { rows, from, to } = this.plainOperand('fill', out);
    this.enqueue(async () => rows.write(from, to, value));
  }

  copy(out: Tensor, a: Tensor): void {
    const [to, from] = [this.plainOperand('copy', out), this.plainOperand('copy', a)];
    this.enqueue(async () => to.rows.copy(to.from, to.to, from.rows, from.from));
  }

  /** Enqueues an operation whose inputs are tensors and numbers. Its results become `outs`. */
  private compute<Name extends string>(
    outs: readonly Tensor[],
    name: string,
    inputs: Readonly<Record<Name, Tensor | number>>,
    make: (geometry: Geometry, sources: Readonly<Record<Name, Source>>) => readonly Program[],
  ): void {
    const operands = Object.entries<Tensor | number>(inputs).map(
      ([input, value]) => [input, typeof value === 'number' ? value : this.plainOperand(name, value)] as const,
    );
    const places = outs.map((out) => this.plainOperand(name, out));
    this.enqueue(async () => {
      const values: Record<string, Input> = {};
      for (const [input, operand] of operands) {
        values[input] = typeof operand === 'number' ? operand : await operand.rows.read(operand.from, operand.to);
      }
      const programs = (geometry: Geometry, sources: Readonly<Record<string, Source>>) =>
        make(geometry, sources as Record<Name, Source>);
      await this.write(places, { name, inputs: values, programs });
    });
  }

  /** Runs an operation; its results become the rows `places`, in order. */
  private async write(places: readonly Operand[], operation: Operation): Promise<void> {
    const results = await this.device.run(operation);
    for (const [n, { rows, from, to }] of places.entries()) rows.write(from, to, results[n]);
  }

  /** After a failure no further work runs; the next `await` of the queue throws the error. */
  private enqueue(work: () => Promise<void>): void {
    this.openProducts = undefined;
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
