/** MNIST's files: correct, damaged and contradictory ones. */
import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../src/core/errors.js';
import { parseIdx, parseLabelledImages } from '../../src/data/mnist.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { errorOf } from '../helpers/failures.js';
import { idx, imagesFile, labelsFile, mnistFiles, smallImages } from '../helpers/small-data.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const TRAIN = 5003;
const TEST = 7;
const FILES: Readonly<Record<string, Buffer>> = mnistFiles(TRAIN, TEST);
const NAMES = Object.keys(FILES);

const patched = (bytes: Buffer, offset: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(value, offset);
  return copy;
};

describe('files that can be read', () => {
  const expectSmallMnist = (directory: string): void => {
    const { train, validation, test } = loadMnist(directory);
    expect([train.count, validation.count, test.count]).toEqual([3, 5000, 7]);
    expect([train.rows, train.columns]).toEqual([2, 3]);
    expect([...train.pixels]).toEqual([...smallImages(TRAIN, 2, 3).pixels.subarray(5000 * 6)]);
    expect([...train.labels]).toEqual([...smallImages(TRAIN, 2, 3).labels.subarray(5000)]);
    expect([...test.pixels]).toEqual([...smallImages(TEST, 2, 3).pixels]);
    expect([...test.labels]).toEqual([...smallImages(TEST, 2, 3).labels]);
  };
  const renamed = (suffix: string, pack: (bytes: Buffer) => Buffer) =>
    Object.fromEntries(NAMES.map((name) => [name + suffix, pack(FILES[name])]));

  test('plain files', () => expectSmallMnist(directoryOf(FILES)));
  test('.gz files', () => expectSmallMnist(directoryOf(renamed('.gz', gzipSync))));
  test('gzip files named as plain ones', () => expectSmallMnist(directoryOf(renamed('', gzipSync))));
  test('plain files named .gz', () => expectSmallMnist(directoryOf(renamed('.gz', (bytes) => bytes))));

  test('a plain file is preferred to a .gz of the same name', () => {
    expectSmallMnist(directoryOf({ ...FILES, [`${NAMES[0]}.gz`]: gzipSync(Buffer.from('not this one')) }));
  });

  test('a file in two gzip members, as some tools write it', () => {
    const { [NAMES[0]]: images, ...rest } = FILES;
    const halves = [images.subarray(0, 1000), images.subarray(1000)];
    expectSmallMnist(directoryOf({ ...rest, [`${NAMES[0]}.gz`]: Buffer.concat(halves.map((half) => gzipSync(half))) }));
  });
});

const gzipWith = (bytes: Buffer, ...rest: Buffer[]): Buffer => Buffer.concat([gzipSync(bytes), ...rest]);

describe.each(NAMES)('a damaged %s is a DataError that names the file', (name) => {
  const bytes = FILES[name];
  const count = name.startsWith('train') ? TRAIN : TEST;
  const dimensions = name.includes('images') ? 3 : 1;
  const headerLength = 4 + 4 * dimensions;
  const size = bytes.length - headerLength;
  const extents = name.includes('images') ? `${count} × 2 × 3` : `${count}`;

  test.each<[string, Uint8Array, RegExp]>([
    ['empty', Buffer.alloc(0), new RegExp(`0 bytes, shorter than its header of ${headerLength}`)],
    ['cut in its header', bytes.subarray(0, headerLength - 1), /shorter than its header/],
    [
      'cut in its data',
      bytes.subarray(0, -1),
      new RegExp(`${extents} needs ${size} bytes of data, .* has ${size - 1}`),
    ],
    ['one byte too long', Buffer.concat([bytes, Buffer.alloc(1)]), new RegExp(`${extents} needs .* has ${size + 1}`)],
    [
      'of another magic number',
      patched(bytes, 0, 0x0d03),
      new RegExp(`magic number 3331, expected ${2048 + dimensions}`),
    ],
    [
      'labels for images, or images for labels',
      FILES[name.includes('images') ? NAMES[1] : NAMES[0]],
      /magic number 20(49|51), expected 20(49|51)/,
    ],
    ['in little-endian order', patched(bytes, 0, bytes.readUInt32LE(0)), /magic number \d+, expected/],
    ['of no items', idx([0, 2, 3].slice(0, dimensions), []), /has no data/],
    [
      'of absurd extents',
      idx([0xffffffff, 0xffffffff, 0xffffffff].slice(0, dimensions), []),
      /needs \d.* bytes of data/,
    ],
    ['gzip, cut', gzipSync(bytes).subarray(0, -9), /cannot be unpacked/],
    ['gzip, with a zero behind it', gzipWith(bytes, Buffer.alloc(1)), /unpacked \(its gzip data end after \d+ bytes/],
    [
      'gzip, padded with zeros',
      gzipWith(bytes, Buffer.alloc(512)),
      /its gzip data end after \d+ bytes, but the file has \d+/,
    ],
    ['gzip, with a member behind zeros', gzipWith(bytes, Buffer.alloc(4), gzipSync('more')), /its gzip data end after/],
    ['two gzip members and a zero', gzipWith(bytes, gzipSync(''), Buffer.alloc(1)), /its gzip data end after/],
    ['gzip, with a text behind it', gzipWith(bytes, Buffer.from('text')), /cannot be unpacked/],
    ['gzip, with half of a member behind it', gzipWith(bytes, gzipSync('more').subarray(0, 12)), /cannot be unpacked/],
    ['gzip, with the start of a member behind it', gzipWith(bytes, Buffer.of(0x1f, 0x8b)), /cannot be unpacked/],
    ['gzip, with another member, so that it is too long', gzipWith(bytes, gzipSync('+')), /needs .* bytes of data/],
    ['gzip, of the header only', gzipSync(bytes).subarray(0, 2), /cannot be unpacked/],
    ['gzip, with a wrong checksum', patched(gzipSync(bytes), gzipSync(bytes).length - 8, 1), /cannot be unpacked/],
    ['text', Buffer.from('<html>404: there is no such page</html>'), /magic number/],
  ])('%s', (_, damaged, message) => {
    const error = errorOf(DataError, () => loadMnist(directoryOf({ ...FILES, [name]: damaged })));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(name);
  });

  test('missing', () => {
    const { [name]: _, ...rest } = FILES;
    const directory = directoryOf(rest);
    const error = errorOf(DataError, () => loadMnist(directory));
    expect(error.message).toContain(`${path.join(directory, name)}: no such file, neither plain nor as .gz`);
  });

  test('a directory in its place', () => {
    const { [name]: _, ...rest } = FILES;
    const directory = directoryOf(rest);
    mkdirSync(path.join(directory, name));
    expect(errorOf(DataError, () => loadMnist(directory)).message).toContain(
      `${path.join(directory, name)}: not a file`,
    );
  });
});

describe('contradictory data are refused:', () => {
  /** The message, without the directory before the names of files. */
  const messageOf = (files: Readonly<Record<string, Uint8Array>>): string => {
    const directory = directoryOf({ ...FILES, ...files });
    return errorOf(DataError, () => loadMnist(directory)).message.replaceAll(directory + path.sep, '');
  };

  test('a label above 9, with the file, the label and its position', () => {
    expect(messageOf({ [NAMES[1]]: patched(FILES[NAMES[1]], 8 + 4996, 0x06070a09) })).toBe(
      'train-labels-idx1-ubyte: label 10 at 4998, expected 0…9',
    );
    expect(messageOf({ [NAMES[3]]: idx([TEST], [0, 1, 2, 3, 4, 5, 255]) })).toBe(
      't10k-labels-idx1-ubyte: label 255 at 6, expected 0…9',
    );
  });

  test('different numbers of labels and images, with both files', () => {
    expect(messageOf({ [NAMES[1]]: labelsFile(TRAIN - 1) })).toBe(
      'train-images-idx3-ubyte has 5003 images, but train-labels-idx1-ubyte has 5002 labels',
    );
    expect(messageOf({ [NAMES[2]]: imagesFile(TEST - 1) })).toBe(
      't10k-images-idx3-ubyte has 6 images, but t10k-labels-idx1-ubyte has 7 labels',
    );
  });

  test('extents whose product is correct only modulo 2³²', () => {
    // 5003 · (2³⁰ + 2) · 4 = 5003 · 8, modulo 2³²
    const wrapping = idx([TRAIN, 2 ** 30 + 2, 4], Buffer.alloc(TRAIN * 8));
    expect(messageOf({ [NAMES[0]]: wrapping })).toMatch(
      /^train-images-idx3-ubyte: 5003 × 1073741826 × 4 needs 2148\d+/,
    );
  });

  test('images without pixels', () => {
    expect(messageOf({ [NAMES[0]]: idx([TRAIN, 0, 3], []) })).toBe(
      'train-images-idx3-ubyte: has no data (5003 × 0 × 3)',
    );
  });

  test('only as many training images as the validation set needs', () => {
    const files = { [NAMES[0]]: imagesFile(5000), [NAMES[1]]: labelsFile(5000) };
    expect(messageOf(files)).toMatch(/^5000 training images: MNIST's split needs more than 5000, the validation set$/);
  });

  test('test images of another size than the training images', () => {
    expect(messageOf({ [NAMES[2]]: idx([TEST, 3, 2], smallImages(TEST, 2, 3).pixels) })).toBe(
      'training images are 2 × 3, test images 3 × 2',
    );
  });

  test('a small gzip file that unpacks to more than 64 MiB', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1), { level: 1 });
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect(messageOf({ [NAMES[0]]: bomb })).toMatch(
      /train-images-idx3-ubyte: cannot be unpacked \(.*larger than 67108864/,
    );
  });
});

describe('any damage is a DataError, or leaves consistent data', () => {
  const COUNT = 3;

  const edit = fc.oneof(
    fc.record({ at: fc.nat({ max: 40 }), byte: fc.nat({ max: 255 }) }),
    fc.record({ at: fc.nat({ max: 40 }), byte: fc.constantFrom(0, 1, 2, 3, 6, 9, 10) }),
  );
  const damage = fc.record({
    edits: fc.array(edit, { maxLength: 4 }),
    keep: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    append: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 8 }) }),
  });
  type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;
  const damaged = (file: Buffer, { edits, keep, append }: Damage): Buffer => {
    const bytes = Buffer.concat([file.subarray(0, keep), Buffer.alloc(append)]);
    for (const { at, byte } of edits) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  };
  const orDataError = <Result>(work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      return undefined;
    }
  };

  test('of images and labels', () => {
    let readable = 0;
    fc.assert(
      fc.property(damage, damage, (ofImages, ofLabels) => {
        const images = orDataError(() =>
          parseLabelledImages(
            { bytes: damaged(imagesFile(COUNT), ofImages), name: 'images' },
            { bytes: damaged(labelsFile(COUNT), ofLabels), name: 'labels' },
          ),
        );
        if (!images) return;
        readable++;
        expect(images.count).toBeGreaterThan(0);
        expect(images.pixels).toHaveLength(images.count * images.rows * images.columns);
        expect(images.labels).toHaveLength(images.count);
        expect(Math.max(...images.labels)).toBeLessThanOrEqual(9);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(readable).toBeGreaterThan(100); // otherwise the property would prove little
    expect(readable).toBeLessThan(2900);
  });

  test('of arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 4 }), (bytes, dimensions) => {
        expect(orDataError(() => parseIdx(bytes, dimensions, 'bytes'))).toBeUndefined();
      }),
      { seed: 2 },
    );
  });

  test('of a gzip file', () => {
    const packed = gzipSync(FILES[NAMES[3]]);
    const directory = directoryOf(FILES);
    let readable = 0;
    fc.assert(
      fc.property(damage, (ofFile) => {
        writeFileSync(path.join(directory, NAMES[3]), damaged(packed, ofFile));
        const mnist = orDataError(() => loadMnist(directory));
        if (!mnist) return;
        readable++;
        expect(mnist.test.labels).toEqual(smallImages(TEST, 2, 3).labels); // no damage, as gzip's checksum shows
      }),
      { numRuns: 200, seed: 3 },
    );
    expect(readable).toBeGreaterThan(0);
    expect(readable).toBeLessThan(200);
  });
});

test('bytes inside a larger buffer are read from their own beginning', () => {
  const padded = Buffer.concat([Buffer.alloc(5, 0xff), idx([2, 3], [1, 2, 3, 4, 5, 6]), Buffer.alloc(3, 0xff)]);
  expect(parseIdx(padded.subarray(5, -3), 2, 'padded')).toEqual({ shape: [2, 3], data: Buffer.of(1, 2, 3, 4, 5, 6) });
});
