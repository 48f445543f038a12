/** Tasks that test memory over many steps: images read pixel by pixel, the adding problem, and parity. */
import { assertSizes } from '../core/arguments.js';
import { Random } from '../core/rng.js';
import { tensorFrom, zeros } from '../core/tensor.js';
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

/**
 * Parity: is the number of ones odd? One number decides it, so it must be right after every step. Grazzi et al. 2024, arXiv 2411.12537,
 * train on short sequences and test on longer ones: a scan with positive factors cannot learn it. `count` sequences of zeros and ones,
 * each with a random length from `shortest` to `longest`: x `[count,T]`, class indices; labels `[count]`, 1 if odd. T: `longest` or more.
 */
export function parity(
  count: number,
  T: number,
  [shortest, longest]: readonly [number, number],
  seed: number,
): Sequences {
  assertSizes('parity', { count, T, shortest, longest }, ['count', 'T', 'shortest', 'longest']);
  if (shortest > longest || longest > T) {
    throw new RangeError(
      `parity: lengths from ${shortest} to ${longest}: must grow, and T is ${T}: must not be smaller`,
    );
  }
  const random = new Random(seed);
  const [x, labels, lengths] = [new Float32Array(count * T), new Uint8Array(count), new Uint16Array(count)];
  for (let n = 0; n < count; n++) {
    lengths[n] = shortest + random.below(longest - shortest + 1);
    for (let t = 0; t < lengths[n]; t++) {
      const bit = random.below(2);
      x[n * T + t] = bit;
      labels[n] ^= bit;
    }
  }
  return { x: tensorFrom(x, [count, T]), inputClasses: 2, labels, classes: 2, lengths, task: 'parity' };
}
