/**
 * Host tensors: `ndarray` views over one typed array.
 *
 * A view never copies. Step t of a sequence, the x rows of a kernel and a transpose are views: the same memory with
 * another shape and other strides. Writing to a view writes to its tensor.
 */
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { assertNumber, assertObject, assertTensor, counted, describe } from './arguments.js';
import { OutOfMemoryError } from './errors.js';
import { F32_RANGE, isWithinF32 } from './numbers.js';

/** The array that holds a tensor's numbers. */
export type FloatArray = Float32Array | Float64Array;
/** A view of numbers in a typed array: `get`, `set`, `shape`, `stride`, `pick`, `hi`, `lo`; see the package ndarray. */
export type Tensor = ndarray.NdArray<FloatArray>;
/** The precisions of tensors: 32 or 64 bits a number. */
export const DTYPES = ['f32', 'f64'] as const;
/** The precision of a tensor: 32 or 64 bits a number. */
export type DType = (typeof DTYPES)[number];
/** Extents, the slowest first: `[T,B,I]`. Each is a whole number ≥ 1. */
export type Shape = readonly number[];

/** `[128,28]`, as every message of this project writes shapes. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/**
 * The number of elements. Throws a RangeError if an extent is not a whole number ≥ 1, and an OutOfMemoryError if there
 * are 2⁵³ elements or more, which f64 cannot count exactly.
 */
export function sizeOf(shape: Shape): number {
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 1)
      throw new RangeError(`tensor: shape ${formatShape(shape)}: every extent must be a whole number ≥ 1`);
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (!Number.isSafeInteger(size)) {
    throw new OutOfMemoryError(
      `tensor: shape ${formatShape(shape)}: ${counted(size, 'element')}, more than any computer holds`,
    );
  }
  return size;
}

function assertDType(dtype: DType): void {
  if (DTYPES.includes(dtype)) return;
  throw new RangeError(`tensor: dtype ${describe(dtype)}: must be ${DTYPES.join(' or ')}`);
}

/**
 * A new tensor `[…]` of zeros in this shape. `dtype`: default f32. Its `set`, and that of its views, throws a TypeError for another
 * number of indices than axes. Throws a RangeError for another dtype than f32 and f64, and an OutOfMemoryError if it does not fit.
 */
export function zeros(shape: Shape, dtype: DType = 'f32'): Tensor {
  return withCheckedSet(allocated(shape, dtype));
}

/**
 * As `zeros`, for a backend: with ndarray's own `set`, which writes elsewhere if an index is forgotten. The check would cost the inner
 * loops of the reference backend 3 to 7% in f32.
 */
export function allocated(shape: Shape, dtype: DType): Tensor {
  const size = sizeOf(shape);
  assertDType(dtype);
  try {
    return ndarray<FloatArray>(dtype === 'f32' ? new Float32Array(size) : new Float64Array(size), [...shape]);
  } catch {
    const bytes = size * (dtype === 'f32' ? 4 : 8);
    throw new OutOfMemoryError(
      `tensor: shape ${formatShape(shape)} needs ${counted(bytes, 'byte')}, more than is available`,
    );
  }
}

/**
 * A tensor `[…]` over `data`, row by row. A Float32Array or Float64Array is not copied; other numbers are copied into a new
 * array of `dtype`, default f32. Its `set` is as that of `zeros`. Throws a RangeError unless `data` has exactly as many numbers as `shape`,
 * or for another dtype than f32 and f64. Throws a TypeError for an element that is not a number.
 */
export function tensorFrom(data: FloatArray | ArrayLike<number>, shape: Shape, dtype: DType = 'f32'): Tensor {
  const size = sizeOf(shape);
  assertDType(dtype);
  assertObject('tensor: data', data);
  if (data.length !== size) {
    throw new RangeError(
      `tensor: shape ${formatShape(shape)} holds ${counted(size, 'number')}, but ${data.length} were given`,
    );
  }
  const isFloats = data instanceof Float32Array || data instanceof Float64Array;
  if (!isFloats)
    for (let n = 0; n < size; n++) if (typeof data[n] !== 'number') assertNumber(`tensor: element ${n} is`, data[n]);
  const floats = isFloats ? data : dtype === 'f32' ? Float32Array.from(data) : Float64Array.from(data);
  return withCheckedSet(ndarray<FloatArray>(floats, [...shape]));
}

/** ndarray's prototypes stay as they are, because others use them: for each of them, one that inherits from it. */
const checkedPrototypes = new Map<object, object>();

/** The same view, with a `set` that counts its arguments; views of it have this `set` too. */
function withCheckedSet(view: Tensor): Tensor {
  const plain = Object.getPrototypeOf(view) as Tensor;
  let prototype = checkedPrototypes.get(plain);
  if (!prototype) checkedPrototypes.set(plain, (prototype = Object.create(plain, checkedMethods(plain)) as object));
  return Object.setPrototypeOf(view, prototype) as Tensor;
}

function checkedMethods(plain: Tensor): PropertyDescriptorMap {
  const viewsBy = (name: 'pick' | 'hi' | 'lo' | 'step' | 'transpose') => ({
    value(this: Tensor, ...given: number[]): Tensor {
      return withCheckedSet(plain[name].apply(this, given));
    },
  });
  const views = Object.fromEntries(
    (['pick', 'hi', 'lo', 'step', 'transpose'] as const).map((name) => [name, viewsBy(name)]),
  );
  return { ...views, set: { value: checkedSet(plain) } };
}

/** With as many parameters as axes, up to three: rest parameters are slow. */
function checkedSet(plain: Tensor): Tensor['set'] {
  const { dimension } = plain;
  function assertCount({ shape }: Tensor, given: number): void {
    if (given === dimension + 1) return;
    const axes = dimension === 1 ? '1 axis' : `${dimension} axes`;
    const call = `set(${'index, '.repeat(dimension)}number)`;
    throw new TypeError(
      `tensor: ${call} of ${formatShape(shape)}, which has ${axes}, was called with ${given} of these`,
    );
  }
  if (dimension === 1) {
    return function (this: Tensor, i, v) {
      if (arguments.length !== 2) assertCount(this, arguments.length);
      return (this.data[this.offset + this.stride[0] * i] = v);
    };
  }
  if (dimension === 2) {
    return function (this: Tensor, i, j, v) {
      if (arguments.length !== 3) assertCount(this, arguments.length);
      return (this.data[this.offset + this.stride[0] * i + this.stride[1] * j] = v);
    };
  }
  if (dimension === 3) {
    return function (this: Tensor, i, j, k, v) {
      if (arguments.length !== 4) assertCount(this, arguments.length);
      return (this.data[this.offset + this.stride[0] * i + this.stride[1] * j + this.stride[2] * k] = v);
    };
  }
  return function (this: Tensor, ...given) {
    assertCount(this, given.length);
    return plain.set.apply(this, given);
  };
}

/** Numbers in lists of lists: `x[n][t][i]` or `x[n][t]`. The innermost lists may be typed arrays. */
export type NestedNumbers = readonly ArrayLike<number>[] | readonly (readonly ArrayLike<number>[])[];

/** Whether the value is a list, perhaps of lists, and no tensor. */
export const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/**
 * Lists of lists of numbers as a tensor `[…]` of f64. `steps`: the lists of the second axis may be shorter than this, or than the longest of
 * them; NaN fills them up. Default: they must have one length. Throws a TypeError or a RangeError that names a list or a number.
 */
export function tensorOfLists(what: string, lists: ArrayLike<unknown>, steps?: number): Tensor {
  const shape: number[] = [];
  for (let one: unknown = lists; isList(one); one = one[0]) shape.push(one.length);
  if (shape.includes(0)) throw new RangeError(`${what}${'[0]'.repeat(shape.indexOf(0))} is an empty list`);
  const isRagged = steps !== undefined && shape.length > 1;
  if (isRagged) {
    const longest = Array.from(lists).reduce<number>(
      (most, one) => Math.max(most, isList(one) ? one.length : 0),
      steps,
    );
    shape[1] = longest;
  }
  const tensor = zeros(shape, 'f64');
  if (isRagged) tensor.data.fill(NaN);
  const fillFrom = (list: unknown, index: readonly number[], offset: number): void => {
    const axis = index.length;
    const pathOf = (at: readonly number[]): string => what + at.map((n) => `[${n}]`).join('');
    if (!isList(list))
      throw new TypeError(
        `${pathOf(index)} is ${describe(list)}: must be a list, as ${what.replace(/^.*: /, '')}[0] is`,
      );
    if (list.length === 0) throw new RangeError(`${pathOf(index)} is an empty list`);
    if (list.length !== shape[axis] && !(isRagged && axis === 1)) {
      const first = pathOf(Array<number>(axis).fill(0)).replace(/^.*: /, '');
      throw new RangeError(
        `${pathOf(index)} has ${counted(list.length, 'element')}: must have ${shape[axis]}, as ${first} has`,
      );
    }
    for (let n = 0; n < list.length; n++) {
      const [one, at] = [list[n], offset + n * tensor.stride[axis]];
      if (axis < shape.length - 1) fillFrom(one, [...index, n], at);
      else if (typeof one === 'number') tensor.data[at] = one;
      else throw new TypeError(`${pathOf([...index, n])} is ${describe(one)}: must be a number`);
    }
  };
  fillFrom(lists, [], 0);
  return tensor;
}

/** Arrays of tensors that have been freed. A backend may have given their memory to other tensors. */
const freed = new WeakSet<FloatArray>();

/** Every view of the tensor is then refused. */
export function markFreed({ data }: Tensor): void {
  freed.add(data);
}

/** Throws a TypeError if this is no tensor, and a RangeError if the tensor of this view has been freed. `operation` begins the message. */
export function assertNotFreed(operation: string, tensor: Tensor): void {
  assertTensor(`${operation}: tensor`, tensor, 'shape');
  if (freed.has(tensor.data)) throw new RangeError(`${operation}: ${formatShape(tensor.shape)} has been freed`);
}

/** A view `[…]` of the same numbers that can be read after the tensor has been freed, if no other tensor gets its memory. */
export const keptView = ({ data, shape, stride, offset }: Tensor): Tensor =>
  ndarray(data.subarray(), shape, stride, offset);

/** Step t of a tensor with a leading time axis: `[T,B,N]` → `[B,N]`. */
export function stepOf(tensor: Tensor, t: number): Tensor {
  assertNotFreed('step', tensor);
  const [steps] = tensor.shape;
  if (!Number.isInteger(t) || t < 0 || t >= steps)
    throw new RangeError(`step: t = ${t} of ${formatShape(tensor.shape)}: t must be in 0…${steps - 1}`);
  return tensor.pick(t);
}

/** Rows `from … to - 1` along the first axis: `[M,…]` → `[to - from,…]`. */
export function rowsOf(tensor: Tensor, from: number, to: number): Tensor {
  assertNotFreed('rows', tensor);
  const [rows] = tensor.shape;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= rows))
    throw new RangeError(`rows: ${from}…${to} of ${formatShape(tensor.shape)}: need 0 ≤ from < to ≤ ${rows}`);
  return tensor.hi(to).lo(from);
}

/** The transpose of a matrix: `[M,N]` → `[N,M]`. */
export function transposeOf(matrix: Tensor): Tensor {
  assertNotFreed('transpose', matrix);
  assertMatrix('transpose', 'matrix', matrix);
  return matrix.transpose(1, 0);
}

/** Every element as one vector, in row order: `[M,N]` → `[M·N]`. Throws a RangeError for a view with gaps. */
export function flatten(tensor: Tensor): Tensor {
  assertNotFreed('flatten', tensor);
  assertDense('flatten', tensor);
  return ndarray(tensor.data, [tensor.size], [1], tensor.offset);
}

/** Throws a RangeError unless the elements follow one another in memory, in row order. */
export function assertDense(operation: string, tensor: Tensor): void {
  if (isDense(tensor)) return;
  const { shape, stride } = tensor;
  throw new RangeError(
    `${operation}: ${formatShape(shape)} with strides ${formatShape(stride)} has gaps or is transposed`,
  );
}

/** Whether the elements follow one another in memory, in row order. */
export function isDense({ shape, stride }: Pick<Tensor, 'shape' | 'stride'>): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] > 1 && stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

export function assertMatrix(operation: string, name: string, tensor: Tensor): void {
  if (tensor.dimension !== 2)
    throw new RangeError(`${operation}: ${name} ${formatShape(tensor.shape)} must have 2 axes`);
}

/** `operation` begins the message. It may be a function, so that a long text is built only for an error. */
export function assertShape(
  operation: string | (() => string),
  name: string,
  { shape }: Tensor,
  expected: Shape,
): void {
  let same = shape.length === expected.length;
  for (let axis = 0; same && axis < shape.length; axis++) same = shape[axis] === expected[axis];
  if (same) return;
  const where = typeof operation === 'string' ? operation : operation();
  throw new RangeError(`${where}: ${name} ${formatShape(shape)} must be ${formatShape(expected)}`);
}

/** A copy of every element, in row order, from any view `[…]`. */
export function valuesOf(tensor: Tensor): Float64Array {
  assertNotFreed('valuesOf', tensor);
  // many times as fast for the small tensors of single sequences
  if (isDense(tensor)) return new Float64Array(tensor.data.subarray(tensor.offset, tensor.offset + tensor.size));
  const values = new Float64Array(tensor.size);
  const copy: Tensor = ndarray<FloatArray>(values, [...tensor.shape]);
  ops.assign(copy, tensor);
  return values;
}

/** Copies the numbers of `source` into `target`, both `[…]`. Their strides and precisions may differ, and they may share memory. */
export function copyInto(target: Tensor, source: Tensor): void {
  for (const tensor of [target, source]) assertNotFreed('copyInto', tensor);
  assertShape('copyInto', 'source', source, target.shape);
  // `set` is several times as fast.
  if (isDense(target) && isDense(source)) {
    target.data.set(source.data.subarray(source.offset, source.offset + source.size), target.offset);
  } else ops.assign(target, apartFrom(target, source));
}

/** Adds the numbers of `source` to `target`. They may share memory. */
export function addInto(target: Tensor, source: Tensor): void {
  for (const tensor of [target, source]) assertNotFreed('addInto', tensor);
  assertShape('addInto', 'source', source, target.shape);
  ops.addeq(target, apartFrom(target, source));
}

/** `source`, or a copy of it if it shares memory with `target`: writing the one would change the other. */
function apartFrom(target: Tensor, source: Tensor): Tensor {
  return shareMemory(target, source) ? ndarray<FloatArray>(valuesOf(source), [...source.shape]) : source;
}

/** Whether the ranges of memory that the two views reach overlap. */
export function shareMemory(one: Tensor, other: Tensor): boolean {
  if (one.data.buffer !== other.data.buffer) return false;
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first < b.end && b.first < a.end;
}

/** The places of two tensors that share memory; undefined if all are apart. It sorts them, because a network can have thousands. */
export function placesOfShared(tensors: readonly Tensor[]): readonly [first: number, second: number] | undefined {
  for (const ranges of rangesByBuffer(tensors).values()) {
    const n = ranges.findIndex(({ end }, k) => k + 1 < ranges.length && ranges[k + 1].first < end);
    if (n < 0) continue;
    const [one, other] = [ranges[n].place, ranges[n + 1].place];
    return [Math.min(one, other), Math.max(one, other)];
  }
  return undefined;
}

/**
 * The place of a tensor of `others` and that of a tensor of `apart` that share memory; undefined if there are none. Those of `apart` must
 * not share memory with each other. It sorts them, as `placesOfShared`.
 */
export function placesOfCommon(
  apart: readonly Tensor[],
  others: readonly Tensor[],
): readonly [other: number, one: number] | undefined {
  const known = rangesByBuffer(apart);
  for (const [buffer, ranges] of rangesByBuffer(others)) {
    const ones = known.get(buffer) ?? [];
    let n = 0;
    for (const { place, first, end } of ranges) {
      while (n < ones.length && ones[n].end <= first) n++;
      if (n < ones.length && ones[n].first < end) return [place, ones[n].place];
    }
  }
  return undefined;
}

/** The memory of each tensor, in the order of their beginnings, for each array of memory. */
function rangesByBuffer(
  tensors: readonly Tensor[],
): Map<ArrayBufferLike, { place: number; first: number; end: number }[]> {
  const byBuffer = new Map<ArrayBufferLike, { place: number; first: number; end: number }[]>();
  for (const [place, tensor] of tensors.entries()) {
    const { buffer } = tensor.data;
    const ranges = byBuffer.get(buffer) ?? [];
    ranges.push({ place, ...rangeOf(tensor) });
    byBuffer.set(buffer, ranges);
  }
  for (const ranges of byBuffer.values()) ranges.sort((a, b) => a.first - b.first);
  return byBuffer;
}

/** The first byte that a view reaches in its array's buffer, and the byte after the last one. A stride may be negative. */
function rangeOf({ data, shape, stride, offset }: Tensor): { first: number; end: number } {
  let [least, most] = [offset, offset];
  for (let axis = 0; axis < shape.length; axis++) {
    const reach = (shape[axis] - 1) * stride[axis];
    if (reach < 0) least += reach;
    else most += reach;
  }
  const byteOf = (index: number): number => data.byteOffset + index * data.BYTES_PER_ELEMENT;
  return { first: byteOf(least), end: byteOf(most + 1) };
}

/** A tensor `[…,N]` as a matrix: every index but the last becomes a row. Throws a RangeError for a view with gaps. */
export function matrixOf(tensor: Tensor): Tensor {
  assertNotFreed('matrix', tensor);
  assertDense('matrix', tensor);
  const columns = tensor.shape[tensor.dimension - 1];
  return ndarray(tensor.data, [tensor.size / columns, columns], [columns, 1], tensor.offset);
}

/** `‖tensor‖₂` of all elements of a tensor `[…]`. */
export function norm(tensor: Tensor): number {
  assertNotFreed('norm', tensor);
  return ops.norm2(tensor);
}

/** The indices of element `flat`, counted in row order. */
export function indexOf(flat: number, shape: Shape): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}

/**
 * The index and value of the first element that is NaN or infinite; undefined if all are finite. `matters`: only elements
 * whose index it accepts. Default: every element.
 */
export function findNonFinite(
  tensor: Tensor,
  matters: (index: number[]) => boolean = () => true,
): { index: number[]; value: number } | undefined {
  const values = valuesOf(tensor);
  const flat = values.findIndex((value, n) => !Number.isFinite(value) && matters(indexOf(n, tensor.shape)));
  return flat < 0 ? undefined : { index: indexOf(flat, tensor.shape), value: values[flat] };
}

/**
 * Throws a RangeError for a number that is NaN or infinite in this precision. `what` begins the message. `matters`: as for
 * `findNonFinite`.
 */
export function assertHolds(what: string, tensor: Tensor, dtype: DType, matters?: (index: number[]) => boolean): void {
  const isSingle = dtype === 'f32' && tensor.dtype !== 'float32';
  const values = valuesOf(tensor);
  const holds = isSingle ? isWithinF32 : Number.isFinite;
  const wrong = values.findIndex(
    (value, n) => !holds(value) && (matters === undefined || matters(indexOf(n, tensor.shape))),
  );
  if (wrong < 0) return;
  const rule = dtype === 'f32' ? `a finite number within f32 (${F32_RANGE})` : 'a finite number';
  throw new RangeError(`${what}${formatShape(indexOf(wrong, tensor.shape))} is ${values[wrong]}: must be ${rule}`);
}

/** Sets every element of a tensor `[…]` to `value`, on the host: see `Backend.upload`. */
export function fill(tensor: Tensor, value: number): void {
  assertNotFreed('fill', tensor);
  const { data, offset, size } = tensor;
  if (isDense(tensor)) data.fill(value, offset, offset + size);
  else ops.assigns(tensor, value);
}
