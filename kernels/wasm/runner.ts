/** Runs one job after another on all threads, and reports a job that is never finished. */
import type { Tensor } from '../../src/core/tensor.js';
import type { Allocations } from './allocations.js';
import { Kind } from './jobs.js';
import type { Threads } from './threads.js';

/** As in assembly/matmul-inner-loops.ts. */
type Tile = (
  ...parameters: readonly [
    K: number,
    ...a: readonly [at: number, row: number, step: number],
    ...b: readonly [at: number, step: number],
    ...start: readonly [at: number, row: number],
    ...out: readonly [at: number, row: number],
  ]
) => void;

/** The module's functions that the host calls; see assembly/index.ts. */
export interface WasmExports extends WebAssembly.Exports {
  readonly SCRATCH_BYTES: WebAssembly.Global<'i32'>;
  setScratch(address: number): void;
  setWide(isWide: number): void;
  setThread(index: number, count: number, maySleep: number): void;
  readonly tile2x16: Tile;
  readonly tile4x16: Tile;
  readonly tile6x8: Tile;
  readonly tile6x16: Tile;
  /** 1 when all chunks are done, 0 if they are not done after a long wait. */
  run(kind: Kind, chunks: number): number;
  allFinished(chunks: number): number;
}

/** How long a job may take beyond the caller's own share before it counts as lost. */
const PATIENCE_MS = 30_000;

export class Runner {
  /** The calling thread and its helpers. */
  readonly threads: number;
  /** Set once a job was left unfinished: a helper may still be writing, so no job may be started after it. */
  private lost?: Error;

  constructor(
    private readonly wasm: WasmExports,
    private readonly helpers: Threads,
    private readonly allocations: Allocations,
  ) {
    this.threads = helpers.count + 1;
  }

  /** Why there are no helpers, if some were requested. */
  get blocked(): string | undefined {
    return this.helpers.blocked;
  }

  /** Runs the job whose fields are written, which writes the tensors `written`. Returns when all its chunks are done. */
  run(kind: Kind, chunks: number, ...written: readonly Tensor[]): void {
    this.assertAlive();
    try {
      if (!this.wasm.run(kind, chunks)) this.awaitEnd(chunks);
    } catch (error) {
      this.lost = new Error(`wasm: ${Kind[kind]} was not finished (${String(error)}); make a new backend`);
      throw this.lost;
    }
    for (const tensor of written) this.allocations.countWrite(tensor);
  }

  private awaitEnd(chunks: number): void {
    const startedAt = performance.now();
    while (!this.wasm.allFinished(chunks)) {
      if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`no end after ${PATIENCE_MS / 1000} s`);
    }
  }

  /** Throws if a job was left unfinished or a helper has died. */
  assertAlive(): void {
    const failure = this.lost ?? this.helpers.failure();
    if (failure) throw failure;
  }

  terminate(): Promise<void> {
    return this.helpers.terminate();
  }
}
