import { fillBatch } from '../data/batches.js';
import type { LabelledImages } from '../data/mnist.js';
import type { Model } from '../model.js';

/** Puts the images with these indices, and their labels, into the model's batch. */
export function loadBatch(model: Model, images: LabelledImages, indices: Uint32Array): void {
  const { x, y } = model.activations;
  fillBatch(x, y, images, indices);
  model.backend.upload(x);
  model.backend.upload(y);
}
