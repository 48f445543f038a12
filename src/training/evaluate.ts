/** Loss and accuracy of a model over a set of images. */
import { assertObject } from '../arguments.js';
import type { LabelledImages } from '../data/mnist.js';
import { assertImages } from '../data/mnist.js';
import { DataError } from '../errors.js';
import type { Model } from '../model.js';
import type { Tensor } from '../tensor.js';
import { loadBatch } from './batch.js';
import { yieldToEventLoop } from './event-loop.js';

/** How well a model classifies a set of images. */
export interface Evaluation {
  /** Mean loss over the images, in nats. */
  readonly loss: number;
  /** Share (0 … 1) of the images that the model classifies correctly. */
  readonly accuracy: number;
  /** `[count]`: for each image 1 if the model is right, else 0. */
  readonly correct: Uint8Array;
  /** `[count]`: for each image the class with the largest logit. */
  readonly predicted: Uint8Array;
}

/**
 * Loss and accuracy over all `images`, batch by batch. Rejects with a TypeError, RangeError or DataError that says what
 * is wrong with `images`, or with the reason of `signal` if that is aborted.
 */
export async function evaluate(model: Model, images: LabelledImages, signal?: AbortSignal): Promise<Evaluation> {
  assertObject('evaluate: model', model);
  assertImages('evaluate: images', images);
  const { T, B, I } = model.sizes;
  if (images.rows !== T || images.columns !== I) {
    throw new DataError(`evaluate: images are ${images.rows} × ${images.columns}, but the model reads ${T} × ${I}`);
  }
  const correct = new Uint8Array(images.count);
  const predicted = new Uint8Array(images.count);
  let loss = 0;
  let right = 0;
  for (let start = 0; start < images.count; start += B) {
    await yieldToEventLoop();
    signal?.throwIfAborted();
    const count = Math.min(B, images.count - start);
    loadBatch(
      model,
      images,
      Uint32Array.from({ length: count }, (_, n) => start + n),
    );
    model.forward();
    const metrics = await model.metrics(count);
    await model.backend.download(model.activations.logits);
    loss += metrics.loss * count;
    for (let b = 0; b < count; b++) {
      correct[start + b] = model.activations.correct.get(b);
      right += correct[start + b];
      predicted[start + b] = largestOf(model.activations.logits, b);
    }
  }
  return { loss: loss / images.count, accuracy: right / images.count, correct, predicted };
}

/** The column of the largest number in row `b`. */
function largestOf(matrix: Tensor, b: number): number {
  let largest = 0;
  for (let k = 1; k < matrix.shape[1]; k++) if (matrix.get(b, k) > matrix.get(b, largest)) largest = k;
  return largest;
}
