/** Operations on rows: sums of columns, and the rows that class indices choose, (15) and (15′). A thread computes four columns. */
import type { Place } from './allocations.js';
import type { AdapterKind } from './device.js';
import type { Kernel, Launch } from './kernel.js';

/**
 * Blocks of rows below one another, or in any distance: `steps` blocks of equal size, from a block to the next one `stride` groups of four
 * numbers. The blocks are read in this order.
 */
export interface Blocks {
  readonly steps: number;
  readonly stride: number;
}

export const ONE_BLOCK: Blocks = { steps: 1, stride: 0 };

/** A stride as the kernels' whole numbers, which wrap around. */
export const wrapped = (stride: number): number => stride >>> 0;

/** out `[N]` = Σ of the rows of `steps` blocks a `[M,N]` (+ out). Each sum is in the order of the rows. */
const COLUMN_SUMS: Kernel = {
  name: 'columnSums',
  element: 'vec4f',
  whole: ['M', 'N4', 'out', 'a', 'steps', 'stride', 'accumulate'],
  threads: 8,
  body: `
  if (index >= p.N4) { return; }
  var sum = vec4f();
  if (p.accumulate != 0) { sum = memory[p.out + index]; }
  for (var s = 0u; s < p.steps; s++) {
    let row = p.a + s * p.stride + index;
    for (var m = 0u; m < p.M; m++) { sum += memory[row + m * p.N4]; }
  }
  memory[p.out + index] = sum;`,
};

/** The class of row m: the indices of a step lie in a row of `perStep` numbers, from a step to the next one `pitch` numbers. */
const INDEX = `
fn indexOf(m: u32) -> u32 {
  let at = p.indices + (m / p.perStep) * p.pitch + m % p.perStep;
  return u32(memory[at / 4][at % 4]);
}`;
const INDICES = ['indices', 'perStep', 'pitch'];

const EMBEDDING_FORWARD: Kernel = {
  name: 'embeddingForward',
  element: 'vec4f',
  whole: ['M', 'N4', 'out', 'a', 'bias', ...INDICES],
  threads: 64,
  functions: INDEX,
  body: `
  if (index >= p.M * p.N4) { return; }
  let m = index / p.N4;
  let n = index % p.N4;
  memory[p.out + index] = memory[p.a + indexOf(m) * p.N4 + n] + memory[p.bias + n]; // (15)`,
};

/** A thread owns its columns of every row of out, so equal indices add up in the order of the rows. */
const EMBEDDING_BACKWARD: Kernel = {
  name: 'embeddingBackward',
  element: 'vec4f',
  whole: ['M', 'N4', 'out', 'a', 'steps', 'stride', ...INDICES],
  threads: 8,
  functions: INDEX,
  body: `
  if (index >= p.N4) { return; }
  for (var s = 0u; s < p.steps; s++) {
    for (var m = 0u; m < p.M; m++) {
      let row = p.a + s * p.stride + m * p.N4 + index;
      memory[p.out + indexOf(s * p.M + m) * p.N4 + index] += memory[row]; // (15′)
    }
  }`,
};

/** The same sums with a thread for each group of out. It reads all indices; a GPU reads them once for many threads. */
const EMBEDDING_BACKWARD_BY_ROW: Kernel = {
  ...EMBEDDING_BACKWARD,
  name: 'embeddingBackward by row',
  whole: [...EMBEDDING_BACKWARD.whole, 'K'],
  threads: 64,
  body: `
  if (index >= p.K * p.N4) { return; }
  let k = index / p.N4;
  let n = index % p.N4;
  var sum = memory[p.out + index];
  for (var s = 0u; s < p.steps; s++) {
    for (var m = 0u; m < p.M; m++) {
      if (indexOf(s * p.M + m) == k) { sum += memory[p.a + s * p.stride + m * p.N4 + n]; } // (15′)
    }
  }
  memory[p.out + index] = sum;`,
};

export function columnSums(out: Place, a: Place, accumulate: boolean, { steps, stride }: Blocks = ONE_BLOCK): Launch {
  const { rows: M, pitch: N4 } = a;
  const whole = {
    M,
    N4,
    out: out.address,
    a: a.address,
    steps,
    stride: wrapped(stride),
    accumulate: Number(accumulate),
  };
  return { kernel: COLUMN_SUMS, whole, groups: Math.ceil(N4 / COLUMN_SUMS.threads) };
}

/** Class indices in the memory, counted in single numbers: `first`, and from a step of `perStep` indices to the next one `pitch`. */
export interface Indices {
  readonly first: number;
  readonly perStep: number;
  readonly pitch: number;
}

export function embeddingForward(out: Place, a: Place, { first, perStep, pitch }: Indices, bias: Place): Launch {
  const { rows: M, pitch: N4 } = out;
  const places = { out: out.address, a: a.address, bias: bias.address };
  const whole = { M, N4, ...places, indices: first, perStep, pitch: wrapped(pitch) };
  return { kernel: EMBEDDING_FORWARD, whole, groups: Math.ceil((M * N4) / EMBEDDING_FORWARD.threads) };
}

export function embeddingBackward(
  kind: AdapterKind,
  out: Place,
  { first, perStep, pitch }: Indices,
  a: Place,
  { steps, stride }: Blocks = ONE_BLOCK,
): Launch {
  const { rows: M, pitch: N4 } = a;
  const blocks = { steps, stride: wrapped(stride) };
  const whole = { M, N4, out: out.address, a: a.address, ...blocks, indices: first, perStep, pitch: wrapped(pitch) };
  if (kind === 'software')
    return { kernel: EMBEDDING_BACKWARD, whole, groups: Math.ceil(N4 / EMBEDDING_BACKWARD.threads) };
  const K = out.rows;
  const kernel = EMBEDDING_BACKWARD_BY_ROW;
  return { kernel, whole: { ...whole, K }, groups: Math.ceil((K * N4) / kernel.threads) };
}
