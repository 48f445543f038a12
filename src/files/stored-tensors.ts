/** Converts tensors to stored ones, and back; reading checks name, type and shape. */
import { DataError } from '../core/errors.js';
import { F32_RANGE, isWithinF32 } from '../core/numbers.js';
import { type FloatArray, type Shape, type Tensor, tensorFrom, valuesOf } from '../core/tensor.js';
import { type Safetensors, type StoredDType, type StoredTensor, quote } from './safetensors.js';

/** A copy of a tensor for a file, in its own precision. */
export function storedTensor(tensor: Tensor): StoredTensor {
  const values = valuesOf(tensor);
  return storedFloats(tensor.dtype === 'float32' ? Float32Array.from(values) : values, tensor.shape);
}

/** Numbers for a file, in their own precision (not copied). */
export function storedFloats(values: FloatArray, shape: Shape): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: values instanceof Float32Array ? 'F32' : 'F64', shape, bytes };
}

/** Whole numbers for a file (not copied). */
export function storedIntegers(values: Uint32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: 'U32', shape: [values.length], bytes };
}

/** Which numbers a reader accepts. @inline */
export interface FloatLimits {
  /** Accept NaN, infinities, and f64 numbers that are infinite in f32. Default: false, they are refused. */
  readonly allowNonFinite?: boolean;
}

/** A number is an extent that must match; a text names an extent of any size, for messages. */
export type ExpectedShape = readonly (number | string)[];

/** A copy of the tensor `key`, F32 or F64. Throws a DataError if it is missing or has another type or shape. */
export function floatsNamed(
  file: Safetensors,
  key: string,
  shape: ExpectedShape,
  name: string,
  { allowNonFinite = false }: FloatLimits = {},
): Tensor {
  const stored = storedNamed(file, key, ['F32', 'F64'], shape, name);
  const { buffer } = new Uint8Array(stored.bytes); // a copy, since numbers must start at a multiple of their size
  const values = stored.dtype === 'F32' ? new Float32Array(buffer) : new Float64Array(buffer);
  const wrong = allowNonFinite ? -1 : values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new DataError(`${name}: tensor ${quote(key)}: element ${wrong} is ${values[wrong]}, must be finite`);
  return tensorFrom(values, stored.shape);
}

/**
 * As `floatsNamed`, for a network, which computes in f32: a number that is infinite in f32 is refused too. The tensor keeps
 * its stored precision.
 */
export function floatsWithinF32(
  file: Safetensors,
  key: string,
  shape: ExpectedShape,
  name: string,
  limits: FloatLimits = {},
): Tensor {
  const tensor = floatsNamed(file, key, shape, name, limits);
  if (tensor.dtype === 'float32' || limits.allowNonFinite) return tensor;
  const wrong = tensor.data.findIndex((value) => !isWithinF32(value));
  if (wrong >= 0) {
    throw new DataError(
      `${name}: tensor ${quote(key)}: element ${wrong} is ${tensor.data[wrong]}: beyond f32 (${F32_RANGE})`,
    );
  }
  return tensor;
}

/** A copy of the tensor `key`, of whole numbers (U8, I32, U32 or I64). Throws a DataError. */
export function integersNamed(file: Safetensors, key: string, shape: ExpectedShape, name: string): Float64Array {
  const { dtype, bytes } = storedNamed(file, key, ['U8', 'I32', 'U32', 'I64'], shape, name);
  const { buffer } = new Uint8Array(bytes);
  if (dtype === 'U8') return Float64Array.from(bytes);
  if (dtype === 'I32') return Float64Array.from(new Int32Array(buffer));
  if (dtype === 'U32') return Float64Array.from(new Uint32Array(buffer));
  return Float64Array.from(new BigInt64Array(buffer), Number);
}

/** A copy of the tensor `key`, U32 `[n]`. Throws a DataError. */
export function indicesNamed(file: Safetensors, key: string, name: string): Uint32Array {
  return new Uint32Array(new Uint8Array(storedNamed(file, key, ['U32'], ['n'], name).bytes).buffer);
}

/**
 * The shape of the tensor `key`, which is not read. Throws a DataError if it is missing or has another shape; `why` ends
 * the message. Default: '', nothing.
 */
export function shapeNamed(file: Safetensors, key: string, shape: ExpectedShape, name: string, why = ''): Shape {
  const stored = presentTensor(file, key, name);
  assertStoredShape(stored, key, shape, name, why);
  return stored.shape;
}

function storedNamed(
  file: Safetensors,
  key: string,
  dtypes: readonly StoredDType[],
  shape: ExpectedShape,
  name: string,
): StoredTensor {
  const stored = presentTensor(file, key, name);
  if (!dtypes.includes(stored.dtype))
    throw new DataError(`${name}: tensor ${quote(key)} is ${stored.dtype}, must be ${dtypes.join(' or ')}`);
  assertStoredShape(stored, key, shape, name);
  return stored;
}

function presentTensor({ tensors }: Safetensors, key: string, name: string): StoredTensor {
  const stored = tensors.get(key);
  if (!stored) throw new DataError(`${name}: has no tensor ${quote(key)}, only ${namesOf(tensors)}`);
  return stored;
}

function assertStoredShape(stored: StoredTensor, key: string, shape: ExpectedShape, name: string, why = ''): void {
  const where = `${name}: tensor ${quote(key)} is ${quote(stored.shape)}`;
  const fits =
    stored.shape.length === shape.length &&
    shape.every((extent, axis) => typeof extent === 'string' || extent === stored.shape[axis]);
  if (!fits) throw new DataError(`${where}, must be [${shape.join(',')}]${why}`);
  if (stored.shape.includes(0)) throw new DataError(`${where}: it must not be empty`);
}

function namesOf(tensors: ReadonlyMap<string, StoredTensor>): string {
  const names = [...tensors.keys()].map(quote);
  const shown = names.slice(0, 8).join(', ');
  return names.length === 0 ? 'none' : names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

/** How element n is read as a number. The 8-bit floats are not read. */
const READERS: Readonly<Partial<Record<StoredDType, (view: DataView, n: number) => number>>> = {
  F64: (view, n) => view.getFloat64(8 * n, true),
  F32: (view, n) => view.getFloat32(4 * n, true),
  F16: (view, n) => halfPrecision(view.getUint16(2 * n, true)),
  BF16: (view, n) => upperHalf(view.getUint16(2 * n, true)),
  I64: (view, n) => Number(view.getBigInt64(8 * n, true)),
  U64: (view, n) => Number(view.getBigUint64(8 * n, true)),
  I32: (view, n) => view.getInt32(4 * n, true),
  U32: (view, n) => view.getUint32(4 * n, true),
  I16: (view, n) => view.getInt16(2 * n, true),
  U16: (view, n) => view.getUint16(2 * n, true),
  I8: (view, n) => view.getInt8(n),
  U8: (view, n) => view.getUint8(n),
  BOOL: (view, n) => view.getUint8(n),
};

/** A function that reads element n of a tensor as a number; undefined for the 8-bit floats. */
export function elementReader({ dtype, bytes }: StoredTensor): ((n: number) => number) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[dtype];
  return read && ((n) => read(view, n));
}

/** 1 bit for the sign, 5 for the exponent, 10 for the fraction. */
function halfPrecision(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of an f32. */
function upperHalf(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}
