/** Operands of the backend suite: views inside larger tensors, and how their values come to a backend. */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { copyInto, rowsOf, valuesOf } from '../../src/core/tensor.js';

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

  /** Returns the view's values, after it has checked the rows around it. */
  async values(): Promise<Float64Array> {
    await this.backend.download(this.whole);
    const { above, rows } = this;
    const [top, bottom] = [rowsOf(this.whole, 0, above), rowsOf(this.whole, above + rows, rows + 2 * above)].map(
      (guard) => [...new Set(valuesOf(guard))],
    );
    expect({ above: top, below: bottom }).toEqual({ above: [GUARD], below: [GUARD] });
    return valuesOf(this.view);
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

export function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let n = 0; n < expected.length; n++) {
    const bound = tolerance * Math.max(1, Math.abs(expected[n]));
    if (!(Math.abs(actual[n] - expected[n]) <= bound)) {
      throw new Error(`element ${n}: ${actual[n]}, expected ${expected[n]} ± ${bound}`);
    }
  }
}
