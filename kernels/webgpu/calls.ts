/** Calls of operations: what a list of them has, and when two are the same. */
import type { Cost, Operations } from '../../src/core/backend.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import type { Allocations, Place } from './allocations.js';

export type OperationName = keyof Operations;
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
