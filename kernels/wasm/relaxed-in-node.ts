/**
 * Relaxed SIMD on Node 20, which has it behind a flag of V8. The command line and the benchmark set the flag in their own
 * process; the library does not change the flags of a program that uses it.
 */
import { setFlagsFromString } from 'node:v8';
import { RELAXED } from './binaries.js';

/** Call this before creating a backend. Threads that start later have relaxed SIMD too. */
export function enableRelaxedSimd(): void {
  if (!WebAssembly.validate(Buffer.from(RELAXED, 'hex'))) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
