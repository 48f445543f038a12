/** Calls of operations: what a list of them has, when two are the same, and how the operands of calls that follow one another lie. */
import type { Cost, Operations } from '../../src/core/backend.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import type { Allocations, Place } from './allocations.js';
import type { OwnOperation } from './cells.js';
import type { Datum } from './kernel.js';

export type OperationName = keyof Operations | OwnOperation;
/** What a call has besides views and numbers: for `matmul` a bias, whether it or `columnSums` adds to its output, and what an error costs. */
export type Option = '' | 'bias' | 'accumulate' | Cost['kind'];

/** A call without its numbers, which may differ each time: Adam's rate, for example. */
export interface Call {
  readonly operation: OperationName;
  readonly views: readonly Tensor[];
  readonly option: Option;
  readonly places: readonly Place[];
  /** With class indices: the first one, counted in single numbers from the memory's begin; see `Allocations.inRow`. */
  readonly firstIndex: number;
}

/** The views that may be a part of a row, by their place among the operands. */
const CLASSES: Partial<Record<OperationName, number>> = {
  embeddingForward: 2,
  embeddingBackward: 1,
  crossEntropyForward: 3,
  crossEntropyBackward: 2,
};

/** Finds the operands in the memory. Throws a RangeError if a view is not made of whole rows, or is not this backend's. */
export function placedCall(
  allocations: Allocations,
  operation: OperationName,
  views: readonly Tensor[],
  option: Option,
): Call {
  let firstIndex = -1;
  const places = views.map((view, n) => {
    if (n === CLASSES[operation] && view.dimension === 1) {
      const { place, first } = allocations.inRow(operation, view);
      firstIndex = first;
      return place;
    }
    const mayTranspose = operation === 'matmul' && (n === 1 || n === 2);
    return mayTranspose ? allocations.find(operation, view) : allocations.plain(operation, view);
  });
  return { operation, views, option, places, firstIndex };
}

/** Whether `call` is this call, apart from numbers. */
export function isCall(call: Call, operation: OperationName, views: readonly Tensor[], option: Option): boolean {
  if (call.operation !== operation || call.option !== option || call.views.length !== views.length) return false;
  for (let n = 0; n < views.length; n++) if (!isSameView(call.views[n], views[n])) return false;
  return true;
}

function isSameView(one: Tensor, other: Tensor): boolean {
  if (one === other) return true;
  if (one.data !== other.data || one.offset !== other.offset) return false;
  const { shape, stride } = one;
  if (shape.length !== other.shape.length) return false;
  for (let axis = 0; axis < shape.length; axis++)
    if (shape[axis] !== other.shape[axis] || stride[axis] !== other.stride[axis]) return false;
  return true;
}

/** Whether the call reads or writes the tensor of this array. */
export const touches = ({ views }: Call, data: FloatArray): boolean => views.some((view) => view.data === data);

/** A call in a list, and its numbers as data of a launch. */
export interface ListedCall extends Call {
  readonly number: (index: number) => Datum;
}

export const listed = (call: Call, at: number): ListedCall => ({
  ...call,
  number: (index) => ({ call: at, index }),
});

/** What a product adds: its bias, what its output holds, or nothing. */
export const startOf = ({ option, places }: Call): Place | 'out' | 'nothing' => {
  if (option === 'bias') return places[3];
  return option === 'accumulate' ? 'out' : 'nothing';
};

// What merge.ts asks about the operands of a run: calls that a sequence makes at each of its steps.

export const isSamePlace = (one: Place, other: Place): boolean =>
  one.data === other.data &&
  one.address === other.address &&
  one.rows === other.rows &&
  one.transposed === other.transposed;

/** The first address after a place. */
const endOf = ({ address, rows, pitch }: Place): number => address + rows * pitch;

export const overlap = (one: Place, other: Place): boolean => one.address < endOf(other) && other.address < endOf(one);

/** Whether both are rows of one tensor, as many, read in the same direction. */
export const isAlike = (one: Place, other: Place): boolean =>
  one.data === other.data && one.rows === other.rows && one.transposed === other.transposed;

/** Whether every two of the places lie apart. */
export const areApart = (places: readonly Place[]): boolean =>
  places.every((one, n) => places.slice(n + 1).every((other) => !overlap(one, other)));

/** Whether no place of `some` is of a tensor of `others`. */
export const areOtherTensors = (some: readonly Place[], others: readonly Place[]): boolean => {
  const tensors = new Set(others.map(({ data }) => data));
  return some.every(({ data }) => !tensors.has(data));
};

/** How many groups of four numbers lie between the beginnings of the operands at `index` of two calls. */
export const strideOf = (one: ListedCall, next: ListedCall, index: number): number =>
  next.places[index].address - one.places[index].address;

/** Whether the operands at `index` of two calls are rows of one tensor, `stride` groups of four numbers apart. */
export const isApartBy = (one: ListedCall, next: ListedCall, index: number, stride: number): boolean =>
  isAlike(one.places[index], next.places[index]) && strideOf(one, next, index) === stride;

/** Whether blocks at this stride lie side by side, so that all are one range of rows. */
export const isTight = (stride: number, { rows, pitch }: Place): boolean => Math.abs(stride) === rows * pitch;

/** The blocks of a run as one range of rows. `first`, `last`: those of its first and last step. */
export const joined = (first: Place, last: Place, steps: number): Place => ({
  ...(first.address < last.address ? first : last),
  rows: steps * first.rows,
});
