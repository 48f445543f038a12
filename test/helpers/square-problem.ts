/** A comparison whose kernel is square, so that the shape does not reveal a transposed kernel. */
import { problemOf } from '../../src/compare/read-problem.js';
import { solve } from '../../src/compare/solve.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { transposeOf, zeros } from '../../src/core/tensor.js';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';
import { storedTensor } from '../../src/files/stored-tensors.js';

const [T, B, I, H, C] = [3, 2, 6, 2, 3]; // I + H = 4H

/** The same inputs with right results, and with the results of a program that uses the transposed kernel. */
export async function writeProblem(backend: Backend): Promise<{ right: Safetensors; transposed: Safetensors }> {
  const random = new Random(4);
  const normal = (...shape: number[]): Tensor => {
    const tensor = zeros(shape, 'f64');
    fillRandom(tensor, () => random.normal(0, 0.7));
    return tensor;
  };
  const kernel = normal(I + H, 4 * H);
  const inputs = new Map<string, StoredTensor>([
    ['x', storedTensor(normal(T, B, I))],
    ['bias', storedTensor(normal(4 * H))],
    ['outKernel', storedTensor(normal(H, C))],
    ['outBias', storedTensor(normal(C))],
    ['labels', { dtype: 'U8', shape: [B], bytes: Uint8Array.of(2, 0) }],
  ]);
  const fileWith = (theirs: Tensor, results: ReadonlyMap<string, StoredTensor> = new Map()): Safetensors => ({
    metadata: new Map(),
    tensors: new Map([...inputs, ['kernel', storedTensor(theirs)], ...results]),
  });
  const resultsOf = async (taken: Tensor): Promise<Map<string, StoredTensor>> => {
    const results = await solve(backend, problemOf(fileWith(taken), 'f'));
    const named = ['loss', 'h', 'logits'] as const;
    const shapes = { loss: [], h: [T, B, H], logits: [B, C] };
    return new Map(
      named.map((name) => {
        const values = results.get(name) ?? new Float64Array();
        return [name, { dtype: 'F64', shape: shapes[name], bytes: new Uint8Array(values.slice().buffer) }];
      }),
    );
  };
  return {
    right: fileWith(kernel, await resultsOf(kernel)),
    transposed: fileWith(kernel, await resultsOf(transposeOf(kernel))),
  };
}
