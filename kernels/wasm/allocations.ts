/** The parts of the wasm memory, and the tensors of a backend: where each lies there, and how often it has been written. */
import ndarray from 'ndarray';
import { OutOfMemoryError } from '../../src/core/errors.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { assertDense, formatShape, sizeOf } from '../../src/core/tensor.js';
import { Heap } from '../heap.js';

const PAGE = 65536;
const ALIGNMENT = 64;
/** Bytes after each part: a vector may be loaded, but not stored, partly beyond the last number. */
const MARGIN = 64;

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Parts of a memory that grows when they need it, up to `limit` bytes. */
export class Parts {
  private readonly heap: Heap;

  constructor(
    readonly memory: WebAssembly.Memory,
    firstAddress: number,
    private readonly limit: number,
  ) {
    this.heap = new Heap(align(firstAddress), align(firstAddress));
  }

  get bytesInUse(): number {
    return this.heap.inUse;
  }

  /** Reserves `bytes` bytes and returns their address. Throws an OutOfMemoryError that names the bytes and the limit. */
  allocate(bytes: number): number {
    if (!(Number.isInteger(bytes) && bytes > 0)) throw new RangeError(`wasm: ${bytes} bytes requested`);
    return this.heap.reserve(align(bytes + MARGIN), (end) => this.grownTo(end, bytes));
  }

  /** As `allocate`; the part holds zeros. Memory that no part has held yet does already, and stays untouched. */
  allocateZeros(bytes: number): number {
    const { size: end } = this.heap;
    const address = this.allocate(bytes);
    if (address < end) new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  release(address: number): void {
    this.heap.release(address);
  }

  /** Returns `end` when the memory reaches to it. */
  private grownTo(end: number, bytes: number): number {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return end;
    const request = `wasm: ${bytes} bytes requested with ${this.bytesInUse} in use`;
    if (end > this.limit) throw new OutOfMemoryError(`${request}: over the limit of ${this.limit} bytes`);
    try {
      this.memory.grow(missing);
      return end;
    } catch {
      throw new OutOfMemoryError(`${request}: this computer has no more`);
    }
  }
}

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

  constructor(readonly parts: Parts) {}

  allocate(shape: readonly number[]): Tensor {
    const size = sizeOf(shape);
    const address = this.parts.allocateZeros(4 * size);
    const data = new Float32Array(this.parts.memory.buffer, address, size);
    this.allocations.set(data, { address, writes: 0, packed: [] });
    return ndarray<FloatArray>(data, [...shape]);
  }

  free({ data }: Tensor): void {
    const allocation = this.allocations.get(data);
    if (!allocation) return;
    this.allocations.delete(data);
    for (const { address } of allocation.packed) this.parts.release(address);
    this.parts.release(allocation.address);
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
