/**
 * Relaxed SIMD on Node 20, which has it behind a flag of V8. For the command line and the benchmark, which own their
 * process; the library leaves the flags of a program that uses it alone.
 */
import { setFlagsFromString } from 'node:v8';
import { RELAXED } from './binaries.js';

/** Call it before a backend is created. Threads that start later have relaxed SIMD too. */
export function enableRelaxedSimd(): void {
  if (!WebAssembly.validate(Buffer.from(RELAXED, 'base64'))) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
