/** Batches of MNIST: the packaged images, the tutorial's two orders of batches, and the layout of a batch in x and y. */
import fc from 'fast-check';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { fill, valuesOf, zeros } from '../../src/core/tensor.js';
import { type Shuffle, BatchOrder, fillBatch } from '../../src/data/batches.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { sliceImages } from '../../src/data/mnist.js';
import { IDX_COLUMNS as COLUMNS, IDX_ROWS as ROWS, smallImages } from '../helpers/small-data.js';

/** Rows 7 to 26 of the first test image; # marks intensities above one half. */
const SEVEN = [
  '       ###',
  '      ###############',
  '          ############',
  '                   ##',
  '                   ##',
  '                  ##',
  '                 ###',
  '                 ##',
  '                ###',
  '                ##',
  '                ##',
  '               ##',
  '              ###',
  '             ###',
  '             ##',
  '            ##',
  '           ###',
  '           ###',
  '           ###',
  '           ##',
];

describe('the packaged MNIST', () => {
  const { train, validation, test: testSet } = loadMnist();

  test('is 55,000 training, 5,000 validation and 10,000 test images of 28 × 28', () => {
    expect([train, validation, testSet].map(({ count, rows, columns }) => [count, rows, columns])).toEqual([
      [55_000, 28, 28],
      [5_000, 28, 28],
      [10_000, 28, 28],
    ]);
  });

  test('begins with the known first labels', () => {
    expect([...validation.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...testSet.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  test('has the known number of every digit', () => {
    const countsOf = (...sets: Uint8Array[]): number[] => {
      const counts = new Array<number>(10).fill(0);
      for (const set of sets) set.forEach((label) => counts[label]++);
      return counts;
    };
    expect(countsOf(validation.labels, train.labels)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(countsOf(testSet.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  test('has a 7 as its first test image, one row per step', () => {
    const x = zeros([28, 1, 28]);
    fillBatch(x, zeros([1]), testSet, [0]);
    const dark = (t: number): string[] => Array.from({ length: 28 }, (_, i) => (x.get(t, 0, i) > 0.5 ? '#' : ' '));
    const picture = Array.from({ length: 28 }, (_, t) => dark(t).join('').trimEnd());
    expect(picture.slice(7, 27)).toEqual(SEVEN);
    expect([...picture.slice(0, 7), ...picture.slice(27)].join('')).toBe('');
  });
});

describe('the order of batches', () => {
  /** TensorFlow 1.x's DataSet.next_batch, line by line, over an array of indices in place of images and labels. */
  class NextBatch {
    private data: number[];
    private epochsCompleted = 0;
    private indexInEpoch = 0;

    constructor(
      private readonly numExamples: number,
      private readonly random: Random,
    ) {
      this.data = Array.from({ length: numExamples }, (_, n) => n);
    }

    private shuffled(): number[] {
      const perm = Uint32Array.from({ length: this.numExamples }, (_, n) => n);
      this.random.shuffle(perm);
      return [...perm].map((n) => this.data[n]);
    }

    /** The later version of next_batch. */
    tf1(batchSize: number): number[] {
      let start = this.indexInEpoch;
      if (this.epochsCompleted === 0 && start === 0) this.data = this.shuffled();
      if (start + batchSize > this.numExamples) {
        this.epochsCompleted++;
        const restNumExamples = this.numExamples - start;
        const restPart = this.data.slice(start, this.numExamples);
        this.data = this.shuffled();
        start = 0;
        this.indexInEpoch = batchSize - restNumExamples;
        const newPart = this.data.slice(start, this.indexInEpoch);
        return [...restPart, ...newPart];
      }
      this.indexInEpoch += batchSize;
      return this.data.slice(start, this.indexInEpoch);
    }

    /** The first version of next_batch. */
    legacy(batchSize: number): number[] {
      let start = this.indexInEpoch;
      this.indexInEpoch += batchSize;
      if (this.indexInEpoch > this.numExamples) {
        this.epochsCompleted++;
        this.data = this.shuffled();
        start = 0;
        this.indexInEpoch = batchSize;
      }
      return this.data.slice(start, this.indexInEpoch);
    }
  }

  const countAndBatch = fc
    .integer({ min: 1, max: 40 })
    .chain((count) => fc.tuple(fc.constant(count), fc.integer({ min: 1, max: count })));

  test.each<Shuffle>(['tf1', 'legacy'])('%s is that of next_batch, for any size of set and batch', (shuffle) => {
    fc.assert(
      fc.property(countAndBatch, fc.nat(), ([count, batchSize], seed) => {
        const order = new BatchOrder(count, batchSize, shuffle, new Random(seed));
        const nextBatch = new NextBatch(count, new Random(seed));
        for (let batch = 0; batch < (4 * count) / batchSize + 2; batch++)
          expect([...order.next()]).toEqual(nextBatch[shuffle](batchSize));
      }),
    );
  });

  const drawn = (order: BatchOrder, batches: number): number[] =>
    Array.from({ length: batches }, () => [...order.next()]).flat();
  const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  test('tf1 draws every example exactly once per epoch, although epochs end inside batches', () => {
    fc.assert(
      fc.property(countAndBatch, fc.nat(), ([count, batchSize], seed) => {
        const stream = drawn(new BatchOrder(count, batchSize, 'tf1', new Random(seed)), 3 * count);
        for (let epoch = 0; (epoch + 1) * count <= stream.length; epoch++)
          expect(sorted(stream.slice(epoch * count, (epoch + 1) * count))).toEqual(upTo(count));
      }),
    );
  });

  test('tf1 is shuffled before the first epoch, and again for each epoch', () => {
    const stream = drawn(new BatchOrder(50, 7, 'tf1', new Random(1)), 30);
    const epochs = [0, 1, 2].map((epoch) => stream.slice(epoch * 50, epoch * 50 + 50));
    expect(epochs[0]).not.toEqual(upTo(50));
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  test('legacy draws the first epoch in file order, drops its remainder, and shuffles before each later epoch', () => {
    const order = new BatchOrder(50, 7, 'legacy', new Random(1));
    expect(drawn(order, 7)).toEqual(upTo(49));
    const epochs = [1, 2, 3].map(() => drawn(order, 7));
    for (const epoch of epochs) {
      expect(new Set(epoch).size).toBe(49); // no example occurs twice, one is left out
      expect(epoch).not.toEqual(sorted(epoch));
    }
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  test.each<Shuffle>(['tf1', 'legacy'])('%s: a batch as large as the set holds every example', (shuffle) => {
    const order = new BatchOrder(12, 12, shuffle, new Random(3));
    const batches = [1, 2, 3].map(() => [...order.next()]);
    for (const batch of batches) expect(sorted(batch)).toEqual(upTo(12));
    expect(new Set(batches.map(String)).size).toBe(3);
  });

  test.each<Shuffle>(['tf1', 'legacy'])('%s: a batch does not change when later ones are drawn', (shuffle) => {
    const order = new BatchOrder(10, 4, shuffle, new Random(4));
    const batches = upTo(9).map(() => order.next());
    const copies = batches.map((batch) => [...batch]);
    drawn(order, 20);
    expect(batches.map((batch) => [...batch])).toEqual(copies);
  });

  test.each<Shuffle>(['tf1', 'legacy'])('%s: a batch larger than the set is a DataError', (shuffle) => {
    expect(() => new BatchOrder(12, 13, shuffle, new Random(1))).toThrow(
      new DataError('batch size 13 is larger than the set of 12 examples'),
    );
  });

  test.each<[number, number, string, string]>([
    [0, 1, 'tf1', 'count 0: must be a whole number ≥ 1'],
    [NaN, 1, 'tf1', 'count NaN: must be a whole number ≥ 1'],
    [12, 0, 'tf1', 'batch size 0: must be a whole number ≥ 1'],
    [12, 2.5, 'legacy', 'batch size 2.5: must be a whole number ≥ 1'],
    [12, 3, 'random', 'shuffle "random": must be one of tf1, legacy, inOrder'],
  ])('refuses %p, %p, %p', (count, batchSize, shuffle, message) => {
    expect(() => new BatchOrder(count, batchSize, shuffle as Shuffle, new Random(1))).toThrow(
      new RangeError(`batch order: ${message}`),
    );
  });
});

describe('a batch in x and y', () => {
  const images = smallImages(6, ROWS, COLUMNS);

  test('x[t][b][i] is column i of row t of image b, y[b] its label', () => {
    const [x, y] = [zeros([ROWS, 4, COLUMNS]), zeros([4])];
    const indices = [5, 0, 0, 3];
    fill(x, NaN);
    fill(y, NaN);
    fillBatch(x, y, images, indices);
    indices.forEach((image, b) => {
      for (let t = 0; t < ROWS; t++) {
        for (let i = 0; i < COLUMNS; i++) {
          const value = images.pixels[image * ROWS * COLUMNS + t * COLUMNS + i];
          expect(x.get(t, b, i)).toBe(Math.fround(value * Math.fround(1 / 255)));
        }
      }
      expect(y.get(b)).toBe(images.labels[image]);
    });
  });

  test('each of the 256 intensities is float32(value) × float32(1/255), rounded to float32', () => {
    const ramp = {
      count: 1,
      rows: 16,
      columns: 16,
      pixels: Uint8Array.from({ length: 256 }, (_, n) => n),
      labels: Uint8Array.of(0),
    };
    for (const dtype of ['f32', 'f64'] as const) {
      const x = zeros([16, 1, 16], dtype);
      fillBatch(x, zeros([1], dtype), ramp, [0]);
      expect([...valuesOf(x)]).toEqual(
        Array.from({ length: 256 }, (_, value) => Math.fround(Math.fround(value) * Math.fround(1 / 255))),
      );
    }
  });

  test('with fewer indices than the batch size, the rest keeps its values', () => {
    const [x, y] = [zeros([ROWS, 3, COLUMNS]), zeros([3])];
    fillBatch(x, y, images, [1, 2, 3]);
    fillBatch(x, y, images, [4]);
    const [expectedX, expectedY] = [zeros([ROWS, 3, COLUMNS]), zeros([3])];
    fillBatch(expectedX, expectedY, images, [4, 2, 3]);
    expect([...valuesOf(x)]).toEqual([...valuesOf(expectedX)]);
    expect([...valuesOf(y)]).toEqual([...valuesOf(expectedY)]);
  });

  test('slices of the images give the same batches as the images themselves', () => {
    const slice = sliceImages(images, 2, 5);
    expect([slice.count, [...slice.labels]]).toEqual([3, [...images.labels.slice(2, 5)]]);
    expect(slice.pixels.buffer).toBe(images.pixels.buffer);
    const [x, y] = [zeros([ROWS, 2, COLUMNS]), zeros([2])];
    const [expectedX, expectedY] = [zeros([ROWS, 2, COLUMNS]), zeros([2])];
    fillBatch(x, y, slice, [2, 0]);
    fillBatch(expectedX, expectedY, images, [4, 2]);
    expect([...valuesOf(x), ...valuesOf(y)]).toEqual([...valuesOf(expectedX), ...valuesOf(expectedY)]);
  });

  test.each([
    [[ROWS, 2, COLUMNS + 1], [2], 'fillBatch: x [2,2,4] must be [2,2,3]'],
    [[COLUMNS, 2, ROWS], [2], 'fillBatch: x [3,2,2] must be [2,2,3]'],
    [[ROWS, 2, COLUMNS], [3], 'fillBatch: y [3] must be [2]'],
    [[ROWS, 2, COLUMNS], [2, 10], 'fillBatch: y [2,10] must be [2]'],
  ])('shapes %j of x and %j of y are refused', (xShape, yShape, message) => {
    expect(() => fillBatch(zeros(xShape), zeros(yShape), images, [0])).toThrow(new RangeError(message));
  });

  test('more indices than the batch size are refused', () => {
    const [x, y] = [zeros([ROWS, 2, COLUMNS]), zeros([2])];
    // a third image would overwrite the next step
    expect(() => fillBatch(x, y, images, [1, 2, 3])).toThrow('fillBatch: 3 images do not fit a batch of 2');
  });

  test.each([6, -1])('image %d of 6 is refused, not read as NaN', (index) => {
    const [x, y] = [zeros([ROWS, 2, COLUMNS]), zeros([2])];
    expect(() => fillBatch(x, y, images, [0, index])).toThrow(`fillBatch: image ${index} of 6: must be in 0…5`);
  });
});

test.each([
  [8, 12],
  [-1, 2],
  [3, 3],
])('a slice of images %d…%d of 10 is refused', (from, to) => {
  const images = { count: 10, rows: 1, columns: 1, pixels: new Uint8Array(10), labels: new Uint8Array(10) };
  expect(() => sliceImages(images, from, to)).toThrow(`images: ${from}…${to} of 10: need 0 ≤ from < to ≤ 10`);
});
