/** Allocates parts of the wasm memory, which grows as far as it must. */
import { OutOfMemoryError } from '../../src/core/errors.js';
import { Heap } from '../heap.js';

const PAGE = 65536;
const ALIGNMENT = 64;
/** Bytes after each part: a vector may be loaded, but not stored, partly beyond the last number. */
const MARGIN = 64;

export class WasmHeap {
  private readonly parts: Heap;
  bytesInUse = 0;

  constructor(
    private readonly memory: WebAssembly.Memory,
    firstAddress: number,
    private readonly limit: number,
  ) {
    this.parts = new Heap(align(firstAddress), align(firstAddress));
  }

  /** Reserves `bytes` bytes and returns their address. Throws an OutOfMemoryError that names the bytes and the limit. */
  allocate(bytes: number): number {
    if (!(Number.isInteger(bytes) && bytes > 0)) throw new RangeError(`wasm: ${bytes} bytes requested`);
    const size = align(bytes + MARGIN);
    const address = this.parts.reserve(size, (least) => this.grow(least, bytes));
    this.bytesInUse += size;
    return address;
  }

  /** As `allocate`; the part holds zeros. Memory that no part has held yet does already, and stays untouched. */
  allocateZeros(bytes: number): number {
    const { size: end } = this.parts;
    const address = this.allocate(bytes);
    if (address < end) new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  release(address: number): void {
    this.bytesInUse -= this.parts.release(address);
  }

  private grow(end: number, bytes: number): number {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return end;
    const request = `wasm: ${bytes} bytes requested with ${this.bytesInUse} in use`;
    if (end > this.limit) throw new OutOfMemoryError(`${request}: over the limit of ${this.limit} bytes`);
    try {
      this.memory.grow(missing);
    } catch {
      throw new OutOfMemoryError(`${request}: this computer has no more`);
    }
    return end;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
