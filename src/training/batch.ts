import type { Network } from '../network.js';
import type { Examples, FillOptions } from './examples.js';

/** Puts the examples with these indices into the network's batch. Returns the example of each row. */
export function loadBatch(
  network: Network,
  examples: Examples,
  indices: Uint32Array,
  options?: FillOptions,
): Uint32Array {
  const { x } = network.activations;
  const filled = examples.fill(x, indices, options);
  network.backend.upload(x);
  network.setTargets(filled.targets);
  return filled.indices;
}
