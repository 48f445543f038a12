/** The memory limit of a comparison. */
import { DataError } from '../core/errors.js';
import type { BatchSizes, NetworkSizes } from '../network/config.js';
import { formatNetwork, lstmsOf } from '../network/config.js';
import { numbersOfActivations, numbersOfParameters } from '../network/memory.js';

/** For f64 tensors. This limit holds in a browser too; src/cli/memory.ts also checks this computer's memory. */
const MOST_BYTES = 4 * 2 ** 30;

/** The views of a step of an LSTM take up to 6,000 bytes of V8's heap: 600 MB for this many steps. */
const MOST_STEPS = 100_000;

/**
 * How many numbers a comparison holds at once: the present pass's network, networks that are not collected yet, and copies
 * of inputs and results. The measured peak is 15 to 17 tensors a parameter (H 1200 and 2000), and 1.8 times the activations
 * if nearly all numbers are activations; 2.3 times with two bidirectional layers and lengths.
 */
export const numbersOfComparison = (network: NetworkSizes, sizes: BatchSizes): number =>
  16 * numbersOfParameters(network) + 2 * numbersOfActivations(network, sizes);

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
export function assertFits(network: NetworkSizes, sizes: BatchSizes, name: string): void {
  const bytes = 8 * numbersOfComparison(network, sizes);
  const mostSteps = Math.floor(MOST_STEPS / lstmsOf(network).length);
  if (sizes.T > mostSteps || bytes > MOST_BYTES) {
    throw new DataError(
      `${name}: ${formatNetwork(network, sizes)} is too large to compare: ${(bytes / 2 ** 30).toFixed(1)} GiB ` +
        `(at most ${mostSteps} steps and ${MOST_BYTES / 2 ** 30} GiB): take fewer sequences or steps`,
    );
  }
}
