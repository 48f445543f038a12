/**
 * A tensor on the device: rows of equal length, held as blocks of rows below one another.
 *
 * A kernel of GPU.js cannot write into a part of a buffer; it makes a new one. So a tensor is a list of blocks, each a
 * range of rows of some matrix, and writing rows replaces the blocks there. An operation on step t of a `[T,B,N]` tensor
 * reads and writes the rows t·B … (t+1)·B - 1. Kernels read a range of rows of a matrix where it lies. Rows in
 * several matrices are joined first. The joined matrix replaces the blocks, so the join happens once.
 *
 * Matrices never change, so several tensors can hold the same one: a copy needs no kernel.
 */
import ndarray from 'ndarray';
import { type Tensor, allocated } from '../../src/core/tensor.js';
import { type HeldRows, HeldTensors } from '../held-tensors.js';
import type { Device } from './device.js';
import type { Size } from './program.js';
import type { Input, Matrix, RowRange } from './runner.js';

/** The rows `from … to - 1` of the tensor: rows of a matrix, from its row `first` on, or one number for all elements. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly content: Matrix | number;
  readonly first: number;
}

export class DeviceTensor {
  private blocks: readonly Block[];

  constructor(
    private readonly device: Device,
    readonly rows: number,
    readonly columns: number,
    /** The rows of one step, if the tensor has steps; else 1. */
    private readonly step: number,
  ) {
    this.blocks = [{ from: 0, to: rows, content: 0, first: 0 }];
  }

  /** How many rows a kernel computes for `count` rows of this tensor; see `Device.roomFor`. */
  roomFor(count: number): number {
    return this.device.roomFor(count, this.step);
  }

  /** The rows `from … to - 1` become `content`: a matrix that begins with these rows, or one number. */
  write(from: number, to: number, content: Matrix | number): void {
    this.replace(from, to, [{ from, to, content, first: 0 }]);
  }

  /**
   * The rows `from … to - 1` become those of `source` from its row `start` on. If they are a part of a step, its rows are
   * joined now. (14) copies the rows of ended sequences from step to step, and each step would have more pieces.
   */
  async copy(from: number, to: number, source: DeviceTensor, start: number): Promise<void> {
    const blocks = source.blocksIn(start, start + to - from);
    const down = from - start;
    this.replace(
      from,
      to,
      blocks.map((block) => ({ ...block, from: block.from + down, to: block.to + down })),
    );
    const top = from - (from % this.step);
    const bottom = top + this.step;
    if (to - from < this.step && this.blocksIn(top, bottom).length > 1) await this.readMatrix(top, bottom);
  }

  /** The rows `from … to - 1` as an input of an operation: a number, if one block holds them and is a number. */
  async read(from: number, to: number): Promise<Input> {
    const [first, ...others] = this.blocksIn(from, to);
    if (others.length === 0 && typeof first.content === 'number') return first.content;
    return this.readMatrix(from, to);
  }

  /** The rows `from … to - 1`, in one matrix. They are valid until they are written again. */
  async readMatrix(from: number, to: number): Promise<RowRange> {
    const pieces: RowRange[] = [];
    for (const block of this.blocksIn(from, to)) {
      const count = block.to - block.from;
      if (typeof block.content !== 'number') {
        pieces.push({ matrix: block.content, first: block.first, count });
        continue;
      }
      const filled = await this.device.fill(block.content, this.roomFor(count), this.columns);
      this.write(block.from, block.to, filled);
      pieces.push({ matrix: filled, first: 0, count });
    }
    if (pieces.length === 1) return pieces[0];
    const count = to - from;
    const joined = await this.device.join(pieces, this.roomFor(count), this.columns);
    this.write(from, to, joined);
    return { matrix: joined, first: 0, count };
  }

  /** Copies the rows `from … to - 1` to the host: `values` holds the whole tensor. */
  async download(
    from: number,
    to: number,
    values: { fill(value: number, start: number, end: number): unknown; [index: number]: number },
  ): Promise<void> {
    const { columns } = this;
    for (const { from: top, to: bottom, content, first } of this.blocksIn(from, to)) {
      if (typeof content === 'number') {
        values.fill(content, top * columns, bottom * columns);
        continue;
      }
      const at = await this.device.read({ matrix: content, first, count: bottom - top });
      for (let m = top; m < bottom; m++) {
        for (let n = 0; n < columns; n++) values[m * columns + n] = at(m - top, n);
      }
    }
  }

  /** The ranges of rows, within `from … to - 1`, that lie in one matrix each or hold one number. */
  pieces(from: number, to: number): { readonly from: number; readonly to: number }[] {
    return this.blocksIn(from, to).map((block) => ({ from: block.from, to: block.to }));
  }

  clear(): void {
    this.write(0, this.rows, 0);
  }

  /** The blocks of the rows `from … to - 1`, cut to these rows. */
  private blocksIn(from: number, to: number): Block[] {
    const touched = this.blocks.filter((block) => block.from < to && block.to > from);
    return touched.map((block) => cut(block, from, to));
  }

  private replace(from: number, to: number, blocks: readonly Block[]): void {
    const before = this.blocks;
    this.blocks = [...this.blocksIn(0, from), ...blocks, ...this.blocksIn(to, this.rows)];
    for (const matrix of matricesIn(this.blocks)) this.device.hold(matrix);
    for (const matrix of matricesIn(before)) this.device.release(matrix);
  }
}

function matricesIn(blocks: readonly Block[]): Set<Matrix> {
  return new Set(blocks.map(({ content }) => content).filter((content) => typeof content !== 'number'));
}

/** The part of a block that lies in the rows `from … to - 1`. */
function cut(block: Block, from: number, to: number): Block {
  const top = Math.max(from, block.from);
  return { from: top, to: Math.min(to, block.to), content: block.content, first: block.first + top - block.from };
}

/** Rows of a tensor on the device, read directly or as a transpose. */
export type Operand = HeldRows<DeviceTensor>;

/** How many rows a kernel computes for an operand; see `Device.roomFor`. */
export const roomOf = ({ tensor, from, to }: Operand): number => tensor.roomFor(to - from);

/** The tensors of a backend, and where the operands of its operations lie in them. */
export class Allocations extends HeldTensors<DeviceTensor> {
  constructor(private readonly device: Device) {
    super('gpu');
  }

  allocate(shape: readonly number[]): Tensor {
    const tensor = allocated(shape, 'f32');
    const [step, columns] = [1, 1, ...shape].slice(-2);
    const isSequence = shape.length > 2;
    this.set(tensor, new DeviceTensor(this.device, tensor.size / columns, columns, isSequence ? step : 1));
    return tensor;
  }

  /** Rows and columns that an operation computes for `view`. */
  sizeOf(view: Tensor): Size {
    const operand = this.find('size', view);
    return [roomOf(operand), operand.tensor.columns];
  }

  /** The row that holds a vector, and its first column there: a step's class indices are a row, or a part of one. */
  placeInRow(operation: string, vector: Tensor): { readonly row: Tensor; readonly first: number } {
    const { tensor, column } = this.inRow(operation, vector);
    return { row: ndarray(vector.data, [tensor.columns], [1], vector.offset - column), first: column };
  }
}
