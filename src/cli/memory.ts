/**
 * Checks that a model fits into memory before it is allocated. When V8's heap is full, V8 aborts the process; when the
 * computer's memory is full, the system kills it.
 */
import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { OutOfMemoryError } from '../errors.js';
import type { ModelSizes } from '../model.js';
import { modelNetwork } from '../model.js';
import { numbersOfNetwork } from '../model-memory.js';
import type { BatchSizes, NetworkSizes } from '../network-sizes.js';
import { formatHidden, lstmsOf } from '../network-sizes.js';
import type { DType } from '../tensor.js';

/** Bytes of V8's heap for the views of one step. Measured on Node 20: 2,350, and 2,530 with the input gradient (`compare`). */
const VIEWS_OF_A_STEP = 2400;
/** The share of V8's heap that these views may use. */
const LARGEST_SHARE_OF_HEAP = 0.5;

/** As `assertNetworkRoom`, for the tutorial's network. */
export function assertRoom(
  sizes: ModelSizes,
  dtype: DType,
  advice: string,
  most = Infinity,
  numbers = numbersOfNetwork(modelNetwork(sizes), sizes),
): void {
  assertNetworkRoom(modelNetwork(sizes), sizes, dtype, advice, most, numbers);
}

/**
 * Throws an OutOfMemoryError that names the bytes if a network does not fit. `advice` says what to reduce, `most` is
 * the backend's own limit in bytes, and `numbers` is how many numbers are in memory at once.
 */
export function assertNetworkRoom(
  network: NetworkSizes,
  { T, B }: BatchSizes,
  dtype: DType,
  advice: string,
  most: number,
  numbers: number,
): void {
  const heap = lstmsOf(network).length * T * VIEWS_OF_A_STEP;
  const bytes = heap + numbers * (dtype === 'f32' ? 4 : 8);
  const needs = `T ${T}, B ${B}, I ${network.inputs}, H ${formatHidden(network)}, C ${network.outputs} need about`;
  const heapLimit = Math.floor(getHeapStatistics().heap_size_limit * LARGEST_SHARE_OF_HEAP);
  if (heap > heapLimit) {
    throw new OutOfMemoryError(
      `${needs} ${heap} bytes for the views of their steps, but ${heapLimit} are available: ${advice}`,
    );
  }
  const limit = Math.min(memoryLimit(), most);
  if (bytes > limit) throw new OutOfMemoryError(`${needs} ${bytes} bytes, but ${limit} are available: ${advice}`);
}

/** In bytes. Only Linux reports free memory usefully: elsewhere cached files count as used, so all memory is assumed free. */
function memoryLimit(): number {
  const free = process.platform === 'linux' ? freemem() : totalmem();
  return Math.min(free, process.constrainedMemory() || Infinity); // a container's limit, 0 if there is none
}

/** Runs `work`, and adds `advice` to an OutOfMemoryError that it throws. */
export async function withAdvice<Result>(advice: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof OutOfMemoryError ? new OutOfMemoryError(`${error.message}: ${advice}`) : error;
  }
}
