/** Users' drawings in every form that paint programs write. With the flags that the message names, the prediction is correct. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type NamedImage, type ReadOptions, imagesIn } from '../../src/cli/images.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { fitted } from '../../src/data/fit-drawing.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import {
  drawings,
  drawn,
  expectMessages,
  FORMS,
  imageOf,
  PENS,
  PLACES,
  SIDE,
  trainReader,
  unchangedOf,
  wronglyRead,
} from '../helpers/drawings.js';
import { expectDataError } from '../helpers/failures.js';
import { longhand as longhandProcess } from '../helpers/longhand-process.js';
import { failed } from '../helpers/longhand.js';
import { encodePng } from '../helpers/png.mjs';
import { idx } from '../helpers/small-data.js';
import { inFolder } from '../helpers/temporary-directories.js';
import { describeOnce, inTier, testOnce } from '../helpers/needs.js';

const RUN = inFolder('run.safetensors');
const mnist = loadMnist();

/** The network of the first tier reads a 7 well enough. That of the second reads all digits, in every form and with every pen. */
const NETWORK = inTier(
  { hidden: 32, trainingIters: 9600, learningRate: 0.01 },
  { hidden: 64, trainingIters: 40_000, learningRate: 0.005 },
);
beforeAll(() => trainReader(RUN, mnist.train, NETWORK));

test('a drawing in every form is predicted correctly with the flags that the message names', async () => {
  const all = [
    ...drawings(7, Object.keys(FORMS), inTier(PENS.slice(2, 3), PENS), PLACES.slice(0, 1)),
    ...drawings(7, ['colour, opaque', 'grey and alpha'], inTier([], PENS), PLACES.slice(1)),
  ];
  expect(all).toHaveLength(inTier(14, 14 * 5 + 2 * 5 * 2));
  const others = inTier<number[]>([], [0, 1, 2, 3, 4, 5, 6, 8, 9]);
  all.push(...others.flatMap((digit) => drawings(digit, ['grey and alpha'], PENS.slice(2, 4))));
  expect(await wronglyRead(RUN, all)).toEqual([]);
});

describe('the message before a prediction', () => {
  const ink = drawn(7, SIDE, { width: 8 });
  const light = encodePng(imageOf(0, 8, ink, (share) => [255 * share]));
  const read = (bytes: Buffer, options: ReadOptions = {}): NamedImage =>
    [...imagesIn(bytes, 28, 28, 'a.png', options)][0];
  const bytesOf = (form: string): Buffer => encodePng(FORMS[form](ink));

  testOnce('does not name --invert for a light drawing on black', () => {
    expect(() => read(light)).toThrow(
      new DataError('a.png: 100 × 100 pixels; this network reads 28 × 28, or a whole multiple of it: --fit scales it'),
    );
    const dark = read(bytesOf('colour and alpha, opaque'), { fit: true, invert: true });
    expect(read(light, { fit: true })).toEqual(dark);
    expect(dark.hint).toBeUndefined();
  });

  testOnce.each(Object.keys(FORMS))('names --invert if it is missing: %s', (form) => {
    expect(() => read(bytesOf(form))).toThrow(/^a\.png: 100 × 100 pixels; .*; it looks dark on light: --fit --invert$/);
    expect(read(bytesOf(form), { fit: true }).hint).toBe('looks dark on light: --invert');
    expect(read(bytesOf(form), { fit: true, invert: true }).hint).toBeUndefined();
  });

  testOnce('advises against --invert for light on dark', () => {
    expect(read(light, { fit: true, invert: true }).hint).toBe('looks light on dark: omit --invert');
    const white = encodePng(imageOf(6, 8, ink, (share) => [255, 255, 255, 255 * share]));
    expect(read(white, { fit: true, invert: true }).hint).toBe('looks light on dark: omit --invert');
    expect(read(white, { fit: true })).toEqual(read(light, { fit: true }));
  });

  testOnce('says that an image without a drawing is blank', () => {
    const empty = new Float64Array(SIDE * SIDE);
    const black = encodePng(imageOf(0, 8, empty, () => [0]));
    expect(read(black, { fit: true })).toEqual({ name: 'a.png', pixels: new Uint8Array(784), hint: 'is blank' });
    const clear = encodePng(imageOf(6, 8, empty, () => [9, 9, 9, 0]));
    expect(read(clear, { fit: true, invert: true }).hint).toBe('is blank');
  });

  test('is printed on standard error, and the command predicts', () =>
    expectMessages(
      RUN,
      bytesOf('colour, opaque'),
      inTier(/seven\.png: 7 \(0\.\d+\), then /, /seven\.png: 7 \(0\.9\d+\), then /),
    ));
});

testOnce('--fit accepts IDX files with images of any size, inverted or not', () => {
  const ink = drawn(7, 50, { width: 5 }).map((share) => Math.round(255 * share));
  const dark = ink.map((value) => 255 - value);
  const read = (shape: readonly number[], pixels: ArrayLike<number>, options: ReadOptions): NamedImage[] => [
    ...imagesIn(idx(shape, pixels), 28, 28, 'f', { fit: true, ...options }),
  ];
  const [light] = read([1, 50, 50], ink, {});
  const both = read([2, 50, 50], [...dark, ...ink], { invert: true });
  expect(both.map(({ name }) => name)).toEqual(['f[0]', 'f[1]']);
  expect([...both[0].pixels]).toEqual([...light.pixels]);
  expect(read([2, 50, 50], [...dark, ...ink], { first: 1 })).toHaveLength(1);
});

describeOnce('--fit of IDX files', () => {
  const fitting = (...shape: number[]) => {
    const pixels = new Uint8Array(shape.reduce((product, extent) => product * extent));
    return imagesIn(idx(shape, pixels), 28, 28, 'f', { fit: true });
  };

  test.each([
    ['pixels', [1, 1025, 2048], 'f: its images are 1025 × 2048: the limits are 2097152 pixels and 8192 per side; save'],
    ['columns', [2, 1, 8193], 'f: its images are 1 × 8193: the limits are'],
    ['rows', [2, 8193, 1], 'f: its images are 8193 × 1: the limits are'],
  ])('limits the %s, and reads only the header to refuse a file', (_, shape, message) => {
    expectDataError(() => fitting(...shape), message);
  });

  test('accepts an image at the limit, which is also that of PNG', () => {
    expect([...fitting(1, 256, 8192)]).toHaveLength(1);
  });

  test('accepts any number of images: each is made when it is requested', () => {
    const bytes = idx([3, 2, 2], [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
    const images = imagesIn(bytes, 28, 28, 'f', { fit: true })[Symbol.iterator]();
    const hasInk = (): unknown => (images.next().value as NamedImage).pixels.some((value) => value > 0);
    expect(hasInk()).toBe(true);
    bytes.fill(255, bytes.length - 8, bytes.length - 4);
    expect([hasInk(), hasInk(), images.next().done]).toEqual([true, false, true]);
  });

  test('does not fill the memory for a small file of very many images', async () => {
    const file = inFolder('many.gz');
    writeFileSync(file, gzipSync(idx([1_000_000, 1, 1], new Uint8Array(1_000_000))));
    const options = { node: ['--max-old-space-size=150'], signal: 'SIGINT' } as const;
    const { code, stdout } = await longhandProcess(['predict', RUN, file, '--fit'], options);
    expect([code, stdout]).toEqual([130, expect.stringContaining('many.gz[0]: ')]);
  });

  test('refuses a missing file before the first prediction', async () => {
    const file = inFolder('one');
    writeFileSync(file, idx([1, 1, 1], [9]));
    await failed(['predict', RUN, file, inFolder('none'), '--fit']);
  });
});

describe('the fit', () => {
  test('leaves the images of MNIST unchanged', () => {
    // in three of all images the digit has 19 pixels; in one the centre of mass is rounded differently
    const [count, unchanged] = inTier([500, 500], [mnist.test.count, 9996]);
    expect([unchangedOf(mnist.test, count), mnist.test.count]).toEqual([unchanged, 10_000]);
  });

  const sizeOf = (pixels: Uint8Array): number[] => {
    const places = [...pixels.keys()].filter((n) => pixels[n] > 0);
    const [xs, ys] = [places.map((n) => n % 28), places.map((n) => Math.floor(n / 28))];
    return [xs, ys].map((all) => Math.max(...all) - Math.min(...all) + 1);
  };

  testOnce.each([1, 3, 19, 20, 21, 57, 300])(
    'scales a rectangle of any size (%i) to 20 and keeps its proportions',
    (side) => {
      const width = side + 7;
      const ink = Uint8Array.from({ length: 3 * side * width }, (_, n) => (n % width < side ? 255 : 0));
      const pixels = fitted(ink, width);
      expect(sizeOf(pixels)).toEqual([Math.round(20 / 3), 20]);
      // a rectangle has no grey, and its middle is the image's
      expect(new Set(pixels)).toEqual(new Set([0, 255]));
      expect([11, 12, 13, 14, 15].map((x) => pixels[14 * 28 + x])).toEqual(Array(5).fill(255));
    },
  );

  testOnce('keeps the amount of ink: each pixel is the mean of its area', () => {
    const random = new Random(1);
    const ink = Uint8Array.from({ length: 90 * 90 }, () => 1 + random.below(255));
    const mean = (values: Uint8Array, count: number): number => values.reduce((sum, value) => sum + value, 0) / count;
    expect(mean(fitted(ink, 90), 400)).toBeCloseTo(mean(ink, 8100), 0);
  });

  testOnce('cuts nothing off, even if the centre of mass is far from the middle', () => {
    const ink = Uint8Array.from({ length: 40 * 40 }, (_, n) => (n % 40 > 36 || n === 0 ? 255 : 0));
    expect(sizeOf(fitted(ink, 40))).toEqual([20, 20]);
  });

  testOnce('of a blank image is blank', () => {
    expect(fitted(new Uint8Array(300), 20)).toEqual(new Uint8Array(784));
    expect(fitted(new Uint8Array(300).fill(1, 7, 8), 20)).toHaveLength(784);
  });
});
