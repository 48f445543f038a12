/** The tensors of a GPU backend, each held as rows of its last axis, and where the operands of operations lie in these rows. */
import { type FloatArray, type Tensor, formatShape, isDense } from '../src/core/tensor.js';

/** Rows `from … to - 1` of a tensor, read directly or as a transpose. */
export interface HeldRows<Held> {
  readonly tensor: Held;
  readonly from: number;
  readonly to: number;
  readonly transposed: boolean;
}

/** What the backend holds for each tensor of the host, whose array names it. */
export class HeldTensors<Held extends { readonly columns: number }> {
  private readonly tensors = new Map<FloatArray, Held>();

  /** `backend`: its name, with which messages begin. */
  constructor(private readonly backend: string) {}

  set({ data }: Tensor, held: Held): void {
    this.tensors.set(data, held);
  }

  remove({ data }: Tensor): Held | undefined {
    const held = this.tensors.get(data);
    this.tensors.delete(data);
    return held;
  }

  clear(): void {
    this.tensors.clear();
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  find(operation: string, view: Tensor): HeldRows<Held> {
    const { shape, stride, offset } = view;
    const tensor = this.of(operation, view);
    const { columns } = tensor;
    const from = Math.floor(offset / columns);
    const aligned = offset % columns === 0;
    if (aligned && isWholeRows(shape, stride, columns)) {
      const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      return { tensor, from, to: from + count, transposed: false };
    }
    if (aligned && shape.length === 2 && isWholeRows([...shape].reverse(), [...stride].reverse(), columns))
      return { tensor, from, to: from + shape[1], transposed: true };
    throw this.refusal(
      operation,
      `${formatShape(shape)} with strides ${formatShape(stride)} is not made of whole rows of ${columns}`,
    );
  }

  /** As `find`, but throws a RangeError if the view is a transpose. */
  plain(operation: string, view: Tensor): HeldRows<Held> {
    const rows = this.find(operation, view);
    if (rows.transposed) throw this.refusal(operation, `${formatShape(view.shape)} must not be a transpose`);
    return rows;
  }

  /** The row in which a vector lies, which may be a part of it, and its first column there. Throws a RangeError if it is in no one row. */
  inRow(operation: string, vector: Tensor): { readonly tensor: Held; readonly row: number; readonly column: number } {
    const { shape, stride, offset } = vector;
    const tensor = this.of(operation, vector);
    const { columns } = tensor;
    const column = offset % columns;
    if ((shape[0] > 1 && stride[0] !== 1) || column + shape[0] > columns)
      throw this.refusal(operation, `[${shape[0]}] with stride ${stride[0]} does not lie in one row of ${columns}`);
    return { tensor, row: Math.floor(offset / columns), column };
  }

  private of(operation: string, { data, shape }: Tensor): Held {
    const held = this.tensors.get(data);
    if (held) return held;
    throw this.refusal(operation, `${formatShape(shape)} was not allocated by this backend, or has been freed`);
  }

  private refusal(operation: string, what: string): RangeError {
    return new RangeError(`${this.backend} ${operation}: ${what}`);
  }
}

/** Whether a view consists of rows of `columns` elements, one after another without gaps. */
const isWholeRows = (shape: number[], stride: number[], columns: number): boolean =>
  isDense({ shape, stride }) && shape[shape.length - 1] === columns;
