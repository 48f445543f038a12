/**
 * Whether there is room for a model, before anything of its size is allocated. If V8's heap is full, V8 aborts the process;
 * if the computer's memory is full, the system kills it.
 */
import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { OutOfMemoryError } from '../errors.js';
import type { ModelSizes } from '../model.js';
import { numbersOfModel } from '../model-memory.js';
import type { DType } from '../tensor.js';

/** The views of one step, in bytes of V8's heap. Measured on Node 20: 2,350, and 2,530 with the input's gradient (`compare`). */
const VIEWS_OF_A_STEP = 2400;
/** The rest of V8's heap is for everything else. */
const LARGEST_SHARE_OF_HEAP = 0.5;

/**
 * Throws an OutOfMemoryError that names the bytes if there is no room for a model; `advice` says what to reduce, `most` is
 * the backend's own limit. `numbers`: how many are in memory at once.
 */
export function assertRoom(
  sizes: ModelSizes,
  dtype: DType,
  advice: string,
  most = Infinity,
  numbers = numbersOfModel(sizes),
): void {
  const { T, B, I, H, C } = sizes;
  const heap = T * VIEWS_OF_A_STEP;
  const bytes = heap + numbers * (dtype === 'f32' ? 4 : 8);
  const needs = `T ${T}, B ${B}, I ${I}, H ${H}, C ${C} need about`;
  const heapLimit = Math.floor(getHeapStatistics().heap_size_limit * LARGEST_SHARE_OF_HEAP);
  if (heap > heapLimit) {
    throw new OutOfMemoryError(`${needs} ${heap} bytes for their steps, there are ${heapLimit}: ${advice}`);
  }
  const limit = Math.min(memoryLimit(), most);
  if (bytes > limit) throw new OutOfMemoryError(`${needs} ${bytes} bytes, there are ${limit}: ${advice}`);
}

/** In bytes. What is free is known on Linux only: elsewhere the files that the system caches count as used. */
function memoryLimit(): number {
  const free = process.platform === 'linux' ? freemem() : totalmem();
  return Math.min(free, process.constrainedMemory() || Infinity); // a container's limit, 0 if there is none
}

/** Runs `work`; an allocation that a backend refuses is reported with `advice`. */
export async function advised<Result>(advice: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof OutOfMemoryError ? new OutOfMemoryError(`${error.message}: ${advice}`) : error;
  }
}
