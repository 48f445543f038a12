/** Images as long sequences of single pixels, row by row, or in one fixed random order. */
import { Random } from '../core/rng.js';
import type { LabelledImages } from './mnist.js';

/** The same images, read one pixel a step: 784 steps for MNIST. No pixel is copied. */
export function asPixels(images: LabelledImages): LabelledImages {
  return { ...images, rows: images.rows * images.columns, columns: 1, task: 'pixels' };
}

/** As `asPixels`, in a random order that is the same for every image and every call ("permuted MNIST"). */
export function asPermutedPixels(images: LabelledImages): LabelledImages {
  const { count, rows: T, pixels, ...others } = asPixels(images);
  const order = Uint32Array.from({ length: T }, (_, t) => t);
  new Random(1).shuffle(order);
  const permuted = new Uint8Array(pixels.length);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) permuted[n * T + t] = pixels[n * T + order[t]];
  }
  return { ...others, count, rows: T, pixels: permuted, task: 'permuted pixels' };
}
