/** PNG: every form is read correctly; every damage is refused by name, and no damaged file is read as another image. */
import { deflateSync } from 'node:zlib';
import { decodePng } from '../../src/cli/png.js';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { expectDataError } from '../helpers/failures.js';
import type { Form, Image } from '../helpers/png.mjs';
import { chunk, encodePng, FORMS, header, pngOf, randomImage, rgbaOf, rowsOf, SIGNATURE } from '../helpers/png.mjs';
import { describeOnce, inTier, testOnce } from '../helpers/needs.js';

const random = new Random(5);
const below = (limit: number): number => random.below(limit);

/** The colour of a pixel with alpha 0 cannot be seen, and decoders differ in it. */
const seen = (rgba: Uint8Array): Buffer => Buffer.from(rgba.map((value, n) => (rgba[n | 3] === 0 ? 0 : value)));

describeOnce.each(FORMS)('colour type %i of %i bits', (colourType, depth) => {
  test.each([false, true])('is read correctly; interlaced: %s', (interlaced) => {
    // widths and heights of 1 … 9: all seven passes, and images in which some passes are empty
    for (let side = 1; side <= 9; side++) {
      for (const height of [1, 2, 3, 5, 8, 11]) {
        const image = randomImage(below, { width: side, height, colourType, depth, interlaced });
        const { rgba, ...size } = decodePng(encodePng(image, { level: below(10), parts: 1 + below(3) }), 'f');
        expect(size).toEqual({ width: side, height });
        expect(seen(rgba)).toEqual(seen(rgbaOf(image)));
      }
    }
  });
});

testOnce('other chunks, such as texts and profiles, are ignored', () => {
  const image = randomImage(below, { width: 5, height: 4, colourType: 2, depth: 8 });
  const file = pngOf(
    chunk('IHDR', header(image)),
    chunk('gAMA', Buffer.alloc(4)),
    chunk('iCCP', Buffer.from('no profile')),
    chunk('tEXt', Buffer.from('no keyword')),
    chunk('PLTE', Buffer.from([1, 2, 3])), // only a suggestion in an image without a palette
    chunk('IDAT', deflateSync(rowsOf(image))),
    chunk('tIME', Buffer.alloc(7)),
  );
  expect(Buffer.from(decodePng(file, 'f').rgba)).toEqual(Buffer.from(rgbaOf(image)));
});

const FORM: Form = { width: 6, height: 4, colourType: 0, depth: 8 };
const IMAGE = randomImage(below, FORM);
const PALETTE_FORM: Form = { ...FORM, colourType: 3, depth: 2 };
const PALETTE_IMAGE: Image = { ...PALETTE_FORM, samples: Array.from({ length: 24 }, (_, n) => n % 4) };
const COLOUR_IMAGE = randomImage(below, { ...FORM, colourType: 2 });
const fourColours = chunk('PLTE', Buffer.alloc(12, 9));

const rows = (image: Image = IMAGE): Buffer => chunk('IDAT', deflateSync(rowsOf(image)));
const head = (change: Partial<Record<keyof Form, number>> = {}): Buffer =>
  chunk('IHDR', header({ ...FORM, ...change } as Form));
const withByte = (bytes: Buffer, at: number, value: number): Buffer => Buffer.from(bytes).fill(value, at, at + 1);
const paletteHead = head({ colourType: 3, depth: 2 });
const changedHeader = (at: number, value: number): Buffer => chunk('IHDR', withByte(header(FORM), at, value));
const compressed = deflateSync(rowsOf(IMAGE));
const text = chunk('tEXt', Buffer.from('a'));

testOnce.each<[string, Buffer, string]>([
  ['too few rows', pngOf(head({ height: 5 }), rows()), 'its rows have 28 bytes, its header requires 35'],
  ['too many rows', pngOf(head({ height: 3 }), rows()), 'its rows have more than the 21 bytes'],
  ['no row at all', pngOf(head(), chunk('IDAT', deflateSync(Buffer.alloc(0)))), 'its rows have 0 bytes'],
  ['a cut zlib stream', pngOf(head(), chunk('IDAT', compressed.subarray(0, -5))), 'the compressed rows are cut off'],
  ['an empty zlib stream', pngOf(head(), chunk('IDAT')), 'the compressed rows are cut off'],
  [
    'a wrong Adler-32',
    pngOf(head(), chunk('IDAT', withByte(compressed, compressed.length - 1, compressed.at(-1)! ^ 1))),
    'the compressed rows have a wrong Adler-32',
  ],
  ['a second stream of rows', pngOf(head(), chunk('IDAT', Buffer.concat([compressed, compressed]))), 'after its'],
  ['rows not in zlib', pngOf(head(), chunk('IDAT', Buffer.from('abc'))), 'the compressed rows: incorrect header'],
  ['a wrong CRC of the header', withByte(encodePng(IMAGE), 31, 0), 'wrong CRC in IHDR at byte 8'],
  ['a wrong CRC of the rows', withByte(encodePng(IMAGE), 43, 0), 'wrong CRC in IDAT at byte 33'],
  ['a wrong CRC of a text', pngOf(head(), withByte(text, 8, 98), rows()), 'wrong CRC in tEXt at byte 33'],
  ['4 bits of colour', pngOf(head({ colourType: 2, depth: 4 }), rows()), '4 bits with colour type 2, must be 8, 16'],
  ['16 bits of palette', pngOf(head({ colourType: 3, depth: 16 }), rows()), '16 bits with colour type 3'],
  ['2 bits of grey and alpha', pngOf(head({ colourType: 4, depth: 2 }), rows()), '2 bits with colour type 4'],
  ['3 bits', pngOf(head({ depth: 3 }), rows()), '3 bits with colour type 0, must be 1, 2, 4, 8, 16'],
  ['an unknown colour type', pngOf(changedHeader(9, 5), rows()), 'colour type 5, must be 0, 2, 3, 4 or 6'],
  ['another compression', pngOf(changedHeader(10, 1), rows()), 'compression 1, filter 0, both must be 0'],
  ['another filter method', pngOf(changedHeader(11, 64), rows()), 'compression 0, filter 64, both must be 0'],
  ['another interlacing', pngOf(changedHeader(12, 2), rows()), 'interlacing 2, must be 0 or 1'],
  ['no width', pngOf(head({ width: 0 }), rows()), '0 × 4 pixels'],
  ['a header of 12 bytes', pngOf(chunk('IHDR', header(FORM).subarray(1)), rows()), 'IHDR of 12 bytes, must be 13'],
  ['an unknown filter type', pngOf(head(), chunk('IDAT', deflateSync(Buffer.alloc(28, 7)))), 'filter type - 7'],
  [
    'a palette that is not a multiple of 3',
    pngOf(paletteHead, chunk('PLTE', Buffer.alloc(11)), rows(PALETTE_IMAGE)),
    'PLTE of 11 bytes, must be 3 for each of 1 to 256 colours',
  ],
  ['a palette of 257', pngOf(head({ colourType: 3 }), chunk('PLTE', Buffer.alloc(771)), rows()), 'PLTE of 771 bytes'],
  [
    'a palette of more colours than its depth names',
    pngOf(head({ colourType: 3, depth: 1 }), chunk('PLTE', Buffer.alloc(300)), rows(PALETTE_IMAGE)),
    'PLTE of 100 colours, must be at most 2 at bit depth 1',
  ],
  ['an empty gamma', pngOf(head(), chunk('gAMA'), rows()), 'gAMA of 0 bytes, must be 4'],
  ['a gamma of 5 bytes', pngOf(head(), chunk('gAMA', Buffer.alloc(5)), rows()), 'gAMA of 5 bytes, must be 4'],
  ['an empty palette', pngOf(head({ colourType: 3 }), chunk('PLTE'), rows()), 'PLTE of 0 bytes'],
  ['a palette with grey', pngOf(head(), fourColours, rows()), 'PLTE with colour type 0'],
  ['no palette', pngOf(paletteHead, rows(PALETTE_IMAGE)), 'IDAT before PLTE'],
  ['a late palette', pngOf(head({ colourType: 2 }), rows(COLOUR_IMAGE), fourColours), 'PLTE after IDAT'],
  ['two palettes', pngOf(head({ colourType: 3 }), fourColours, fourColours, rows()), 'a second PLTE'],
  [
    'a colour that its palette does not have',
    pngOf(paletteHead, chunk('PLTE', Buffer.alloc(9)), rows(PALETTE_IMAGE)),
    'index 3 not in palette',
  ],
  [
    'more alphas than colours',
    pngOf(paletteHead, fourColours, chunk('tRNS', Buffer.alloc(5)), rows(PALETTE_IMAGE)),
    'tRNS of 5 bytes for 4 colours',
  ],
  [
    'alphas before the palette',
    pngOf(paletteHead, chunk('tRNS', Buffer.alloc(1)), fourColours, rows(PALETTE_IMAGE)),
    'tRNS of 1 byte for 0 colours',
  ],
  ['a transparent grey of 1 byte', pngOf(head(), chunk('tRNS', Buffer.alloc(1)), rows()), 'tRNS of 1 byte, must be 2'],
  ['a transparent colour with alpha', pngOf(head({ colourType: 4 }), chunk('tRNS'), rows()), 'tRNS with colour type 4'],
  ['no IDAT', pngOf(head()), 'no IDAT'],
  ['IDAT in two places', pngOf(head(), chunk('IDAT'), chunk('tEXt'), rows()), 'other chunks between its IDAT'],
  ['no header', pngOf(rows()), 'its first chunk is IDAT, must be IHDR'],
  ['no chunk', SIGNATURE, 'its first chunk is missing, must be IHDR'],
  ['a second header', pngOf(head(), head(), rows()), 'a second IHDR'],
  ['an unknown critical chunk', pngOf(head(), chunk('ABCD'), rows()), 'an unknown chunk ABCD'],
  ['a chunk without a name', pngOf(head(), chunk('a\n[2'), rows()), 'a chunk type that is not four letters at byte 37'],
  ['no end', Buffer.concat([SIGNATURE, head(), rows()]), 'it ends without IEND'],
  ['an end with contents', Buffer.concat([SIGNATURE, head(), rows(), chunk('IEND', Buffer.of(1))]), 'IEND of 1 byte'],
  ['bytes after its end', Buffer.concat([encodePng(IMAGE), Buffer.of(0)]), '1 byte after its end'],
  ['its last byte missing', encodePng(IMAGE).subarray(0, -1), 'cut off at byte'],
])('refused: %s', (_, file, fault) => {
  expectDataError(() => decodePng(file, 'digit.png'), `digit.png: damaged PNG (`);
  expect(() => decodePng(file, 'digit.png')).toThrow(fault);
});

describeOnce('the header alone', () => {
  const only = (form: Partial<Form>): Buffer => Buffer.concat([SIGNATURE, chunk('IHDR', header({ ...FORM, ...form }))]);

  test.each<[string, Partial<Form>]>([
    ['too many pixels', { width: 2048, height: 1025, depth: 1 }],
    ['too many pixels of 16 bits', { width: 1024, height: 1025, depth: 16 }],
    ['a side that is too long', { width: 8193, height: 1 }],
    ['the largest numbers', { width: 2 ** 32 - 1, height: 2 ** 32 - 1, depth: 16, colourType: 6 }],
  ])('suffices to refuse %s', (_, form) => {
    expect(() => decodePng(only(form), 'poster.png')).toThrow(
      /^poster\.png: \d+ × \d+ pixels of \d+ bits: the limits are (2097152|1048576) pixels and 8192 per side; save/,
    );
  });

  test.each<[string, Partial<Form>]>([
    ['the most pixels', { width: 2048, height: 1024, colourType: 6 }],
    ['the most pixels of 16 bits', { width: 1024, height: 1024, colourType: 6, depth: 16 }],
    ['the longest side', { width: 8192, height: 256, colourType: 6 }],
  ])('does not refuse %s', (_, form) => {
    expect(() => decodePng(only(form), 'drawing.png')).toThrow('it ends without IEND');
  });

  test('does not refuse a file as large as such an image can be; a larger file is refused', () => {
    const filled = (length: number): Buffer => pngOf(head(), chunk('tEXt', Buffer.alloc(length)), rows());
    const rest = filled(0).length;
    expect(decodePng(filled(12 * 2 ** 20 - rest), 'f').rgba).toHaveLength(96);
    const larger = filled(12 * 2 ** 20 - rest + 1);
    expect(() => decodePng(larger, 'f')).toThrow('f: a PNG of 12582913 bytes, but the limit is 12582912');
  });
});

/** Random places in each form of file; `undefined`: every place. */
const PLACES = inTier<number | undefined>(30, undefined);

test(`a change of one bit, and a cut at one byte, is refused; places: ${PLACES ?? 'all'}`, () => {
  for (const [colourType, depth] of FORMS) {
    const file = encodePng(randomImage(below, { width: 3, height: 3, colourType, depth, interlaced: below(2) === 0 }));
    const places = (size: number): number[] => {
      const first = size * SIGNATURE.length;
      const all = size * file.length - first;
      return Array.from({ length: PLACES ?? all }, (_, n) => first + (PLACES === undefined ? n : below(all)));
    };
    for (const bit of places(8)) {
      const damaged = Buffer.from(file);
      damaged[Math.floor(bit / 8)] ^= 1 << (bit % 8);
      expect(() => decodePng(damaged, 'f')).toThrow(DataError);
    }
    for (const length of places(1)) expect(() => decodePng(file.subarray(0, length), 'f')).toThrow(DataError);
  }
});
