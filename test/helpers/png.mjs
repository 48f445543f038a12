// @ts-check
/**
 * PNG files of every form, made from numbers: each colour type and depth, each filter, interlaced or not. It shares
 * nothing with the decoder; the tests and the fuzzer read back what it writes.
 *
 * `samples` are in row order; `palette` is of [r, g, b]; `transparency` the bytes of tRNS.
 *
 * @typedef {{ width: number, height: number, colourType: number, depth: number, interlaced?: boolean | undefined }} Form
 * @typedef {{ samples: ArrayLike<number>, palette?: number[][] | undefined, transparency?: number[] | undefined }} Contents
 * @typedef {Form & Contents} Image
 */
import { crc32, deflateSync } from 'node:zlib';

export const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Numbers a pixel, by colour type: grey, colour, palette, grey and alpha, colour and alpha.
 *
 * @type {Record<number, number>}
 */
export const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** All legal pairs of colour type and bits a number. */
export const FORMS = [
  ...[1, 2, 4, 8, 16].map((depth) => [0, depth]),
  ...[8, 16].map((depth) => [2, depth]),
  ...[1, 2, 4, 8].map((depth) => [3, depth]),
  ...[8, 16].map((depth) => [4, depth]),
  ...[8, 16].map((depth) => [6, depth]),
];

/** @type {(type: string, data?: Uint8Array) => Buffer<ArrayBuffer>} */
export function chunk(type, data = Buffer.alloc(0)) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** @param {Form} form */
export function header({ width, height, colourType, depth, interlaced = false }) {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  return data;
}

/** Chunks in their order, between the signature and IEND. @param {Uint8Array[]} chunks */
export const pngOf = (...chunks) => Buffer.concat([SIGNATURE, ...chunks, chunk('IEND')]);

/** The whole file. @param {Image} image */
export function encodePng(image, { level = 6, parts = 1 } = {}) {
  const { palette, transparency } = image;
  const compressed = deflateSync(rowsOf(image), { level });
  const size = Math.ceil(compressed.length / parts);
  return pngOf(
    chunk('IHDR', header(image)),
    ...(palette ? [chunk('PLTE', Buffer.from(palette.flat()))] : []),
    ...(transparency ? [chunk('tRNS', Buffer.from(transparency))] : []),
    ...Array.from({ length: parts }, (_, n) => chunk('IDAT', compressed.subarray(n * size, (n + 1) * size))),
  );
}

const ADAM7 = [
  { left: 0, top: 0, across: 8, down: 8 },
  { left: 4, top: 0, across: 8, down: 8 },
  { left: 0, top: 4, across: 4, down: 8 },
  { left: 2, top: 0, across: 4, down: 4 },
  { left: 0, top: 2, across: 2, down: 4 },
  { left: 1, top: 0, across: 2, down: 2 },
  { left: 0, top: 1, across: 1, down: 2 },
];

/**
 * The bytes to compress: each row of each pass, after its filter's number. Row n of a pass has filter n mod 5.
 *
 * @param {Image} image
 */
export function rowsOf({ width, height, colourType, depth, interlaced = false, samples }) {
  const perPixel = SAMPLES[colourType];
  const distance = Math.max(1, (perPixel * depth) / 8);
  /** @type {Buffer[]} */
  const rows = [];
  for (const { left, top, across, down } of interlaced ? ADAM7 : [{ left: 0, top: 0, across: 1, down: 1 }]) {
    /** @type {Buffer | undefined} */
    let previous;
    for (let y = top, n = 0; y < height; y += down, n++) {
      const numbers = [];
      for (let x = left; x < width; x += across) {
        for (let s = 0; s < perPixel; s++) numbers.push(samples[(y * width + x) * perPixel + s]);
      }
      if (numbers.length === 0) break;
      const row = packed(numbers, depth);
      rows.push(filtered(row, previous ?? Buffer.alloc(row.length), distance, n % 5));
      previous = row;
    }
  }
  return Buffer.concat(rows);
}

/** @type {(numbers: number[], depth: number) => Buffer} */
function packed(numbers, depth) {
  if (depth === 8) return Buffer.from(numbers);
  if (depth === 16) return Buffer.from(numbers.flatMap((number) => [number >> 8, number & 255]));
  const bits = numbers.map((number) => number.toString(2).padStart(depth, '0')).join('');
  const bytes = Math.ceil(bits.length / 8);
  return Buffer.from(Array.from({ length: bytes }, (_, n) => parseInt(bits.slice(8 * n, 8 * n + 8).padEnd(8, '0'), 2)));
}

/** What each filter subtracts. @type {((left: number, above: number, aboveLeft: number) => number)[]} */
const PREDICTIONS = [() => 0, (a) => a, (_, b) => b, (a, b) => (a + b) >> 1, paeth];

/** @type {(row: Buffer, above: Buffer, distance: number, filter: number) => Buffer} */
function filtered(row, above, distance, filter) {
  const predicted = PREDICTIONS[filter];
  const bytes = Buffer.of(filter, ...row);
  for (let n = 0; n < row.length; n++) {
    const [a, c] = n < distance ? [0, 0] : [row[n - distance], above[n - distance]];
    bytes[n + 1] -= predicted(a, above[n], c);
  }
  return bytes;
}

/**
 * Whichever of left, above and above left is nearest to a + b - c.
 *
 * @type {(a: number, b: number, c: number) => number}
 */
function paeth(a, b, c) {
  const [distanceA, distanceB, distanceC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (distanceA <= distanceB && distanceA <= distanceC) return a;
  return distanceB <= distanceC ? b : c;
}

/** Red, green, blue and alpha of each pixel, 0 … 255, as the format defines them. @param {Image} image */
export function rgbaOf({ width, height, colourType, depth, samples, palette = [], transparency }) {
  const largest = 2 ** depth - 1;
  const perPixel = SAMPLES[colourType];
  return Uint8Array.from(
    Array.from({ length: width * height }, (_, n) => {
      const numbers = Array.from({ length: perPixel }, (_, s) => samples[n * perPixel + s]);
      if (colourType === 3) return [...palette[numbers[0]], transparency?.[numbers[0]] ?? 255];
      const [hasColour, hasAlpha] = [(colourType & 2) !== 0, (colourType & 4) !== 0];
      const isTransparent =
        transparency && numbers.every((number, s) => number === transparency[2 * s] * 256 + transparency[2 * s + 1]);
      const bytes = numbers.map((number) => Math.round((number * 255) / largest));
      const alpha = hasAlpha ? bytes.at(-1) : isTransparent ? 0 : 255;
      return [...(hasColour ? bytes.slice(0, 3) : [bytes[0], bytes[0], bytes[0]]), alpha];
    }).flat(),
  );
}

/**
 * A picture of random numbers of this form; `below(n)` gives 0 … n - 1.
 *
 * @type {(below: (limit: number) => number, form: Form) => Image}
 */
export function randomImage(below, { width, height, colourType, depth, interlaced }) {
  const numbers = width * height * SAMPLES[colourType];
  const image = { width, height, colourType, depth, interlaced };
  const samples = Array.from({ length: numbers }, () => below(2 ** depth));
  if (colourType === 3) {
    const palette = Array.from({ length: 2 ** depth }, () => [below(256), below(256), below(256)]);
    const transparency = below(2) === 0 ? palette.slice(below(palette.length)).map(() => below(256)) : undefined;
    return { ...image, samples, palette, transparency };
  }
  // one of its own colours is the transparent one
  const first = samples.slice(0, SAMPLES[colourType]).flatMap((number) => [number >> 8, number & 255]);
  const transparency = (colourType === 0 || colourType === 2) && below(2) === 0 ? first : undefined;
  return { ...image, samples, transparency };
}
