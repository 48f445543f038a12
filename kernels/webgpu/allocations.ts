/**
 * The tensors of the backend, and where the operands of its operations lie.
 *
 * A row of a tensor begins at a group of four numbers, so that kernels read and write four at a time; up to three unused numbers
 * end it. An operation may write anything there, and no result depends on them.
 */
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { allocated, formatShape, isDense } from '../../src/core/tensor.js';
import type { Memory } from './memory.js';

/** Rows of a tensor in the memory, read directly or as a transpose. Addresses and `pitch` count groups of four numbers. */
export interface Place {
  /** The tensor's array on the host, which names it. */
  readonly data: FloatArray;
  readonly address: number;
  /** From a row to the next one. */
  readonly pitch: number;
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

/** A tensor as rows of its last axis. */
type Allocation = Omit<Place, 'transposed'>;

const lastOf = (shape: readonly number[]): number => shape[shape.length - 1];

export class Allocations {
  private readonly tensors = new Map<FloatArray, Allocation>();

  constructor(private readonly memory: Memory) {}

  allocate(shape: readonly number[]): Tensor {
    const tensor = allocated(shape, 'f32');
    const { data, size } = tensor;
    const columns = lastOf([1, ...shape]);
    const [rows, pitch] = [size / columns, Math.ceil(columns / 4)];
    this.tensors.set(data, { data, address: this.memory.allocate(rows * pitch), pitch, rows, columns });
    return tensor;
  }

  free({ data }: Tensor): void {
    const tensor = this.tensors.get(data);
    if (!tensor) return;
    this.tensors.delete(data);
    this.memory.release(tensor.address);
  }

  /** As `find`, but throws a RangeError if the view is a transpose. */
  plain(operation: string, view: Tensor): Place {
    const place = this.find(operation, view);
    if (place.transposed)
      throw new RangeError(`webgpu ${operation}: ${formatShape(view.shape)} must not be a transpose`);
    return place;
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  find(operation: string, view: Tensor): Place {
    const { shape, stride, offset } = view;
    const { data, address, pitch, columns } = this.tensorOf(operation, view);
    const at = { data, address: address + Math.floor(offset / columns) * pitch, pitch, columns };
    const aligned = offset % columns === 0;
    if (aligned && isWholeRows(shape, stride, columns)) {
      const rows = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      return { ...at, rows, transposed: false };
    }
    if (aligned && shape.length === 2 && isWholeRows([...shape].reverse(), [...stride].reverse(), columns)) {
      return { ...at, rows: shape[1], transposed: true };
    }
    throw new RangeError(
      `webgpu ${operation}: ${formatShape(shape)} with strides ${formatShape(stride)} is not made of whole rows of ${columns}`,
    );
  }

  /**
   * The place of a vector that may be a part of a row, as class indices are. `first`: its first element, counted in single numbers
   * from the memory's begin.
   */
  inRow(operation: string, vector: Tensor): { readonly place: Place; readonly first: number } {
    const [count] = vector.shape;
    const [stride] = vector.stride;
    const { data, address, pitch, columns } = this.tensorOf(operation, vector);
    const [row, column] = [Math.floor(vector.offset / columns), vector.offset % columns];
    if ((count > 1 && stride !== 1) || column + count > columns) {
      throw new RangeError(
        `webgpu ${operation}: [${count}] with stride ${stride} does not lie in one row of ${columns}`,
      );
    }
    const place = { data, address: address + row * pitch, pitch, rows: 1, columns: count, transposed: false };
    return { place, first: 4 * place.address + column };
  }

  private tensorOf(operation: string, { data, shape }: Tensor): Allocation {
    const tensor = this.tensors.get(data);
    if (tensor) return tensor;
    const what = `webgpu ${operation}: ${formatShape(shape)}`;
    throw new RangeError(`${what} was not allocated by this backend, or has been freed`);
  }
}

/** The rows of a matrix with the host's pitch as rows with the memory's pitch. */
export function withPitch(values: FloatArray, { rows, columns, pitch }: Place): Float32Array<ArrayBuffer> {
  if (columns === 4 * pitch) return Float32Array.from(values);
  const padded = new Float32Array(4 * rows * pitch);
  for (let m = 0; m < rows; m++) padded.set(values.subarray(m * columns, (m + 1) * columns), 4 * m * pitch);
  return padded;
}

/** The reverse of `withPitch`, into `values`. */
export function withoutPitch(values: FloatArray, padded: Float32Array, { rows, columns, pitch }: Place): void {
  if (columns === 4 * pitch) values.set(padded);
  else for (let m = 0; m < rows; m++) values.set(padded.subarray(4 * m * pitch, 4 * m * pitch + columns), m * columns);
}

/** Whether a view consists of rows of `columns` elements, one after another without gaps. */
const isWholeRows = (shape: number[], stride: number[], columns: number): boolean =>
  isDense({ shape, stride }) && lastOf(shape) === columns;
