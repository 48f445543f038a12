/**
 * The tensors of the backend suite's cases. One operation: views inside larger tensors, whose other rows are guards. Several
 * operations in a row: a workbench, on a backend and on the formulas.
 */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Shape, type Tensor, copyInto, rowsOf, transposeOf, valuesOf } from '../../src/core/tensor.js';
import { createFormulaBackend } from './formula-backend.js';
import { copyOf, expectNumbers } from './numeric.js';

const GUARD = 12345;

/**
 * How values come to a backend: the host uploads them, or a product computes them. In most GPU modes the two lie differently:
 * row after row, or tile after tile.
 */
export type Origin = 'upload' | 'product';

/** A view `[M,N]` or `[N]` in the middle of a larger tensor full of guard values, with `above` rows above it. */
export class Guarded {
  readonly view: Tensor;
  private readonly whole: Tensor;
  private readonly rows: number;

  constructor(
    private readonly backend: Backend,
    shape: Shape,
    values: Tensor,
    private readonly above = 3,
    origin: Origin = 'upload',
  ) {
    const columns = shape[shape.length - 1];
    this.rows = shape.length === 1 ? 1 : shape[0];
    this.whole = backend.allocate([this.rows + 2 * above, columns]);
    fillRandom(this.whole, () => GUARD);
    this.view = shape.length === 1 ? this.whole.pick(above) : rowsOf(this.whole, above, above + this.rows);
    copyInto(this.view, values);
    if (origin === 'upload') backend.upload(this.whole);
    else computeAsProduct(backend, this.whole);
  }

  /** Returns a copy of the view, after it has checked the rows around it. */
  async values(): Promise<Tensor> {
    await this.backend.download(this.whole);
    const { above, rows } = this;
    const [top, bottom] = [rowsOf(this.whole, 0, above), rowsOf(this.whole, above + rows, rows + 2 * above)].map(
      (guard) => [...new Set(valuesOf(guard))],
    );
    expect({ above: top, below: bottom }).toEqual({ above: [GUARD], below: [GUARD] });
    return copyOf(this.view);
  }
}

/** Computes the host's values of a matrix on the backend: the identity times an uploaded copy. Every sum is exact. */
function computeAsProduct(backend: Backend, matrix: Tensor): void {
  const [M, N] = matrix.shape;
  const [identity, copy] = [backend.allocate([M, M]), backend.allocate([M, N])];
  for (let m = 0; m < M; m++) identity.set(m, m, 1);
  copyInto(copy, matrix);
  backend.upload(identity);
  backend.upload(copy);
  backend.matmul(matrix, identity, copy);
}

/** Makes the tensors of a case. The same case gets the same numbers on every backend. */
export class Workbench {
  private readonly random: Random;

  constructor(
    readonly backend: Backend,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  /** Numbers of the host, of size about 1. */
  uploaded(...shape: number[]): Tensor {
    const tensor = this.backend.allocate(shape);
    this.write(tensor);
    return tensor;
  }

  /** Overwrites rows of a tensor with numbers of the host. */
  write(tensor: Tensor): void {
    fillRandom(tensor, () => Math.fround(this.random.normal(0, 0.7)));
    this.backend.upload(tensor);
  }

  /** A product, computed on the backend. */
  product(M: number, N: number): Tensor {
    const out = this.backend.allocate([M, N]);
    this.multiplyInto(out);
    return out;
  }

  /** Overwrites rows of a tensor with a product, or adds a product to them. */
  multiplyInto(out: Tensor, { K = 3, accumulate = false, aTransposed = false, bTransposed = false } = {}): void {
    const [M, N] = out.shape;
    const a = aTransposed ? transposeOf(this.uploaded(K, M)) : this.uploaded(M, K);
    const b = bTransposed ? transposeOf(this.uploaded(N, K)) : this.uploaded(K, N);
    this.backend.matmul(out, a, b, { accumulate });
  }

  /** left·right in a new tensor. */
  productOf(left: Tensor, right: Tensor): Tensor {
    const out = this.backend.allocate([left.shape[0], right.shape[1]]);
    this.backend.matmul(out, left, right);
    return out;
  }
}

export interface LongCase {
  readonly name: string;
  /** Computes tensors to compare. */
  readonly run: (workbench: Workbench) => Tensor[] | Promise<Tensor[]>;
}

/** A few f32 operations in a row, on numbers of size about 1: sums of up to 130 terms. */
const TOLERANCE = 2e-5;

async function resultsOn(backend: Backend, seed: number, { run }: LongCase): Promise<Tensor[]> {
  const tensors = await run(new Workbench(backend, 100 + seed));
  for (const tensor of tensors) await backend.download(tensor);
  return tensors.map(copyOf);
}

export function expectedOfLongCase(seed: number, one: LongCase): Promise<Tensor[]> {
  return resultsOn(createFormulaBackend(), seed, one);
}

export async function runLongCase(
  backend: Backend,
  expected: readonly Tensor[],
  seed: number,
  one: LongCase,
): Promise<void> {
  const actual = await resultsOn(backend, seed, one);
  for (const [n, values] of expected.entries()) {
    expect(valuesOf(values).some((value) => value !== 0)).toBe(true);
    expectNumbers(actual[n], values, TOLERANCE);
  }
}
