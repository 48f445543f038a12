/** LSTMs with random values in every tensor. */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import type { AllocatedLstm, LstmSizes } from '../../src/equations/lstm-tensors.js';
import { allocateLstm } from '../../src/equations/lstm-tensors.js';

/** Fills tensors with normal numbers. */
export function randomise(tensors: readonly Tensor[], random = new Random(2)): void {
  for (const tensor of tensors) fillRandom(tensor, () => random.normal(0, 0.7));
}

/** An LSTM of one input, with random values in everything that its passes read. All rows of h and c are random. */
export function randomLstm(
  backend: Backend,
  sizes: LstmSizes,
  reverse = false,
): AllocatedLstm & { readonly dx: Tensor } {
  const lstm = allocateLstm(backend, sizes, { reverse });
  const { x, kernel, bias, h, c, dhOutside, dcOutside } = lstm;
  randomise([x, kernel, bias, h, c, dhOutside, dcOutside]);
  return lstm;
}
