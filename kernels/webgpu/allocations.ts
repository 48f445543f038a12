/**
 * The tensors of the backend, and where the operands of its operations lie.
 *
 * A row of a tensor begins at a group of four numbers, so that kernels read and write four at a time; up to three unused numbers
 * end it. An operation may write anything there, and no result depends on them.
 */
import { type FloatArray, type Tensor, allocated } from '../../src/core/tensor.js';
import { type HeldRows, HeldTensors } from '../held-tensors.js';
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

export class Allocations {
  private readonly tensors = new HeldTensors<Allocation>('webgpu');

  constructor(private readonly memory: Memory) {}

  allocate(shape: readonly number[]): Tensor {
    const tensor = allocated(shape, 'f32');
    const { data, size } = tensor;
    const [columns] = [1, ...shape].slice(-1);
    const [rows, pitch] = [size / columns, Math.ceil(columns / 4)];
    this.tensors.set(tensor, { data, address: this.memory.allocate(rows * pitch), pitch, rows, columns });
    return tensor;
  }

  free(view: Tensor): void {
    const tensor = this.tensors.remove(view);
    if (tensor) this.memory.release(tensor.address);
  }

  /** As `find`, but throws a RangeError if the view is a transpose. */
  plain(operation: string, view: Tensor): Place {
    return placeOf(this.tensors.plain(operation, view));
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  find(operation: string, view: Tensor): Place {
    return placeOf(this.tensors.find(operation, view));
  }

  /**
   * The place of a vector that may be a part of a row, as class indices are. `first`: its first element, counted in single numbers
   * from the memory's begin.
   */
  inRow(operation: string, vector: Tensor): { readonly place: Place; readonly first: number } {
    const { tensor, row, column } = this.tensors.inRow(operation, vector);
    const place = { ...placeOf({ tensor, from: row, to: row + 1, transposed: false }), columns: vector.shape[0] };
    return { place, first: 4 * place.address + column };
  }
}

const placeOf = ({ tensor, from, to, transposed }: HeldRows<Allocation>): Place => {
  const { data, address, pitch, columns } = tensor;
  return { data, address: address + from * pitch, pitch, rows: to - from, columns, transposed };
};

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
