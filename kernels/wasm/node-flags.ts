/**
 * `longhand/node-flags`: two options of V8 that make the WebAssembly backend faster. Node only. The command line and the benchmark
 * set them in their own process; the library does not change the options of a program that uses it.
 */
import { setFlagsFromString } from 'node:v8';
import { RELAXED } from './binaries.js';
import { isOptionSet, isStartedWithOption, isTested, noteOption, REVECTORIZE } from './wide-vectors.js';

/**
 * Relaxed SIMD in Node 20, which has it behind an option; later versions need none. Call this before creating a backend. Threads that
 * start later have relaxed SIMD too.
 */
export function enableRelaxedSimd(): void {
  if (!WebAssembly.validate(Buffer.from(RELAXED, 'hex'))) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * 256-bit vectors on x64 processors with AVX2, in Node 24 and 26; elsewhere this does nothing. It sets V8's option
 * `--experimental-wasm-revectorize`, which holds for all WebAssembly that the process optimises from now on, in every thread, and changes
 * no result. Call it before creating a backend, in each thread that creates one. A backend uses the tiles for these vectors, and checks V8's
 * results, only if its own thread has called this or Node was started with the option. If Node was started with
 * `--no-experimental-wasm-revectorize`, nothing is set. Returns whether this has set the option.
 */
export function enableWideVectors(): boolean {
  const { v8, ...others } = process.versions;
  const isNode = !('bun' in others || 'deno' in others || 'electron' in others);
  if (!isNode || process.arch !== 'x64' || !isTested(v8) || isStartedWithOption() === false) return false;
  setFlagsFromString(`--${REVECTORIZE}`);
  noteOption(true);
  return true;
}

/** Unsets the option, also if Node was started with it: backends that this thread creates from now on have 128-bit vectors. */
export function disableWideVectors(): void {
  if (isOptionSet()) setFlagsFromString(`--no-${REVECTORIZE}`);
  noteOption(false);
}
