/**
 * The WebAssembly backend: SIMD on all cores, over one shared memory in which the host's tensors lie too.
 *
 * This file turns operations into jobs: addresses, strides and a number of chunks. What a job computes is written in
 * assembly/. Results do not depend on the number of threads.
 */
import ndarray from 'ndarray';
import { BETA1, BETA2, EPSILON } from '../../src/adam.js';
import type { TypeName } from '../../src/arguments.js';
import { assertKinds } from '../../src/arguments.js';
import type { AccumulateOptions, Backend, MatmulOptions } from '../../src/backend.js';
import { withShapeChecks } from '../../src/shape-checks.js';
import type { FloatArray, Tensor } from '../../src/tensor.js';
import { assertDense, formatShape, indexOf, sizeOf, valuesOf } from '../../src/tensor.js';
import { PORTABLE, RELAXED } from './binaries.js';
import { cellRowsAChunk, productChunks } from './chunks.js';
import { Heap } from './heap.js';
import type { Threads } from './threads.js';
import { availableThreads, canShareMemory, maySleep, startThreads } from './threads.js';

/** How `createWasmBackend` computes. */
export interface WasmOptions {
  /**
   * Threads, the calling one among them, 1 … 48. Default: one a core. In a page that is not cross-origin isolated memory
   * cannot be shared, and there is one thread for every value, with the same results.
   */
  readonly threads?: number;
  /**
   * Use the portable build even if relaxed SIMD (fused multiply-add) runs: the same bits on every machine. Default: false.
   */
  readonly deterministic?: boolean;
  /**
   * Compare, at each product, the second operand with what it was when it was last packed, and throw if the host has
   * changed it without `upload`. For tests and for finding such a mistake; it costs about as much as the product.
   * Default: false.
   */
  readonly check?: boolean;
}

/**
 * Compiles the module and starts the threads. Where no workers may be started (a page's Content-Security-Policy without
 * worker-src blob:, Node's permission model) there is one thread, and `description` says why. Rejects with a RangeError
 * for a number of threads out of range, and a TypeError for an option that does not exist.
 */
export async function createWasmBackend(options: WasmOptions = {}): Promise<Backend> {
  assertKinds('wasm', options, OPTIONS);
  const wanted = options.threads ?? Math.min(MOST_THREADS, availableThreads());
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_THREADS)) {
    throw new RangeError(`wasm: threads ${wanted}: must be a whole number in 1…${MOST_THREADS}`);
  }
  const threads = canShareMemory() ? wanted : 1;
  const relaxed = bytesOf(RELAXED);
  const isRelaxed = options.deterministic !== true && WebAssembly.validate(relaxed);
  const module = await WebAssembly.compile(isRelaxed ? relaxed : bytesOf(PORTABLE));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const wasm = exports as unknown as WasmExports;

  const heap = new Heap(memory, FIRST_ADDRESS, MOST_BYTES);
  const scratches = Array.from({ length: threads }, () => heap.allocate(wasm.SCRATCH_BYTES.value));
  wasm.setScratch(scratches[0]);
  wasm.setThread(0, threads, Number(maySleep()));
  const setups = scratches.map((scratch, index) => ({ module, memory, scratch, index, count: threads }));
  const helpers = await startThreads(setups.slice(1));
  if (helpers.blocked !== undefined) wasm.setThread(0, 1, Number(maySleep()));
  return withShapeChecks(new WasmBackend(wasm, memory, heap, helpers, isRelaxed, options.check === true));
}

const OPTIONS = {
  ...({ threads: 'number', deterministic: 'boolean', check: 'boolean' } as const),
} satisfies Record<keyof WasmOptions, TypeName>;

const PAGE = 65536;
const MOST_PAGES = 65536;
/** Of a WebAssembly memory. */
export const MOST_BYTES = MOST_PAGES * PAGE;
/** Behind the control block and the constants of the module. */
const FIRST_ADDRESS = PAGE;
/** Of the job's parameters: see assembly/threads.ts. */
const PARAMETERS = 256;
const PARAMETER_COUNT = 24;
/** The most threads that a backend can have, as in assembly/threads.ts. */
export const MOST_THREADS = 48;
/** How long a job may take beyond the caller's own share before it counts as lost. */
const PATIENCE_MS = 30_000;
/** Views of one tensor that are kept packed; a model's kernel has at most four. */
const MOST_PACKED = 8;
/** Rows below which packing b costs more than it saves. */
const FEW_ROWS = 4;

interface WasmExports {
  readonly SCRATCH_BYTES: WebAssembly.Global<'i32'>;
  readonly PACK_COLUMNS: WebAssembly.Global<'i32'>;
  readonly ELEMENTS: WebAssembly.Global<'i32'>;
  readonly SUM_COLUMNS: WebAssembly.Global<'i32'>;
  setScratch(address: number): void;
  setThread(index: number, count: number, maySleep: number): void;
  /** 1 when all chunks are done, 0 when it has waited long. */
  run(kind: number, chunks: number): number;
  allFinished(chunks: number): number;
}

/** The kinds of job, numbered as in assembly/index.ts. */
const KINDS = [
  'pack',
  'multiply',
  'cellForward',
  'cellBackward',
  'columnSums',
  'crossEntropyForward',
  'crossEntropyBackward',
  'adam',
  'fill',
  'copy',
] as const;
type Kind = (typeof KINDS)[number];

/** An allocation, and how often it has been written: what was packed from it is good until the next write. */
interface Storage {
  readonly address: number;
  writes: number;
  readonly packed: Packed[];
}

interface Packed {
  readonly view: Tensor;
  readonly address: number;
  writes: number;
  /** The view's numbers when it was packed; only with `check`. */
  values?: Float64Array;
}

class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly dtype = 'f32';
  readonly description: string;
  private readonly storages = new Map<FloatArray, Storage>();
  private readonly parameters: Uint32Array;
  private readonly floatParameters: Float32Array;
  private readonly threads: number;
  private zeros?: Tensor;
  /** Set once a job was left unfinished: a helper may still be writing, so nothing may be started after it. */
  private lost?: Error;

  constructor(
    private readonly wasm: WasmExports,
    private readonly memory: WebAssembly.Memory,
    private readonly heap: Heap,
    private readonly helpers: Threads,
    isRelaxed: boolean,
    private readonly isChecking: boolean,
  ) {
    this.threads = helpers.count + 1;
    this.parameters = new Uint32Array(memory.buffer, PARAMETERS, PARAMETER_COUNT);
    this.floatParameters = new Float32Array(memory.buffer, PARAMETERS, PARAMETER_COUNT);
    const build = isRelaxed ? 'relaxed SIMD' : 'portable SIMD';
    const why = helpers.blocked === undefined ? '' : ` (workers are blocked: ${helpers.blocked})`;
    this.description = `wasm: WebAssembly, ${build}, ${this.threads} thread${this.threads > 1 ? 's' : ''}${why}`;
  }

  allocate(shape: readonly number[]): Tensor {
    const size = sizeOf(shape);
    const address = this.heap.allocate(4 * size);
    const data = new Float32Array(this.memory.buffer, address, size).fill(0);
    this.storages.set(data, { address, writes: 0, packed: [] });
    return ndarray<FloatArray>(data, [...shape]);
  }

  free({ data }: Tensor): void {
    const storage = this.storages.get(data);
    if (!storage) return;
    this.storages.delete(data);
    for (const { address } of storage.packed) this.heap.release(address);
    this.heap.release(storage.address);
  }

  upload(tensor: Tensor): void {
    this.storageOf(tensor).writes++;
  }

  async download(): Promise<void> {
    this.assertAlive();
  }

  async keepPace(): Promise<void> {
    this.assertAlive();
  }

  async dispose(): Promise<void> {
    await this.helpers.terminate();
    this.storages.clear();
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const [M, K] = a.shape;
    const N = b.shape[1];
    if (out.stride[1] !== 1 && N > 1) {
      throw new RangeError(`wasm matmul: out ${formatShape(out.shape)} must not be a transpose`);
    }
    assertUnitStride('a', a);
    assertUnitStride('b', b);
    const start = accumulate ? out : (bias ?? this.zeroRow(N));

    const isPacked = b.stride[1] !== 1 || M >= FEW_ROWS;
    const bAddress = isPacked ? this.pack(b) : this.addressOf(b);
    const outAddress = this.addressOf(out);
    const { rows, columns, chunks } = productChunks(M, N, K, a.stride[1] !== 1, this.threads);
    this.set(
      outAddress,
      4 * out.stride[0],
      accumulate ? outAddress : this.rowsAddress(start),
      accumulate ? 4 * out.stride[0] : 0,
      this.addressOf(a),
      4 * a.stride[0],
      4 * a.stride[1],
      bAddress,
      isPacked ? 0 : 4 * b.stride[0],
      M,
      N,
      K,
      rows,
      columns,
    );
    this.run('multiply', chunks);
    this.written(out);
  }

  /** At least N zeros, which every row of a product begins from. */
  private zeroRow(N: number): Tensor {
    if (!this.zeros || this.zeros.size < N) {
      const zeros = this.allocate([N]);
      if (this.zeros) this.free(this.zeros);
      this.zeros = zeros;
    }
    return this.zeros;
  }

  /** The address of b, packed; done again only where b has been written since. */
  private pack(b: Tensor): number {
    const storage = this.storageOf(b);
    const [K, N] = b.shape;
    let packed = storage.packed.find(({ view }) => isSameView(view, b));
    if (!packed) {
      if (storage.packed.length >= MOST_PACKED) {
        const [first] = storage.packed.splice(0, 1);
        this.heap.release(first.address);
      }
      packed = { view: b, address: this.heap.allocate(4 * K * (Math.ceil(N / 4) * 4)), writes: -1 };
      storage.packed.push(packed);
    }
    if (packed.writes !== storage.writes) {
      this.set(packed.address, this.addressOf(b), 4 * b.stride[0], 4 * b.stride[1], K, N);
      this.run('pack', Math.ceil(K / 256) * Math.ceil(N / this.wasm.PACK_COLUMNS.value));
      packed.writes = storage.writes;
      if (this.isChecking) packed.values = valuesOf(b);
    } else if (packed.values) assertUnchanged(packed.values, b);
    return packed.address;
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [M, N] = a.shape;
    this.set(this.rowsAddress(out), this.rowsAddress(a), M, N, Number(accumulate));
    this.run('columnSums', Math.ceil(N / this.wasm.SUM_COLUMNS.value));
    this.written(out);
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const [B, H] = h.shape;
    const rows = cellRowsAChunk(B, H, this.threads);
    this.set(...[h, c, gates, z, cPrev].map((tensor) => this.rowsAddress(tensor)), 0, B, H, rows);
    this.floatParameters[6] = forgetBias;
    this.run('cellForward', Math.ceil(B / rows));
    this.written(h, c, gates);
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const [B, H] = dh.shape;
    const rows = cellRowsAChunk(B, H, this.threads);
    this.set(...[dz, dc, dcPrev, dh, gates, c, cPrev].map((tensor) => this.rowsAddress(tensor)), B, H, rows);
    this.run('cellBackward', Math.ceil(B / rows));
    this.written(dz, dc, dcPrev);
  }

  crossEntropyForward(losses: Tensor, correct: Tensor, probabilities: Tensor, logits: Tensor, y: Tensor): void {
    const [B, C] = logits.shape;
    this.set(...[losses, correct, probabilities, logits, y].map((tensor) => this.rowsAddress(tensor)), B, C);
    this.run('crossEntropyForward', 1);
    this.written(losses, correct, probabilities);
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, y: Tensor): void {
    const operands = [dLogits, probabilities, y].map((tensor) => this.rowsAddress(tensor));
    this.set(...operands, ...dLogits.shape);
    this.run('crossEntropyBackward', 1);
    this.written(dLogits);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    this.set(...[p, m, v, g].map((tensor) => this.rowsAddress(tensor)), p.size);
    this.floatParameters.set([rate, 1 - BETA1, 1 - BETA2, EPSILON], 6);
    this.run('adam', Math.ceil(p.size / this.wasm.ELEMENTS.value));
    this.written(p, m, v);
  }

  fill(out: Tensor, value: number): void {
    this.set(this.rowsAddress(out), out.size);
    this.floatParameters[3] = value;
    this.run('fill', Math.ceil(out.size / this.wasm.ELEMENTS.value));
    this.written(out);
  }

  copy(out: Tensor, a: Tensor): void {
    this.set(this.rowsAddress(out), this.rowsAddress(a), out.size);
    this.run('copy', Math.ceil(out.size / this.wasm.ELEMENTS.value));
    this.written(out);
  }

  /** The parameters of the next job, from number 1 on. */
  private set(...values: number[]): void {
    for (let n = 0; n < values.length; n++) this.parameters[n + 1] = values[n];
  }

  private run(kind: Kind, chunks: number): void {
    this.assertAlive();
    try {
      if (this.wasm.run(KINDS.indexOf(kind), chunks)) return;
      const startedAt = performance.now();
      while (!this.wasm.allFinished(chunks)) {
        if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`no end after ${PATIENCE_MS / 1000} s`);
      }
    } catch (error) {
      this.lost = new Error(`wasm: ${kind} was not finished (${String(error)}); make a new backend`);
      throw this.lost;
    }
  }

  private assertAlive(): void {
    const failure = this.lost ?? this.helpers.failure();
    if (failure) throw failure;
  }

  private written(...tensors: Tensor[]): void {
    for (const { data } of tensors) {
      const storage = this.storages.get(data);
      if (storage) storage.writes++;
    }
  }

  private storageOf({ data, shape }: Tensor): Storage {
    const storage = this.storages.get(data);
    if (!storage)
      throw new RangeError(`wasm: ${formatShape(shape)} was not allocated by this backend, or has been freed`);
    return storage;
  }

  private addressOf(tensor: Tensor): number {
    return this.storageOf(tensor).address + 4 * tensor.offset;
  }

  /** The address of a tensor that must lie in memory without gaps. */
  private rowsAddress(tensor: Tensor): number {
    assertDense('wasm', tensor);
    return this.addressOf(tensor);
  }
}

/** Of two matrices of one tensor. */
function isSameView(a: Tensor, b: Tensor): boolean {
  return (
    a.offset === b.offset &&
    a.shape[0] === b.shape[0] &&
    a.shape[1] === b.shape[1] &&
    a.stride[0] === b.stride[0] &&
    a.stride[1] === b.stride[1]
  );
}

/** Throws an Error if b no longer holds `values`, though neither an operation nor `upload` has said so. */
function assertUnchanged(values: Float64Array, b: Tensor): void {
  const changed = valuesOf(b).findIndex((value, n) => !Object.is(value, values[n]));
  if (changed < 0) return;
  throw new Error(
    `wasm matmul: b ${formatShape(b.shape)} was changed on the host at [${indexOf(changed, b.shape).join(',')}] ` +
      'without upload: call backend.upload(tensor) after writing',
  );
}

/** Views whose rows, or whose columns, lie in memory: all that the inner loops can read. */
function assertUnitStride(name: string, { shape, stride }: Tensor): void {
  if (stride[0] === 1 || stride[1] === 1) return;
  throw new RangeError(
    `wasm matmul: ${name} ${formatShape(shape)} with strides ${formatShape(stride)}: one stride must be 1; copy it first`,
  );
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
