/** A small network of random weights, as a checkpoint holds it. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { completeSizes } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/model.js';
import { valuesByName } from '../../src/network/parameters.js';
import type { SavedModel } from '../../src/training/checkpoint.js';
import { randomModel } from './random-model.js';

export const SIZES = { T: 5, I: 3, H: 7, C: 4 };

export function savedModel(sizes = SIZES, forgetBias = 0.8): SavedModel {
  const { parameters } = randomModel(createReferenceBackend(), { ...sizes, B: 1 }, { forgetBias, seed: 11 });
  const { T, ...others } = sizes;
  return { T, network: completeSizes(modelNetwork(others, forgetBias)), parameters: valuesByName(parameters) };
}
