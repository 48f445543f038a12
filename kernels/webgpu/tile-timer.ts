/** Times a product, or a step of an LSTM, in each tile, in memory of its own: nothing of a network is read or written. */
import { OutOfMemoryError } from '../../src/core/errors.js';
import type { Device } from './device.js';
import type { Launch } from './kernel.js';
import { Memory } from './memory.js';
import { type Pipelines, Plan } from './plan.js';
import { type Placed, type TileName, type Tiled, checkedFor, inTile, nameOf, placed } from './tiles.js';

/** Turns of the tiles; the quickest one of each counts. */
const TURNS = 3;
/** A device on which one launch takes longer is not asked for more turns. */
const SLOW_MS = 5;
/** A submit has a fixed cost. So launches are added until it takes this many times as long as with one, or has the most launches. */
const LONGER = 3;
const MOST_LAUNCHES = 64;

/** Of a step: its bias. A product has none. */
const NUMBERS = [[1]];

export class TileTimer {
  private readonly memory: Memory;
  private isReserved = false;
  /** By the name of what is checked: which tiles give the bits of the first one. */
  private readonly right = new Map<string, Promise<readonly TileName[]>>();

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
  ) {
    this.memory = new Memory(device);
  }

  /**
   * The milliseconds of a launch, by tile. Tiles that this device does not compile, or that have other bits than the first
   * one, are missing. Throws an OutOfMemoryError if its operands are too large for the device, and rejects if the device is lost.
   */
  async timesOf(
    measured: Tiled,
    tiles: readonly TileName[],
    isStopped: () => boolean,
  ): Promise<ReadonlyMap<TileName, number>> {
    const launchable = await this.rightTiles(checkedFor(measured), tiles);
    const { launch } = await this.placed(measured);
    const plans: Plan[] = [];
    const planOf = (tile: TileName, count: number): Plan => {
      const tiled: Launch = { ...launch, ...inTile(tile, measured) };
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
    plan.run(NUMBERS);
    await this.device.result(this.device.gpu.queue.onSubmittedWorkDone());
    return performance.now() - begin;
  }

  private rightTiles(checked: Tiled, tiles: readonly TileName[]): Promise<readonly TileName[]> {
    const key = nameOf(checked);
    const right = this.right.get(key) ?? this.check(checked, tiles);
    this.right.set(key, right);
    return right;
  }

  /** All operands are compared, so that a number that another tile writes or does not write is noticed. */
  private async check(checked: Tiled, tiles: readonly TileName[]): Promise<readonly TileName[]> {
    const { launch, quads } = await this.placed(checked);
    const numbers = Float32Array.from({ length: 4 * quads }, (_, n) => Math.sin(n * n));
    const right: TileName[] = [];
    let expected: string | undefined;
    for (const tile of tiles) {
      const tiled = { ...launch, ...inTile(tile, checked) };
      if (!(await this.compiles(tiled))) continue;
      this.memory.write(0, numbers);
      const plan = new Plan(this.device, this.memory, this.pipelines, [], [tiled]);
      plan.run(NUMBERS);
      let found = '';
      await this.memory.read(0, quads, (values) => (found = values.join()));
      plan.dispose();
      if (found === (expected ??= found)) right.push(tile);
    }
    return right;
  }

  /** A launch, with room for its operands from address 0 on: of one at a time. */
  private async placed(tiled: Tiled): Promise<Placed> {
    const one = placed(tiled);
    const isEnough = await this.noError(() => {
      if (this.isReserved) this.memory.release(0);
      this.isReserved = false;
      this.memory.allocate(one.quads);
      this.isReserved = true;
    });
    if (!isEnough) throw new OutOfMemoryError(`webgpu: no memory is left to measure tiles`);
    return one;
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
