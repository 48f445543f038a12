/** Small images that a network can learn: each class is a bright row or column at its own place, in noise. */
import type { LabelledImages } from '../../src/data/mnist.js';
import { Random } from '../../src/rng.js';

export function syntheticImages({
  count,
  rows,
  columns,
}: Pick<LabelledImages, 'count' | 'rows' | 'columns'>): LabelledImages {
  const random = new Random(3);
  const pixels = new Uint8Array(count * rows * columns);
  const labels = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    const label = random.below(Math.min(10, rows));
    labels[n] = label;
    for (let place = 0; place < rows * columns; place++) {
      const bright = Math.floor(place / columns) === label;
      pixels[n * rows * columns + place] = (bright ? 180 : 0) + random.below(60);
    }
  }
  return { count, rows, columns, pixels, labels };
}
