/**
 * The inner loop of the matrix product for GPUs: a workgroup of A × A threads computes 4A × 4A outputs. A is 16 or 8: a small product has
 * too few tiles of 64 × 64 for all cores of a GPU, and a large one reads its operands less often with them.
 *
 * For A numbers k at a time, the workgroup copies its rows of a and columns of b into its own memory. A threads then read each number
 * there. Each thread loads four numbers of a and of b, and keeps 4 × 4 outputs in its variables. Beyond the edges both copies
 * are 0. An output is one running sum in the order of k, as in matmul.ts.
 *
 * In subgroups, a thread keeps its part of a. The A threads that need it are neighbours in a subgroup, and get it from there.
 */
import { type Kernel, LANES, times } from './kernel.js';

/** A, the threads along a side of the tile: also how many k the workgroup holds. */
export const LARGE = 16;
export const SMALL = 8;

export interface WorkgroupShape {
  readonly across: typeof LARGE | typeof SMALL;
  /** Only with SMALL: a subgroup must have at least 8 threads. */
  readonly inSubgroups: boolean;
}

/** Rows and columns that a workgroup computes. */
export const sideOf = ({ across }: WorkgroupShape): number => 4 * across;

/** Zeroes the lanes whose k lies beyond K. */
const withinK = (value: string, k: string): string =>
  `select(vec4f(), ${value}, (vec4u(${k}) + vec4u(0, 1, 2, 3)) < vec4u(p.K))`;

interface Copy {
  readonly name: 'a' | 'b';
  /** The thread's four numbers are four k of one line, else four lines at one k. A line is a row of a, or a column of b. */
  readonly alongK: boolean;
  readonly lines: 'M' | 'N';
  /** The workgroup's first line. */
  readonly first: string;
  /** Which four numbers the thread copies: if along k, `slow` is a line and `fast` a group of four k; else a k and a group of four lines. */
  readonly slow: string;
  readonly fast: string;
  /** Where they go. */
  readonly to: string;
}

/** A thread copies four numbers of an operand, as they lie in the memory. */
function copyOf({ name, alongK, lines, first, slow, fast, to }: Copy): string {
  const [at, pitch] = [`${name}At`, `p.${name}Pitch`];
  if (alongK) {
    return `{
      let line = ${slow}; let k = k0 + 4 * (${fast});
      var four = vec4f();
      if (${first} + line < p.${lines} && k < p.K) { four = memory[${at} + (${first} + line) * ${pitch} + k / 4]; }
      ${to} = ${withinK('four', 'k')};
    }`;
  }
  return `{
      let k = k0 + ${slow}; let line = ${first} + 4 * (${fast});
      var four = vec4f();
      if (line < p.${lines} && k < p.K) { four = memory[${at} + k * ${pitch} + line / 4]; }
      ${to} = four;
    }`;
}

/** The thread's place in the copy of an operand that the whole workgroup reads. */
const sharedPlace = (A: number, alongK: boolean) => {
  const width = alongK ? A / 4 : A;
  return { slow: `thread / ${width}u`, fast: `thread % ${width}u` };
};

/** The copy of a, and how the loop over q reads it: four k of row r as a<r>. If a is a transpose, four rows at k + i as a<i>. */
function partsOfA({ across: A, inSubgroups }: WorkgroupShape, alongK: boolean): { copy: string; read: string } {
  const copy = { name: 'a', alongK, lines: 'M', first: 'firstRow' } as const;
  const index = (n: number): string => (alongK ? `${(A / 4) * n}u + q` : `4 * q + ${n}u`);
  if (inSubgroups) {
    // threads of one y hold its four rows: thread x has those four numbers that the loop below calls index x
    const place = alongK ? { slow: `4 * y + x / ${A / 4}u`, fast: `x % ${A / 4}u` } : { slow: 'x', fast: 'y' };
    return {
      copy: `var own: vec4f; ${copyOf({ ...copy, ...place, to: 'own' })}`,
      read: times(4, (n) => `let a${n} = subgroupShuffle(own, lane - x + ${index(n)});`, ' '),
    };
  }
  return {
    copy: copyOf({ ...copy, ...sharedPlace(A, alongK), to: 'aTile[thread]' }),
    read: times(
      4,
      (n) => `let a${n} = aTile[${alongK ? `y * ${A}u + ${index(n)}` : `(${index(n)}) * ${A}u + y`}];`,
      ' ',
    ),
  };
}

export function workgroupTile(
  whole: readonly string[],
  shape: WorkgroupShape,
  aTransposed: boolean,
  bTransposed: boolean,
): Kernel {
  const A = shape.across;
  const side = sideOf(shape);
  const ofA = partsOfA(shape, !aTransposed);
  const copyOfB = copyOf({
    ...{ name: 'b', alongK: bTransposed, lines: 'N', first: 'firstColumn', to: 'bTile[thread]' },
    ...sharedPlace(A, bTransposed),
  });
  const ofB = bTransposed
    ? times(4, (j) => `let t${j} = bTile[(4 * x + ${j}u) * ${A / 4}u + q];`, ' ')
    : times(4, (i) => `let b${i} = bTile[(4 * q + ${i}u) * ${A}u + x];`, ' ');
  const elementOfA = (r: number, i: number): string => (aTransposed ? `a${i}.${LANES[r]}` : `a${r}.${LANES[i]}`);
  const columnsOfB = (i: number): string =>
    bTransposed ? `vec4f(${times(4, (j) => `t${j}.${LANES[i]}`, ', ')})` : `b${i}`;
  const eachRow = (text: (r: number) => string): string =>
    times(4, (r) => `if (row + ${r}u < p.M && column < N4) { ${text(r)} }`);
  const place = `${side}×${side}${shape.inSubgroups ? ' in subgroups' : ''}`;
  return {
    name: `matmul a${aTransposed ? 'ᵀ' : ''}·b${bTransposed ? 'ᵀ' : ''} in a workgroup's tile, ${place}`,
    element: 'vec4f',
    whole,
    threads: A * A,
    isGrouped: true,
    inSubgroups: shape.inSubgroups,
    functions: `
${shape.inSubgroups ? '' : `var<workgroup> aTile: array<vec4f, ${A * A}>;`}
var<workgroup> bTile: array<vec4f, ${A * A}>;`,
    body: `
  let N4 = (p.N + 3) / 4;
  let across = (p.N + ${side - 1}u) / ${side}u;
  let firstRow = group / across * ${side}u;
  let firstColumn = group % across * ${side}u;
  let y = thread / ${A}u;
  let x = thread % ${A}u;
  let row = firstRow + 4 * y;
  let column = firstColumn / 4 + x;
  ${times(4, (r) => `var s${r} = vec4f();`, ' ')}
  if (p.hasStart != 0) {
    ${eachRow((r) => `s${r} = memory[p.start + (row + ${r}u) * p.startPitch + column];`)}
  }
  for (var s = 0u; s < p.steps; s++) {
    let aAt = p.a + s * p.aStride;
    let bAt = p.b + s * p.bStride;
    for (var k0 = 0u; k0 < p.K; k0 += ${A}u) {
      ${ofA.copy}
      ${copyOfB}
      workgroupBarrier();
      for (var q = 0u; q < ${A / 4}u; q++) {
        ${ofA.read}
        ${ofB}
        ${times(4, (i) => `{ let b = ${columnsOfB(i)}; ${times(4, (r) => `s${r} = fma(vec4f(${elementOfA(r, i)}), b, s${r});`, ' ')} }`)}
      }
      workgroupBarrier();
    }
  }
  ${eachRow((r) => `memory[p.out + (row + ${r}u) * p.outPitch + column] = s${r};`)}`,
  };
}
