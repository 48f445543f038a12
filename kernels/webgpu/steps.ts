/** What merge.ts asks about the operands of a run: calls that a sequence makes at each of its steps. */
import type { Place } from './allocations.js';
import type { ListedCall } from './launches.js';

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
