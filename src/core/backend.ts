/**
 * The operations that the mathematics needs; each backend implements them.
 *
 * The parameters of every operation are its outputs, then its inputs. A call enqueues work and returns at once; the host
 * can read a result after `await download(tensor)`. Operands are tensors from `allocate` of the same backend, or views of
 * them (a step, a range of rows, a transpose). src/equations/lstm.ts, cross-entropy.ts and adam.ts have the formulas, and
 * CONTRIBUTING.md describes how to add a backend.
 */
import { describe } from './arguments.js';
import type { CellOperation, CellOperations } from './cell-operations.js';
import { WrongProductError } from './errors.js';
import { type DType, type FloatArray, type Shape, type Tensor, formatShape, keptView } from './tensor.js';

/** Whether an operation replaces its output, or adds to it. */
export interface AccumulateOptions {
  /** Add to `out` instead of replacing it. Default: false. */
  readonly accumulate?: boolean;
}

/** `matmul` without a bias. @inline */
interface NoBiasOptions extends AccumulateOptions {
  /** Default: none. */
  readonly bias?: undefined;
}

/** `matmul` with a bias; it cannot accumulate at the same time. @inline */
interface BiasOptions {
  /** A row `[N]` added to every row of the product. */
  readonly bias: Tensor;
  /** Default: false. */
  readonly accumulate?: false;
}

/** What `matmul` adds to the product: what `out` holds, or a bias, or nothing. */
export type MatmulOptions = NoBiasOptions | BiasOptions;

/** What an error costs. */
export type Cost =
  | {
      /** (13): its square. */
      readonly kind: 'squared';
    }
  | {
      /** (17): its absolute value. */
      readonly kind: 'absolute';
    }
  | {
      /** (18): Huber's function. */
      readonly kind: 'huber';
      /** δ > 0, the largest error that costs its square. */
      readonly delta: number;
    }
  | {
      /** (19): the pinball function. */
      readonly kind: 'pinball';
      /** The quantile of each column, `[C]`, between 0 and 1. */
      readonly quantiles: Tensor;
    };

/** The operations that every backend computes: outputs first, then inputs. */
export interface Operations {
  /** out `[M,N]` = a `[M,K]` · b `[K,N]` (+ bias `[N]`, or + out). Each of a and b may be a transpose. `options`: default {}. */
  matmul(out: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions): void;

  /** out `[N]` = the sum of the rows of a `[M,N]` (+ out). */
  columnSums(out: Tensor, a: Tensor, options?: AccumulateOptions): void;

  /** Equations (2)–(4) of one step: h, c `[B,H]` and gates `[B,4H]` from z `[B,4H]` and cPrev `[B,H]`. */
  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void;

  /**
   * Equations (4′)–(2′) of one step: dz `[B,4H]` from dh `[B,H]`. On entry dc `[B,H]` holds the gradient that arrives
   * from step t+1; on return, the complete ∂loss/∂c. Adds the gradient of cPrev to dcPrev.
   */
  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void;

  /**
   * Equation (5): losses `[B]`, -Σ y*log p of each row, and probabilities p `[B,C]`, the softmax of logits `[B,C]`. labels
   * `[B]`: classes 0 … C-1, or -1 for a row that has no loss; or the rows of y, `[B,C]`, with any sum.
   */
  crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, labels: Tensor): void;

  /** Equation (5′): dLogits `[B,C]` of the sum of the losses, divided by `count`. labels: as in the forward pass. */
  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, labels: Tensor, count: number): void;

  /**
   * Equations (13) and (17) to (19): losses `[B]`, the sum of what the errors outputs - targets of a row cost, all `[B,C]`. mask
   * `[B,C]`: 1 for a number that counts, else 0.
   */
  errorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, cost: Cost): void;

  /** Equations (13′) and (17′) to (19′): dOutputs `[B,C]` of the sum of the losses, divided by `count`. */
  errorBackward(dOutputs: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, count: number, cost: Cost): void;

  /** Equation (9): every element of `gradients`, each `[…]` of any shape, becomes the nearest number within ± limit. NaN stays. */
  clipByValue(gradients: readonly Tensor[], limit: number): void;

  /**
   * Equation (10): if ‖g‖, the norm of all `gradients` together, is finite and above limit, all are scaled by limit/‖g‖. Each is `[…]` of
   * any shape. GPUs sum in f32. If the squares overflow there, they sum those of g·2⁻⁸⁰, and a square below 1e-38 may count as 0.
   */
  clipByNorm(gradients: readonly Tensor[], limit: number): void;

  /** Equation (6): one update of p from its gradient g, with moments m and v, all `[…]` of one shape. `rate`: see `adamRate`. */
  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void;

  /** Equation (11): one update of p from its gradient g, with velocity v, all of one shape `[…]`. `rate`: the learning rate. */
  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void;

  /** Equation (15): row m of out `[M,N]` = row indices[m] of a `[K,N]` + bias `[N]`. indices `[M]`: whole numbers 0 … K-1. */
  embeddingForward(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void;

  /** Equation (15′): row indices[m] of out `[K,N]` += row m of a `[M,N]`, for m = 0, 1, …: equal indices add up. */
  embeddingBackward(out: Tensor, indices: Tensor, a: Tensor): void;

  /** out = a*b, element by element, all of one shape `[…]`. out may be a or b. */
  multiply(out: Tensor, a: Tensor, b: Tensor): void;

  /** out += a, of one shape `[…]`. */
  add(out: Tensor, a: Tensor): void;

  /** Every element of out `[…]` = value. */
  fill(out: Tensor, value: number): void;

  /** out = a, of one shape `[…]`. */
  copy(out: Tensor, a: Tensor): void;
}

/** A backend: the operations, those of other cells as far as it has them, memory for tensors, and ways to wait for results. */
export interface Backend extends Operations, Partial<CellOperations> {
  /** `wasm`, `webgpu`, `reference` or `gpu`. */
  readonly name: string;
  /** The precision of its tensors. */
  readonly dtype: DType;
  /** What the operations run on, in one line: for a GPU its mode, adapter and driver. */
  readonly description: string;
  /** Whether every operation has written its results into the host's tensors when its call returns. Default: false. */
  readonly isOnHost?: boolean;
  /** What it has chosen by measurements on this device so far, a line each: for a GPU the tile of each product. Default: nothing. */
  readonly choices?: readonly string[];

  /** A tensor `[…]` of zeros in this shape, kept until `free` or `dispose`. Throws an OutOfMemoryError that names the bytes. */
  allocate(shape: Shape): Tensor;
  /**
   * Frees a tensor `[…]`; every later operation with it or its views throws a RangeError. Throws a RangeError if this backend
   * did not allocate it, or has freed it before.
   */
  free(tensor: Tensor): void;

  /** Call this after the host has written into `tensor` `[…]`; later operations then use the new values. */
  upload(tensor: Tensor): void;

  /** Waits for all enqueued work that `tensor` `[…]` depends on, then copies its values to the host. */
  download(tensor: Tensor): Promise<void>;

  /** A loop awaits this once per step, so that it does not enqueue work faster than the backend does it. */
  keepPace(): Promise<void>;

  /** Frees all memory, threads and devices. Every later operation throws an Error, or rejects with it; `free` does nothing. */
  dispose(): Promise<void>;
}

/** Keeps what a backend has measured, as text by name: a Map does, or a page's storage. What is missing or damaged is measured again. */
export interface ChoiceStore {
  /** The text that was set, or null or undefined. */
  get(name: string): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps the text until the next one of this name. It is awaited; a failure only means that the next backend measures again. */
  set(name: string, value: string): unknown;
}

/** A backend that has these operations of cells. */
export type BackendWith<Name extends CellOperation> = Backend & Pick<CellOperations, Name>;

/** Throws a WrongProductError if a small product is wrong: a device that opens may still compute wrong results. `what`: its name. */
export async function assertMultiplies(what: string, backend: Backend): Promise<void> {
  const [a, product] = [backend.allocate([2, 2]), backend.allocate([2, 2])];
  a.data.set([1, 2, 3, 4]);
  backend.upload(a);
  backend.matmul(product, a, a);
  await backend.download(product);
  if (product.data.join() !== '7,10,15,22') {
    throw new WrongProductError(
      `${what} does not work here: [1 2; 3 4]² should be 7,10,15,22 but is ${product.data.join()}`,
    );
  }
  backend.free(a);
  backend.free(product);
}

/** A tensor for each of these shapes. */
export type TensorsOf<Shapes> = { -readonly [Name in keyof Shapes]: Tensor };

/**
 * A tensor for each shape. Throws a TypeError if `backend` is not a backend. If `allocate` throws, its error is passed on,
 * and the tensors that were allocated before are freed.
 */
export function allocateAll<Shapes extends Readonly<Record<string, Shape>>>(
  backend: Backend,
  shapes: Shapes,
): TensorsOf<Shapes> {
  if (typeof (backend as Partial<Backend> | undefined)?.allocate !== 'function') {
    throw new TypeError(`backend: ${describe(backend)}: must be a backend, as in await createWasmBackend()`);
  }
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, shape] of Object.entries<Shape>(shapes)) {
      const tensor = backend.allocate(shape);
      tensors.set(name, tensor);
      owners.set(tensor.data, backend.name);
    }
  } catch (error) {
    freeAll(backend, Object.fromEntries(tensors));
    throw error;
  }
  return Object.fromEntries(tensors) as TensorsOf<Shapes>;
}

/** The name of the backend of each tensor from `allocateAll`, by its array. */
const owners = new WeakMap<FloatArray, string>();

/**
 * Throws a RangeError if the tensor `[…]` is another backend's. The reference backend computes with every tensor of the host, where a
 * GPU's have old values. `what` begins the message.
 */
export function assertOwn(what: string, { name }: Backend, { data, shape }: Tensor): void {
  const owner = owners.get(data) ?? name;
  if (owner === name) return;
  throw new RangeError(
    `${what}: ${formatShape(shape)} belongs to the backend ${owner}, not to ${name}: pass the backend that allocated it`,
  );
}

/** A backend's description without the width of its vectors: that is measured at each start, and changes no number. */
export const withoutVectors = (description: string): string =>
  description.replace(/, (256-bit|128-bit because .*?)(?= \(|$)/, '');

/**
 * Calls `read` for each of `tensors` when the host has the values that the tensor has at this call. Operations may follow before
 * the result is awaited, and the tensors may be freed. `n`: the tensor's index.
 */
export async function readAll(
  backend: Backend,
  tensors: readonly Tensor[],
  read: (tensor: Tensor, n: number) => void,
): Promise<void> {
  // Every download is requested before one is awaited. Where the operations write on the host, the values are read at once.
  const reads = tensors.map((tensor, n) => {
    assertOwn('download', backend, tensor);
    const arrival = backend.download(tensor);
    const view = keptView(tensor);
    const readNow = async (): Promise<void> => read(view, n);
    return backend.isOnHost === true ? Promise.all([arrival, readNow()]) : arrival.then(readNow);
  });
  await Promise.all(reads);
}

/** Frees each of `tensors`. */
export function freeAll(backend: Backend, tensors: Readonly<Record<string, Tensor>>): void {
  for (const tensor of Object.values(tensors)) backend.free(tensor);
}
