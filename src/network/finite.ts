/** Whether a network's numbers are finite: its parameters, and what the caller has given it. */
import { DataError } from '../core/errors.js';
import { type Tensor, findNonFinite } from '../core/tensor.js';
import type { Network } from './network.js';
import { assertFinite } from './parameters.js';
import { initialOf, namedStates } from './states.js';

/**
 * Rejects if a parameter holds NaN or an infinity: with a DataError if an input does too, else with a NonFiniteError.
 * `step`: updates made so far.
 */
export async function assertFiniteNetwork(network: Network, step: number): Promise<void> {
  try {
    await assertFinite(network.backend, network.parameters, step);
  } catch (error) {
    await assertFiniteInputs(network);
    throw error;
  }
}

/** Rejects with a DataError if the batch or an initial state holds NaN or an infinity, except beyond a sequence's end. */
export async function assertFiniteInputs(network: Network): Promise<void> {
  const { backend, config, activations, layers, counted, order } = network;
  const { x, y } = activations;
  const inputs = { x, y, ...namedStates(config, initialOf(layers.flat())) };
  for (const [name, tensor] of Object.entries<Tensor>(inputs)) {
    await backend.download(tensor);
    const found = findNonFinite(tensor, name === 'x' ? ([t, b]) => t < counted.lengths[b] : undefined);
    if (!found) continue;
    const [first, ...others] = found.index;
    const index = [name === 'x' || name === 'y' ? first : order[first], ...others];
    throw new DataError(`${name}[${index.join(',')}] is ${found.value}: every input must be finite`);
  }
}
