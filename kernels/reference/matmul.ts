/**
 * Matrix multiplication in plain TypeScript: out = a·b (+ bias) (+ out).
 *
 * The formula is three loops:  out[m,n] = Σ_k a[m,k]·b[k,n].  What stands here is those loops in another order.
 * Both operands are first copied ("packed") into the order in which the inner loop reads them: a in panels of 2 rows,
 * b in panels of 4 columns, k by k. A transposed view costs nothing then, and the inner loop computes 2×4 outputs from
 * 6 loads with its 8 sums in registers. Sums are f64 and are rounded once, when they are stored; so this is also the
 * most accurate matmul of the project, the one that the others are tested against.
 */
import type { MatmulOptions } from '../../src/backend.js';
import type { Tensor } from '../../src/tensor.js';

const ROWS = 2;
const COLUMNS = 4;

/** out `[M,N]` = a `[M,K]` · b `[K,N]` + bias `[N]` (if given) + out (if `accumulate`), on any views. */
export function matmul(out: Tensor, a: Tensor, b: Tensor, { accumulate = false, bias }: MatmulOptions = {}): void {
  const [M, K] = a.shape;
  const N = b.shape[1];
  const aPanels = packPanels(scratch.a, a, ROWS, 0);
  const bPanels = packPanels(scratch.b, b, COLUMNS, 1);
  const tile = scratch.tile;

  for (let n = 0; n < N; n += COLUMNS) {
    for (let m = 0; m < M; m += ROWS) {
      multiplyTile(tile, aPanels, m * K, bPanels, n * K, K);
      const rows = Math.min(ROWS, M - m);
      const columns = Math.min(COLUMNS, N - n);
      for (let r = 0; r < rows; r++) {
        for (let s = 0; s < columns; s++) {
          const before = (accumulate ? out.get(m + r, n + s) : 0) + (bias ? bias.get(n + s) : 0);
          out.set(m + r, n + s, before + tile[r * COLUMNS + s]);
        }
      }
    }
  }
}

/** The inner loop: tile `[2,4]` = Σ_k of 2 packed rows of a times 4 packed columns of b. */
function multiplyTile(
  tile: Float64Array, a: Float64Array, aStart: number, b: Float64Array, bStart: number, K: number,
): void {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  for (let k = 0, i = aStart, j = bStart; k < K; k++, i += ROWS, j += COLUMNS) {
    const a0 = a[i], a1 = a[i + 1];
    const b0 = b[j], b1 = b[j + 1], b2 = b[j + 2], b3 = b[j + 3];
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
  }
  tile[0] = s00; tile[1] = s01; tile[2] = s02; tile[3] = s03;
  tile[4] = s10; tile[5] = s11; tile[6] = s12; tile[7] = s13;
}

/**
 * Copies a matrix panel by panel: `width` lines along `axis` side by side, one element of each for every place along
 * the other axis. The last panel is filled up with zeros.
 */
function packPanels(target: Scratch, matrix: Tensor, width: number, axis: 0 | 1): Float64Array {
  const lines = matrix.shape[axis];
  const length = matrix.shape[1 - axis];
  const lineStride = matrix.stride[axis];
  const stride = matrix.stride[1 - axis];
  const { data, offset } = matrix;
  const panels = target.ofSize(Math.ceil(lines / width) * width * length);

  for (let line = 0; line < lines; line += width) {
    const used = Math.min(width, lines - line);
    for (let w = 0; w < width; w++) {
      const start = offset + (line + w) * lineStride;
      const panel = line * length + w;
      for (let k = 0; k < length; k++) panels[panel + k * width] = w < used ? data[start + k * stride] : 0;
    }
  }
  return panels;
}

/** A buffer that grows to the largest size asked for and is then used again and again. */
class Scratch {
  private data = new Float64Array(0);

  ofSize(size: number): Float64Array {
    if (this.data.length < size) this.data = new Float64Array(size);
    return this.data;
  }
}

const scratch = { a: new Scratch(), b: new Scratch(), tile: new Float64Array(ROWS * COLUMNS) };
