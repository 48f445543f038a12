/** Times a product in each tile, in memory of its own: nothing of a network is read or written. */
import { OutOfMemoryError } from '../../src/core/errors.js';
import type { Place } from './allocations.js';
import type { Device } from './device.js';
import type { Launch, Product } from './kernel.js';
import { Memory } from './memory.js';
import { type TileName, inTile, matmul } from './matmul.js';
import { type Pipelines, Plan } from './plan.js';

/** Turns of the tiles; the quickest one of each counts. */
const TURNS = 3;
/** A device on which one launch takes longer is not asked for more turns. */
const SLOW_MS = 5;
/** A submit has a fixed cost. So launches are added until it takes this many times as long as with one, or has the most launches. */
const LONGER = 3;
const MOST_LAUNCHES = 64;

/** A product with edges in every tile and several blocks: small, but with more than one workgroup each way. */
const CHECKED = { M: 70, N: 68, K: 21, steps: 2 } as const;

const NOTHING = new Float32Array();

interface Placed {
  readonly launch: Launch;
  readonly out: Place;
  /** Groups of four numbers of a, b and out together. */
  readonly quads: number;
}

/** The product with a, b and out one after another from address 0 on. */
function placedProduct({ M, N, K, steps, aTransposed, bTransposed }: Product): Placed {
  let quads = 0;
  const place = (rows: number, columns: number, transposed: boolean, blocks: number): Place => {
    const pitch = Math.ceil(columns / 4);
    const address = quads;
    quads += blocks * rows * pitch;
    return { data: NOTHING, address, rows, columns, pitch, transposed };
  };
  const a = aTransposed ? place(K, M, true, steps) : place(M, K, false, steps);
  const b = bTransposed ? place(N, K, true, steps) : place(K, N, false, steps);
  const out = place(M, N, false, 1);
  const blocks = { steps, aStride: a.rows * a.pitch, bStride: b.rows * b.pitch };
  return { launch: matmul('gpu', out, a, b, 'nothing', blocks), out, quads };
}

export class TileTimer {
  private readonly memory: Memory;
  private isReserved = false;
  /** By transposes: which tiles give the bits of the first one. */
  private readonly right = new Map<string, Promise<readonly TileName[]>>();

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
  ) {
    this.memory = new Memory(device);
  }

  /**
   * The milliseconds of a launch of the product, by tile. Tiles that this device does not compile, or that have other bits than the first
   * one, are missing. Throws an OutOfMemoryError if the product is too large for the device, and rejects if the device is lost.
   */
  async timesOf(
    product: Product,
    tiles: readonly TileName[],
    isStopped: () => boolean,
  ): Promise<ReadonlyMap<TileName, number>> {
    const launchable = await this.rightTiles(product, tiles);
    const { launch } = await this.placed(product);
    const plans: Plan[] = [];
    const planOf = (tile: TileName, count: number): Plan => {
      const tiled: Launch = { ...launch, ...inTile(tile, product) };
      const plan = new Plan(this.device, this.memory, this.pipelines, [], Array<Launch>(count).fill(tiled));
      plans.push(plan);
      return plan;
    };
    const fastest = new Map<TileName, number>();
    const run = async (tile: TileName, plan: Plan): Promise<number> => {
      const ms = await this.msOf(plan);
      fastest.set(tile, Math.min(ms / plan.length, fastest.get(tile) ?? Infinity));
      return ms;
    };
    try {
      const single = launchable.map((tile) => planOf(tile, 1));
      for (const plan of single) await this.msOf(plan); // the driver may compile at the first launch
      for (const [n, tile] of launchable.entries()) if (!isStopped()) await run(tile, single[n]);
      const once = Math.min(...fastest.values());
      if (once > SLOW_MS || launchable.length < 2) return fastest;
      let count = 1;
      while (count < MOST_LAUNCHES && !isStopped()) {
        count *= 2;
        if ((await this.msOf(planOf(launchable[0], count))) > LONGER * once) break;
      }
      const many = launchable.map((tile) => planOf(tile, count));
      fastest.clear(); // a single launch has all of the fixed cost
      for (let turn = 0; turn < TURNS; turn++)
        for (const [n, tile] of launchable.entries()) if (!isStopped()) await run(tile, many[n]);
      return fastest;
    } finally {
      for (const plan of plans) plan.dispose();
    }
  }

  dispose(): void {
    this.memory.dispose();
  }

  /** From the submit to the end of the work on the device. */
  private async msOf(plan: Plan): Promise<number> {
    const begin = performance.now();
    plan.run([]);
    await this.device.result(this.device.gpu.queue.onSubmittedWorkDone());
    return performance.now() - begin;
  }

  private async rightTiles(product: Product, tiles: readonly TileName[]): Promise<readonly TileName[]> {
    const { aTransposed, bTransposed } = product;
    const checked = { ...CHECKED, aTransposed, bTransposed };
    const key = `${aTransposed} ${bTransposed}`;
    const right = this.right.get(key) ?? this.check(checked, tiles);
    this.right.set(key, right);
    return right;
  }

  private async check(product: Product, tiles: readonly TileName[]): Promise<readonly TileName[]> {
    const { launch, out, quads } = await this.placed(product);
    const numbers = Float32Array.from({ length: 4 * quads }, (_, n) => Math.sin(n * n));
    const right: TileName[] = [];
    let expected: string | undefined;
    for (const tile of tiles) {
      const tiled = { ...launch, ...inTile(tile, product) };
      if (!(await this.compiles(tiled))) continue;
      this.memory.write(0, numbers); // out, too, so that a number that is not written is noticed
      const plan = new Plan(this.device, this.memory, this.pipelines, [], [tiled]);
      plan.run([]);
      let found = '';
      await this.memory.read(out.address, out.rows * out.pitch, (values) => (found = values.join()));
      plan.dispose();
      if (found === (expected ??= found)) right.push(tile);
    }
    return right;
  }

  /** A launch of the product, with room for its operands from address 0 on: of one product at a time. */
  private async placed(product: Product): Promise<Placed> {
    const placed = placedProduct(product);
    const isEnough = await this.noError(() => {
      if (this.isReserved) this.memory.release(0);
      this.isReserved = false;
      this.memory.allocate(placed.quads);
      this.isReserved = true;
    });
    if (!isEnough) throw new OutOfMemoryError(`webgpu: no memory is left to measure a product`);
    return placed;
  }

  private compiles({ kernel }: Launch): Promise<boolean> {
    return this.noError(() => this.pipelines.of(kernel));
  }

  /** Whether WebGPU accepts what `work` does; an error of it does not become the device's. */
  private async noError(work: () => void): Promise<boolean> {
    const { gpu } = this.device;
    const kinds = ['validation', 'internal', 'out-of-memory'] as const;
    for (const kind of kinds) gpu.pushErrorScope(kind);
    const popped = (): Promise<(GPUError | null)[]> => Promise.all(kinds.map(() => gpu.popErrorScope()));
    try {
      work();
    } catch (error) {
      await this.device.result(popped());
      throw error;
    }
    return (await this.device.result(popped())).every((error) => error === null);
  }
}
