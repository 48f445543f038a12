/** What a run needs of a kernel, in any language: the session compiles it, prepares it at each size, and compares its product. */
import type { Backend } from '../../src/core/backend.js';
import type { Operands } from '../steps/product-steps.js';

/** A text that is no kernel, or that cannot be compiled or run. `line` counts from 1. */
export class KernelError extends Error {
  override readonly name = 'KernelError';

  constructor(
    message: string,
    readonly line?: number,
  ) {
    super(message);
  }
}

/** What compiles and runs the kernels of one language. */
export interface Workplace {
  /** Throws a KernelError. */
  compile(source: string): Promise<Compiled>;
  /** Longhand's backend of the same kind. It is made when it is first asked for, and kept: its kernels need seconds to compile. */
  longhand(): Promise<Backend>;
  /** Why the device was lost; undefined if it works. */
  readonly lost?: string | undefined;
  /** Frees what kernels have on the device, and forgets a lost one. */
  release(): void | Promise<void>;
}

export interface Compiled {
  /** The device or engine that computes. */
  readonly executor: string;
  /** The name of Longhand's product in tables. */
  readonly longhand: string;
  prepare(operands: Operands): Promise<Prepared>;
}

/** The kernel with operands of one size. */
export interface Prepared {
  readonly operands: Operands;
  /** Why a second run may give other numbers, as a part of a sentence. */
  readonly unsteady: string;
  /**
   * Writes all matrices: a and b of these operands, and in out these numbers in turns. Missing if a kernel can see neither what out held
   * before nor what an earlier call computed.
   */
  fill?(numbers: readonly number[], operands: Operands): void;
  /** Computes the product `count` times, and waits for the last one. */
  repeat(count: number): Promise<void>;
  /** The product, row by row, and in words where the kernel has written what is not its own; undefined if nowhere. */
  read(): Promise<{ readonly result: Float32Array; readonly outside: string | undefined }>;
  dispose(): void;
}

/** Guard values stand around matrices. No operand is as large: a sum with one of them is wrong. */
export const GUARD = -98765.5;

/** A matrix in an array of numbers. `pitch`: from a row to the next one. */
export interface Place {
  readonly at: number;
  readonly pitch: number;
  readonly rows: number;
  readonly columns: number;
}

export function fillInTurns(out: Float32Array, numbers: readonly number[]): void {
  for (let n = 0; n < out.length; n++) out[n] = numbers[n % numbers.length];
}

/** In words where the array `name` has changed outside of the matrix out; undefined if nowhere. The matrices are those in this array. */
export function writtenOutside(
  name: string,
  now: Float32Array,
  before: Float32Array,
  { out, a, b }: { readonly out?: Place | undefined; readonly a?: Place | undefined; readonly b?: Place | undefined },
): string | undefined {
  const [start, end] = out ? [out.at, out.at + out.rows * out.pitch] : [Infinity, -Infinity];
  const changed = now.findIndex((value, n) => (n < start || n >= end) && !Object.is(value, before[n]));
  if (changed < 0) return undefined;
  for (const [operand, place] of Object.entries({ a, b })) {
    if (!place || changed < place.at || changed >= place.at + place.rows * place.pitch) continue;
    const [row, column] = [Math.floor((changed - place.at) / place.pitch), (changed - place.at) % place.pitch];
    return `it writes into ${operand}, at row ${row}, column ${column}`;
  }
  if (!out) return `it writes beyond the end of ${name}`;
  const [distance, where] =
    changed < start ? [start - changed, 'before the first number'] : [changed - end + 1, 'after the last number'];
  return `it writes outside of out: ${distance} ${distance === 1 ? 'place' : 'places'} ${where}`;
}
