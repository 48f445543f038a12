/**
 * The matrix product: how it is cut into chunks, and which operands are packed, that is, copied into the order in which the inner loop
 * reads them. A copy is valid until the operand is written, so weights are packed once per update, not once per product.
 */
import type { MatmulOptions } from '../../src/core/backend.js';
import { type Tensor, formatShape, indexOf, valuesOf } from '../../src/core/tensor.js';
import type { Allocation, Allocations, Packed } from './allocations.js';
import { productChunks } from './chunks.js';
import { type JobWriter, BLOCK, PACK_CHUNK_COLUMNS } from './jobs.js';
import type { Runner } from './runner.js';

/** If a has fewer rows, packing b costs more time than it saves. */
const FEW_ROWS = 4;

export class Products {
  private readonly packing: Packing;
  private zeros?: Tensor;

  constructor(
    private readonly jobs: JobWriter,
    private readonly runner: Runner,
    private readonly allocations: Allocations,
    isChecking: boolean,
  ) {
    this.packing = new Packing(jobs, runner, allocations, isChecking);
  }

  /** `Backend.matmul` */
  multiply(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
    const [M, K] = a.shape;
    const N = b.shape[1];
    if (out.stride[1] !== 1 && N > 1) {
      throw new RangeError(`wasm matmul: out ${formatShape(out.shape)} must not be a transpose`);
    }
    assertUnitStride('a', a);
    assertUnitStride('b', b);
    const { allocations } = this;
    const outAddress = allocations.addressOf(out);
    const outRow = 4 * out.stride[0];
    const isPacked = b.stride[1] !== 1 || M >= FEW_ROWS;
    const bAddress = isPacked ? this.packing.addressOf(b) : allocations.addressOf(b);
    const { rows, columns, chunks } = productChunks(M, N, K, a.stride[1] !== 1, this.runner.threads);
    const kind = this.jobs.matmul({
      out: outAddress,
      outRow,
      start: accumulate ? outAddress : allocations.denseAddressOf(bias ?? this.zeroRow(N)),
      startRow: accumulate ? outRow : 0,
      a: allocations.addressOf(a),
      aRow: 4 * a.stride[0],
      aStep: 4 * a.stride[1],
      b: bAddress,
      bStep: isPacked ? 0 : 4 * b.stride[0],
      M,
      N,
      K,
      rows,
      columns,
    });
    this.runner.run(kind, chunks, out);
  }

  /** At least N zeros, which every row of a product starts from. */
  private zeroRow(N: number): Tensor {
    if (!this.zeros || this.zeros.size < N) {
      const zeros = this.allocations.allocate([N]);
      if (this.zeros) this.allocations.free(this.zeros);
      this.zeros = zeros;
    }
    return this.zeros;
  }
}

/** The inner loops can read only a view whose rows or columns have no gaps in memory. */
function assertUnitStride(name: string, { shape, stride }: Tensor): void {
  if (stride[0] === 1 || stride[1] === 1) return;
  throw new RangeError(
    `wasm matmul: ${name} ${formatShape(shape)} with strides ${formatShape(stride)}: one stride must be 1; copy it first`,
  );
}

// Packed operands.

/** The most copies of views of one tensor; a model's kernel needs four. */
const MOST_COPIES = 8;

class Packing {
  constructor(
    private readonly jobs: JobWriter,
    private readonly runner: Runner,
    private readonly allocations: Allocations,
    private readonly isChecking: boolean,
  ) {}

  /** The address of the packed b. Packs b only if it has been written since the last time. */
  addressOf(b: Tensor): number {
    const allocation = this.allocations.of(b);
    const packed = allocation.packed.find(({ view }) => isSameView(view, b)) ?? this.addCopy(allocation, b);
    if (packed.writes !== allocation.writes) {
      this.pack(packed.address, b);
      packed.writes = allocation.writes;
      if (this.isChecking) packed.values = valuesOf(b);
    } else if (packed.values) assertUnchanged(packed.values, b);
    return packed.address;
  }

  /**
   * Memory for a copy of a view. If the tensor has an outdated copy that is large enough, its memory is used again. So
   * sequences of different lengths, whose dz has another number of rows at every step, need no memory each.
   */
  private addCopy({ packed, writes }: Allocation, view: Tensor): Packed {
    const [K, N] = view.shape;
    const bytes = 4 * K * (Math.ceil(N / 4) * 4);
    const outdated = packed.findIndex((copy) => copy.writes !== writes && copy.bytes >= bytes);
    let memory: Pick<Packed, 'address' | 'bytes'>;
    if (outdated >= 0) [memory] = packed.splice(outdated, 1);
    else {
      if (packed.length >= MOST_COPIES) this.allocations.heap.release(packed.splice(0, 1)[0].address);
      memory = { address: this.allocations.heap.allocate(bytes), bytes };
    }
    const copy = { view, address: memory.address, bytes: memory.bytes, writes: -1 };
    packed.push(copy);
    return copy;
  }

  private pack(packed: number, b: Tensor): void {
    const [K, N] = b.shape;
    const kind = this.jobs.pack({
      packed,
      b: this.allocations.addressOf(b),
      bStep: 4 * b.stride[0],
      bColumn: 4 * b.stride[1],
      K,
      N,
    });
    this.runner.run(kind, Math.ceil(K / BLOCK) * Math.ceil(N / PACK_CHUNK_COLUMNS));
  }
}

/** Whether two matrices of one tensor are the same part of it. */
function isSameView(a: Tensor, b: Tensor): boolean {
  return (
    a.offset === b.offset &&
    a.shape[0] === b.shape[0] &&
    a.shape[1] === b.shape[1] &&
    a.stride[0] === b.stride[0] &&
    a.stride[1] === b.stride[1]
  );
}

/** Throws an Error if b no longer holds `values`, although no operation and no `upload` has reported a write. */
function assertUnchanged(values: Float64Array, b: Tensor): void {
  const changed = valuesOf(b).findIndex((value, n) => !Object.is(value, values[n]));
  if (changed < 0) return;
  throw new Error(
    `wasm matmul: b ${formatShape(b.shape)} was changed on the host at [${indexOf(changed, b.shape).join(',')}] ` +
      'without upload: call backend.upload(tensor) after writing',
  );
}
