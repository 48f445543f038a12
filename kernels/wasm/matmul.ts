/** The matrix product (`Products`): which operands are packed, and how the product is cut into chunks. */
import type { MatmulOptions } from '../../src/core/backend.js';
import type { Tensor } from '../../src/core/tensor.js';
import { formatShape } from '../../src/core/tensor.js';
import { productChunks } from './chunks.js';
import type { JobWriter } from './jobs.js';
import { Packing } from './packing.js';
import type { Runner } from './runner.js';
import type { Allocations } from './allocations.js';

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
