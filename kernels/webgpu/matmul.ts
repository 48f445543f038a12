/**
 * Matrix products: out `[M,N]` = a `[M,K]` · b `[K,N]` (+ bias, or + out), each of a and b perhaps a transpose. tiles.ts has the inner
 * loop for drivers that run on the CPU, where a thread computes 8 × 8 outputs; workgroup-tiles.ts the one for GPUs.
 *
 * The sum may run over several blocks of a and b: out = Σ_s a_s·b_s, in this order. So a product for each step of a sequence
 * that is added to the same rows, as dWh += hPrevᵀ·dz of (1′), is one product over all steps, with the same bits.
 */
import type { Place } from './allocations.js';
import type { AdapterKind } from './device.js';
import type { Kernel, Launch } from './kernel.js';
import { times } from './kernel.js';
import { wrapped } from './rows.js';
import type { TileShape } from './tiles.js';
import { sumsOf, tileLoop, tilePlaces } from './tiles.js';
import { SIDE, workgroupTile } from './workgroup-tiles.js';

const WHOLE = [
  ...['M', 'N', 'K', 'out', 'outPitch', 'a', 'aPitch', 'b', 'bPitch'],
  ...['steps', 'aStride', 'bStride', 'start', 'startPitch', 'hasStart'],
];

/** A thread computes 8 × 8 outputs: two groups of four columns. */
const TILE = { rows: 8, groups: 2 } as const;
/** As many threads as a vector of AVX2 has numbers: a driver on the CPU runs them at once. */
const THREADS = 8;

const tilesAlong = (M: number, size: number): number => Math.ceil(M / size);

function threadTile(aTransposed: boolean, bTransposed: boolean): Kernel {
  const tile: TileShape = { aTransposed, bTransposed, ...TILE };
  const at = (r: number, c: number): string => `if (row + ${r}u < p.M && column + ${c}u < N4)`;
  const eachOf = (text: (r: number, c: number) => string): string =>
    times(TILE.rows, (r) => times(TILE.groups, (c) => `${at(r, c)} { ${text(r, c)} }`));
  return {
    name: `matmul a${aTransposed ? 'ᵀ' : ''}·b${bTransposed ? 'ᵀ' : ''} in a thread's tile`,
    element: 'vec4f',
    whole: WHOLE,
    threads: THREADS,
    body: `
  let N4 = (p.N + 3) / 4;
  let across = (N4 + ${TILE.groups - 1}u) / ${TILE.groups}u;
  let row = index / across * ${TILE.rows}u;
  let column = index % across * ${TILE.groups}u;
  if (row >= p.M) { return; }
  ${sumsOf(tile)
    .map((sum) => `var ${sum} = vec4f();`)
    .join(' ')}
  if (p.hasStart != 0) {
    ${eachOf((r, c) => `s${r}_${c} = memory[p.start + (row + ${r}u) * p.startPitch + column + ${c}u];`)}
  }
  ${tilePlaces(tile)}
  for (var s = 0u; s < p.steps; s++) {
    let aAt = p.a + s * p.aStride;
    let bAt = p.b + s * p.bStride;
    ${tileLoop(tile)}
  }
  ${eachOf((r, c) => `memory[p.out + (row + ${r}u) * p.outPitch + column + ${c}u] = s${r}_${c};`)}`,
  };
}

const formsOf = (make: (aTransposed: boolean, bTransposed: boolean) => Kernel): readonly Kernel[] => [
  make(false, false),
  make(false, true),
  make(true, false),
  make(true, true),
];
const THREAD_TILES = formsOf(threadTile);
const WORKGROUP_TILES = formsOf((aTransposed, bTransposed) => workgroupTile(WHOLE, aTransposed, bTransposed));

/** What is added to the product: nothing, what `out` holds, or the row `[N]` of a bias. */
export type Start = 'nothing' | 'out' | Place;

/** a and b of block s lie `s` times these groups of four numbers further. */
export interface ProductBlocks {
  readonly steps: number;
  readonly aStride: number;
  readonly bStride: number;
}

const ONE_BLOCK: ProductBlocks = { steps: 1, aStride: 0, bStride: 0 };

export function matmul(
  kind: AdapterKind,
  out: Place,
  a: Place,
  b: Place,
  start: Start,
  { steps, aStride, bStride }: ProductBlocks = ONE_BLOCK,
): Launch {
  const [M, N] = [out.rows, out.columns];
  const K = a.transposed ? a.rows : a.columns;
  const [first, startPitch] = typeof start === 'object' ? [start.address, 0] : [out.address, out.pitch];
  const whole = {
    ...{ M, N, K, out: out.address, outPitch: out.pitch },
    ...{ a: a.address, aPitch: a.pitch, b: b.address, bPitch: b.pitch },
    ...{ steps, aStride: wrapped(aStride), bStride: wrapped(bStride) },
    ...{ start: first, startPitch, hasStart: Number(start !== 'nothing') },
  };
  const form = 2 * Number(a.transposed) + Number(b.transposed);
  if (kind === 'gpu')
    return { kernel: WORKGROUP_TILES[form], whole, groups: tilesAlong(M, SIDE) * tilesAlong(N, SIDE) };
  const tiles = tilesAlong(M, TILE.rows) * tilesAlong(N, 4 * TILE.groups);
  return { kernel: THREAD_TILES[form], whole, groups: Math.ceil(tiles / THREADS) };
}
