/**
 * What the mathematics asks of a machine.
 *
 * Every operation takes its outputs first, then its inputs. A call enqueues work and returns at once;
 * the results can be read on the host after `await download(tensor)`. Operands are tensors made by
 * `allocate` of the same backend, or views of them (a step, a range of rows, a transpose). Formulas:
 * src/lstm.ts, cross-entropy.ts, adam.ts; docs/backends.md tells how to add a machine.
 */
import { describe } from './arguments.js';
import type { DType, Shape, Tensor } from './tensor.js';

/** Whether an operation replaces its output or adds to it. */
export interface AccumulateOptions {
  /** Add to what `out` holds, instead of replacing it. Default: false. */
  readonly accumulate?: boolean;
}

/** A row to add to the product. */
export interface BiasOptions {
  /** A row `[N]` added to every row of the product. */
  readonly bias: Tensor;
  /** Excluded by `bias`. Default: false. */
  readonly accumulate?: false;
}

/** What `matmul` adds to the product: what `out` holds, or a bias, or nothing. */
export type MatmulOptions = (AccumulateOptions & { readonly bias?: undefined }) | BiasOptions;

/** The operations that every backend computes: outputs first, then inputs. */
export interface Operations {
  /** out `[M,N]` = a `[M,K]` · b `[K,N]` (+ bias `[N]`, or + out). Each of a and b may be a transpose. */
  matmul(out: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions): void;

  /** out `[N]` = the sum of the rows of a `[M,N]` (+ out). */
  columnSums(out: Tensor, a: Tensor, options?: AccumulateOptions): void;

  /** Equations (2)–(4) of one step: h, c `[B,H]` and gates `[B,4H]` from z `[B,4H]` and cPrev `[B,H]`. */
  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void;

  /**
   * Equations (4′)–(2′) of one step: dz `[B,4H]` from dh `[B,H]`. On entry dc `[B,H]` is what reaches c
   * from later steps, on return the whole ∂loss/∂c; its share for the step before is added to dcPrev.
   */
  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void;

  /**
   * losses `[B]`: -Σ y*log p of each row; correct `[B]`: 1 if the largest logit and the largest y are of one class,
   * else 0; probabilities p `[B,C]`: softmax of logits `[B,C]`; y `[B,C]`: labels, as a rule one-hot (equation (5)).
   */
  crossEntropyForward(losses: Tensor, correct: Tensor, probabilities: Tensor, logits: Tensor, y: Tensor): void;

  /** dLogits `[B,C]` of the mean loss over the batch, for rows of y of any sum (equation (5′)). */
  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor): void;

  /** One update of p from its gradient g, with moments m and v; all of one shape. `rate`: see adamRate. */
  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void;

  /** Every element of out = value. */
  fill(out: Tensor, value: number): void;

  /** out = a, of one shape. */
  copy(out: Tensor, a: Tensor): void;
}

/** What computes: the operations, memory for tensors, and ways to wait for results. */
export interface Backend extends Operations {
  /** `wasm`, `reference` or `gpu`. */
  readonly name: string;
  /** The precision of its tensors. */
  readonly dtype: DType;
  /** What really runs, in one line: for a GPU its mode, adapter and driver. */
  readonly description: string;

  /** A tensor of zeros, held until `free` or `dispose`. Throws an OutOfMemoryError that names the bytes. */
  allocate(shape: Shape): Tensor;
  /** Gives a tensor's memory back. Throws a RangeError if it is not of this backend, or has been freed before. */
  free(tensor: Tensor): void;

  /** The host has written into `tensor`: from now on the machine computes with those values. */
  upload(tensor: Tensor): void;

  /** Waits for all enqueued work that `tensor` depends on, then brings its values to the host. */
  download(tensor: Tensor): Promise<void>;

  /** A loop awaits this once a step, so that it does not enqueue work faster than the machine does it. */
  keepPace(): Promise<void>;

  /** Gives back all memory, threads and devices; after it, no operation may be called. */
  dispose(): Promise<void>;
}

/**
 * A tensor for each shape. Throws a TypeError if `backend` is not a backend. If `allocate` throws, the tensors allocated
 * before are freed and its error is passed on.
 */
export function allocateAll<Name extends string>(
  backend: Backend,
  shapes: Readonly<Record<Name, Shape>>,
): Record<Name, Tensor> {
  if (typeof (backend as Partial<Backend> | undefined)?.allocate !== 'function') {
    throw new TypeError(`backend: ${describe(backend)}: must be a backend, as in await createWasmBackend()`);
  }
  const tensors: [string, Tensor][] = [];
  try {
    for (const [name, shape] of Object.entries<Shape>(shapes)) tensors.push([name, backend.allocate(shape)]);
  } catch (error) {
    for (const [, tensor] of tensors) backend.free(tensor);
    throw error;
  }
  return Object.fromEntries(tensors) as Record<Name, Tensor>;
}
