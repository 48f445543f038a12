/** The most GFLOPS that one thread reaches in WebAssembly: the 100% of the column "of peak". From assembly/peak.ts. */
import type { PeakBinaries } from '../assemblyscript.js';

/** In GFLOPS. */
export interface Peak {
  /** With separate multiplication and addition. */
  readonly portable: number;
  /** With the fused multiply-add of relaxed SIMD, if the engine has it. */
  readonly fused?: number;
}

type Loop = (turns: number, factor: number, sums: number) => number;

type Name = 'portable' | 'fused';

/** The loops, also in pairs: V8 merges these if it may use 256-bit vectors. Otherwise their sums do not fit the registers. */
type PeakModule = Readonly<
  { SUMS: WebAssembly.Global<'i32'> } & Record<Name | `${Name}Paired`, Loop> &
    Record<`${Uppercase<Name>}${'' | '_PAIRED'}_VECTORS`, WebAssembly.Global<'i32'>>
>;

const TURNS = 1_000_000;
const TRIES = 20;
const LANES = 4;

/** Measures the engine that runs this function. */
export async function measurePeak({ portable, relaxed }: PeakBinaries): Promise<Peak> {
  const module = await instantiate(portable);
  const peak = { portable: fastest(module, 'portable') };
  if (!WebAssembly.validate(relaxed)) return peak;
  return { ...peak, fused: fastest(await instantiate(relaxed), 'fused') };
}

async function instantiate(binary: Uint8Array<ArrayBuffer>): Promise<PeakModule> {
  const { instance } = await WebAssembly.instantiate(binary, {});
  return instance.exports as unknown as PeakModule;
}

function fastest(module: PeakModule, name: Name): number {
  const upper = name.toUpperCase() as Uppercase<Name>;
  return Math.max(
    gflopsOf(module[name], module[`${upper}_VECTORS`].value, module.SUMS.value),
    gflopsOf(module[`${name}Paired`], module[`${upper}_PAIRED_VECTORS`].value, module.SUMS.value),
  );
}

function gflopsOf(loop: Loop, vectors: number, sums: number): number {
  let best = Infinity;
  for (let n = 0; n < TRIES; n++) {
    const start = performance.now();
    const sum = loop(TURNS, 1, sums);
    best = Math.min(best, performance.now() - start);
    if (sum !== TURNS) throw new Error(`peak: ${TURNS} additions of 1 gave ${sum}, so the loop is compiled wrongly`);
  }
  return (2 * LANES * vectors * TURNS) / best / 1e6;
}

export interface Product {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

export const flopsOfProduct = ({ M, K, N }: Product): number => 2 * M * K * N;

/** In FLOP per byte: each of the three matrices of f32 moves once. */
export const intensityOf = (product: Product): number => {
  const { M, K, N } = product;
  return flopsOfProduct(product) / (4 * (M * K + K * N + M * N));
};

/** The most GFLOPS at an intensity, with this peak and this speed of a copy in 10⁹ bytes per second. */
export const roofOf = (limit: { readonly gflops: number; readonly gigabytes: number }, intensity: number): number =>
  Math.min(limit.gflops, limit.gigabytes * intensity);
