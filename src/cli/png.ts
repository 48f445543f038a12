/**
 * PNG files (https://www.w3.org/TR/png-3/). pngjs decodes them. First this file checks what pngjs does not check: the
 * header's values, the chunks' order and checksums, and the size of the compressed rows.
 */
import { crc32, inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel, 0 … 255. */
  readonly rgba: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** With these limits, also for IDX with --fit, `longhand predict` needs less than a second and 200 MB (docs/files.md). */
export const MOST_PIXELS = 2 ** 21; // slightly more than 1920 × 1080
/** pngjs needs twice the memory for images of 16 bits. */
const MOST_PIXELS_OF_16_BITS = 2 ** 20;
export const LONGEST_SIDE = 8192;
/** In bytes: 8 MiB for rows that are stored uncompressed, and 4 MiB for texts and profiles. */
const LARGEST_FILE = 12 * 2 ** 20;

/** A chunk's type: four letters. If the first is lower case, a decoder may ignore the chunk. */
const CHUNK_TYPE = /^[A-Za-z]{4}$/;
const KNOWN = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
const MOST_COLOURS = 256;

const GREY = 0;
const COLOUR = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const COLOUR_ALPHA = 6;

/** For each colour type: numbers per pixel, and the bits that each number may have. */
const FORMS: Readonly<Record<number, { samples: number; depths: readonly number[] } | undefined>> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [COLOUR]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { samples: 2, depths: [8, 16] },
  [COLOUR_ALPHA]: { samples: 4, depths: [8, 16] },
};

type Pass = readonly [left: number, top: number, across: number, down: number];

/** The seven passes of an interlaced image: its first column and row, and the distance to the next. */
const PASSES: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, n) => bytes[n] === byte);

/** Throws a DataError that names the fault. An image beyond the limits is refused before it is decoded. */
export function decodePng(bytes: Uint8Array, file: string): Bitmap {
  const fault = (what: string): DataError => new DataError(`${file}: damaged PNG (${what})`);
  assertRows(compressedRows(bytes, file, fault), fault);
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { width, height, rgba: data };
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error));
  }
}

type Fault = (what: string) => DataError;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly colourType: number;
  /** Bits of each number. */
  readonly depth: number;
  readonly bitsPerPixel: number;
  readonly isInterlaced: boolean;
}

interface CompressedRows {
  readonly header: Header;
  readonly data: Uint8Array;
}

/** The compressed rows of all IDAT chunks. Checks every chunk. */
function compressedRows(bytes: Uint8Array, file: string, fault: Fault): CompressedRows {
  const chunks = chunksOf(bytes, fault);
  const first = chunks.next().value;
  if (first?.type !== 'IHDR') throw fault(`its first chunk is ${first?.type ?? 'missing'}, must be IHDR`);
  const header = headerOf(first.data, fault);
  assertSize(header, bytes.length, file);

  const parts: Uint8Array[] = [];
  const before: Before = { first: new Map(), last: first.type };
  for (const chunk of chunks) {
    assertChunk(chunk, before, header, fault);
    if (chunk.type === 'IDAT') parts.push(chunk.data);
    if (!before.first.has(chunk.type)) before.first.set(chunk.type, chunk);
    before.last = chunk.type;
  }
  if (before.last !== 'IEND') throw fault('it ends without IEND');
  return { header, data: parts.length === 1 ? parts[0] : Buffer.concat(parts) };
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** The chunks before the current one, except IHDR. */
interface Before {
  /** The first chunk of each type. */
  readonly first: Map<string, Chunk>;
  /** The type of the last chunk. */
  last: string;
}

/** The chunks up to IEND, which must end the file; checks their types and checksums. */
function* chunksOf(bytes: Uint8Array, fault: Fault): Generator<Chunk, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at < bytes.length;) {
    if (at + 12 > bytes.length) throw fault(`cut off at byte ${bytes.length}, within a chunk`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!CHUNK_TYPE.test(type)) throw fault(`a chunk type that is not four letters at byte ${at + 4}`);
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length)
      throw fault(`cut off at byte ${bytes.length}, within ${type}, which ends at ${end + 4}`);
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw fault(`wrong CRC in ${type} at byte ${at}`);
    yield { type, data: bytes.subarray(at + 8, end) };
    at = end + 4;
    if (type === 'IEND' && at < bytes.length) throw fault(`${counted(bytes.length - at, 'byte')} after its end`);
  }
}

function headerOf(data: Uint8Array, fault: Fault): Header {
  if (data.length !== 13) throw fault(`IHDR of ${counted(data.length, 'byte')}, must be 13`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, compression, filter, interlace] = data.subarray(8);
  if (width === 0 || height === 0) throw fault(`${width} × ${height} pixels`);
  const form = FORMS[colourType];
  if (!form) throw fault(`colour type ${colourType}, must be 0, 2, 3, 4 or 6`);
  if (!form.depths.includes(depth))
    throw fault(`${depth} bits with colour type ${colourType}, must be ${form.depths.join(', ')}`);
  if (compression !== 0 || filter !== 0) throw fault(`compression ${compression}, filter ${filter}, both must be 0`);
  if (interlace > 1) throw fault(`interlacing ${interlace}, must be 0 or 1`);
  return { width, height, colourType, depth, bitsPerPixel: form.samples * depth, isInterlaced: interlace === 1 };
}

export const isTooLarge = (width: number, height: number, most: number): boolean =>
  width * height > most || Math.max(width, height) > LONGEST_SIDE;

function assertSize({ width, height, depth }: Header, fileSize: number, file: string): void {
  const most = depth === 16 ? MOST_PIXELS_OF_16_BITS : MOST_PIXELS;
  if (isTooLarge(width, height, most)) {
    throw new DataError(
      `${file}: ${width} × ${height} pixels of ${depth} bits: the limits are ${most} pixels and ${LONGEST_SIDE} per side; ` +
        'save it smaller',
    );
  }
  if (fileSize > LARGEST_FILE)
    throw new DataError(`${file}: a PNG of ${counted(fileSize, 'byte')}, but the limit is ${LARGEST_FILE}`);
}

/** Throws if the chunk may not follow those before it. */
function assertChunk({ type, data }: Chunk, before: Before, header: Header, fault: Fault): void {
  const { colourType } = header;
  const has = (other: string): boolean => before.first.has(other);
  const isCritical = /^[A-Z]/.test(type);
  if (isCritical && !KNOWN.includes(type)) throw fault(`an unknown chunk ${type}`);
  if (type === 'IHDR') throw fault('a second IHDR');
  if ((type === 'PLTE' || type === 'tRNS') && has(type)) throw fault(`a second ${type}`);
  if ((type === 'PLTE' || type === 'tRNS') && has('IDAT')) throw fault(`${type} after IDAT`);
  if (type === 'PLTE') assertPalette(data.length, header, has('tRNS'), fault);
  if (type === 'tRNS') assertTransparency(data.length, colourType, before.first.get('PLTE'), fault);
  if (type === 'gAMA' && data.length !== 4) throw fault(`gAMA of ${counted(data.length, 'byte')}, must be 4`); // pngjs reads it
  if (type === 'IDAT' && has('IDAT') && before.last !== 'IDAT') throw fault('other chunks between its IDAT');
  if (type === 'IDAT' && colourType === PALETTE && !has('PLTE')) throw fault('IDAT before PLTE');
  if (type === 'IEND' && data.length > 0) throw fault(`IEND of ${counted(data.length, 'byte')}, must be 0`);
  if (type === 'IEND' && !has('IDAT')) throw fault('no IDAT');
}

function assertPalette(length: number, { colourType, depth }: Header, isLate: boolean, fault: Fault): void {
  if (colourType === GREY || colourType === GREY_ALPHA) throw fault(`PLTE with colour type ${colourType}`);
  if (isLate) throw fault('PLTE after tRNS');
  if (length % 3 !== 0 || length === 0 || length > 3 * MOST_COLOURS)
    throw fault(`PLTE of ${counted(length, 'byte')}, must be 3 for each of 1 to ${MOST_COLOURS} colours`);
  if (colourType === PALETTE && length / 3 > 2 ** depth)
    throw fault(`PLTE of ${length / 3} colours, must be at most ${2 ** depth} at bit depth ${depth}`);
}

/** tRNS holds one alpha for each colour of a palette, or the one grey or colour that is transparent. */
function assertTransparency(length: number, colourType: number, palette: Chunk | undefined, fault: Fault): void {
  if (colourType === PALETTE) {
    const colours = (palette?.data.length ?? 0) / 3;
    if (length > colours) throw fault(`tRNS of ${counted(length, 'byte')} for ${colours} colours`);
    return;
  }
  const needed = colourType === GREY ? 2 : colourType === COLOUR ? 6 : undefined;
  if (needed === undefined) throw fault(`tRNS with colour type ${colourType}`);
  if (length !== needed) throw fault(`tRNS of ${counted(length, 'byte')}, must be ${needed}`);
}

/** Throws unless the rows unpack, with a correct checksum, to the size that the header gives, and nothing follows them. */
function assertRows({ header, data }: CompressedRows, fault: Fault): void {
  const expected = unpackedSize(header);
  let rows: Unpacked;
  try {
    // larger than the result, so that zlib does not have to join pieces
    const options = { maxOutputLength: expected, chunkSize: Math.max(64, expected + 1), info: true };
    const unpacked: unknown = inflateSync(data, options); // @types/node does not describe the result with `info`
    rows = unpacked as Unpacked;
  } catch (error) {
    throw fault(zlibFault(error, expected));
  }
  const found = rows.buffer.length;
  if (found !== expected) throw fault(`its rows have ${counted(found, 'byte')}, its header requires ${expected}`);
  const rest = data.length - rows.engine.bytesWritten;
  if (rest > 0) throw fault(`${counted(rest, 'byte')} in IDAT after its rows`);
}

interface Unpacked {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how many bytes of the compressed data zlib has read. */
  readonly engine: { readonly bytesWritten: number };
}

function zlibFault(error: unknown, expected: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return `its rows have more than the ${counted(expected, 'byte')} that its header requires`;
  if (code === 'Z_BUF_ERROR') return 'the compressed rows are cut off';
  if (message === 'incorrect data check') return 'the compressed rows have a wrong Adler-32';
  return `the compressed rows: ${message}`;
}

/** The size of the unpacked rows in bytes: each row begins with one byte for its filter. */
function unpackedSize({ width, height, bitsPerPixel, isInterlaced }: Header): number {
  const passes: readonly Pass[] = isInterlaced ? PASSES : [[0, 0, 1, 1]];
  return passes.reduce((sum, [left, top, across, down]) => {
    const [columns, rows] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bitsPerPixel) / 8)) : sum;
  }, 0);
}
