/** A small network of random weights, as a checkpoint holds it. */
import { parameterShapes } from '../../src/model.js';
import { fillRandom, Random } from '../../src/rng.js';
import { zeros } from '../../src/tensor.js';
import type { SavedModel } from '../../src/training/checkpoint.js';

export const SIZES = { T: 5, I: 3, H: 7, C: 4 };

export function savedModel(sizes = SIZES, forgetBias = 0.8): SavedModel {
  const random = new Random(11);
  const entries = Object.entries(parameterShapes(sizes)).map(([name, shape]) => {
    const tensor = zeros(shape);
    fillRandom(tensor, () => random.normal(0, 0.7));
    return [name, tensor];
  });
  return { sizes, forgetBias, parameters: Object.fromEntries(entries) as SavedModel['parameters'] };
}
