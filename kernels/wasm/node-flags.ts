/**
 * `longhand/node-flags`: two options of V8 that make the WebAssembly backend faster. Node only. The command line and the benchmark
 * set them in their own process; the library does not change the options of a program that uses it.
 */
import { setFlagsFromString } from 'node:v8';
import { RELAXED } from './binaries.js';
import { REVECTORIZE, noteWideVectors } from './wide-vectors.js';

/**
 * Relaxed SIMD in Node 20, which has it behind an option; later versions need none. Call this before creating a backend. Threads that
 * start later have relaxed SIMD too.
 */
export function enableRelaxedSimd(): void {
  if (!WebAssembly.validate(Buffer.from(RELAXED, 'hex'))) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * The versions of V8, major and minor, that may merge pairs of 128-bit operations. The option is experimental and can end a process. So
 * a version is in this list only if .ci/run tests the backend under the option on a Node that has it: Node 24 and 26.
 */
const TESTED = ['13.6', '14.6'];

/**
 * 256-bit vectors on x64 processors with AVX2, in Node 24 and 26; elsewhere this does nothing. Call it before creating a backend, and in
 * the same thread. The option is V8's `--experimental-wasm-revectorize`, and holds for every WebAssembly module that the process compiles
 * afterwards. It changes no result. Returns whether it is set.
 */
export function enableWideVectors(): boolean {
  const { v8, ...others } = process.versions;
  const isNode = !('bun' in others || 'deno' in others);
  if (!isNode || process.arch !== 'x64' || !TESTED.some((version) => v8.startsWith(`${version}.`))) return false;
  setFlagsFromString(`--${REVECTORIZE}`);
  noteWideVectors();
  return true;
}
