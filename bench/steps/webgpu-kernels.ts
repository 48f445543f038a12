/**
 * The kernels of docs/webgpu-kernels.md: out `[M,N]` = a `[M,K]` · b `[K,N]` in WGSL, from one number per thread to the two kernels of
 * kernels/webgpu/matmul.ts. Rows begin at a group of four numbers, as there. K is a multiple of 4, or a and b are 0 beyond it.
 */
import type { Place } from '../../kernels/webgpu/allocations.js';
import type { AdapterKind } from '../../kernels/webgpu/device.js';
import type { Kernel, Launch } from '../../kernels/webgpu/kernel.js';
import { LANES, times } from '../../kernels/webgpu/kernel.js';
import type { TileShape } from '../../kernels/webgpu/matmul.js';
import { matmul, sumsOf, tileLoop, tilePlaces } from '../../kernels/webgpu/matmul.js';

export interface KernelStep {
  readonly name: string;
  /** Loads from the storage buffer for each multiply-add. A load of four numbers counts once. */
  readonly loads: number;
  readonly launch: (out: Place, a: Place, b: Place) => Launch;
}

const WHOLE = ['M', 'N', 'K', 'out', 'outPitch', 'a', 'aPitch', 'b', 'bPitch'];

/** Threads of a workgroup: as many as a vector of AVX2 has numbers, or two of a GPU's groups of 32. */
const THREADS: Record<AdapterKind, number> = { software: 8, gpu: 64 };

/** `unit`: how many numbers the kernel's memory has in one element. */
const wholeOf = (out: Place, a: Place, b: Place, unit: 1 | 4): Record<string, number> => {
  const inUnits = (groups: number): number => (groups * 4) / unit;
  return {
    ...{ M: out.rows, N: out.columns, K: a.columns },
    ...{ out: inUnits(out.address), outPitch: inUnits(out.pitch) },
    ...{ a: inUnits(a.address), aPitch: inUnits(a.pitch), b: inUnits(b.address), bPitch: inUnits(b.pitch) },
  };
};

/** A thread loads 2 numbers for each multiply-add. */
function naive(kind: AdapterKind): KernelStep {
  const kernel: Kernel = {
    name: 'naive',
    element: 'f32',
    whole: WHOLE,
    threads: THREADS[kind],
    body: `
  let row = index / p.N;
  let column = index % p.N;
  if (row >= p.M) { return; }
  var sum = 0.0;
  for (var k = 0u; k < p.K; k++) {
    sum = fma(memory[p.a + row * p.aPitch + k], memory[p.b + k * p.bPitch + column], sum);
  }
  memory[p.out + row * p.outPitch + column] = sum;`,
  };
  return {
    name: '1. naive: one number per thread',
    loads: 2,
    launch: (out, a, b) => ({
      kernel,
      whole: wholeOf(out, a, b, 1),
      groups: Math.ceil((out.rows * out.columns) / kernel.threads),
    }),
  };
}

/** In each pass, a thread loads four k of each row of a, and as many rows of b. */
function loopByFour({ rows, groups }: TileShape): string {
  const addTo = (sum: string, r: number, i: number, c: number): string =>
    `${sum} = fma(vec4f(a${r}.${LANES[i]}), b${c}, ${sum});`;
  return `
  for (var k = 0u; k < p.K; k += 4) {
    ${times(rows, (r) => `let a${r} = memory[aAt + aRow${r} + k / 4];`)}
    ${times(
      4,
      (i) => `{
      ${times(groups, (c) => `let b${c} = memory[bAt + (k + ${i}) * p.bPitch + bGroup${c}];`, ' ')}
      ${times(rows, (r) => times(groups, (c) => addTo(`s${r}_${c}`, r, i, c), ' '))}
    }`,
    )}
  }`;
}

/** R rows and G groups of four columns per thread. */
function tile(
  kind: AdapterKind,
  [number, what]: readonly [number, string],
  [rows, groups]: readonly [rows: number, groups: number],
  loop: (shape: TileShape) => string = tileLoop,
): KernelStep {
  const shape: TileShape = { aTransposed: false, bTransposed: false, rows, groups };
  const ofEach = (text: (r: number, c: number) => string): string =>
    times(rows, (r) => times(groups, (c) => text(r, c)));
  const name = `${number}. ${what}`;
  const kernel: Kernel = {
    name,
    element: 'vec4f',
    whole: WHOLE,
    threads: THREADS[kind],
    body: `
  let N4 = (p.N + 3) / 4;
  let across = (N4 + ${groups - 1}u) / ${groups}u;
  let row = index / across * ${rows}u;
  let column = index % across * ${groups}u;
  if (row >= p.M) { return; }
  ${times(rows * groups, (n) => `var ${sumsOf(shape)[n]} = vec4f();`, ' ')}
  ${tilePlaces(shape)}
  let aAt = p.a;
  let bAt = p.b;
  ${loop(shape)}
  ${ofEach((r, c) => `if (row + ${r}u < p.M && column + ${c}u < N4) { memory[p.out + (row + ${r}u) * p.outPitch + column + ${c}u] = s${r}_${c}; }`)}`,
  };
  const loadsOfFour = loop === tileLoop ? 4 * (rows + groups) : rows + 4 * groups;
  return {
    name,
    loads: loadsOfFour / (4 * rows * 4 * groups),
    launch: (out, a, b) => ({
      kernel,
      whole: wholeOf(out, a, b, 4),
      groups: Math.ceil((Math.ceil(out.rows / rows) * Math.ceil(out.columns / (4 * groups))) / kernel.threads),
    }),
  };
}

/** A kernel of the backend, on any kind of adapter. */
const ofBackend = (name: string, kind: AdapterKind, loads: number): KernelStep => ({
  name,
  loads,
  launch: (out, a, b) => matmul(kind, out, a, b, 'nothing'),
});

/** In the order of docs/webgpu-kernels.md. `kind`: whose workgroups the first ones have. */
export const stepsFor = (kind: AdapterKind): readonly KernelStep[] => [
  naive(kind),
  tile(kind, [2, 'a tile of 1×4: four numbers per load'], [1, 1]),
  tile(kind, [3, 'a tile of 4×8'], [4, 2]),
  tile(kind, [4, 'a tile of 8×8, four k in each pass'], [8, 2], loopByFour),
  ofBackend('5. a tile of 8×8, one k in each pass', 'software', 10 / 64),
  ofBackend('6. a tile of 64×64 for each workgroup', 'gpu', 2 / 256),
];
