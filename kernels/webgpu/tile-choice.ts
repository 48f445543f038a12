/**
 * Which tile computes a product: the quickest on this device, by a short measurement after the product was first recorded. No rule predicts
 * it: a tile that is best on one GPU has half the speed of another one on the next. Every tile gives the same bits, so the
 * choice may come later than the first results, and may differ from run to run.
 *
 * Until a product is measured, and if it cannot be, it has the usual tile of its kind of adapter.
 */
import type { ChoiceStore } from '../../src/core/backend.js';
import type { AdapterKind, Device } from './device.js';
import type { Launch, Product } from './kernel.js';
import { type TileName, inTile, TILE_NAMES, USUAL_TILE } from './matmul.js';
import { TileTimer } from './tile-timer.js';
import type { Pipelines } from './plan.js';

/** After each step, products are measured until this time has passed. The others wait for the next step. */
const MOST_MS = 50;
/** Multiply-adds, 64³, below which a GPU spends microseconds on a product in any tile, mostly on its start. */
const LEAST_WORK = 2 ** 18;
/** Another tile than the usual one must be this much quicker, so that chance does not choose. */
const GAIN = 1.05;
/** Products that are kept for an adapter; those that were measured last. */
const MOST_KEPT = 256;
/** Another number for other kernels, so that what was measured of the kernels before is not used. */
const KERNELS = 1;

const form = ({ aTransposed, bTransposed }: Product): string =>
  `${aTransposed ? 'Aᵀ' : 'A'}·${bTransposed ? 'Bᵀ' : 'B'}`;

/** `A·Bᵀ [128,512]·[512,128]`, and how many blocks are added up: the name under which a choice is kept. */
export const productName = (product: Product): string => {
  const { M, N, K, steps } = product;
  return `${form(product)} [${M},${K}]·[${K},${N}]${steps > 1 ? `, ${steps} blocks` : ''}`;
};

const roundedUp = (size: number, unit: number): number => (size <= unit ? size : Math.ceil(size / unit) * unit);

/** The most that is measured: outputs, multiply-adds, k and blocks. */
const MOST = { outputs: 2 ** 20, work: 2 ** 25, K: 512, blocks: 4 } as const;
/** The sides of the largest tile, and the steps in which larger sizes are measured. */
const SIDE = 64;
const SIZE_STEP = 512;

/**
 * The product that is measured in place of a large one, so that a slow device is not kept for seconds, and sequences of
 * many lengths are few products. Time is proportional to k and to the blocks, and to the rows once every core has several tiles.
 */
export function measuredProduct({ M, N, K, steps, ...transposes }: Product): Product {
  const columns = Math.min(roundedUp(N, SIZE_STEP), MOST.outputs / SIDE);
  const mostRows = Math.floor(MOST.outputs / SIDE / Math.ceil(columns / SIDE));
  const rows = Math.min(roundedUp(M, SIZE_STEP), mostRows - (mostRows % SIDE));
  const perK = Math.ceil(rows / SIDE) * Math.ceil(columns / SIDE) * SIDE ** 2;
  const inner = Math.min(K, MOST.K, Math.floor(MOST.work / perK));
  const blocks = Math.min(steps, MOST.blocks, Math.floor(MOST.work / perK / inner));
  return { M: rows, N: columns, K: inner, steps: blocks, ...transposes };
}

const isLarge = ({ M, N, K, steps }: Product): boolean => M * N * K * steps >= LEAST_WORK;

const isTile = (name: unknown): name is TileName => TILE_NAMES.includes(name as TileName);

export class TileChoice {
  private readonly usual: TileName;
  /** The tiles that the device can have; only one if it is not to be measured. */
  private readonly tiles: readonly TileName[];
  /** What was measured, now or before, by the name of the product that is measured. */
  private readonly known = new Map<string, TileName>();
  private readonly unknown = new Map<string, Product>();
  /** What failed to be measured. */
  private readonly impossible = new Set<string>();
  /** The products of this backend, and the names of those that are measured for them. */
  private readonly used = new Map<string, string>();
  /** The times in ms that this backend has measured, of the tiles of a product. */
  private readonly times = new Map<string, ReadonlyMap<TileName, number>>();
  private readonly storeName: string;
  private loading: Promise<void> | undefined;
  private measuring: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
    kind: AdapterKind,
    tile: TileName | 'measured',
    private readonly store: ChoiceStore | undefined,
  ) {
    this.usual = tile === 'measured' ? USUAL_TILE[kind] : tile;
    const hasSubgroups = device.leastSubgroup >= 8;
    const all = TILE_NAMES.filter((name) => hasSubgroups || !name.includes('subgroups'));
    this.tiles = tile === 'measured' ? [this.usual, ...all.filter((name) => name !== this.usual)] : [tile];
    this.storeName = `longhand webgpu tiles ${KERNELS}: ${device.adapterId}`;
  }

  /** The launch in the tile of its product. A product that is not known is noted, and has the usual tile for now. */
  tiled(launch: Launch): Launch {
    if (!launch.product) return launch;
    return { ...launch, ...inTile(this.tileOf(launch.product), launch.product) };
  }

  private tileOf(product: Product): TileName {
    if (this.tiles.length === 1 || !isLarge(product)) return this.usual;
    const measured = measuredProduct(product);
    const name = productName(measured);
    this.used.set(productName(product), name);
    const tile = this.known.get(name);
    if (tile === undefined && !this.impossible.has(name)) this.unknown.set(name, measured);
    return tile ?? this.usual;
  }

  get hasUnknown(): boolean {
    return this.unknown.size > 0;
  }

  /** A line for each product that is large enough: its tile, and the times that were measured. */
  get lines(): readonly string[] {
    return [...this.used].map(([product, name]) => {
      const times = [...(this.times.get(name) ?? [])].map(([tile, ms]) => `${tile} ${ms.toPrecision(3)} ms`);
      const why = times.length > 0 ? times.join(', ') : this.known.has(name) ? 'measured before' : 'not measured';
      return `${product}: ${this.known.get(name) ?? this.usual} (${product === name ? '' : `as ${name}: `}${why})`;
    });
  }

  /** Measures what is unknown, for MOST_MS or one product. Never rejects: what cannot be measured has the usual tile. */
  async measure(): Promise<void> {
    await (this.measuring ??= this.measureUnknown().finally(() => (this.measuring = undefined)));
  }

  /** Ends a measurement after the launches that it has submitted. */
  stop(): void {
    this.isStopped = true;
  }

  private async measureUnknown(): Promise<void> {
    await (this.loading ??= this.load());
    for (const name of this.known.keys()) this.unknown.delete(name);
    if (this.unknown.size === 0) return;
    const timer = new TileTimer(this.device, this.pipelines);
    const count = this.times.size;
    try {
      const end = performance.now() + MOST_MS;
      for (const [name, product] of this.unknown) {
        const times = await timer.timesOf(product, this.tiles, () => this.isStopped);
        if (this.isStopped) return;
        this.times.set(name, times);
        this.known.set(name, this.quickestOf(times));
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

  private quickestOf(times: ReadonlyMap<TileName, number>): TileName {
    const [best, ms] = [...times].reduce((one, other) => (other[1] < one[1] ? other : one), [this.usual, Infinity]);
    return ms * GAIN < (times.get(this.usual) ?? 0) ? best : this.usual;
  }

  /** What another backend on this adapter has measured. A store that fails, or has other text, has nothing. */
  private async load(): Promise<void> {
    if (!this.store || this.device.adapterId === '') return;
    try {
      const kept: unknown = JSON.parse((await this.store.get(this.storeName)) ?? '{}');
      if (typeof kept !== 'object' || kept === null) return;
      for (const [name, tile] of Object.entries(kept))
        if (isTile(tile) && this.tiles.includes(tile) && !this.known.has(name)) this.known.set(name, tile);
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
