/**
 * The inner loops of the matrix product for drivers that run on the CPU: a tile of outputs, kept in a thread's variables, over k.
 *
 *   out[r][s] = start[r][s] + Σ_k a[r][k]·b[k][s]
 *
 * Both operands are read four numbers at a time, along their rows in the memory. For a product that is along k in a, and along the
 * columns in b; a transposed operand is read along the other axis. In every tile, an output is one running sum in the order of k.
 * So results do not depend on how a matrix is cut into tiles.
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
 * beyond the edges is not stored. `aAt` and `bAt` are addresses at k = 0.
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

/** `sums += a[r][k]·b[k][…]` for k = 4q … 4q+3, and for the rest of K one k at a time. */
export function tileLoop(tile: TileShape): string {
  const { aTransposed, bTransposed, rows, groups } = tile;
  const fourOfA = aTransposed
    ? times(4, (i) =>
        times(rows / 4, (q) => `let a${i}_${q} = memory[aAt + (4 * k + ${i}u) * p.aPitch + aGroup${q}];`, ' '),
      )
    : times(rows, (r) => `let a${r} = memory[aAt + aRow${r} + k];`, ' ');
  const ofA = (r: number, i: number): string =>
    aTransposed ? `a${i}_${Math.floor(r / 4)}.${LANES[r % 4]}` : `a${r}.${LANES[i]}`;
  const fourOfB = bTransposed ? times(4 * groups, (j) => `let t${j} = memory[bAt + bRow${j} + k];`, ' ') : '';
  const ofB = (c: number, i: number): string =>
    bTransposed
      ? `vec4f(${times(4, (j) => `t${4 * c + j}.${LANES[i]}`, ', ')})`
      : `memory[bAt + (4 * k + ${i}u) * p.bPitch + bGroup${c}]`;
  return `
  for (var k = 0u; k < p.K / 4; k++) {
    ${fourOfA}
    ${fourOfB}
    ${times(
      4,
      (i) => `{
      ${times(groups, (c) => `let b${c} = ${ofB(c, i)};`, ' ')}
      ${times(rows, (r) => times(groups, (c) => `s${r}_${c} = fma(vec4f(${ofA(r, i)}), b${c}, s${r}_${c});`, ' '))}
    }`,
    )}
  }
  ${restLoop(tile)}`;
}

/** The last K % 4 numbers of the sums. */
function restLoop({ aTransposed, bTransposed, rows, groups }: TileShape): string {
  const ofA = (r: number): string =>
    aTransposed
      ? `memory[aAt + k * p.aPitch + aGroup${Math.floor(r / 4)}].${LANES[r % 4]}`
      : `memory[aAt + aRow${r} + k / 4][k % 4]`;
  const ofB = (c: number): string =>
    bTransposed
      ? `vec4f(${times(4, (j) => `memory[bAt + bRow${4 * c + j} + k / 4][k % 4]`, ', ')})`
      : `memory[bAt + k * p.bPitch + bGroup${c}]`;
  return `for (var k = p.K / 4 * 4; k < p.K; k++) {
    ${times(groups, (c) => `let b${c} = ${ofB(c)};`, ' ')}
    ${times(rows, (r) => `let a${r} = vec4f(${ofA(r)}); ${times(groups, (c) => `s${r}_${c} = fma(a${r}, b${c}, s${r}_${c});`, ' ')}`)}
  }`;
}
