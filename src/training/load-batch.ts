/** Examples become the batch of a network. */
import { assertNotFreed, tensorFrom } from '../core/tensor.js';
import type { Examples, FillOptions } from '../data/examples.js';
import { targetShape } from '../network/config.js';
import type { Network } from '../network/network.js';

/** Puts the examples with these indices into the network's batch. Returns the example of each row. */
export function loadBatch(
  network: Network,
  examples: Examples,
  indices: Uint32Array,
  options?: FillOptions,
): Uint32Array {
  const { x } = network.activations;
  assertNotFreed('batch', x);
  const filled = examples.fill(x, indices, options);
  network.backend.upload(x);
  const { targets, ...others } = filled.targets;
  // of one step, targets for it and for the sequence are the same numbers
  const read = targets && tensorFrom(targets.data, targetShape(network.config, network.sizes));
  network.setTargets({ ...others, ...(read && { targets: read }) });
  return filled.indices;
}
