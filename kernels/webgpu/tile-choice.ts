/**
 * Which tile computes a product, or a step of an LSTM: the quickest on this device, by a short measurement after it was first recorded. No rule predicts
 * it: a tile that is best on one GPU has half the speed of another one on the next. Every tile gives the same bits, so the
 * choice may come later than the first results, and may differ from run to run.
 *
 * Before its measurement, and if that fails, a product or step has the usual tile of its kind of adapter.
 */
import type { ChoiceStore } from '../../src/core/backend.js';
import type { AdapterKind, Device } from './device.js';
import type { Launch } from './kernel.js';
import { TileTimer } from './tile-timer.js';
import type { Pipelines } from './plan.js';
import { type TileName, type Tiled, inTile, measuredFor, nameOf, tilesOf, usualTile, workOf } from './tiles.js';

/** After each step, products are measured until this time has passed. The others wait for the next step. */
const MOST_MS = 50;
/** Multiply-adds, 64³, below which a GPU spends microseconds on a product in any tile, mostly on its start. */
const LEAST_WORK = 2 ** 18;
/** Another tile than the usual one must be this much quicker, so that chance does not choose. */
const GAIN = 1.05;
/** Products and steps that are kept for an adapter; those that were measured last. */
const MOST_KEPT = 256;
/** Another number for other kernels, so that what was measured of the kernels before is not used. */
const KERNELS = 2;

function quickestOf(times: ReadonlyMap<TileName, number>, usual: TileName): TileName {
  const [best, ms] = [...times].reduce((one, other) => (other[1] < one[1] ? other : one), [usual, Infinity]);
  return ms * GAIN < (times.get(usual) ?? 0) ? best : usual;
}

export class TileChoice {
  /** What was measured, now or before, by the name of what is measured. */
  private readonly known = new Map<string, string>();
  private readonly unknown = new Map<string, Tiled>();
  /** What failed to be measured. */
  private readonly impossible = new Set<string>();
  /** What this backend has recorded, by name, with the name of what is measured for it. */
  private readonly used = new Map<string, { readonly tiled: Tiled; readonly name: string }>();
  /** The times in ms that this backend has measured, by tile. */
  private readonly times = new Map<string, ReadonlyMap<TileName, number>>();
  private readonly storeName: string;
  private loading: Promise<void> | undefined;
  private measuring: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
    private readonly kind: AdapterKind,
    private readonly tile: TileName | 'usual' | 'measured',
    private readonly store: ChoiceStore | undefined,
  ) {
    this.storeName = `longhand webgpu tiles ${KERNELS}: ${device.adapterId}`;
  }

  /** The launch in its tile. What is not known is noted, and has the usual tile for now. */
  tiled(launch: Launch): Launch {
    return launch.tiled ? { ...launch, ...inTile(this.tileOf(launch.tiled), launch.tiled) } : launch;
  }

  /** The usual tile first. */
  private tilesOf(tiled: Tiled): readonly TileName[] {
    const usual = usualTile(tiled, this.kind);
    return [usual, ...tilesOf(tiled, this.device.leastSubgroup).filter((name) => name !== usual)];
  }

  private tileOf(tiled: Tiled): TileName {
    const tiles = this.tilesOf(tiled);
    if (this.tile !== 'measured') return tiles.find((name) => name === this.tile) ?? tiles[0];
    if (workOf(tiled) < LEAST_WORK) return tiles[0];
    const measured = measuredFor(tiled);
    const name = nameOf(measured);
    this.used.set(nameOf(tiled), { tiled, name });
    const tile = this.knownTile(name, tiled);
    if (tile === undefined && !this.impossible.has(name)) this.unknown.set(name, measured);
    return tile ?? tiles[0];
  }

  /** Another text may have been kept, or a tile that this device cannot have. */
  private knownTile(name: string, tiled: Tiled): TileName | undefined {
    const known = this.known.get(name);
    return this.tilesOf(tiled).find((tile) => tile === known);
  }

  get hasUnknown(): boolean {
    return this.unknown.size > 0;
  }

  /** A line for each product and step that is large enough: its tile, and the times that were measured. */
  get lines(): readonly string[] {
    return [...this.used].map(([line, { tiled, name }]) => {
      const times = [...(this.times.get(name) ?? [])].map(([tile, ms]) => `${tile} ${ms.toPrecision(3)} ms`);
      const known = this.knownTile(name, tiled);
      const why = times.length > 0 ? times.join(', ') : known ? 'measured before' : 'not measured';
      return `${line}: ${known ?? usualTile(tiled, this.kind)} (${line === name ? '' : `as ${name}: `}${why})`;
    });
  }

  /** Measures what is unknown, for MOST_MS, but at least one product or step. Never rejects: what cannot be measured has the usual tile. */
  async measure(): Promise<void> {
    await (this.measuring ??= this.measureUnknown().finally(() => (this.measuring = undefined)));
  }

  /** Ends a measurement after the launches that it has submitted. */
  stop(): void {
    this.isStopped = true;
  }

  private async measureUnknown(): Promise<void> {
    await (this.loading ??= this.load());
    for (const [name, tiled] of this.unknown) if (this.knownTile(name, tiled)) this.unknown.delete(name);
    if (this.unknown.size === 0) return;
    const timer = new TileTimer(this.device, this.pipelines);
    const count = this.times.size;
    try {
      const end = performance.now() + MOST_MS;
      for (const [name, tiled] of this.unknown) {
        const tiles = this.tilesOf(tiled);
        const times = await timer.timesOf(tiled, tiles, () => this.isStopped);
        if (this.isStopped) return;
        this.times.set(name, times);
        this.known.set(name, quickestOf(times, tiles[0]));
        this.unknown.delete(name);
        if (performance.now() > end) break;
      }
    } catch {
      // no memory for it, or a lost device, which the next call reports
      for (const name of this.unknown.keys()) this.impossible.add(name);
      this.unknown.clear();
    } finally {
      timer.dispose();
    }
    if (this.times.size > count) await this.save();
  }

  /** What another backend on this adapter has measured. A store that fails, or has other text, has nothing. */
  private async load(): Promise<void> {
    if (!this.store || this.device.adapterId === '') return;
    try {
      const kept: unknown = JSON.parse((await this.store.get(this.storeName)) ?? '{}');
      if (typeof kept !== 'object' || kept === null) return;
      for (const [name, tile] of Object.entries(kept))
        if (typeof tile === 'string' && !this.known.has(name)) this.known.set(name, tile);
    } catch {
      return;
    }
  }

  private async save(): Promise<void> {
    if (!this.store || this.device.adapterId === '') return;
    try {
      await this.store.set(this.storeName, JSON.stringify(Object.fromEntries([...this.known].slice(-MOST_KEPT))));
    } catch {
      return; // it is measured again the next time
    }
  }
}
