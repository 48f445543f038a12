/** The class probabilities of one image: after all its rows, and after each row that the network reads. */
import { denseForward } from '../dense.js';
import type { Model } from '../model.js';
import { stepOf } from '../tensor.js';

/**
 * After a forward pass: the probabilities `[C]` of the first sequence, as if it ended after step 1, 2, … T. Overwrites
 * logits, probabilities, losses and correct; step T restores the values of the forward pass.
 */
export async function probabilitiesByRow(model: Model): Promise<Float64Array[]> {
  const { backend, sizes, outKernel, outBias } = model;
  const { h, y, logits, probabilities, losses, correct } = model.activations;
  const rows: Float64Array[] = [];
  for (let t = 1; t <= sizes.T; t++) {
    denseForward(backend, logits, [stepOf(h, t)], outKernel.value, outBias.value);
    backend.crossEntropyForward(losses, correct, probabilities, logits, y);
    rows.push(await firstProbabilities(model));
  }
  return rows;
}

/** The probabilities `[C]` of the first sequence in the last forward pass. */
export async function firstProbabilities({ backend, sizes: { C }, activations }: Model): Promise<Float64Array> {
  await backend.download(activations.probabilities);
  return Float64Array.from({ length: C }, (_, k) => activations.probabilities.get(0, k));
}
