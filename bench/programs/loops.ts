/**
 * Plain nested loops, as in a first version: the formulas of src/, and a matrix product of three loops over flat arrays.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend, MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import type { Program } from '../program.js';
import { projectVersion } from '../versions.js';
import { prepareOn } from './longhand.js';

export async function start(): Promise<Program> {
  const backend: Backend = { ...createReferenceBackend(), matmul };
  return {
    version: projectVersion(),
    description: 'nested loops in plain TypeScript, 1 thread',
    prepare: async (task, inputs) => prepareOn(backend, task, inputs),
  };
}

function matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
  const [M, K] = a.shape;
  const N = b.shape[1];
  const [aRow, aColumn] = a.stride;
  const [bRow, bColumn] = b.stride;
  const [outRow, outColumn] = out.stride;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      const at = out.offset + m * outRow + n * outColumn;
      let sum = accumulate ? out.data[at] : (bias?.get(n) ?? 0);
      for (let k = 0; k < K; k++) {
        sum += a.data[a.offset + m * aRow + k * aColumn] * b.data[b.offset + k * bRow + n * bColumn];
      }
      out.data[at] = sum;
    }
  }
}
