/** Images of the user's: PNG, or IDX, plain or as .gz, brought to the size that a network reads. */
import { PNG } from 'pngjs';
import { DataError } from '../data-error.js';
import { readFile } from '../files.js';
import { parseIdx } from '../mnist.js';
import { unpacked } from '../mnist-files.js';

export interface NamedImage {
  /** `digit.png`, or `t10k-images-idx3-ubyte[7]`. */
  readonly name: string;
  /** `[rows,columns]`, 0 … 255, white ink on black as in MNIST. */
  readonly pixels: Uint8Array;
}

/** A drawing, not a poster. */
const MOST_PIXELS = 4096 * 4096;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** All images of a file. Throws a DataError where it is neither PNG nor IDX, or of a size that does not fit. */
export function readImages(file: string, rows: number, columns: number): NamedImage[] {
  return imagesIn(readFile(file), rows, columns, file);
}

/** The same of a file's bytes; `file` is for the messages. */
export function imagesIn(packed: Uint8Array, rows: number, columns: number, file: string): NamedImage[] {
  const bytes = unpacked(packed, file);
  if (PNG_SIGNATURE.every((byte, n) => bytes[n] === byte)) {
    return [{ name: file, pixels: pngPixels(bytes, rows, columns, file) }];
  }
  const { shape, data } = parseIdx(bytes, 3, file);
  if (shape[1] !== rows || shape[2] !== columns) {
    throw new DataError(`${file}: its images are ${shape[1]} × ${shape[2]}, this network reads ${rows} × ${columns}`);
  }
  const size = rows * columns;
  return Array.from({ length: shape[0] }, (_, n) => ({
    name: `${file}[${n}]`,
    pixels: data.subarray(n * size, (n + 1) * size),
  }));
}

function pngPixels(bytes: Uint8Array, rows: number, columns: number, file: string): Uint8Array {
  assertHeader(bytes, rows, columns, file);
  assertChunks(bytes, file);
  try {
    const { data, width } = PNG.sync.read(Buffer.from(bytes));
    return shrunk(brightnessOf(data), width, rows, columns);
  } catch (error) {
    throw new DataError(`${file}: damaged PNG (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** By the PNG's header, before anything of its size is allocated. */
function assertHeader(bytes: Uint8Array, rows: number, columns: number, file: string): void {
  // the signature, the header's length and name, width, height, then how it is stored; interlaced at byte 28
  if (bytes.length < 29) throw new DataError(`${file}: damaged PNG (${bytes.length} bytes)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width * height > MOST_PIXELS) {
    throw new DataError(`${file}: ${width} × ${height} pixels, more than ${MOST_PIXELS} are not read`);
  }
  // pngjs would unpack one without a limit
  if (bytes[28] !== 0)
    throw new DataError(`${file}: an interlaced PNG, which is not read: save it without interlacing`);
  const factor = width / columns;
  if (!(Number.isInteger(factor) && factor >= 1 && height === factor * rows)) {
    throw new DataError(
      `${file}: ${width} × ${height} pixels; this network reads ${columns} × ${rows}, or a whole multiple of it`,
    );
  }
}

/** pngjs takes a second header for the first, and a palette of any length. */
function assertChunks(bytes: Uint8Array, file: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = PNG_SIGNATURE.length; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const isFirst = at === PNG_SIGNATURE.length;
    if ((type === 'IHDR') !== isFirst || (isFirst && length !== 13)) {
      throw new DataError(`${file}: damaged PNG (${isFirst ? 'no header' : 'a second header'})`);
    }
    if (type === 'PLTE' && length > 768) throw new DataError(`${file}: damaged PNG (a palette of ${length} bytes)`);
  }
}

/** 0 … 255 of each pixel, from red, green, blue and alpha: colours by their luminance, on black where transparent. */
function brightnessOf(data: Uint8Array): Float64Array {
  return Float64Array.from({ length: data.length / 4 }, (_, n) => {
    const [red, green, blue, alpha] = data.subarray(4 * n, 4 * n + 4);
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) * (alpha / 255);
  });
}

/** Each pixel the mean of a square of the larger image. */
function shrunk(brightness: Float64Array, width: number, rows: number, columns: number): Uint8Array {
  const factor = width / columns;
  const pixels = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = 0; y < factor; y++) {
        for (let x = 0; x < factor; x++) sum += brightness[(row * factor + y) * width + column * factor + x];
      }
      pixels[row * columns + column] = Math.round(sum / factor ** 2);
    }
  }
  return pixels;
}
