/** The memory limit of a comparison. */
import { DataError } from '../errors.js';
import type { ModelSizes } from '../model.js';
import { modelNetwork } from '../model.js';
import { numbersOfActivations, numbersOfParameters } from '../model-memory.js';

/** For f64 tensors. This limit holds in a browser too; src/cli/memory.ts also checks this computer's memory. */
const MOST_BYTES = 4 * 2 ** 30;

/** The views of a step take about 2,500 bytes of V8's heap: 250 MB for this many steps. */
const MOST_STEPS = 100_000;

/**
 * How many numbers a comparison holds at once: the present pass's model, models that are not collected yet, and copies of
 * inputs and results. The measured peak is 15 to 17 tensors a parameter (H 1200 and 2000), and 1.8 times the activations
 * if nearly all numbers are activations.
 */
export const numbersOfComparison = (sizes: ModelSizes): number =>
  16 * numbersOfParameters(modelNetwork(sizes)) + 2 * numbersOfActivations(modelNetwork(sizes), sizes);

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
export function assertFits(sizes: ModelSizes, name: string): void {
  const bytes = 8 * numbersOfComparison(sizes);
  if (sizes.T > MOST_STEPS || bytes > MOST_BYTES) {
    throw new DataError(
      `${name}: ${formatSizes(sizes)} is too large to compare: ${(bytes / 2 ** 30).toFixed(1)} GiB ` +
        `(at most ${MOST_STEPS} steps and ${MOST_BYTES / 2 ** 30} GiB): take fewer sequences or steps`,
    );
  }
}

export const formatSizes = ({ T, B, I, H, C }: ModelSizes): string => `T ${T} B ${B} I ${I} H ${H} C ${C}`;
