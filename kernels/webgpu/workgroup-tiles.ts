/**
 * The inner loop of the matrix product for GPUs: a workgroup of 16 × 16 threads computes 64 × 64 outputs.
 *
 * For 16 numbers k at a time, the workgroup copies its rows of a and columns of b into its own memory, where each number is then read by 16
 * threads. Each thread loads four numbers of a and of b, and keeps 4 × 4 outputs in its variables. Beyond the edges both copies
 * are 0. An output is one running sum in the order of k, as in matmul.ts.
 */
import { type Kernel, LANES, times } from './kernel.js';

/** Rows and columns that a workgroup computes. */
export const SIDE = 64;
/** How many k it holds, and how many groups of four. */
const DEPTH = 16;
const GROUPS = DEPTH / 4;

/** Zeroes the lanes whose k lies beyond K. */
const withinK = (value: string, k: string): string =>
  `select(vec4f(), ${value}, (vec4u(${k}) + vec4u(0, 1, 2, 3)) < vec4u(p.K))`;

/**
 * A thread copies four numbers of an operand, as they lie in the memory. A line is a row of a, or a column of b.
 * `alongK`: they are four k of one line, else four lines at one k. `lines`: M or N. `first`: the workgroup's first line.
 */
function copyOf(name: 'a' | 'b', alongK: boolean, lines: 'M' | 'N', first: string): string {
  const [tile, at, pitch] = [`${name}Tile`, `${name}At`, `p.${name}Pitch`];
  if (alongK) {
    return `{
      let line = thread / ${GROUPS}u; let q = thread % ${GROUPS}u; let k = k0 + 4 * q;
      var four = vec4f();
      if (${first} + line < p.${lines} && k < p.K) { four = memory[${at} + (${first} + line) * ${pitch} + k / 4]; }
      ${tile}[thread] = ${withinK('four', 'k')};
    }`;
  }
  return `{
      let k = k0 + thread / 16; let line = ${first} + 4 * (thread % 16);
      var four = vec4f();
      if (line < p.${lines} && k < p.K) { four = memory[${at} + k * ${pitch} + line / 4]; }
      ${tile}[thread] = four;
    }`;
}

export function workgroupTile(whole: readonly string[], aTransposed: boolean, bTransposed: boolean): Kernel {
  const aAlongK = !aTransposed;
  const ofA = aAlongK
    ? times(4, (r) => `let a${r} = aTile[(4 * y + ${r}u) * ${GROUPS}u + q];`, ' ')
    : times(4, (i) => `let a${i} = aTile[(4 * q + ${i}u) * 16u + y];`, ' ');
  const ofB = bTransposed
    ? times(4, (j) => `let t${j} = bTile[(4 * x + ${j}u) * ${GROUPS}u + q];`, ' ')
    : times(4, (i) => `let b${i} = bTile[(4 * q + ${i}u) * 16u + x];`, ' ');
  const elementOfA = (r: number, i: number): string => (aAlongK ? `a${r}.${LANES[i]}` : `a${i}.${LANES[r]}`);
  const columnsOfB = (i: number): string =>
    bTransposed ? `vec4f(${times(4, (j) => `t${j}.${LANES[i]}`, ', ')})` : `b${i}`;
  const eachRow = (text: (r: number) => string): string =>
    times(4, (r) => `if (row + ${r}u < p.M && column < N4) { ${text(r)} }`);
  return {
    name: `matmul a${aTransposed ? 'ᵀ' : ''}·b${bTransposed ? 'ᵀ' : ''} in a workgroup's tile`,
    element: 'vec4f',
    whole,
    threads: 256,
    isGrouped: true,
    functions: `
var<workgroup> aTile: array<vec4f, 256>;
var<workgroup> bTile: array<vec4f, 256>;`,
    body: `
  let N4 = (p.N + 3) / 4;
  let across = (p.N + ${SIDE - 1}u) / ${SIDE}u;
  let firstRow = group / across * ${SIDE}u;
  let firstColumn = group % across * ${SIDE}u;
  let y = thread / 16;
  let x = thread % 16;
  let row = firstRow + 4 * y;
  let column = firstColumn / 4 + x;
  ${times(4, (r) => `var s${r} = vec4f();`, ' ')}
  if (p.hasStart != 0) {
    ${eachRow((r) => `s${r} = memory[p.start + (row + ${r}u) * p.startPitch + column];`)}
  }
  for (var s = 0u; s < p.steps; s++) {
    let aAt = p.a + s * p.aStride;
    let bAt = p.b + s * p.bStride;
    for (var k0 = 0u; k0 < p.K; k0 += ${DEPTH}u) {
      ${copyOf('a', aAlongK, 'M', 'firstRow')}
      ${copyOf('b', bTransposed, 'N', 'firstColumn')}
      workgroupBarrier();
      for (var q = 0u; q < ${GROUPS}u; q++) {
        ${ofA}
        ${ofB}
        ${times(4, (i) => `{ let b = ${columnsOfB(i)}; ${times(4, (r) => `s${r} = fma(vec4f(${elementOfA(r, i)}), b, s${r});`, ' ')} }`)}
      }
      workgroupBarrier();
    }
  }
  ${eachRow((r) => `memory[p.out + (row + ${r}u) * p.outPitch + column] = s${r};`)}`,
  };
}
