/**
 * The operations of the WebGPU backend. Each call is noted; a download or `keepPace` submits the calls since the last one as one list of
 * launches. All tensors stay on the device. Batches are uploaded; only the tensors that `download` names come back.
 */
import type { AccumulateOptions, Backend, ChoiceStore, Cost, MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { Allocations, withoutPitch, withPitch } from './allocations.js';
import type { AdapterKind, Device } from './device.js';
import { Memory } from './memory.js';
import { launchesOf } from './merge.js';
import { Pipelines, Plan } from './plan.js';
import { Queue } from './queue.js';
import { TileChoice } from './tile-choice.js';
import type { TileName } from './tiles.js';

const NONE: readonly number[] = [];

const quantilesOf = (cost: Cost): readonly Tensor[] => (cost.kind === 'pinball' ? [cost.quantiles] : []);
const deltaOf = (cost: Cost): readonly number[] => (cost.kind === 'huber' ? [cost.delta] : NONE);

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu';
  readonly dtype = 'f32';
  /** How many launches the last list of calls that was recorded has. */
  lastLaunches = 0;
  readonly queue: Queue;
  private readonly memory: Memory;
  private readonly allocations: Allocations;
  private readonly tiles: TileChoice;
  private submitted: Promise<unknown> = Promise.resolve();

  /** `kind`: whose kernels it has. `tile`: that of all launches which have it, the others have the usual one; `store`: keeps what was measured. */
  constructor(
    readonly device: Device,
    kind: AdapterKind = device.kind,
    tile: TileName | 'usual' | 'measured' = 'usual',
    store?: ChoiceStore,
  ) {
    this.memory = new Memory(device);
    this.allocations = new Allocations(this.memory);
    const pipelines = new Pipelines(device);
    this.tiles = new TileChoice(device, pipelines, kind, tile, store);
    this.queue = new Queue(this.allocations, (calls) => {
      const launches = launchesOf(calls, kind, (quads) => this.memory.scratch(quads));
      this.lastLaunches = launches.length;
      return new Plan(
        device,
        this.memory,
        pipelines,
        calls,
        launches.map((launch) => this.tiles.tiled(launch)),
      );
    });
  }

  get choices(): readonly string[] {
    return this.tiles.lines;
  }

  get description(): string {
    return `webgpu: ${this.device.description}`;
  }

  matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    if (bias) this.queue.add('matmul', [out, a, b, bias], NONE, 'bias');
    else this.queue.add('matmul', [out, a, b], NONE, accumulate ? 'accumulate' : '');
  }

  columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
    this.queue.add('columnSums', [out, a], NONE, accumulate ? 'accumulate' : '');
  }

  lstmCellForward(h: Tensor, c: Tensor, gates: Tensor, z: Tensor, cPrev: Tensor, forgetBias: number): void {
    this.queue.add('lstmCellForward', [h, c, gates, z, cPrev], [forgetBias]);
  }

  lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void {
    this.queue.add('lstmCellBackward', [dz, dc, dcPrev, dh, gates, c, cPrev], NONE);
  }

  tanhForward(h: Tensor, a: Tensor): void {
    this.queue.add('tanhForward', [h, a], NONE);
  }

  tanhBackward(da: Tensor, dh: Tensor, h: Tensor): void {
    this.queue.add('tanhBackward', [da, dh, h], NONE);
  }

  gruCellForward(h: Tensor, gates: Tensor, ax: Tensor, ah: Tensor, hPrev: Tensor): void {
    this.queue.add('gruCellForward', [h, gates, ax, ah, hPrev], NONE);
  }

  gruCellBackward(dax: Tensor, dah: Tensor, dhPrev: Tensor, dh: Tensor, gates: Tensor, hPrev: Tensor): void {
    this.queue.add('gruCellBackward', [dax, dah, dhPrev, dh, gates, hPrev], NONE);
  }

  crossEntropyForward(losses: Tensor, probabilities: Tensor, logits: Tensor, labels: Tensor): void {
    this.queue.add('crossEntropyForward', [losses, probabilities, logits, labels], NONE);
  }

  crossEntropyBackward(dLogits: Tensor, probabilities: Tensor, labels: Tensor, count: number): void {
    this.queue.add('crossEntropyBackward', [dLogits, probabilities, labels], [count]);
  }

  errorForward(losses: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, cost: Cost): void {
    const views = [losses, outputs, targets, mask, ...quantilesOf(cost)];
    this.queue.add('errorForward', views, deltaOf(cost), cost.kind);
  }

  errorBackward(dOutputs: Tensor, outputs: Tensor, targets: Tensor, mask: Tensor, count: number, cost: Cost): void {
    const views = [dOutputs, outputs, targets, mask, ...quantilesOf(cost)];
    this.queue.add('errorBackward', views, [count, ...deltaOf(cost)], cost.kind);
  }

  clipByValue(gradients: readonly Tensor[], limit: number): void {
    if (gradients.length > 0) this.queue.add('clipByValue', [...gradients], [limit]);
  }

  clipByNorm(gradients: readonly Tensor[], limit: number): void {
    if (gradients.length > 0) this.queue.add('clipByNorm', [...gradients], [limit]);
  }

  adam(p: Tensor, m: Tensor, v: Tensor, g: Tensor, rate: number): void {
    this.queue.add('adam', [p, m, v, g], [rate]);
  }

  sgd(p: Tensor, v: Tensor, g: Tensor, rate: number, momentum: number): void {
    this.queue.add('sgd', [p, v, g], [rate, momentum]);
  }

  embeddingForward(out: Tensor, a: Tensor, indices: Tensor, bias: Tensor): void {
    this.queue.add('embeddingForward', [out, a, indices, bias], NONE);
  }

  embeddingBackward(out: Tensor, indices: Tensor, a: Tensor): void {
    this.queue.add('embeddingBackward', [out, indices, a], NONE);
  }

  multiply(out: Tensor, a: Tensor, b: Tensor): void {
    this.queue.add('multiply', [out, a, b], NONE);
  }

  add(out: Tensor, a: Tensor): void {
    this.queue.add('add', [out, a], NONE);
  }

  fill(out: Tensor, value: number): void {
    this.queue.add('fill', [out], [value]);
  }

  copy(out: Tensor, a: Tensor): void {
    this.queue.add('copy', [out, a], NONE);
  }

  allocate(shape: readonly number[]): Tensor {
    return this.allocations.allocate(shape);
  }

  free(tensor: Tensor): void {
    const { data } = tensor;
    this.queue.submitIfTouched(data); // the next tensor may get its memory
    this.queue.forgetTensor(data);
    this.allocations.free(tensor);
  }

  upload(view: Tensor): void {
    const place = this.allocations.plain('upload', view);
    const { data, rows, columns } = place;
    this.queue.submitIfTouched(data);
    const values = data.subarray(view.offset, view.offset + rows * columns);
    this.memory.write(place.address, withPitch(values, place));
  }

  async download(view: Tensor): Promise<void> {
    const place = this.allocations.plain('download', view);
    const { data, rows, columns, pitch } = place;
    this.device.assertWorks();
    this.queue.submit();
    const values = data.subarray(view.offset, view.offset + rows * columns);
    await this.memory.read(place.address, rows * pitch, (padded) => withoutPitch(values, padded, place));
    await this.chooseTiles();
  }

  /** Waits for what was submitted at the call before, so that the device has work while the host prepares the next step. */
  async keepPace(): Promise<void> {
    this.device.assertWorks();
    this.queue.submit();
    const before = this.submitted;
    this.submitted = this.device.result(this.device.gpu.queue.onSubmittedWorkDone());
    this.submitted.catch(() => undefined); // the next call reports it
    await before;
    await this.chooseTiles();
  }

  /** Measures products and steps that were recorded since the last time, if there are any. */
  private async chooseTiles(): Promise<void> {
    if (!this.tiles.hasUnknown) return;
    await this.tiles.measure();
    this.queue.changePlans((plan) => plan.useTiles((launch) => this.tiles.tiled(launch)));
  }

  async dispose(): Promise<void> {
    this.tiles.stop();
    this.memory.dispose();
    this.device.close();
  }
}
