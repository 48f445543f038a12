/** Tasks that test memory over many steps: images read pixel by pixel, and the adding problem. */
import { assertSizes } from '../core/arguments.js';
import { Random } from '../core/rng.js';
import { zeros } from '../core/tensor.js';
import type { LabelledImages } from './mnist.js';
import type { Sequences } from './sequences.js';

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

/**
 * The adding problem (Hochreiter & Schmidhuber 1997, in the form of Le, Jaitly & Hinton 2015). Each step has a number in [0,1)
 * and a mark. Two steps have mark 1, one in each half of the sequence; the target is the sum of their numbers. A network that always
 * answers 1 has a mean squared error of 1/6. `count` sequences of T steps: x `[count,T,2]`, the number and the mark of each
 * step; targets `[count,1]`. T: 2 or more.
 */
export function addingProblem(count: number, T: number, seed: number): Sequences {
  assertSizes('adding problem', { count, T }, ['count', 'T']);
  if (T < 2) throw new RangeError(`adding problem: T is ${T}: must be 2 or more, one mark for each half`);
  const random = new Random(seed);
  const [x, targets] = [zeros([count, T, 2]), zeros([count, 1])];
  const half = Math.floor(T / 2);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < T; t++) x.set(n, t, 0, random.uniform(0, 1));
    const marked = [random.below(half), half + random.below(T - half)];
    for (const t of marked) x.set(n, t, 1, 1);
    targets.set(n, 0, x.get(n, marked[0], 0) + x.get(n, marked[1], 0));
  }
  return { x, targets, task: 'adding' };
}
