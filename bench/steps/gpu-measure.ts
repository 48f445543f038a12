/** Checks and times the steps of one mode of GPU.js, in Node and in pages. */
import type { KernelFunction, Mode, ResultRows, Stored } from '../../kernels/gpu/gpu-js.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { flat } from '../../kernels/gpu/layout.js';
import type { OpenMode } from '../../kernels/gpu/modes.js';
import { openMode } from '../../kernels/gpu/modes.js';
import type { Backend } from '../../src/core/backend.js';
import type { KernelStep } from './gpu-kernels.js';
import { BUFFER_STEPS, GL_STEPS, savedRows } from './gpu-kernels.js';
import type { Operands, Outcome, Ready, Refusal, Size, Timing } from './product-steps.js';
import { operandsOf, outcomeOf, readyOn, refusalOf } from './product-steps.js';

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

/** Returns the reason if the step cannot run here. */
async function prepareKernel(opened: OpenMode, step: KernelStep, operands: Operands): Promise<Ready | string> {
  const { tile, isInTexels, text } = step;
  const [rows, columns] = tile;
  const { mostOutputs } = opened.geometry;
  if (isInTexels && rows > mostOutputs) return `left out: a launch writes at most ${mostOutputs} textures here`;

  const { a, b, size } = operands;
  // Padded with zeros, so that no tile and no texel ends outside a matrix.
  const [M, K, N] = [roundUp(size[0], rows), roundUp(size[1], 4), roundUp(size[2], 4)];
  const left = await upload(opened, padded(a, [size[0], size[1]], [M, K]), [M, K], isInTexels);
  const right = await upload(opened, padded(b, [size[1], size[2]], [K, N]), [K, N], isInTexels);

  const settings = { ...SETTINGS, output: [N / columns, M / rows], argumentTypes: [typeOf(left), typeOf(right)] };
  const gpu = opened.gpu as unknown as Kernels;
  const isMap = isInTexels && rows > 1;
  const kernel = isMap ? gpu.createKernelMap(savedRows(rows), text(K), settings) : gpu.createKernel(text(K), settings);

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
      return inRows(numbers, tile, N, [size[0], size[2]]);
    },
    dispose() {
      free([...parts, left, right]);
    },
  };
}

function free(matrices: readonly (Stored | ResultRows)[]): void {
  for (const matrix of matrices) if ('delete' in matrix) matrix.delete();
}

const typeOf = ({ type = 'Input' }: Stored): string => type;

const roundUp = (extent: number, step: number): number => Math.ceil(extent / step) * step;

function padded(values: Float32Array, [rows, columns]: Extents, [toRows, toColumns]: Extents): Float32Array {
  const wide = new Float32Array(toRows * toColumns);
  for (let m = 0; m < rows; m++) wide.set(values.subarray(m * columns, (m + 1) * columns), m * toColumns);
  return wide;
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
