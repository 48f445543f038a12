/** The operations of the WebAssembly backend: each writes the fields of a job by name and runs it on all threads. */
import type { AccumulateOptions, Backend, Cost, MatmulOptions } from '../../src/core/backend.js';
import type { CellOperation, CellOperations } from '../../src/core/cell-operations.js';
import { cellNumbers, CELL_OPERANDS, CELL_OPERATIONS, cellSizes } from '../../src/core/cell-operations.js';
import type { Tensor } from '../../src/core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import * as clipping from '../../src/equations/clipping.js';
import type { Allocations } from './allocations.js';
import { cellChunks, columnsAChunk, lossRowsAChunk, rowsAChunk } from './chunks.js';
// The build makes jobs.ts from assembly/jobs.ts, which the WebAssembly module uses too.
import { type Kind, ABSOLUTE, CHUNK_ELEMENTS, HUBER, JobWriter, PINBALL, SQUARED, SUM_CHUNK_COLUMNS } from './jobs.js';
import { Products } from './matmul.js';
import type { Runner } from './runner.js';
import type { TileVerdict } from './tile-check.js';

const COSTS = { squared: SQUARED, absolute: ABSOLUTE, huber: HUBER, pinball: PINBALL };

export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly dtype = 'f32';
  readonly isOnHost = true;
  readonly description: string;
  private readonly jobs: JobWriter;
  private readonly products: Products;
  /** The address of a tensor without gaps. */
  private readonly at = (tensor: Tensor): number => this.allocations.denseAddressOf(tensor);

  constructor(
    memory: WebAssembly.Memory,
    private readonly runner: Runner,
    private readonly allocations: Allocations,
    { isRelaxed, isChecking, verdict }: { isRelaxed: boolean; isChecking: boolean; verdict: TileVerdict },
  ) {
    this.jobs = new JobWriter(memory);
    this.products = new Products(this.jobs, runner, allocations, isChecking);
    const build = isRelaxed ? 'relaxed SIMD' : 'portable SIMD';
    const threads = `${runner.threads} thread${runner.threads > 1 ? 's' : ''}`;
    const narrow = verdict.reason === undefined ? '' : `, 128-bit because ${verdict.reason}`;
    const why = runner.blocked === undefined ? '' : ` (workers are blocked: ${runner.blocked})`;
    this.description = `wasm: WebAssembly, ${build}, ${threads}${verdict.isWide ? ', 256-bit' : narrow}${why}`;
  }

  allocate(shape: readonly number[]): Tensor {
    return this.allocations.allocate(shape);
  }

  free(tensor: Tensor): void {
    this.allocations.free(tensor);
  }

  upload(tensor: Tensor): void {
    this.allocations.countWrite(tensor);
  }

  async download(): Promise<void> {
    this.runner.assertAlive();
    this.allocations.assertFreedUntouched();
  }

  async keepPace(): Promise<void> {
    this.runner.assertAlive();
  }

  async dispose(): Promise<void> {
    await this.runner.terminate();
    this.allocations.clear();
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions): void {
    this.products.multiply(out, a, b, options);
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const [M, N] = a.shape;
    const kind = this.jobs.columnSums({ out: this.at(out), a: this.at(a), M, N, accumulate: Number(accumulate) });
    this.runner.run(kind, Math.ceil(N / SUM_CHUNK_COLUMNS), out);
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const { at } = this;
    const [B, H] = h.shape;
    const rows = rowsAChunk(B, H, this.runner.threads);
    const job = { h: at(h), c: at(c), gates: at(gates), z: at(z), cPrev: at(cPrev), forgetBias, B, H, rows };
    this.runner.run(this.jobs.lstmCellForward(job), Math.ceil(B / rows), h, c, gates);
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const { at } = this;
    const [B, H] = dh.shape;
    const rows = rowsAChunk(B, H, this.runner.threads);
    const kind = this.jobs.lstmCellBackward({
      dz: at(dz),
      dc: at(dc),
      dcPrev: at(dcPrev),
      dh: at(dh),
      gates: at(gates),
      c: at(c),
      cPrev: at(cPrev),
      B,
      H,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows), dz, dc, dcPrev);
  }

  /** The operations of the other cells: kernels/wasm/index.ts adds them to the backend. */
  ofCells(): CellOperations {
    return Object.fromEntries(CELL_OPERATIONS.map((name) => [name, this.ofCell(name)])) as unknown as CellOperations;
  }

  /** An operation of a cell, cut into chunks of rows; one of all steps, `[T,B,…]`, into chunks of rows and units. */
  private ofCell<Name extends CellOperation>(name: Name): CellOperations[Name] {
    const list = CELL_OPERANDS[name];
    const numbers = cellNumbers(name);
    return (...operands: readonly (Tensor | number | boolean)[]) => {
      const sizes = cellSizes(name, operands);
      const { rows, columns, chunks } = cellChunks(sizes, this.runner.threads);
      const job: Record<string, number> = { ...sizes, rows, columns };
      const tensors = operands.slice(0, list.length) as Tensor[];
      list.forEach((operand, n) => (job[operand.name] = this.at(tensors[n])));
      numbers.forEach((number, n) => (job[number] = Number(operands[list.length + n])));
      const write = this.jobs[name] as (job: object) => Kind;
      const written = tensors.filter((_, n) => list[n].isOutput);
      this.runner.run(write.call(this.jobs, job), chunks, ...written);
    };
  }

  crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, labels: Tensor): void {
    const { at } = this;
    const [B, C] = logits.shape;
    const rows = lossRowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.crossEntropyForward({
      losses: at(losses),
      probabilities: at(probabilities),
      logits: at(logits),
      labels: at(labels),
      areRows: Number(labels.dimension === 2),
      B,
      C,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows), losses, probabilities);
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, labels: Tensor, count: number): void {
    const { at } = this;
    const [B, C] = dLogits.shape;
    const rows = rowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.crossEntropyBackward({
      dLogits: at(dLogits),
      probabilities: at(probabilities),
      labels: at(labels),
      areRows: Number(labels.dimension === 2),
      B,
      C,
      count,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows), dLogits);
  }

  errorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, cost: Cost): void {
    const job = { ...this.errorJob(outputs, targets, mask, cost), losses: this.at(losses) };
    this.runner.run(this.jobs.errorForward(job), Math.ceil(job.B / job.rows), losses);
  }

  errorBackward(dOutputs: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, count: number, cost: Cost): void {
    const job = { ...this.errorJob(outputs, targets, mask, cost), dOutputs: this.at(dOutputs), count };
    this.runner.run(this.jobs.errorBackward(job), Math.ceil(job.B / job.rows), dOutputs);
  }

  private errorJob(outputs: Tensor, targets: Tensor, mask: Tensor, cost: Cost) {
    const { at } = this;
    const [B, C] = outputs.shape;
    const rows = rowsAChunk(B, C, this.runner.threads);
    const operands = { outputs: at(outputs), targets: at(targets), mask: at(mask) };
    const quantiles = cost.kind === 'pinball' ? at(cost.quantiles) : 0;
    return {
      ...operands,
      cost: COSTS[cost.kind],
      delta: cost.kind === 'huber' ? cost.delta : 0,
      quantiles,
      B,
      C,
      rows,
    };
  }

  clipByValue(gradients: readonly Tensor[], limit: number): void {
    this.onHost(gradients, () => clipping.clipByValue(gradients, limit));
  }

  clipByNorm(gradients: readonly Tensor[], limit: number): void {
    this.onHost(gradients, () => clipping.clipByNorm(gradients, limit));
  }

  /**
   * Runs an equation's own function, which writes the tensors `written`, on the calling thread. So (10) takes less than 1% of a step of
   * the text network. Most of it is the sum of squares, which threads could not divide: one sum in f64 in a fixed order.
   */
  private onHost(written: readonly Tensor[], equation: () => unknown): void {
    this.runner.assertAlive();
    for (const tensor of written) this.at(tensor);
    equation();
    for (const tensor of written) this.allocations.countWrite(tensor);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    const kind = this.jobs.adam({
      p: this.at(p),
      m: this.at(m),
      v: this.at(v),
      g: this.at(g),
      size: p.size,
      rate,
      towardsMean: 1 - BETA1,
      towardsSquare: 1 - BETA2,
      epsilon: EPSILON,
    });
    this.runner.run(kind, chunksOf(p), p, m, v);
  }

  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
    const kind = this.jobs.sgd({ p: this.at(p), v: this.at(v), g: this.at(g), size: p.size, rate, momentum });
    this.runner.run(kind, chunksOf(p), p, v);
  }

  embeddingForward(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
    const { at } = this;
    const [M, N] = out.shape;
    const rows = rowsAChunk(M, N, this.runner.threads);
    const job = { out: at(out), a: at(a), indices: at(indices), bias: at(bias), M, N, rows };
    this.runner.run(this.jobs.embeddingForward(job), Math.ceil(M / rows), out);
  }

  embeddingBackward(out: Tensor, indices: Tensor, a: Tensor): void {
    const [M, N] = a.shape;
    const columns = columnsAChunk(M, N, this.runner.threads);
    const job = { out: this.at(out), indices: this.at(indices), a: this.at(a), M, N, columns };
    this.runner.run(this.jobs.embeddingBackward(job), Math.ceil(N / columns), out);
  }

  multiply(out: Tensor, a: Tensor, b: Tensor): void {
    const kind = this.jobs.multiply({ out: this.at(out), a: this.at(a), b: this.at(b), size: out.size });
    this.runner.run(kind, chunksOf(out), out);
  }

  add(out: Tensor, a: Tensor): void {
    const kind = this.jobs.add({ out: this.at(out), a: this.at(a), size: out.size });
    this.runner.run(kind, chunksOf(out), out);
  }

  fill(out: Tensor, value: number): void {
    const kind = this.jobs.fill({ out: this.at(out), size: out.size, value });
    this.runner.run(kind, chunksOf(out), out);
  }

  copy(out: Tensor, a: Tensor): void {
    const kind = this.jobs.copy({ out: this.at(out), a: this.at(a), size: out.size });
    this.runner.run(kind, chunksOf(out), out);
  }
}

/** The number of chunks of an element-wise operation. */
const chunksOf = ({ size }: Tensor): number => Math.ceil(size / CHUNK_ELEMENTS);
