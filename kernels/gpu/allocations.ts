/** The tensors of a backend, and where the operands of its operations lie in them. */
import ndarray from 'ndarray';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { allocated, formatShape, isDense } from '../../src/core/tensor.js';
import type { Device } from './device.js';
import type { Size } from './program.js';
import { DeviceTensor } from './tensor.js';

/** Rows `from … to - 1` of a tensor on the device, read directly or as a transpose. */
export interface Operand {
  readonly tensor: DeviceTensor;
  readonly from: number;
  readonly to: number;
  readonly transposed: boolean;
}

/** How many rows a kernel computes for an operand; see `Device.roomFor`. */
export const roomOf = ({ tensor, from, to }: Operand): number => tensor.roomFor(to - from);

/** The tensors on the device. An operand is a view of the host's tensor, whose array names the tensor. */
export class Allocations {
  private readonly tensors = new Map<FloatArray, DeviceTensor>();

  constructor(private readonly device: Device) {}

  allocate(shape: readonly number[]): Tensor {
    const tensor = allocated(shape, 'f32');
    const [step, columns] = [1, 1, ...shape].slice(-2);
    const isSequence = shape.length > 2;
    const onDevice = new DeviceTensor(this.device, tensor.size / columns, columns, isSequence ? step : 1);
    this.tensors.set(tensor.data, onDevice);
    return tensor;
  }

  remove({ data }: Tensor): DeviceTensor | undefined {
    const tensor = this.tensors.get(data);
    this.tensors.delete(data);
    return tensor;
  }

  clear(): void {
    this.tensors.clear();
  }

  /** Rows and columns that an operation computes for `view`. */
  sizeOf(view: Tensor): Size {
    const operand = this.find('size', view);
    return [roomOf(operand), operand.tensor.columns];
  }

  /** The row that holds a vector, and its first column there: a step's class indices are a row, or a part of one. */
  placeInRow(operation: string, vector: Tensor): { readonly row: Tensor; readonly first: number } {
    const {
      data,
      shape: [count],
      stride: [stride],
      offset,
    } = vector;
    const { columns } = this.tensorOf(operation, vector);
    const first = offset % columns;
    if ((count > 1 && stride !== 1) || first + count > columns) {
      throw new RangeError(`gpu ${operation}: [${count}] with stride ${stride} does not lie in one row of ${columns}`);
    }
    return { row: ndarray(data, [columns], [1], offset - first), first };
  }

  /** As `find`, but throws a RangeError if the view is a transpose. */
  plain(operation: string, view: Tensor): Operand {
    const operand = this.find(operation, view);
    if (operand.transposed)
      throw new RangeError(`gpu ${operation}: ${formatShape(view.shape)} must not be a transpose`);
    return operand;
  }

  /** Finds a view in its tensor. Throws a RangeError if it is not made of whole rows, or does not belong to this backend. */
  find(operation: string, view: Tensor): Operand {
    const { shape, stride, offset } = view;
    const tensor = this.tensorOf(operation, view);
    const { columns } = tensor;
    const from = Math.floor(offset / columns);
    const aligned = offset % columns === 0;
    if (aligned && isWholeRows(shape, stride, columns)) {
      const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
      return { tensor, from, to: from + count, transposed: false };
    }
    if (aligned && shape.length === 2 && isWholeRows([...shape].reverse(), [...stride].reverse(), columns)) {
      return { tensor, from, to: from + shape[1], transposed: true };
    }
    throw new RangeError(
      `gpu ${operation}: ${formatShape(shape)} with strides ${formatShape(stride)} is not made of whole rows of ${columns}`,
    );
  }

  private tensorOf(operation: string, { data, shape }: Tensor): DeviceTensor {
    const tensor = this.tensors.get(data);
    if (tensor) return tensor;
    const what = `gpu ${operation}: ${formatShape(shape)}`;
    throw new RangeError(`${what} was not allocated by this backend, or has been freed`);
  }
}

/** Whether a view consists of rows of `columns` elements, one after another without gaps. */
const isWholeRows = (shape: number[], stride: number[], columns: number): boolean =>
  isDense({ shape, stride }) && shape[shape.length - 1] === columns;
