/**
 * The inner loop of the matrix product for drivers that run on the CPU: a tile of outputs, kept in a thread's variables, over k.
 *
 *   out[r][s] = start[r][s] + Σ_k a[r][k]·b[k][s]
 *
 * Each k needs one number of a for each row, and one group of four numbers of b for four columns. A transposed operand is read along the
 * other axis. In every tile, an output is one running sum in the order of k. So results do not depend on how a matrix is cut into
 * tiles. Unrolling the loop by four k does not read less, and such a driver then compiles it for eight seconds instead of four.
 *
 * The functions write WGSL: a row r has the variables s<r>_<c>, one for each group c of four columns.
 */
import { times } from './kernel.js';

export interface TileShape {
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
  /** Rows of the tile, a multiple of 4, and groups of four columns. */
  readonly rows: number;
  readonly groups: number;
}

export const LANES = ['x', 'y', 'z', 'w'] as const;

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
