/** The most GFLOPS that one thread reaches in WebAssembly: the 100% of the column "of peak". From assembly/peak.ts. */
import type { PeakBinaries } from '../assemblyscript.js';

/** In GFLOPS. */
export interface Peak {
  /** With separate multiplication and addition. */
  readonly portable: number;
  /** With the fused multiply-add of relaxed SIMD, if the engine has it. */
  readonly fused?: number;
}

type Loop = (turns: number, factor: number) => number;

interface PeakModule {
  readonly PORTABLE_VECTORS: WebAssembly.Global<'i32'>;
  readonly FUSED_VECTORS: WebAssembly.Global<'i32'>;
  readonly portable: Loop;
  readonly fused: Loop;
}

const TURNS = 1_000_000;
const TRIES = 20;
const LANES = 4;

/** Measures the engine that runs this function. */
export async function measurePeak({ portable, relaxed }: PeakBinaries): Promise<Peak> {
  const module = await instantiate(portable);
  const peak = { portable: fastest(module.portable, module.PORTABLE_VECTORS.value) };
  if (!WebAssembly.validate(relaxed)) return peak;
  const fused = await instantiate(relaxed);
  return { ...peak, fused: fastest(fused.fused, fused.FUSED_VECTORS.value) };
}

async function instantiate(binary: Uint8Array<ArrayBuffer>): Promise<PeakModule> {
  const { instance } = await WebAssembly.instantiate(binary, {});
  return instance.exports as unknown as PeakModule;
}

function fastest(loop: Loop, vectors: number): number {
  let best = Infinity;
  for (let n = 0; n < TRIES; n++) {
    const start = performance.now();
    const sum = loop(TURNS, 1);
    best = Math.min(best, performance.now() - start);
    if (sum !== TURNS) throw new Error(`peak: ${TURNS} additions of 1 gave ${sum}, so the loop is compiled wrongly`);
  }
  return (2 * LANES * vectors * TURNS) / best / 1e6;
}
