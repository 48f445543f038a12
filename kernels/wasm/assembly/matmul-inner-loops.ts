/**
 * The inner loops of the matrix product: a tile of outputs, kept in registers, over k.
 *
 *   out[r][s] = start[r][s] + Σ_k a[r][k]·b[k][s]
 *
 * a is read one number at a time: `aRow` bytes from row to row, `aStep` from k to k, so a transpose costs nothing. b is read
 * one row of the tile at a time, `bStep` bytes from k to k. In every tile, an output is one running sum in the order of k.
 * So results do not depend on how a matrix is cut into tiles.
 *
 * In a large product one tile computes nearly all outputs: tile2x16 in the portable build, tile6x8 in the relaxed build. If V8 merges
 * pairs of vectors, it is tile4x16 or tile6x16. columns16 in matmul.ts calls it. The other tiles compute the last rows and columns, or a
 * matrix that has only a few.
 *
 * Each tile is a separate function: an engine optimises a hot function, but runs the new code only from its next call.
 */
import { multiplyAdd } from './math';

/** 2 rows × 16 columns: 8 sums, 4 vectors of b, one of a and 2 products fill the 15 vector registers that V8 uses on x86. */
export function tile2x16(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  let s00 = v128.load(start), s01 = v128.load(start, 16), s02 = v128.load(start, 32), s03 = v128.load(start, 48);
  start += startRow;
  let s10 = v128.load(start), s11 = v128.load(start, 16), s12 = v128.load(start, 32), s13 = v128.load(start, 48);
  let a1 = a + aRow;
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01); s02 = multiplyAdd(x, b2, s02); s03 = multiplyAdd(x, b3, s03);
    x = v128.load32_splat(a1);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11); s12 = multiplyAdd(x, b2, s12); s13 = multiplyAdd(x, b3, s13);
    a += aStep; a1 += aStep; b += bStep;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32); v128.store(out, s03, 48);
  out += outRow;
  v128.store(out, s10); v128.store(out, s11, 16); v128.store(out, s12, 32); v128.store(out, s13, 48);
}

/** 1 row × 16 columns, for an odd last row. */
export function tile1x16(
  K: i32, a: usize, aStep: usize, b: usize, bStep: usize, start: usize, out: usize,
): void {
  let s0 = v128.load(start), s1 = v128.load(start, 16), s2 = v128.load(start, 32), s3 = v128.load(start, 48);
  for (; K > 0; K--) {
    const x = v128.load32_splat(a);
    s0 = multiplyAdd(x, v128.load(b), s0); s1 = multiplyAdd(x, v128.load(b, 16), s1);
    s2 = multiplyAdd(x, v128.load(b, 32), s2); s3 = multiplyAdd(x, v128.load(b, 48), s3);
    a += aStep; b += bStep;
  }
  v128.store(out, s0); v128.store(out, s1, 16); v128.store(out, s2, 32); v128.store(out, s3, 48);
}

/** 4 rows × 8 columns. */
export function tile4x8(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  let s00 = v128.load(start), s01 = v128.load(start, 16); start += startRow;
  let s10 = v128.load(start), s11 = v128.load(start, 16); start += startRow;
  let s20 = v128.load(start), s21 = v128.load(start, 16); start += startRow;
  let s30 = v128.load(start), s31 = v128.load(start, 16);
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01);
    x = v128.load32_splat(a1);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11);
    x = v128.load32_splat(a2);
    s20 = multiplyAdd(x, b0, s20); s21 = multiplyAdd(x, b1, s21);
    x = v128.load32_splat(a3);
    s30 = multiplyAdd(x, b0, s30); s31 = multiplyAdd(x, b1, s31);
    a += aStep; a1 += aStep; a2 += aStep; a3 += aStep; b += bStep;
  }
  v128.store(out, s00); v128.store(out, s01, 16); out += outRow;
  v128.store(out, s10); v128.store(out, s11, 16); out += outRow;
  v128.store(out, s20); v128.store(out, s21, 16); out += outRow;
  v128.store(out, s30); v128.store(out, s31, 16);
}

/** 1 row × 8 columns. */
export function tile1x8(K: i32, a: usize, aStep: usize, b: usize, bStep: usize, start: usize, out: usize): void {
  let s0 = v128.load(start), s1 = v128.load(start, 16);
  for (; K > 0; K--) {
    const x = v128.load32_splat(a);
    s0 = multiplyAdd(x, v128.load(b), s0); s1 = multiplyAdd(x, v128.load(b, 16), s1);
    a += aStep; b += bStep;
  }
  v128.store(out, s0); v128.store(out, s1, 16);
}

/** 8 rows × 4 columns. */
export function tile8x4(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  let s0 = v128.load(start), s1 = v128.load(start += startRow), s2 = v128.load(start += startRow);
  let s3 = v128.load(start += startRow), s4 = v128.load(start += startRow), s5 = v128.load(start += startRow);
  let s6 = v128.load(start += startRow), s7 = v128.load(start += startRow);
  const a2 = aRow << 1, a3 = a2 + aRow;
  let lower = a + (aRow << 2);
  for (; K > 0; K--) {
    const x = v128.load(b);
    s0 = multiplyAdd(v128.load32_splat(a), x, s0);
    s1 = multiplyAdd(v128.load32_splat(a + aRow), x, s1);
    s2 = multiplyAdd(v128.load32_splat(a + a2), x, s2);
    s3 = multiplyAdd(v128.load32_splat(a + a3), x, s3);
    s4 = multiplyAdd(v128.load32_splat(lower), x, s4);
    s5 = multiplyAdd(v128.load32_splat(lower + aRow), x, s5);
    s6 = multiplyAdd(v128.load32_splat(lower + a2), x, s6);
    s7 = multiplyAdd(v128.load32_splat(lower + a3), x, s7);
    a += aStep; lower += aStep; b += bStep;
  }
  v128.store(out, s0); v128.store(out += outRow, s1); v128.store(out += outRow, s2);
  v128.store(out += outRow, s3); v128.store(out += outRow, s4); v128.store(out += outRow, s5);
  v128.store(out += outRow, s6); v128.store(out += outRow, s7);
}

/** 1 row × 4 columns. */
export function tile1x4(K: i32, a: usize, aStep: usize, b: usize, bStep: usize, start: usize, out: usize): void {
  let s = v128.load(start);
  for (; K > 0; K--) {
    s = multiplyAdd(v128.load32_splat(a), v128.load(b), s);
    a += aStep; b += bStep;
  }
  v128.store(out, s);
}

/** 6 rows × 8 columns: 12 sums, for the relaxed build. A fused multiply-add takes 4 cycles; 8 sums would leave gaps. */
export function tile6x8(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return; // the portable build has no use for it
  let s00 = v128.load(start), s01 = v128.load(start, 16); start += startRow;
  let s10 = v128.load(start), s11 = v128.load(start, 16); start += startRow;
  let s20 = v128.load(start), s21 = v128.load(start, 16); start += startRow;
  let s30 = v128.load(start), s31 = v128.load(start, 16); start += startRow;
  let s40 = v128.load(start), s41 = v128.load(start, 16); start += startRow;
  let s50 = v128.load(start), s51 = v128.load(start, 16);
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01);
    x = v128.load32_splat(a1);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11);
    x = v128.load32_splat(a2);
    s20 = multiplyAdd(x, b0, s20); s21 = multiplyAdd(x, b1, s21);
    x = v128.load32_splat(a3);
    s30 = multiplyAdd(x, b0, s30); s31 = multiplyAdd(x, b1, s31);
    x = v128.load32_splat(a4);
    s40 = multiplyAdd(x, b0, s40); s41 = multiplyAdd(x, b1, s41);
    x = v128.load32_splat(a5);
    s50 = multiplyAdd(x, b0, s50); s51 = multiplyAdd(x, b1, s51);
    a += aStep; a1 += aStep; a2 += aStep; a3 += aStep; a4 += aStep; a5 += aStep; b += bStep;
  }
  v128.store(out, s00); v128.store(out, s01, 16); out += outRow;
  v128.store(out, s10); v128.store(out, s11, 16); out += outRow;
  v128.store(out, s20); v128.store(out, s21, 16); out += outRow;
  v128.store(out, s30); v128.store(out, s31, 16); out += outRow;
  v128.store(out, s40); v128.store(out, s41, 16); out += outRow;
  v128.store(out, s50); v128.store(out, s51, 16);
}

/**
 * 6 rows × 16 columns, for the relaxed build if V8 merges neighbouring vectors. The 24 sums become 12 of eight numbers: with 2 vectors of b
 * and one of a, they use as many registers as tile6x8. Without merging they would not fit.
 */
export function tile6x16(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return; // the portable build has no use for it
  let s00 = v128.load(start), s01 = v128.load(start, 16), s02 = v128.load(start, 32), s03 = v128.load(start, 48); start += startRow;
  let s10 = v128.load(start), s11 = v128.load(start, 16), s12 = v128.load(start, 32), s13 = v128.load(start, 48); start += startRow;
  let s20 = v128.load(start), s21 = v128.load(start, 16), s22 = v128.load(start, 32), s23 = v128.load(start, 48); start += startRow;
  let s30 = v128.load(start), s31 = v128.load(start, 16), s32 = v128.load(start, 32), s33 = v128.load(start, 48); start += startRow;
  let s40 = v128.load(start), s41 = v128.load(start, 16), s42 = v128.load(start, 32), s43 = v128.load(start, 48); start += startRow;
  let s50 = v128.load(start), s51 = v128.load(start, 16), s52 = v128.load(start, 32), s53 = v128.load(start, 48);
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01); s02 = multiplyAdd(x, b2, s02); s03 = multiplyAdd(x, b3, s03);
    x = v128.load32_splat(a1);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11); s12 = multiplyAdd(x, b2, s12); s13 = multiplyAdd(x, b3, s13);
    x = v128.load32_splat(a2);
    s20 = multiplyAdd(x, b0, s20); s21 = multiplyAdd(x, b1, s21); s22 = multiplyAdd(x, b2, s22); s23 = multiplyAdd(x, b3, s23);
    x = v128.load32_splat(a3);
    s30 = multiplyAdd(x, b0, s30); s31 = multiplyAdd(x, b1, s31); s32 = multiplyAdd(x, b2, s32); s33 = multiplyAdd(x, b3, s33);
    x = v128.load32_splat(a4);
    s40 = multiplyAdd(x, b0, s40); s41 = multiplyAdd(x, b1, s41); s42 = multiplyAdd(x, b2, s42); s43 = multiplyAdd(x, b3, s43);
    x = v128.load32_splat(a5);
    s50 = multiplyAdd(x, b0, s50); s51 = multiplyAdd(x, b1, s51); s52 = multiplyAdd(x, b2, s52); s53 = multiplyAdd(x, b3, s53);
    a += aStep; a1 += aStep; a2 += aStep; a3 += aStep; a4 += aStep; a5 += aStep; b += bStep;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32); v128.store(out, s03, 48); out += outRow;
  v128.store(out, s10); v128.store(out, s11, 16); v128.store(out, s12, 32); v128.store(out, s13, 48); out += outRow;
  v128.store(out, s20); v128.store(out, s21, 16); v128.store(out, s22, 32); v128.store(out, s23, 48); out += outRow;
  v128.store(out, s30); v128.store(out, s31, 16); v128.store(out, s32, 32); v128.store(out, s33, 48); out += outRow;
  v128.store(out, s40); v128.store(out, s41, 16); v128.store(out, s42, 32); v128.store(out, s43, 48); out += outRow;
  v128.store(out, s50); v128.store(out, s51, 16); v128.store(out, s52, 32); v128.store(out, s53, 48);
}

/** 4 rows × 16 columns, for the portable build if V8 merges: its 8 merged sums leave registers for products; and for last rows. */
export function tile4x16(
  K: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  let s00 = v128.load(start), s01 = v128.load(start, 16), s02 = v128.load(start, 32), s03 = v128.load(start, 48); start += startRow;
  let s10 = v128.load(start), s11 = v128.load(start, 16), s12 = v128.load(start, 32), s13 = v128.load(start, 48); start += startRow;
  let s20 = v128.load(start), s21 = v128.load(start, 16), s22 = v128.load(start, 32), s23 = v128.load(start, 48); start += startRow;
  let s30 = v128.load(start), s31 = v128.load(start, 16), s32 = v128.load(start, 32), s33 = v128.load(start, 48);
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01); s02 = multiplyAdd(x, b2, s02); s03 = multiplyAdd(x, b3, s03);
    x = v128.load32_splat(a1);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11); s12 = multiplyAdd(x, b2, s12); s13 = multiplyAdd(x, b3, s13);
    x = v128.load32_splat(a2);
    s20 = multiplyAdd(x, b0, s20); s21 = multiplyAdd(x, b1, s21); s22 = multiplyAdd(x, b2, s22); s23 = multiplyAdd(x, b3, s23);
    x = v128.load32_splat(a3);
    s30 = multiplyAdd(x, b0, s30); s31 = multiplyAdd(x, b1, s31); s32 = multiplyAdd(x, b2, s32); s33 = multiplyAdd(x, b3, s33);
    a += aStep; a1 += aStep; a2 += aStep; a3 += aStep; b += bStep;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32); v128.store(out, s03, 48); out += outRow;
  v128.store(out, s10); v128.store(out, s11, 16); v128.store(out, s12, 32); v128.store(out, s13, 48); out += outRow;
  v128.store(out, s20); v128.store(out, s21, 16); v128.store(out, s22, 32); v128.store(out, s23, 48); out += outRow;
  v128.store(out, s30); v128.store(out, s31, 16); v128.store(out, s32, 32); v128.store(out, s33, 48);
}
