/** Allocates parts of the wasm memory: first fit; neighbouring free parts are joined. */
import { OutOfMemoryError } from '../../src/core/errors.js';

const PAGE = 65536;
const ALIGNMENT = 64;
/** Bytes after each part: a vector may be loaded, but not stored, partly beyond the last number. */
const MARGIN = 64;

interface Part {
  readonly address: number;
  readonly bytes: number;
}

export class Heap {
  private readonly used = new Map<number, number>();
  /** Sorted by address. */
  private free: Part[] = [];
  private end: number;

  constructor(
    private readonly memory: WebAssembly.Memory,
    firstAddress: number,
    private readonly limit: number,
  ) {
    this.end = align(firstAddress);
  }

  get bytesInUse(): number {
    return [...this.used.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Reserves `bytes` bytes and returns their address. Throws an OutOfMemoryError that names the bytes and the limit. */
  allocate(bytes: number): number {
    if (!(Number.isInteger(bytes) && bytes > 0)) throw new RangeError(`wasm: ${bytes} bytes requested`);
    const size = align(bytes + MARGIN);
    const fitting = this.free.findIndex((part) => part.bytes >= size);
    if (fitting >= 0) {
      const part = this.free[fitting];
      const rest = { address: part.address + size, bytes: part.bytes - size };
      this.free.splice(fitting, 1, ...(rest.bytes > 0 ? [rest] : []));
      this.used.set(part.address, size);
      return part.address;
    }
    const address = this.end;
    this.reserve(address + size, bytes);
    this.end = address + size;
    this.used.set(address, size);
    return address;
  }

  /** As `allocate`; the part holds zeros. Memory that no part has held yet does already, and stays untouched. */
  allocateZeros(bytes: number): number {
    const { end } = this;
    const address = this.allocate(bytes);
    if (address < end) new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  release(address: number): void {
    const bytes = this.used.get(address);
    if (bytes === undefined) return;
    this.used.delete(address);
    const joined: Part[] = [];
    for (const part of [...this.free, { address, bytes }].sort((a, b) => a.address - b.address)) {
      const last = joined.at(-1);
      if (last && last.address + last.bytes === part.address) {
        joined[joined.length - 1] = { address: last.address, bytes: last.bytes + part.bytes };
      } else joined.push(part);
    }
    this.free = joined;
  }

  private reserve(end: number, bytes: number): void {
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    const request = `wasm: ${bytes} bytes requested with ${this.bytesInUse} in use`;
    if (end > this.limit) throw new OutOfMemoryError(`${request}: over the limit of ${this.limit} bytes`);
    try {
      this.memory.grow(missing);
    } catch {
      throw new OutOfMemoryError(`${request}: this computer has no more`);
    }
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
