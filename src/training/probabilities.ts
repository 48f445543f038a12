/** How a model comes to its answer: what it would say after each row that it reads. */
import { denseForward } from '../dense.js';
import type { Model } from '../model.js';
import { stepOf } from '../tensor.js';

/**
 * After a forward pass: the probabilities `[C]` of the first sequence if it ended after step 1, 2, … T. Overwrites
 * logits, probabilities, losses and correct; the last step puts back what the forward pass had there.
 */
export async function probabilitiesByRow(model: Model): Promise<Float64Array[]> {
  const { backend, sizes, outKernel, outBias } = model;
  const { h, y, logits, probabilities, losses, correct } = model.activations;
  const rows: Float64Array[] = [];
  for (let t = 1; t <= sizes.T; t++) {
    denseForward(backend, logits, stepOf(h, t), outKernel.value, outBias.value);
    backend.crossEntropyForward(losses, correct, probabilities, logits, y);
    rows.push(await firstProbabilities(model));
  }
  return rows;
}

/** The probabilities `[C]` that the last forward pass gave the first sequence. */
export async function firstProbabilities({ backend, sizes: { C }, activations }: Model): Promise<Float64Array> {
  await backend.download(activations.probabilities);
  return Float64Array.from({ length: C }, (_, k) => activations.probabilities.get(0, k));
}
