/** The operations of the WebAssembly backend: each writes the fields of a job by name and runs it on all threads. */
import type { AccumulateOptions, Backend, MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import { columnsAChunk, lossRowsAChunk, rowsAChunk } from './chunks.js';
// The build makes jobs.ts from assembly/jobs.ts, which the WebAssembly module uses too.
import { CHUNK_ELEMENTS, JobWriter, SUM_CHUNK_COLUMNS } from './jobs.js';
import { Products } from './matmul.js';
import type { Runner } from './runner.js';
import type { Storages } from './storages.js';

export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly dtype = 'f32';
  readonly description: string;
  private readonly jobs: JobWriter;
  private readonly products: Products;

  constructor(
    memory: WebAssembly.Memory,
    private readonly runner: Runner,
    private readonly storages: Storages,
    { isRelaxed, isChecking }: { isRelaxed: boolean; isChecking: boolean },
  ) {
    this.jobs = new JobWriter(memory);
    this.products = new Products(this.jobs, runner, storages, isChecking);
    const build = isRelaxed ? 'relaxed SIMD' : 'portable SIMD';
    const why = runner.blocked === undefined ? '' : ` (workers are blocked: ${runner.blocked})`;
    this.description = `wasm: WebAssembly, ${build}, ${runner.threads} thread${runner.threads > 1 ? 's' : ''}${why}`;
  }

  allocate(shape: readonly number[]): Tensor {
    return this.storages.allocate(shape);
  }

  free(tensor: Tensor): void {
    this.storages.free(tensor);
  }

  upload(tensor: Tensor): void {
    this.storages.of(tensor).writes++;
  }

  async download(): Promise<void> {
    this.runner.assertAlive();
  }

  async keepPace(): Promise<void> {
    this.runner.assertAlive();
  }

  async dispose(): Promise<void> {
    await this.runner.terminate();
    this.storages.clear();
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions): void {
    this.products.multiply(out, a, b, options);
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    const { storages } = this;
    const [M, N] = a.shape;
    const kind = this.jobs.columnSums({
      out: storages.denseAddressOf(out),
      a: storages.denseAddressOf(a),
      M,
      N,
      accumulate: Number(accumulate),
    });
    this.runner.run(kind, Math.ceil(N / SUM_CHUNK_COLUMNS));
    storages.written(out);
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    const { storages } = this;
    const [B, H] = h.shape;
    const rows = rowsAChunk(B, H, this.runner.threads);
    const kind = this.jobs.cellForward({
      h: storages.denseAddressOf(h),
      c: storages.denseAddressOf(c),
      gates: storages.denseAddressOf(gates),
      z: storages.denseAddressOf(z),
      cPrev: storages.denseAddressOf(cPrev),
      forgetBias,
      B,
      H,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(h, c, gates);
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    const { storages } = this;
    const [B, H] = dh.shape;
    const rows = rowsAChunk(B, H, this.runner.threads);
    const kind = this.jobs.cellBackward({
      dz: storages.denseAddressOf(dz),
      dc: storages.denseAddressOf(dc),
      dcPrev: storages.denseAddressOf(dcPrev),
      dh: storages.denseAddressOf(dh),
      gates: storages.denseAddressOf(gates),
      c: storages.denseAddressOf(c),
      cPrev: storages.denseAddressOf(cPrev),
      B,
      H,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(dz, dc, dcPrev);
  }

  crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, labels: Tensor): void {
    const { storages } = this;
    const [B, C] = logits.shape;
    const rows = lossRowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.crossEntropyForward({
      losses: storages.denseAddressOf(losses),
      probabilities: storages.denseAddressOf(probabilities),
      logits: storages.denseAddressOf(logits),
      labels: storages.denseAddressOf(labels),
      areRows: Number(labels.dimension === 2),
      B,
      C,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(losses, probabilities);
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, labels: Tensor, count: number): void {
    const { storages } = this;
    const [B, C] = dLogits.shape;
    const rows = rowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.crossEntropyBackward({
      dLogits: storages.denseAddressOf(dLogits),
      probabilities: storages.denseAddressOf(probabilities),
      labels: storages.denseAddressOf(labels),
      areRows: Number(labels.dimension === 2),
      B,
      C,
      count,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(dLogits);
  }

  squaredErrorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor): void {
    const { storages } = this;
    const [B, C] = outputs.shape;
    const rows = rowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.squaredErrorForward({
      losses: storages.denseAddressOf(losses),
      outputs: storages.denseAddressOf(outputs),
      targets: storages.denseAddressOf(targets),
      mask: storages.denseAddressOf(mask),
      B,
      C,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(losses);
  }

  squaredErrorBackward(dOutputs: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, count: number): void {
    const { storages } = this;
    const [B, C] = outputs.shape;
    const rows = rowsAChunk(B, C, this.runner.threads);
    const kind = this.jobs.squaredErrorBackward({
      dOutputs: storages.denseAddressOf(dOutputs),
      outputs: storages.denseAddressOf(outputs),
      targets: storages.denseAddressOf(targets),
      mask: storages.denseAddressOf(mask),
      B,
      C,
      count,
      rows,
    });
    this.runner.run(kind, Math.ceil(B / rows));
    storages.written(dOutputs);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    const { storages } = this;
    const kind = this.jobs.adam({
      p: storages.denseAddressOf(p),
      m: storages.denseAddressOf(m),
      v: storages.denseAddressOf(v),
      g: storages.denseAddressOf(g),
      size: p.size,
      rate,
      towardsMean: 1 - BETA1,
      towardsSquare: 1 - BETA2,
      epsilon: EPSILON,
    });
    this.runner.run(kind, Math.ceil(p.size / CHUNK_ELEMENTS));
    storages.written(p, m, v);
  }

  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
    const { storages } = this;
    const kind = this.jobs.sgd({
      p: storages.denseAddressOf(p),
      v: storages.denseAddressOf(v),
      g: storages.denseAddressOf(g),
      size: p.size,
      rate,
      momentum,
    });
    this.runner.run(kind, Math.ceil(p.size / CHUNK_ELEMENTS));
    storages.written(p, v);
  }

  gatherRows(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
    const { storages } = this;
    const [M, N] = out.shape;
    const rows = rowsAChunk(M, N, this.runner.threads);
    const kind = this.jobs.gatherRows({
      out: storages.denseAddressOf(out),
      a: storages.denseAddressOf(a),
      indices: storages.denseAddressOf(indices),
      bias: storages.denseAddressOf(bias),
      M,
      N,
      rows,
    });
    this.runner.run(kind, Math.ceil(M / rows));
    storages.written(out);
  }

  scatterAddRows(out: Tensor, indices: Tensor, a: Tensor): void {
    const { storages } = this;
    const [M, N] = a.shape;
    const columns = columnsAChunk(M, N, this.runner.threads);
    const kind = this.jobs.scatterAddRows({
      out: storages.denseAddressOf(out),
      indices: storages.denseAddressOf(indices),
      a: storages.denseAddressOf(a),
      M,
      N,
      columns,
    });
    this.runner.run(kind, Math.ceil(N / columns));
    storages.written(out);
  }

  multiply(out: Tensor, a: Tensor, b: Tensor): void {
    const { storages } = this;
    const kind = this.jobs.multiplyElements({
      out: storages.denseAddressOf(out),
      a: storages.denseAddressOf(a),
      b: storages.denseAddressOf(b),
      size: out.size,
    });
    this.runner.run(kind, Math.ceil(out.size / CHUNK_ELEMENTS));
    storages.written(out);
  }

  add(out: Tensor, a: Tensor): void {
    const { storages } = this;
    const kind = this.jobs.add({ out: storages.denseAddressOf(out), a: storages.denseAddressOf(a), size: out.size });
    this.runner.run(kind, Math.ceil(out.size / CHUNK_ELEMENTS));
    storages.written(out);
  }

  fill(out: Tensor, value: number): void {
    const kind = this.jobs.fill({ out: this.storages.denseAddressOf(out), size: out.size, value });
    this.runner.run(kind, Math.ceil(out.size / CHUNK_ELEMENTS));
    this.storages.written(out);
  }

  copy(out: Tensor, a: Tensor): void {
    const { storages } = this;
    const kind = this.jobs.copy({
      out: storages.denseAddressOf(out),
      a: storages.denseAddressOf(a),
      size: out.size,
    });
    this.runner.run(kind, Math.ceil(out.size / CHUNK_ELEMENTS));
    storages.written(out);
  }
}
