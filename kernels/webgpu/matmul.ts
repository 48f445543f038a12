/**
 * Matrix products: out `[M,N]` = a `[M,K]` · b `[K,N]` (+ bias, or + out), each of a and b perhaps a transpose. workgroup-tiles.ts has
 * kernels for GPUs. This file has one for drivers that run on the CPU: a thread computes 8 × 8 outputs, which its variables hold over k.
 *
 *   out[r][s] = start[r][s] + Σ_k a[r][k]·b[k][s]
 *
 * Each k needs one number of a for each row, and one group of four numbers of b for four columns. A transposed operand is read along the
 * other axis. In every tile, an output is one running sum in the order of k. So results do not depend on how a matrix is cut into
 * tiles. Unrolling the loop by four k does not read less, and such a driver then compiles it for eight seconds instead of four.
 *
 * The sum may run over several blocks of a and b: out = Σ_s a_s·b_s, in this order. So a product for each step of a sequence
 * that is added to the same rows, as dWh += hPrevᵀ·dz of (1′), is one product over all steps, with the same bits.
 */
import type { Place } from './allocations.js';
import type { AdapterKind } from './device.js';
import { type Kernel, type Launch, type Product, LANES, times } from './kernel.js';
import { wrapped } from './rows.js';
import { type WorkgroupShape, LARGE, sideOf, SMALL, workgroupTile } from './workgroup-tiles.js';

// The text of the inner loop in WGSL: a row r of the tile has the variables s<r>_<c>, one for each group c of four columns.

export interface TileShape {
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
  /** Rows of the tile, a multiple of 4, and groups of four columns. */
  readonly rows: number;
  readonly groups: number;
}

/** The names of a tile's sums. */
export const sumsOf = ({ rows, groups }: TileShape): string[] =>
  Array.from({ length: rows * groups }, (_, n) => `s${Math.floor(n / groups)}_${n % groups}`);

/**
 * Where the tile reads: row `row + r` of out and the columns of group `column + c`, held inside the matrices: what the tile computes
 * beyond the edges is not stored. `p.a` and `p.b` are addresses at k = 0 of the first block.
 */
export function tilePlaces({ aTransposed, bTransposed, rows, groups }: TileShape): string {
  const a = aTransposed
    ? times(rows / 4, (q) => `let aGroup${q} = min(row / 4 + ${q}u, (p.M - 1) / 4);`)
    : times(rows, (r) => `let aRow${r} = min(row + ${r}u, p.M - 1) * p.aPitch;`);
  const b = bTransposed
    ? times(4 * groups, (j) => `let bRow${j} = min(4 * column + ${j}u, p.N - 1) * p.bPitch;`)
    : times(groups, (c) => `let bGroup${c} = min(column + ${c}u, (p.N - 1) / 4);`);
  return `${a}\n${b}`;
}

/** `sums += a[r][k]·b[k][…]` for all k. `aAt` and `bAt` are addresses at k = 0. */
export function tileLoop({ aTransposed, bTransposed, rows, groups }: TileShape): string {
  const groupsOfA = aTransposed
    ? times(rows / 4, (q) => `let g${q} = memory[aAt + k * p.aPitch + aGroup${q}];`, ' ')
    : '';
  const ofA = (r: number): string =>
    aTransposed ? `g${Math.floor(r / 4)}.${LANES[r % 4]}` : `memory[aAt + aRow${r} + k / 4][k % 4]`;
  const ofB = (c: number): string =>
    bTransposed
      ? `vec4f(${times(4, (j) => `memory[bAt + bRow${4 * c + j} + k / 4][k % 4]`, ', ')})`
      : `memory[bAt + k * p.bPitch + bGroup${c}]`;
  const addTo = (sum: string, b: string): string => `${sum} = fma(a, ${b}, ${sum});`;
  return `
  for (var k = 0u; k < p.K; k++) {
    ${groupsOfA}
    ${times(groups, (c) => `let b${c} = ${ofB(c)};`, ' ')}
    ${times(rows, (r) => `{ let a = vec4f(${ofA(r)}); ${times(groups, (c) => addTo(`s${r}_${c}`, `b${c}`), ' ')} }`)}
  }`;
}

// The kernels, and the launch of a product.

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

// The tiles. Every tile has these parameters, and every output has the same bits in each; tile-choice.ts says which one computes a product.

/** Names say how many outputs a thread or a workgroup computes. */
export const PRODUCT_TILES = ['8×8 a thread', '64×64', '32×32', '32×32 in subgroups'] as const;
export type ProductTile = (typeof PRODUCT_TILES)[number];

/** The tile of a product whose tiles are not measured. */
export const USUAL_TILE: Readonly<Record<AdapterKind, ProductTile>> = { software: '8×8 a thread', gpu: '64×64' };

interface Tile {
  /** For A·B, A·Bᵀ, Aᵀ·B and Aᵀ·Bᵀ. */
  readonly kernels: readonly Kernel[];
  readonly groupsFor: (M: number, N: number) => number;
}

const tileOf = (make: (aTransposed: boolean, bTransposed: boolean) => Kernel, groupsFor: Tile['groupsFor']): Tile => ({
  kernels: [make(false, false), make(false, true), make(true, false), make(true, true)],
  groupsFor,
});

const inWorkgroups = (shape: WorkgroupShape): Tile =>
  tileOf(
    (aTransposed, bTransposed) => workgroupTile(WHOLE, shape, aTransposed, bTransposed),
    (M, N) => tilesAlong(M, sideOf(shape)) * tilesAlong(N, sideOf(shape)),
  );

const TILES: Readonly<Record<ProductTile, Tile>> = {
  '8×8 a thread': tileOf(threadTile, (M, N) => {
    const tiles = tilesAlong(M, TILE.rows) * tilesAlong(N, 4 * TILE.groups);
    return Math.ceil(tiles / THREADS);
  }),
  '64×64': inWorkgroups({ across: LARGE, inSubgroups: false }),
  '32×32': inWorkgroups({ across: SMALL, inSubgroups: false }),
  '32×32 in subgroups': inWorkgroups({ across: SMALL, inSubgroups: true }),
};

/** The kernel and the workgroups of a product in a tile. */
export function productInTile(
  name: ProductTile,
  { M, N, aTransposed, bTransposed }: Product,
): Pick<Launch, 'kernel' | 'groups'> {
  const { kernels, groupsFor } = TILES[name];
  return { kernel: kernels[2 * Number(aTransposed) + Number(bTransposed)], groups: groupsFor(M, N) };
}

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
): Launch & { readonly tiled: Product } {
  const [M, N] = [out.rows, out.columns];
  const K = a.transposed ? a.rows : a.columns;
  const [first, startPitch] = typeof start === 'object' ? [start.address, 0] : [out.address, out.pitch];
  const whole = {
    ...{ M, N, K, out: out.address, outPitch: out.pitch },
    ...{ a: a.address, aPitch: a.pitch, b: b.address, bPitch: b.pitch },
    ...{ steps, aStride: wrapped(aStride), bStride: wrapped(bStride) },
    ...{ start: first, startPitch, hasStart: Number(start !== 'nothing') },
  };
  const tiled = { M, N, K, steps, aTransposed: a.transposed, bTransposed: b.transposed };
  return { ...productInTile(USUAL_TILE[kind], tiled), whole, tiled };
}
