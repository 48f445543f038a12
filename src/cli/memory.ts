/**
 * Checks that a model fits into memory before it is allocated. When V8's heap is full, V8 aborts the process; when the
 * computer's memory is full, the system kills it.
 */
import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { MOST_BYTES } from '../../kernels/wasm/index.js';
import { OutOfMemoryError } from '../core/errors.js';
import type { DType } from '../core/tensor.js';
import { type BatchSizes, type NetworkConfig, formatNetwork, cellsOf } from '../network/config.js';
import { elementCountOfNetwork, elementCountOfTraining } from '../network/memory.js';
import type { Backend } from '../core/backend.js';
import { Network } from '../network/network.js';
import type { SavedModel } from '../training/checkpoint.js';
import type { BackendFlags } from './backends.js';

/** Bytes of V8's heap for the views of one step of an LSTM. Measured on Node 20: 3,800, and 5,970 with two inputs and lengths. */
const VIEWS_OF_A_STEP = 6000;
/** The share of V8's heap that these views may use. */
const LARGEST_SHARE_OF_HEAP = 0.5;

/** What `assertRoom` needs to know besides the network. */
export interface Room {
  readonly dtype: DType;
  /** What to reduce. */
  readonly advice: string;
  /** The backend's own limit in bytes. Default: none. */
  readonly most?: number;
  /** How many numbers are in memory at once. Default: those of a network that is only evaluated. */
  readonly elementCount?: number;
}

/** Throws an OutOfMemoryError that names the bytes if a network does not fit. */
export function assertRoom(
  network: NetworkConfig,
  sizes: BatchSizes,
  { dtype, advice, most = Infinity, elementCount = elementCountOfNetwork(network, sizes) }: Room,
): void {
  const heap = sizes.T * cellsOf(network).length * VIEWS_OF_A_STEP;
  const bytes = heap + elementCount * (dtype === 'f32' ? 4 : 8);
  const needs = `${formatNetwork(network, sizes)} need about`;
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

/** What to do if a saved network does not fit, and if a new one does not. */
export const TOO_LARGE = 'this network is too large for this computer';
export const REDUCE = 'reduce --hidden or --batch-size';

/** Throws an OutOfMemoryError if a network and its training do not fit into the memory. */
export function assertRoomToTrain(
  config: NetworkConfig,
  sizes: BatchSizes,
  { dtype }: Backend,
  { backend }: BackendFlags,
  advice = REDUCE,
): void {
  const most = backend === 'wasm' ? MOST_BYTES : Infinity;
  assertRoom(config, sizes, { dtype, advice, most, elementCount: elementCountOfTraining(config, sizes) });
}

/** Throws an OutOfMemoryError if the network does not fit: a small file can ask for any number of steps. */
export function networkOn(backend: Backend, { T, network, parameters }: SavedModel, B: number): Network {
  assertRoom(network, { T, B }, { dtype: backend.dtype, advice: TOO_LARGE });
  const opened = new Network(backend, network, { T, B });
  opened.load(parameters);
  return opened;
}
