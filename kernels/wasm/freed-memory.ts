/** With `check: true`: memory that has been freed is kept for a while, to find a program that still writes into it. */
import { type FloatArray, formatShape } from '../../src/core/tensor.js';

/** A NaN that no arithmetic produces. */
const MARK = 0x7fc0dead;
/** The oldest memory beyond it is used again: a look at so much costs a millisecond or two. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Larger tensors, such as the activations of long sequences, would push the parameters out. */
const LARGEST_BYTES = 1024 * 1024;

interface Freed {
  readonly shape: readonly number[];
  readonly bits: Uint32Array;
  readonly release: () => void;
}

export class FreedMemory {
  private readonly kept: Freed[] = [];
  private bytes = 0;

  /** Marks the memory of a tensor of at most 1 MiB, and keeps it. `release` gives it back to the heap. */
  keep(data: FloatArray, shape: readonly number[], release: () => void): void {
    if (data.byteLength > LARGEST_BYTES) {
      release();
      return;
    }
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    bits.fill(MARK);
    this.kept.push({ shape, bits, release });
    this.bytes += bits.byteLength;
    while (this.bytes > MOST_BYTES) {
      const [oldest] = this.kept.splice(0, 1);
      this.bytes -= oldest.bits.byteLength;
      oldest.release();
    }
  }

  /** Throws an Error if memory that is kept has been written. */
  assertUntouched(): void {
    for (const { bits, shape } of this.kept) {
      let element = 0;
      while (element < bits.length && bits[element] === MARK) element++; // findIndex needs ten times as long
      if (element === bits.length) continue;
      const value = new Float32Array(bits.buffer, bits.byteOffset + 4 * element, 1)[0];
      bits[element] = MARK; // it is reported once
      throw new Error(
        `wasm: element ${element} of a freed tensor ${formatShape(shape)} has been set to ${value}: the program still writes through an array ` +
          'or a view that it took before dispose() or free()',
      );
    }
  }
}
