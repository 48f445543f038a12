/**
 * The safetensors format (https://github.com/huggingface/safetensors), read and written.
 *
 *   8 bytes   N, the length of the header: u64, little-endian
 *   N bytes   the header, JSON: {"name": {"dtype": "F32", "shape": [2,3], "data_offsets": [begin, end]}, …,
 *             "__metadata__": {"key": "text", …}}
 *   the rest  the tensors' bytes, little-endian, row by row; offsets count from here
 *
 * The tensors follow one another, in any order, without gap, overlap or remainder. A file that breaks a rule of the format
 * is refused with the reason, before memory of the size that it claims is allocated.
 */
import { assertBytes, counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { formatShape } from '../core/tensor.js';
import { parseStrictJson } from './json.js';

const BYTES_AN_ELEMENT = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

/** The element types of the format. */
export type StoredDType = keyof typeof BYTES_AN_ELEMENT;

/** A tensor as a file holds it. */
export interface StoredTensor {
  /** The type of its elements. */
  readonly dtype: StoredDType;
  /** Its extents. An extent of 0 is allowed; an empty shape is a single number. */
  readonly shape: readonly number[];
  /** Its elements in row order, little-endian. */
  readonly bytes: Uint8Array;
}

/** The contents of a safetensors file. */
export interface Safetensors {
  /** The texts of `__metadata__`, by key. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The tensors, by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** In bytes. The format allows 100 MB, but JSON.parse of such a text takes gigabytes. */
const LONGEST_HEADER = 2 ** 24;
/** Three levels: the header, a tensor, its shape. */
const DEEPEST_HEADER = 3;
const LENGTH_BYTES = 8;
const METADATA = '__metadata__';

/** The contents of a file; tensors are views into `bytes`. `name` is for the messages. Throws a DataError. */
export function parseSafetensors(bytes: Uint8Array, name: string): Safetensors {
  assertBytes(`${name}: bytes`, bytes);
  const headerLength = headerLengthOf(bytes, name);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerLength), name);
  const data = bytes.subarray(LENGTH_BYTES + headerLength);
  const placed = Object.entries(header)
    .filter(([key]) => key !== METADATA)
    .map(([key, entry]) => placedTensor(key, entry, name));
  assertContiguous(placed, data.length, name);
  return {
    metadata: metadataOf(header, name),
    tensors: new Map(
      placed.map(({ key, dtype, shape, begin, end }) => [key, { dtype, shape, bytes: data.subarray(begin, end) }]),
    ),
  };
}

function headerLengthOf(bytes: Uint8Array, name: string): number {
  if (bytes.length < LENGTH_BYTES) {
    throw new DataError(
      `${name}: ${counted(bytes.length, 'byte')}, too short for safetensors, whose first 8 bytes are a length`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    throw new DataError(
      `${name}: not safetensors: its header would have ${counted(length, 'byte')}, at most ${LONGEST_HEADER} are allowed`,
    );
  }
  if (Number(length) > bytes.length - LENGTH_BYTES) {
    throw new DataError(
      `${name}: cut off: its header has ${counted(length, 'byte')}, but only ${bytes.length - LENGTH_BYTES} follow`,
    );
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = parseStrictJson(text, { depth: DEEPEST_HEADER, onlyPlainIntegers: true });
  } catch (error) {
    throw new DataError(`${name}: its header is not valid: ${(error as Error).message}`);
  }
  if (!text.startsWith('{')) throw new DataError(`${name}: its header must start with {, not with ${quote(text[0])}`);
  return header as Record<string, unknown>;
}

function metadataOf(header: Record<string, unknown>, name: string): Map<string, string> {
  if (!Object.hasOwn(header, METADATA)) return new Map();
  const metadata = header[METADATA];
  if (!isRecord(metadata)) throw new DataError(`${name}: ${METADATA} must be an object`);
  const entries = Object.entries(metadata).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw new DataError(`${name}: ${METADATA} ${quote(key)} must be a text`);
    return [key, value];
  });
  return new Map(entries);
}

interface PlacedTensor extends Omit<StoredTensor, 'bytes'> {
  readonly key: string;
  readonly begin: number;
  readonly end: number;
}

function placedTensor(key: string, entry: unknown, name: string): PlacedTensor {
  const where = `${name}: tensor ${quote(key)}`;
  if (!isRecord(entry)) throw new DataError(`${where}: must be an object`);
  const { dtype, shape, data_offsets: offsets, ...others } = entry;
  const other = Object.keys(others).at(0);
  if (other !== undefined) throw new DataError(`${where}: unknown field ${quote(other)}`);
  if (!isDType(dtype)) throw new DataError(`${where}: unknown dtype ${quote(dtype)}`);
  if (!isExtents(shape)) throw new DataError(`${where}: shape ${quote(shape)} must be a list of whole numbers ≥ 0`);
  if (!isExtents(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw new DataError(`${where}: data_offsets ${quote(offsets)} must be [begin,end] with 0 ≤ begin ≤ end`);
  const [begin, end] = offsets;
  const size = shape.reduce((product, extent) => product * extent, BYTES_AN_ELEMENT[dtype]);
  if (size !== end - begin) {
    throw new DataError(
      `${where}: ${dtype} ${quote(shape)} needs ${counted(size, 'byte')}, its offsets give ${end - begin}`,
    );
  }
  return { key, dtype, shape, begin, end };
}

function assertContiguous(placed: readonly PlacedTensor[], length: number, name: string): void {
  let reached = 0;
  for (const { key, begin, end } of [...placed].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached) {
      const what = begin > reached ? 'a gap before it' : 'an overlap with another';
      throw new DataError(`${name}: tensor ${quote(key)} begins at ${begin}, expected ${reached}: ${what}`);
    }
    reached = end;
  }
  if (reached !== length) {
    const what = reached > length ? 'it is cut off' : 'something was added';
    throw new DataError(
      `${name}: its tensors have ${counted(reached, 'byte')}, but ${length} follow the header: ${what}`,
    );
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDType = (value: unknown): value is StoredDType =>
  typeof value === 'string' && Object.hasOwn(BYTES_AN_ELEMENT, value);

const isExtents = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);

/** A value from a file for a message: as JSON, which no terminal interprets, and shortened. */
export function quote(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/**
 * The bytes of a file. Tensors with wide elements come first, so that each starts at a multiple of its element size. Names
 * are sorted, so the same contents give the same bytes. Throws a DataError for a header that no reader accepts: more than 16 MiB.
 */
export function writeSafetensors({ metadata, tensors }: Safetensors): Uint8Array<ArrayBuffer> {
  if (tensors.has(METADATA)) throw new RangeError(`safetensors: no tensor can be named ${METADATA}`);
  const sorted = [...tensors].sort(
    ([a, { dtype: aType }], [b, { dtype: bType }]) =>
      BYTES_AN_ELEMENT[bType] - BYTES_AN_ELEMENT[aType] || compareText(a, b),
  );
  // fromEntries, because an assignment to a key named __proto__ would not make a property
  let begin = 0;
  const entries = sorted.map(([key, { dtype, shape, bytes }]) => {
    const size = shape.reduce((product, extent) => product * extent, BYTES_AN_ELEMENT[dtype]);
    if (size !== bytes.length) {
      throw new RangeError(
        `safetensors: ${key}: ${dtype} ${formatShape(shape)} needs ${counted(size, 'byte')}, has ${bytes.length}`,
      );
    }
    begin += size;
    return [key, { dtype, shape, data_offsets: [begin - size, begin] }];
  });
  const texts = Object.fromEntries([...metadata].sort(([a], [b]) => compareText(a, b)));
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, texts], ...entries])));

  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > LONGEST_HEADER) {
    throw new DataError(
      `safetensors: the header would have ${counted(padded, 'byte')}, at most ${LONGEST_HEADER} are allowed`,
    );
  }
  const file = new Uint8Array(LENGTH_BYTES + padded + begin);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  file.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + padded;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, position);
    position += bytes.length;
  }
  return file;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
