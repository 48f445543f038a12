/** The user's images for `longhand predict`, from PNG or IDX (plain or .gz), in the size that the network reads. */
import { DataError } from '../core/errors.js';
import { fitted, SIDE } from '../data/fit-drawing.js';
import { parseIdx } from '../data/mnist.js';
import { unpacked } from '../data/mnist-files.js';
import { readFile } from '../files/disk.js';
import { type Bitmap, decodePng, isPng, isTooLarge, LONGEST_SIDE, MOST_PIXELS } from './png.js';

export interface NamedImage {
  /** `digit.png`, or `t10k-images-idx3-ubyte[7]`. */
  readonly name: string;
  /** `[rows,columns]`, 0 … 255, light ink on a dark ground as in MNIST. */
  readonly pixels: Uint8Array;
  /** Advice for the user, such as `looks dark on light: --invert`. */
  readonly hint?: string;
}

export interface ReadOptions {
  /** The ink is dark, the paper light. */
  readonly invert?: boolean;
  /** Scale and centre the drawing as MNIST does, in images of any size. */
  readonly fit?: boolean;
  /** At most this many images. */
  readonly first?: number | undefined;
}

/**
 * The images of a file. Each is made when it is requested, so memory does not grow with their number. Throws a DataError
 * at once if the file is neither PNG nor IDX, or if its size does not fit.
 */
export function readImages(file: string, rows: number, columns: number, options: ReadOptions): Iterable<NamedImage> {
  return imagesIn(readFile(file), rows, columns, file, options);
}

/** The same for a file's bytes; `file` is for messages. */
export function imagesIn(
  packed: Uint8Array,
  rows: number,
  columns: number,
  file: string,
  options: ReadOptions = {},
): Iterable<NamedImage> {
  if (options.fit && (rows !== SIDE || columns !== SIDE)) {
    throw new DataError(
      `${file}: --fit makes images of ${SIDE} × ${SIDE}, but this network reads ${rows} × ${columns}`,
    );
  }
  const bytes = unpacked(packed, file);
  if (!isPng(bytes) && !isIdx(bytes)) throw new DataError(`${file}: is neither PNG nor IDX: save it as PNG`);
  return isPng(bytes) ? [fromPng(bytes, rows, columns, file, options)] : fromIdx(bytes, rows, columns, file, options);
}

/** An IDX file begins with two zeros; `parseIdx` checks the rest. */
const isIdx = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 0;

function fromIdx(
  bytes: Uint8Array,
  rows: number,
  columns: number,
  file: string,
  options: ReadOptions,
): Iterable<NamedImage> {
  const { shape, data } = parseIdx(bytes, 3, file);
  const [count, height, width] = shape;
  if (!options.fit && (height !== rows || width !== columns))
    throw new DataError(`${file}: its images are ${height} × ${width}, but this network reads ${rows} × ${columns}`);
  if (options.fit && isTooLarge(width, height, MOST_PIXELS)) {
    throw new DataError(
      `${file}: its images are ${height} × ${width}: the limits are ${MOST_PIXELS} pixels and ${LONGEST_SIDE} per side; ` +
        'save them smaller',
    );
  }
  return idxImages(data, Math.min(count, options.first ?? count), height * width, width, file, options);
}

function* idxImages(
  data: Uint8Array,
  count: number,
  size: number,
  width: number,
  file: string,
  { invert, fit }: ReadOptions,
): Generator<NamedImage> {
  for (let n = 0; n < count; n++) {
    const image = data.subarray(n * size, (n + 1) * size);
    const ink = invert ? image.map((value) => 255 - value) : image;
    yield { name: `${file}[${n}]`, pixels: fit ? fittedInk(ink, width) : ink };
  }
}

function fromPng(
  bytes: Uint8Array,
  rows: number,
  columns: number,
  file: string,
  { invert = false, fit = false }: ReadOptions,
): NamedImage {
  const { width, height, rgba } = decodePng(bytes, file);
  const ink = inkOf(rgba, invert);
  const isInverted = looksInverted(ink, { width, height, rgba });
  const factor = width / columns;
  const isMultiple = Number.isInteger(factor) && height === factor * rows;
  if (!fit && !isMultiple) {
    const canFit = rows === SIDE && columns === SIDE;
    const way = isInverted && !invert ? '; it looks dark on light: --fit --invert' : ': --fit scales it';
    throw new DataError(
      `${file}: ${width} × ${height} pixels; this network reads ${columns} × ${rows}, or a whole multiple of it` +
        (canFit ? way : ''),
    );
  }
  const pixels = fit ? fittedInk(ink, width) : shrunk(ink, width, rows, columns);
  const way = invert ? 'looks light on dark: omit --invert' : 'looks dark on light: --invert';
  const hint = isInverted ? way : pixels.every((value) => value === 0) ? 'is blank' : undefined;
  return { name: file, pixels, ...(hint && { hint }) };
}

/**
 * The ink of each pixel, 0 … 255: its luminance, with transparent pixels as black; or with `invert` its darkness, with
 * transparent pixels as white.
 */
function inkOf(rgba: Uint8Array, invert: boolean): Uint8Array {
  const ink = new Uint8Array(rgba.length / 4);
  for (let n = 0; n < ink.length; n++) {
    const luminance = 0.2126 * rgba[4 * n] + 0.7152 * rgba[4 * n + 1] + 0.0722 * rgba[4 * n + 2];
    ink[n] = Math.round((invert ? 255 - luminance : luminance) * (rgba[4 * n + 3] / 255));
  }
  return ink;
}

/**
 * Whether the image probably needs the other setting of `invert`. Either its border is bright, or its border is
 * transparent and the drawing is darker than mid-grey. With the other setting a pixel's ink would be its alpha minus its ink.
 */
function looksInverted(ink: Uint8Array, { width, height, rgba }: Bitmap): boolean {
  let [border, borderInk, borderAlpha, allInk, allAlpha] = [0, 0, 0, 0, 0];
  for (let n = 0; n < ink.length; n++) {
    const alpha = rgba[4 * n + 3];
    allInk += ink[n];
    allAlpha += alpha;
    const [x, y] = [n % width, Math.floor(n / width)];
    if (x > 0 && x < width - 1 && y > 0 && y < height - 1) continue;
    border++;
    borderInk += ink[n];
    borderAlpha += alpha;
  }
  const isBright = borderInk / border > 127.5;
  const isTransparent = borderAlpha / border < 127.5;
  return isBright || (isTransparent && allInk < allAlpha - allInk);
}

/** Ink fainter than this share of the darkest ink is grain of the paper. */
const GRAIN = 1 / 8;

/** Fits the drawing as MNIST does. The darkest ink becomes 255, because thin lines of a large image become faint. */
function fittedInk(ink: Uint8Array, width: number): Uint8Array {
  const grain = GRAIN * largestOf(ink);
  const pixels = fitted(
    ink.map((value) => (value < grain ? 0 : value)),
    width,
  );
  const darkest = largestOf(pixels);
  return darkest === 0 ? pixels : pixels.map((value) => Math.round((value * 255) / darkest));
}

const largestOf = (values: Uint8Array): number => values.reduce((most, value) => Math.max(most, value), 0);

/** Shrinks the image: each new pixel is the mean of a square of old pixels. */
function shrunk(ink: Uint8Array, width: number, rows: number, columns: number): Uint8Array {
  const factor = width / columns;
  const pixels = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = 0; y < factor; y++) {
        for (let x = 0; x < factor; x++) sum += ink[(row * factor + y) * width + column * factor + x];
      }
      pixels[row * columns + column] = Math.round(sum / factor ** 2);
    }
  }
  return pixels;
}
