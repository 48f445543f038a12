/** An example file for `compare`. */
import type { Backend } from '../backend.js';
import type { Safetensors, StoredTensor } from '../files/safetensors.js';
import { storedFloats, storedTensor } from '../files/stored-tensors.js';
import { fillRandom, Random } from '../rng.js';
import type { Tensor } from '../tensor.js';
import { zeros } from '../tensor.js';
import { shapesOf } from './problem.js';
import { solve } from './solve.js';

/** A small random problem, and its results. */
export async function templateOf(backend: Backend, seed: number): Promise<Safetensors> {
  const random = new Random(seed);
  const sizes = { T: 3, B: 4, I: 5, H: 6, C: 7 };
  const { T, B, I, H, C } = sizes;
  const normal = (...shape: number[]): Tensor => {
    const tensor = zeros(shape, 'f64');
    fillRandom(tensor, () => random.normal(0, 0.7));
    return tensor;
  };
  const problem = {
    sizes,
    forgetBias: 1,
    x: normal(T, B, I),
    kernel: normal(I + H, 4 * H),
    bias: normal(4 * H),
    outKernel: normal(H, C),
    outBias: normal(C),
    h0: normal(B, H),
    c0: normal(B, H),
    labels: Array.from({ length: B }, () => random.below(C)),
  };
  const shapes = shapesOf(sizes);
  const results = [...(await solve(backend, problem))].map(
    ([key, values]) => [key, storedFloats(values, shapes[key])] as const,
  );
  const { x, kernel, bias, outKernel, outBias, h0, c0 } = problem;
  const inputs = Object.entries({ x, kernel, bias, outKernel, outBias, h0, c0 }).map(
    ([key, tensor]) => [key, storedTensor(tensor)] as const,
  );
  return {
    metadata: new Map([['forgetBias', String(problem.forgetBias)]]),
    tensors: new Map<string, StoredTensor>([
      ...inputs,
      ['labels', { dtype: 'U8', shape: [B], bytes: Uint8Array.from(problem.labels) }],
      ...results,
    ]),
  };
}
