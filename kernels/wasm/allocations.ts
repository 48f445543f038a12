/** The tensors of a backend: where each lies in the wasm memory, and how often it has been written. */
import ndarray from 'ndarray';
import { type FloatArray, type Tensor, assertDense, formatShape, sizeOf } from '../../src/core/tensor.js';
import type { FreedMemory } from './freed-memory.js';
import type { WasmHeap } from './heap.js';

/** The memory of one tensor and of its packed copies. */
export interface Allocation {
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
  /** The allocation's `writes` when the copy was made. */
  writes: number;
  /** The view's numbers when the copy was made; only with `check`. */
  values?: Float64Array;
}

export class Allocations {
  private readonly allocations = new Map<FloatArray, Allocation>();

  constructor(
    private readonly memory: WebAssembly.Memory,
    readonly heap: WasmHeap,
    /** Only with `check`. */
    private readonly freed?: FreedMemory,
  ) {}

  allocate(shape: readonly number[]): Tensor {
    const size = sizeOf(shape);
    const address = this.heap.allocateZeros(4 * size);
    const data = new Float32Array(this.memory.buffer, address, size);
    this.allocations.set(data, { address, writes: 0, packed: [] });
    return ndarray<FloatArray>(data, [...shape]);
  }

  /** Throws an Error if freed memory has been written; only with `check`. */
  assertFreedUntouched(): void {
    this.freed?.assertUntouched();
  }

  free({ data, shape }: Tensor): void {
    const allocation = this.allocations.get(data);
    if (!allocation) return;
    this.allocations.delete(data);
    for (const { address } of allocation.packed) this.heap.release(address);
    const release = (): void => this.heap.release(allocation.address);
    if (this.freed) this.freed.keep(data, shape, release);
    else release();
  }

  clear(): void {
    this.allocations.clear();
  }

  /** The allocation that a view lies in. */
  of({ data, shape }: Tensor): Allocation {
    const allocation = this.allocations.get(data);
    if (!allocation)
      throw new RangeError(`wasm: ${formatShape(shape)} was not allocated by this backend, or has been freed`);
    return allocation;
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

  /** Notes that a view has been written. */
  countWrite(view: Tensor): void {
    this.of(view).writes++;
  }
}
