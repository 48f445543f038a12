/** Models and tensors at random values that every backend can hold. */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { stepOf } from '../../src/core/tensor.js';
import type { ModelSizes } from '../../src/network/model.js';
import { Model } from '../../src/network/model.js';
import { valuesByName } from '../../src/network/parameters.js';

/** A model with random parameters, inputs, labels and initial states. It computes the gradient of its inputs, too. */
export function randomModel(backend: Backend, sizes: ModelSizes, { forgetBias = 1, seed = 1 } = {}): Model {
  const model = new Model(backend, sizes, { forgetBias, inputGradient: true });
  const random = new Random(seed);
  randomise(backend, Object.values(inputsOf(model)), random);
  const { y } = model.activations;
  for (let b = 0; b < sizes.B; b++) y.set(b, random.below(sizes.C), 1);
  backend.upload(y);
  return model;
}

/** What the loss depends on, apart from the labels. */
export function inputsOf({ parameters, activations: { x, h, c } }: Model): Record<string, Tensor> {
  return { ...valuesByName(parameters), x, h0: stepOf(h, 0), c0: stepOf(c, 0) };
}

/** Fills tensors with normal numbers. They are rounded to f32, so that backends of f32 and f64 compute with the same numbers. */
export function randomise(backend: Backend, tensors: readonly Tensor[], random: Random): void {
  for (const tensor of tensors) {
    fillRandom(tensor, () => Math.fround(random.normal(0, 0.7)));
    backend.upload(tensor);
  }
}
