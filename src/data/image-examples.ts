/** Images with labels as the examples of a run. */
import type { Shift } from './batches.js';
import { fillImages } from './batches.js';
import type { Examples, FillOptions } from './examples.js';
import { rowsFrom } from './examples.js';
import type { LabelledImages } from './mnist.js';
import { CLASSES } from './mnist.js';

/** `images` have been checked. */
export function imageExamples(images: LabelledImages): Examples {
  const { count, rows, columns, labels, pixels } = images;
  return {
    count,
    T: rows,
    inputs: columns,
    inputKind: 'numbers',
    classes: CLASSES,
    targets: 0,
    fitsMoreClasses: false,
    reads: 'last',
    continues: false,
    task: images.task,
    fill(x, indices, options) {
      const [, B] = x.shape;
      fillImages('images', x, images, indices, options && shiftsFor(indices.length, options));
      return { targets: { labels: rowsFrom(B, indices, (n) => labels[n]) }, indices };
    },
    bytes: [pixels, labels],
  };
}

function shiftsFor(count: number, { shift, random }: FillOptions): Shift[] | undefined {
  if (shift === 0) return undefined;
  const draw = (): number => random.below(2 * shift + 1) - shift;
  return Array.from({ length: count }, () => ({ down: draw(), right: draw() }));
}
