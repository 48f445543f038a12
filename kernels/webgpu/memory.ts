/**
 * The memory of all tensors: one storage buffer, so that every kernel has the same bind group, and an operand is a number.
 * If the buffer is full, a larger one replaces it, and the tensors keep their addresses. Addresses count groups of four numbers.
 */
import { OutOfMemoryError } from '../../src/core/errors.js';
import { type Device, BUFFER, MAP_READ } from './device.js';
import { Heap } from '../heap.js';

/** Bytes of four numbers. */
const QUAD = 16;
/** Of the first buffer; sizes of later ones are multiples of it. */
const FIRST_BYTES = 2 ** 20;
/** While a larger buffer replaces the one before, both are there: at most this factor + 1 times what the tensors need. */
const GROWTH = 1.25;
const STORAGE = BUFFER.storage | BUFFER.copySource | BUFFER.copyTarget;

export class Memory {
  /** It changes when the memory grows: `generation` then counts up. */
  buffer: GPUBuffer;
  generation = 0;
  private readonly heap = new Heap(0, FIRST_BYTES / QUAD);
  /** Up to this address, the buffer may hold numbers of tensors that were freed. */
  private writtenTo = 0;
  /** See `scratch`. */
  private readonly scratches: { readonly address: number; readonly size: number }[] = [];
  /** Buffers for downloads, by their size. */
  private readonly staging = new Map<number, GPUBuffer[]>();

  constructor(private readonly device: Device) {
    this.buffer = device.gpu.createBuffer({ size: FIRST_BYTES, usage: STORAGE });
  }

  /** Reserves `quads` groups of four zeros and returns their address. Throws an OutOfMemoryError that names the bytes. */
  allocate(quads: number): number {
    const address = this.heap.reserve(quads, (least) => this.grow(quads, least));
    const end = Math.min(address + quads, this.writtenTo);
    if (address < end) {
      const encoder = this.device.gpu.createCommandEncoder();
      encoder.clearBuffer(this.buffer, address * QUAD, (end - address) * QUAD);
      this.device.gpu.queue.submit([encoder.finish()]);
    }
    this.writtenTo = Math.max(this.writtenTo, address + quads);
    return address;
  }

  release(address: number): void {
    this.heap.release(address);
  }

  /**
   * Room for numbers that only one list of launches uses; all lists share it. It is kept, because a list is replayed at the same
   * addresses. Undefined if there is no memory left.
   */
  scratch(quads: number): number | undefined {
    const size = 2 ** Math.ceil(Math.log2(quads));
    const known = this.scratches.find((one) => one.size >= size);
    if (known) return known.address;
    try {
      const address = this.allocate(size);
      this.scratches.unshift({ address, size });
      return address;
    } catch (error) {
      if (error instanceof OutOfMemoryError) return undefined;
      throw error;
    }
  }

  /** Replaces the buffer by one that ends at `end`, or is larger by a factor of GROWTH if that is more. Returns its end. */
  private grow(quads: number, end: number): number {
    const { gpu, mostBytes } = this.device;
    const [before, least] = [this.heap.size * QUAD, end * QUAD];
    if (least > mostBytes) {
      throw new OutOfMemoryError(
        `webgpu: ${quads * QUAD} bytes requested beside ${before}: over this adapter's limit of ${mostBytes} bytes; ` +
          'use smaller tensors, or the wasm backend',
      );
    }
    const wanted = Math.ceil(Math.max(GROWTH * before, least) / FIRST_BYTES) * FIRST_BYTES;
    const bytes = Math.min(wanted, mostBytes - (mostBytes % QUAD));
    const larger = gpu.createBuffer({ size: bytes, usage: STORAGE });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffer, 0, larger, 0, before);
    gpu.queue.submit([encoder.finish()]);
    this.buffer.destroy();
    this.buffer = larger;
    this.generation++;
    return bytes / QUAD;
  }

  write(address: number, numbers: Float32Array<ArrayBuffer>): void {
    this.device.gpu.queue.writeBuffer(this.buffer, address * QUAD, numbers);
  }

  /** Enqueues a copy to the host; calls `read` with the numbers when they have arrived. */
  async read(address: number, quads: number, read: (numbers: Float32Array) => void): Promise<void> {
    const { gpu } = this.device;
    const size = 2 ** Math.ceil(Math.log2(quads * QUAD));
    const unused = this.staging.get(size) ?? [];
    this.staging.set(size, unused);
    const target = unused.pop() ?? gpu.createBuffer({ size, usage: BUFFER.mapRead | BUFFER.copyTarget });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffer, address * QUAD, target, 0, quads * QUAD);
    gpu.queue.submit([encoder.finish()]);
    await this.device.result(target.mapAsync(MAP_READ, 0, quads * QUAD));
    read(new Float32Array(target.getMappedRange(0, quads * QUAD)));
    target.unmap();
    unused.push(target);
  }

  dispose(): void {
    this.buffer.destroy();
    for (const buffers of this.staging.values()) for (const buffer of buffers) buffer.destroy();
    this.staging.clear();
  }
}
