/**
 * The WebAssembly backend: SIMD on all cores, over one shared memory that also holds the host's tensors.
 *
 * backend.ts turns each operation into a job: addresses, strides and a number of chunks. assembly/ computes the jobs;
 * assembly/jobs.ts lists their fields. Results do not depend on the number of threads.
 */
import { type TypeName, assertKinds } from '../../src/core/arguments.js';
import type { Backend } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { PORTABLE, RELAXED } from './binaries.js';
import { FreedMemory } from './freed-memory.js';
import { WasmHeap } from './heap.js';
import { MOST_THREADS } from './jobs.js';
import { WasmBackend } from './backend.js';
import { type WasmExports, Runner } from './runner.js';
import { Allocations } from './allocations.js';
import type { TileVerdict } from './tile-check.js';
import { availableThreads, canShareMemory, maySleep, startThreads } from './threads.js';
import { isOptionSet, withOwnCode } from './wide-vectors.js';

/** Options of `createWasmBackend`. */
export interface WasmOptions {
  /**
   * Threads, including the calling one, 1 … 48. Default: one per core. A page that is not cross-origin isolated cannot
   * share memory: there, every value gives one thread, with the same results.
   */
  readonly threads?: number;
  /**
   * Use the portable build even if relaxed SIMD (fused multiply-add) is available: the same bits on every computer.
   * Default: false.
   */
  readonly deterministic?: boolean;
  /**
   * At each product, compare the second operand with its values when it was last packed, and throw if the host has
   * changed it without `upload`: it costs about as much as the product. At each `download`, throw if the host has
   * written into memory that was freed; the last 8 MiB of tensors up to 1 MiB are watched. For tests and debugging.
   * Default: false.
   */
  readonly check?: boolean;
}

const OPTIONS = {
  threads: 'number',
  deterministic: 'boolean',
  check: 'boolean',
} as const satisfies Record<keyof WasmOptions, TypeName>;

const PAGE = 65536;
const MOST_PAGES = 65536;
/** The most bytes that a WebAssembly memory can have. */
export const MOST_BYTES = MOST_PAGES * PAGE;
/** 256 MiB. A smaller memory would hold no network that needs this backend. */
const FEWEST_PAGES = 4096;
/** Tensors lie above the control block and the module's constants. */
const FIRST_ADDRESS = PAGE;

export { MOST_THREADS };

/**
 * Compiles the module and starts the threads. If no workers may be started (a page's Content-Security-Policy without
 * worker-src blob:, Node's permission model, a limit of the address space), there is one thread, and `description` says why. Rejects
 * with a RangeError for a number of threads out of range, a TypeError for an option that does not exist, and an OutOfMemoryError.
 */
export async function createWasmBackend(options: WasmOptions = {}): Promise<Backend> {
  assertKinds('wasm', options, OPTIONS);
  const wanted = options.threads ?? Math.min(MOST_THREADS, availableThreads());
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_THREADS)) {
    throw new RangeError(`wasm: threads ${wanted}: must be a whole number in 1…${MOST_THREADS}`);
  }
  const threads = canShareMemory() ? wanted : 1;
  const isRelaxed = options.deterministic !== true && canRelax();
  const compilation = await compiled(isRelaxed, isOptionSet());
  const { module } = compilation;
  const { memory, most } = createMemory();
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const wasm = exports as WasmExports;

  const heap = new WasmHeap(memory, FIRST_ADDRESS, most);
  const scratches = Array.from({ length: threads }, () => heap.allocate(wasm.SCRATCH_BYTES.value));
  wasm.setScratch(scratches[0]);
  wasm.setThread(0, threads, Number(maySleep()));
  if (!compilation.verdict) {
    const { checkTiles } = await import('./tile-check.js'); // pages, which have no such option, do not load it
    compilation.verdict = checkTiles(wasm, memory, scratches[0], isRelaxed);
  }
  const { verdict } = compilation;
  const isWide = Number(verdict.isWide);
  wasm.setWide(isWide);
  const setups = scratches.map((scratch, index) => ({ module, memory, scratch, isWide, index, count: threads }));
  const helpers = await startThreads(setups.slice(1));
  if (helpers.blocked !== undefined) wasm.setThread(0, 1, Number(maySleep()));
  const isChecking = options.check === true;
  const allocations = new Allocations(memory, heap, isChecking ? new FreedMemory() : undefined);
  const runner = new Runner(wasm, helpers, allocations);
  const backend = new WasmBackend(memory, runner, allocations, { isRelaxed, isChecking, verdict });
  return withShapeChecks(Object.assign(backend, backend.ofCells()));
}

/** A memory that can grow to `most` bytes: as many as the system allows, because a telephone's browser refuses 4 GiB. */
function createMemory(): { memory: WebAssembly.Memory; most: number } {
  for (let pages = MOST_PAGES; pages >= FEWEST_PAGES; pages /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }), most: pages * PAGE };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new OutOfMemoryError(
    `wasm: the system refuses addresses for a memory of ${MOST_BYTES} bytes, and of ${FEWEST_PAGES * PAGE}. In Node a limit of the ` +
      'address space (ulimit -v) must leave 12 GB; with NODE_OPTIONS=--disable-wasm-trap-handler, which is slower, 1 GB is enough',
  );
}

let isRelaxedValid: boolean | undefined;

/** Whether relaxed SIMD is available. It reads the whole module, so it is asked once. */
const canRelax = (): boolean => (isRelaxedValid ??= WebAssembly.validate(bytesOf(RELAXED)));

/** `digits`: hexadecimal, in lower case. */
function bytesOf(digits: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(digits.length / 2);
  for (let n = 0; n < bytes.length; n++)
    bytes[n] = 16 * digitOf(digits.charCodeAt(2 * n)) + digitOf(digits.charCodeAt(2 * n + 1));
  return bytes;
}

/** The value of a digit with this code: those of 0 … 9 begin at 48, those of a … f at 97. */
const digitOf = (code: number): number => (code < 97 ? code - 48 : code - 87);

interface Compilation {
  readonly module: WebAssembly.Module;
  /** Found by the first backend on this module. */
  verdict?: TileVerdict;
}

const compilations = new Map<string, Compilation>();

/** Compiled once: V8 keeps with a module what it has optimised, so a second backend is fast from its first step. */
async function compiled(isRelaxed: boolean, mayBeWide: boolean): Promise<Compilation> {
  const name = `${isRelaxed ? 'relaxed' : 'portable'}${mayBeWide ? ', wide' : ''}`;
  const known = compilations.get(name);
  if (known) return known;
  const digits = isRelaxed ? RELAXED : PORTABLE;
  const module = await WebAssembly.compile(bytesOf(mayBeWide ? withOwnCode(digits) : digits));
  const compilation: Compilation = mayBeWide ? { module } : { module, verdict: { isWide: false } };
  compilations.set(name, compilation);
  return compilation;
}
