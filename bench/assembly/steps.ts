/**
 * The WebAssembly steps of docs/kernels.md: out `[M,N]` = a `[M,K]` · b `[K,N]`, all f32, row by row.
 *
 * They are simplified: operands are whole matrices, M is even, N is a multiple of 16. The real kernel is
 * kernels/wasm/assembly/matmul.ts, which has the same inner loops, those of matmul-inner-loops.ts. `panels` has room for a copy of b.
 */
import { tile1x8, tile2x16, tile6x16, tile6x8 } from '../../kernels/wasm/assembly/matmul-inner-loops';

// Exported, so that the compiler keeps them as separate functions, as in the real module.
export { tile1x8, tile2x16, tile6x16, tile6x8 };

const BLOCK: i32 = 256;

/** Three loops, one number at a time. */
export function scalar(out: usize, a: usize, b: usize, M: i32, N: i32, K: i32, _panels: usize): void {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) sum += load<f32>(a + (<usize>(m * K + k) << 2)) * load<f32>(b + (<usize>(k * N + n) << 2));
      store<f32>(out + (<usize>(m * N + n) << 2), sum);
    }
  }
}

/** The same loops, four columns at a time. */
export function simd(out: usize, a: usize, b: usize, M: i32, N: i32, K: i32, _panels: usize): void {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n += 4) {
      let sum = f32x4.splat(0);
      for (let k = 0; k < K; k++) {
        const x = v128.load32_splat(a + (<usize>(m * K + k) << 2));
        sum = f32x4.add(f32x4.mul(x, v128.load(b + (<usize>(k * N + n) << 2))), sum);
      }
      v128.store(out + (<usize>(m * N + n) << 2), sum);
    }
  }
}

/** 2×16 outputs at a time. */
export function tiled(out: usize, a: usize, b: usize, M: i32, N: i32, K: i32, _panels: usize): void {
  memory.fill(out, 0, <usize>(M * N) << 2); // the sums start from 0
  const aRow = <usize>K << 2, row = <usize>N << 2;
  for (let n = 0; n < N; n += 16) {
    for (let m = 0; m < M; m += 2) {
      const at = out + (<usize>(m * N + n) << 2);
      tile2x16(K, a + <usize>m * aRow, aRow, 4, b + (<usize>n << 2), row, at, row, at, row);
    }
  }
}

/** The same with a packed b, 256 values of k at a time. */
export function packed(out: usize, a: usize, b: usize, M: i32, N: i32, K: i32, panels: usize): void {
  memory.fill(out, 0, <usize>(M * N) << 2);
  const aRow = <usize>K << 2, row = <usize>N << 2;
  for (let k = 0; k < K; k += BLOCK) {
    const L = K - k < BLOCK ? K - k : BLOCK;
    pack(panels, b + <usize>k * row, N, L, 16);
    for (let n = 0; n < N; n += 16) {
      const panel = panels + (<usize>(n * L) << 2);
      for (let m = 0; m < M; m += 2) {
        const at = out + (<usize>(m * N + n) << 2);
        tile2x16(L, a + <usize>m * aRow + (<usize>k << 2), aRow, 4, panel, 64, at, row, at, row);
      }
    }
  }
}

/** The same with tiles of 6×8, and single rows if fewer than 6 are left. */
export function fused(out: usize, a: usize, b: usize, M: i32, N: i32, K: i32, panels: usize): void {
  memory.fill(out, 0, <usize>(M * N) << 2);
  const aRow = <usize>K << 2, row = <usize>N << 2;
  for (let k = 0; k < K; k += BLOCK) {
    const L = K - k < BLOCK ? K - k : BLOCK;
    pack(panels, b + <usize>k * row, N, L, 8);
    for (let n = 0; n < N; n += 8) {
      const panel = panels + (<usize>(n * L) << 2);
      let at = out + (<usize>n << 2), from = a + (<usize>k << 2);
      let m = 0;
      for (; m + 6 <= M; m += 6) {
        tile6x8(L, from, aRow, 4, panel, 32, at, row, at, row);
        at += 6 * row;
        from += 6 * aRow;
      }
      for (; m < M; m++) {
        tile1x8(L, from, 4, panel, 32, at, at);
        at += row;
        from += aRow;
      }
    }
  }
}

/** Copies L rows of b into panels of `width` columns, in which the rows follow one another. */
function pack(panels: usize, b: usize, N: i32, L: i32, width: i32): void {
  for (let n = 0; n < N; n += width) {
    for (let k = 0; k < L; k++) {
      for (let s = 0; s < width; s += 4) {
        v128.store(panels, v128.load(b + (<usize>(k * N + n + s) << 2)));
        panels += 16;
      }
    }
  }
}
