/** The tensors of a backend: where each lies in the wasm memory, and how often it has been written. */
import ndarray from 'ndarray';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { assertDense, formatShape, sizeOf } from '../../src/core/tensor.js';
import type { Heap } from './heap.js';

/** The memory of one tensor and of its packed copies. */
export interface Storage {
  readonly address: number;
  /** How often the tensor has been written: a packed copy is valid until the next write. */
  writes: number;
  readonly packed: Packed[];
}

/** A packed copy of a view. */
export interface Packed {
  readonly view: Tensor;
  readonly address: number;
  /** How many bytes there are. */
  readonly bytes: number;
  /** The storage's `writes` when the copy was made. */
  writes: number;
  /** The view's numbers when the copy was made; only with `check`. */
  values?: Float64Array;
}

export class Storages {
  private readonly storages = new Map<FloatArray, Storage>();

  constructor(
    private readonly memory: WebAssembly.Memory,
    readonly heap: Heap,
  ) {}

  allocate(shape: readonly number[]): Tensor {
    const size = sizeOf(shape);
    const address = this.heap.allocate(4 * size);
    const data = new Float32Array(this.memory.buffer, address, size).fill(0);
    this.storages.set(data, { address, writes: 0, packed: [] });
    return ndarray<FloatArray>(data, [...shape]);
  }

  free({ data }: Tensor): void {
    const storage = this.storages.get(data);
    if (!storage) return;
    this.storages.delete(data);
    for (const { address } of storage.packed) this.heap.release(address);
    this.heap.release(storage.address);
  }

  clear(): void {
    this.storages.clear();
  }

  /** The storage that a view lies in. */
  of({ data, shape }: Tensor): Storage {
    const storage = this.storages.get(data);
    if (!storage)
      throw new RangeError(`wasm: ${formatShape(shape)} was not allocated by this backend, or has been freed`);
    return storage;
  }

  /** The address of a view's first element. */
  addressOf(view: Tensor): number {
    return this.of(view).address + 4 * view.offset;
  }

  /** As `addressOf`. Throws a RangeError for a view with gaps. */
  denseAddressOf(view: Tensor): number {
    assertDense('wasm', view);
    return this.addressOf(view);
  }

  /** Counts a write to each tensor. */
  written(...tensors: Tensor[]): void {
    for (const { data } of tensors) {
      const storage = this.storages.get(data);
      if (storage) storage.writes++;
    }
  }
}
