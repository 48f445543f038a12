/**
 * The kernels of docs/gpu-kernels.md: out `[M,N]` = a `[M,K]` · b `[K,N]`, which GPU.js compiles from their text; then what checks and
 * times them in one mode, in Node and in pages. In what is compiled, K is a literal, because GPU.js stops a loop with any other bound at 1000.
 */
import type { KernelFunction, Mode, ResultRows, Stored } from '../../kernels/gpu/gpu-js.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { flat } from '../../kernels/gpu/layout.js';
import { type OpenMode, openMode } from '../../kernels/gpu/modes.js';
import type { Backend } from '../../src/core/backend.js';
import type { Operands, Outcome, Ready, Refusal, Size, Timing } from './product-steps.js';
import { operandsOf, outcomeOf, readyOn, refusalOf } from './product-steps.js';

export interface KernelStep {
  readonly name: string;
  /** The rows and columns of `out` that a thread computes. */
  readonly tile: readonly [rows: number, columns: number];
  /** Whether matrices lie in texels of four columns. Then every row of a tile is an output of its own. */
  readonly isInTexels: boolean;
  /** K, or K / 4 and the like, stands for its number: see `withNumbers`. */
  readonly text: string;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const FOUR = range(4);
const plus = (index: string, n: number): string => (n === 0 ? index : `${index} + ${n}`);

/** A thread fetches 2 numbers for each multiply-add: one of a, one of b. */
const naive = `function product(a, b) {
  let sum = 0;
  for (let k = 0; k < K; k++) {
    sum += a[this.thread.y][k] * b[k][this.thread.x];
  }
  return sum;
}`;

/** The same 2 fetches for each multiply-add, but the loop is tested a quarter as often. */
const fourTerms = `function product(a, b) {
  let sum = 0;
  for (let k = 0; k < K / 4; k++) {
    sum += a[this.thread.y][k * 4] * b[k * 4][this.thread.x]
         + a[this.thread.y][k * 4 + 1] * b[k * 4 + 1][this.thread.x]
         + a[this.thread.y][k * 4 + 2] * b[k * 4 + 2][this.thread.x]
         + a[this.thread.y][k * 4 + 3] * b[k * 4 + 3][this.thread.x];
  }
  return sum;
}`;

/** A thread fetches 5 numbers for 4 multiply-adds: one of a, which it uses four times, and four of b. */
const fourColumns = `function product(a, b) {
  let s0 = 0; let s1 = 0; let s2 = 0; let s3 = 0;
  for (let k = 0; k < K; k++) {
    const p = a[this.thread.y][k];
    s0 += p * b[k][this.thread.x * 4];
    s1 += p * b[k][this.thread.x * 4 + 1];
    s2 += p * b[k][this.thread.x * 4 + 2];
    s3 += p * b[k][this.thread.x * 4 + 3];
  }
  return [s0, s1, s2, s3];
}`;

/** In each pass of the loop a thread fetches one texel of a and four texels of b, for 16 multiply-adds. */
const texels = `function product(a, b) {
  let s0 = 0; let s1 = 0; let s2 = 0; let s3 = 0;
  for (let k = 0; k < K / 4; k++) {
    const p = a[this.thread.y][k];
    const b0 = b[k * 4][this.thread.x];
    const b1 = b[k * 4 + 1][this.thread.x];
    const b2 = b[k * 4 + 2][this.thread.x];
    const b3 = b[k * 4 + 3][this.thread.x];
    s0 += p[0] * b0[0] + p[1] * b1[0] + p[2] * b2[0] + p[3] * b3[0];
    s1 += p[0] * b0[1] + p[1] * b1[1] + p[2] * b2[1] + p[3] * b3[1];
    s2 += p[0] * b0[2] + p[1] * b1[2] + p[2] * b2[2] + p[3] * b3[2];
    s3 += p[0] * b0[3] + p[1] * b1[3] + p[2] * b2[3] + p[3] * b3[3];
  }
  return [s0, s1, s2, s3];
}`;

/**
 * R rows and 4 columns per thread: in each pass R + 4 fetches of four numbers for 16·R multiply-adds. Row r of a tile is row R·y + r of
 * out, and its sums are sr0 … sr3. The thread returns row 0, and `save1`, `save2` … keep the other rows as further outputs.
 */
function tileOfTexels(rows: number): string {
  const sum = (r: number, c: number): string => FOUR.map((q) => `a${r}[${q}] * b${q}[${c}]`).join(' + ');
  const R = range(rows);
  return `function product(a, b) {
  ${R.map((r) => FOUR.map((c) => `let s${r}${c} = 0;`).join(' ')).join('\n  ')}
  for (let k = 0; k < K / 4; k++) {
    ${R.map((r) => `const a${r} = a[${plus(`this.thread.y * ${rows}`, r)}][k];`).join('\n    ')}
    ${FOUR.map((q) => `const b${q} = b[${plus('k * 4', q)}][this.thread.x];`).join('\n    ')}
    ${R.flatMap((r) => FOUR.map((c) => `s${r}${c} += ${sum(r, c)};`)).join('\n    ')}
  }
  ${R.slice(1)
    .map((r) => `save${r}(s${r}0, s${r}1, s${r}2, s${r}3);`)
    .join('\n  ')}
  return [s00, s01, s02, s03];
}`;
}

/** The functions of a kernel map. Each function's result becomes a further output of the launch, with its name. */
export function savedRows(rows: number): Record<string, string> {
  const texel = (r: number): string => `function save${r}(p, q, r, s) { return [p, q, r, s]; }`;
  const further = range(rows).slice(1);
  return Object.fromEntries(further.map((r) => [`save${r}`, texel(r)]));
}

/** R rows and C columns per thread, 4 sums: in each pass 4·(R + C) fetches of single numbers for 16 multiply-adds. */
function tileOfNumbers(rows: number, columns: number): string {
  const [R, C] = [range(rows), range(columns)];
  const row = rows === 1 ? 'this.thread.y' : `this.thread.y * ${rows}`;
  const column = columns === 1 ? 'this.thread.x' : `this.thread.x * ${columns}`;
  const sums = R.flatMap((r) => C.map((c) => `s${r}${c}`));
  const terms = (r: number, c: number): string => FOUR.map((q) => `a${r}_${q} * b${q}_${c}`).join(' + ');
  return `function product(a, b) {
  ${sums.map((sum) => `let ${sum} = 0;`).join(' ')}
  for (let k = 0; k < K / 4; k++) {
    ${R.flatMap((r) => FOUR.map((q) => `const a${r}_${q} = a[${plus(row, r)}][${plus('k * 4', q)}];`)).join('\n    ')}
    ${FOUR.flatMap((q) => C.map((c) => `const b${q}_${c} = b[${plus('k * 4', q)}][${plus(column, c)}];`)).join('\n    ')}
    ${R.flatMap((r) => C.map((c) => `s${r}${c} += ${terms(r, c)};`)).join('\n    ')}
  }
  return [${sums.join(', ')}];
}`;
}

/** In webgl2 and headlessgl: matrices are textures. */
export const GL_STEPS: readonly KernelStep[] = [
  { name: '1. naive: one number per thread', tile: [1, 1], isInTexels: false, text: naive },
  { name: '2. four columns per thread', tile: [1, 4], isInTexels: false, text: fourColumns },
  { name: '3. four numbers per fetch', tile: [1, 4], isInTexels: true, text: texels },
  { name: '4. several outputs per launch: a tile of 2×4', tile: [2, 4], isInTexels: true, text: tileOfTexels(2) },
  { name: '5. a tile of 4×4', tile: [4, 4], isInTexels: true, text: tileOfTexels(4) },
  { name: '6. a tile of 8×4', tile: [8, 4], isInTexels: true, text: tileOfTexels(8) },
];

/** In webgpu, webasm and cpu: matrices are buffers of single numbers, and a launch has one output. */
export const BUFFER_STEPS: readonly KernelStep[] = [
  { name: '1. naive: one number per thread', tile: [1, 1], isInTexels: false, text: naive },
  { name: '2. four terms in each pass', tile: [1, 1], isInTexels: false, text: fourTerms },
  { name: '3. a tile of 1×4: four columns per thread', tile: [1, 4], isInTexels: false, text: tileOfNumbers(1, 4) },
  { name: '4. a tile of 2×2', tile: [2, 2], isInTexels: false, text: tileOfNumbers(2, 2) },
  { name: '5. a tile of 4×1: four rows per thread', tile: [4, 1], isInTexels: false, text: tileOfNumbers(4, 1) },
];

// Checking and timing.

/** What the measurement reports, in order: the executor, or why the mode does not work here; then each size and its steps. */
export type News = { readonly executor: string } | Refusal | { readonly size: Size } | { readonly step: Outcome };

/** A launch takes milliseconds, and in webgl2 the wait for the device up to 4 ms more: so samples are long. */
const FULL: Timing = { warmUpMs: 500, samples: 7, sampleMs: 200, totalMs: 1400 };
const QUICK: Timing = { warmUpMs: 1, samples: 2, sampleMs: 1, totalMs: 1 };

export async function measureMode(
  mode: Mode,
  sizes: readonly Size[],
  isQuick: boolean,
  report: (news: News) => unknown,
): Promise<void> {
  let backend: Backend;
  try {
    backend = await createGpuBackend({ mode }); // checks that the mode computes correctly
  } catch (error) {
    await report(refusalOf(error));
    return;
  }
  const opened = await openMode(mode);
  try {
    await report({ executor: backend.description });
    const { width } = opened.geometry;
    const steps = width === 4 ? GL_STEPS : BUFFER_STEPS;
    for (const size of sizes) {
      await report({ size });
      const operands = operandsOf(size);
      const measured = async (name: string, ready: Ready | string): Promise<unknown> =>
        report({ step: await outcomeOf(name, ready, operands, isQuick ? QUICK : FULL) });
      for (const step of steps) await measured(step.name, await prepareKernel(opened, step, operands));
      await measured(`${steps.length + 1}. the backend`, readyOn(backend, operands));
    }
  } finally {
    await opened.close();
    await backend.dispose();
  }
}

type Extents = readonly [rows: number, columns: number];

/** The part of GPU.js that this file calls. */
interface Kernels {
  createKernel(source: string, settings: object): KernelFunction;
  createKernelMap(functions: Record<string, string>, source: string, settings: object): KernelFunction;
}

/** Results are new textures or buffers, which stay on the device. */
const SETTINGS = { pipeline: true, immutable: true, precision: 'single' } as const;

type KernelText = Omit<KernelStep, 'name'>;

/** Returns the reason if the kernel cannot run here. `guard`: a number that surrounds the operands, beyond what a tile may need. */
export async function prepareKernel(
  opened: OpenMode,
  { tile, isInTexels, text }: KernelText,
  { a, b, size }: Operands,
  guard?: number,
): Promise<Ready | string> {
  const [rows, columns] = tile;
  const { mostOutputs } = opened.geometry;
  if (isInTexels && rows > mostOutputs) return `left out: a launch writes at most ${mostOutputs} textures here`;

  // Padded, so that no tile, no texel and no pass of the loop ends outside a matrix. Beyond K both operands are 0.
  const [M, K, N] = [roundUp(size[0], rows), roundUp(size[1], depthIn(text)), roundUp(size[2], columns === 3 ? 12 : 4)];
  const uploaded = (values: Float32Array, from: Extents, to: Extents, beyond: Beyond): Promise<Stored> => {
    const [numbers, extents] = padded(values, from, to, beyond);
    return upload(opened, numbers, extents, isInTexels);
  };
  const left = await uploaded(a, [size[0], size[1]], [M, K], { right: 0, below: guard ?? 0, guard });
  const right = await uploaded(b, [size[1], size[2]], [K, N], { right: guard ?? 0, below: 0, guard });

  const settings = { ...SETTINGS, output: [N / columns, M / rows], argumentTypes: [typeOf(left), typeOf(right)] };
  const gpu = opened.gpu as unknown as Kernels;
  const isMap = isInTexels && rows > 1;
  const source = withNumbers(text, K);
  const kernel = isMap ? gpu.createKernelMap(savedRows(rows), source, settings) : gpu.createKernel(source, settings);

  let parts: readonly (Stored | ResultRows)[] = [];
  return {
    async repeat(count) {
      for (let n = 0; n < count; n++) {
        const result = await kernel(left, right);
        free(parts);
        parts = isMap ? Object.values(result) : [result as Stored | ResultRows];
      }
      await opened.workDone();
    },
    async result() {
      assertRanIn(opened, kernel);
      const numbers: Float32Array[] = [];
      for (const part of parts) numbers.push(flat('toArray' in part ? await part.toArray() : part));
      const count = numbers.reduce((sum, { length }) => sum + length, 0);
      if (count !== M * N)
        throw new Error(
          `a thread computes ${(count * rows * columns) / (M * N)} numbers: a tile of ${rows}×${columns} has ${rows * columns}`,
        );
      return inRows(numbers, tile, N, [size[0], size[2]]);
    },
    dispose() {
      free([...parts, left, right]);
    },
  };
}

const QUOTIENTS = /(?<![\w.$])K(?:\s*\/\s*(\d+))?\b/g;

/** The text with numbers in place of K and of quotients such as K / 4. */
const withNumbers = (text: string, K: number): string =>
  text.replace(QUOTIENTS, (_, divisor: string | undefined) => String(K / Number(divisor ?? 1)));

/** K is rounded up to a multiple of this, so that each quotient is whole. At least 4: the numbers of a texel. */
export const depthIn = (text: string): number =>
  [...text.matchAll(QUOTIENTS)].reduce((depth, [, divisor = '1']) => commonMultiple(depth, Number(divisor)), 4);

function commonMultiple(one: number, other: number): number {
  let [larger, divisor] = [one, other];
  while (divisor > 0) [larger, divisor] = [divisor, larger % divisor];
  return (one / larger) * other;
}

function free(matrices: readonly (Stored | ResultRows)[]): void {
  for (const matrix of matrices) if ('delete' in matrix) matrix.delete();
}

const typeOf = ({ type = 'Input' }: Stored): string => type;

const roundUp = (extent: number, step: number): number => Math.ceil(extent / step) * step;

/** What stands after the rows of a matrix and below them. `guard`: also below all rows of the padded matrix. */
interface Beyond {
  readonly right: number;
  readonly below: number;
  readonly guard: number | undefined;
}
const GUARD_ROWS = 4;

function padded(
  values: Float32Array,
  [rows, columns]: Extents,
  [toRows, toColumns]: Extents,
  { right, below, guard }: Beyond,
): [numbers: Float32Array, extents: Extents] {
  const allRows = toRows + (guard === undefined ? 0 : GUARD_ROWS);
  const wide = new Float32Array(allRows * toColumns).fill(right, 0, rows * toColumns);
  wide.fill(below, rows * toColumns, toRows * toColumns).fill(guard ?? 0, toRows * toColumns);
  for (let m = 0; m < rows; m++) wide.set(values.subarray(m * columns, (m + 1) * columns), m * toColumns);
  return [wide, [allRows, toColumns]];
}

/** A kernel copies the matrix to the device. In the modes that compute on the host it is there already. */
async function upload(opened: OpenMode, values: Float32Array, size: Extents, isInTexels: boolean): Promise<Stored> {
  const [rows, columns] = size;
  const numbers = opened.gpuJs.input(values, [columns, rows]);
  if (opened.computesOnHost && opened.geometry.width === 1) return numbers;
  const at = (column: string): string => `matrix[this.thread.y][${column}]`;
  const texel = [0, 1, 2, 3].map((c) => at(`this.thread.x * 4 + ${c}`)).join(', ');
  const text = `function copy(matrix) { return ${isInTexels ? `[${texel}]` : at('this.thread.x')}; }`;
  const settings = { ...SETTINGS, output: [isInTexels ? columns / 4 : columns, rows], argumentTypes: ['Input'] };
  return (await (opened.gpu as unknown as Kernels).createKernel(text, settings)(numbers)) as Stored;
}

/** GPU.js falls back to another mode without an error. */
function assertRanIn({ mode, kernelClass }: OpenMode, { kernel }: KernelFunction): void {
  if (kernel instanceof kernelClass && !kernel.fallbackReason) return;
  throw new Error(
    `mode ${mode}: GPU.js ran a step on ${kernel.constructor.name}: ${kernel.fallbackReason ?? 'it gave no reason'}`,
  );
}

/**
 * The elements of `out`, row by row. A thread's numbers lie beside one another. If there are several parts, part r holds
 * row r of every tile. `width`: the columns that the threads compute.
 */
function inRows(
  parts: readonly Float32Array[],
  [tileRows, tileColumns]: Extents,
  width: number,
  [rows, columns]: Extents,
): Float32Array {
  const perThread = (tileRows / parts.length) * tileColumns;
  const out = new Float32Array(rows * columns);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      const thread = Math.floor(m / tileRows) * (width / tileColumns) + Math.floor(n / tileColumns);
      const inTile = parts.length > 1 ? n % tileColumns : (m % tileRows) * tileColumns + (n % tileColumns);
      out[m * columns + n] = parts[m % parts.length][thread * perThread + inTile];
    }
  }
  return out;
}
