/**
 * The peak of one core: multiplications and additions in registers, without any memory access.
 *
 * The sums do not depend on one another, and there are enough of them to keep every unit busy. In the portable loop the
 * products also depend on the turn before; otherwise the compiler would move them out of the loop.
 */

/** The number of vectors (of four) that one turn multiplies and adds. */
export const PORTABLE_VECTORS: i32 = 6;
export const FUSED_VECTORS: i32 = 10;

/** With factor 1, every sum is `turns`; returns their mean. */
export function portable(turns: i32, factor: f32): f32 {
  const k = f32x4.splat(factor);
  let p0 = k, p1 = k, p2 = k, p3 = k, p4 = k, p5 = k;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  for (; turns > 0; turns--) {
    p0 = f32x4.mul(p0, k); s0 = f32x4.add(s0, p0);
    p1 = f32x4.mul(p1, k); s1 = f32x4.add(s1, p1);
    p2 = f32x4.mul(p2, k); s2 = f32x4.add(s2, p2);
    p3 = f32x4.mul(p3, k); s3 = f32x4.add(s3, p3);
    p4 = f32x4.mul(p4, k); s4 = f32x4.add(s4, p4);
    p5 = f32x4.mul(p5, k); s5 = f32x4.add(s5, p5);
  }
  const all = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  return f32x4.extract_lane(all, 0) / <f32>PORTABLE_VECTORS;
}

export function fused(turns: i32, factor: f32): f32 {
  const k = f32x4.splat(factor);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0;
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; turns > 0; turns--) {
      s0 = f32x4.relaxed_madd(k, k, s0); s1 = f32x4.relaxed_madd(k, k, s1);
      s2 = f32x4.relaxed_madd(k, k, s2); s3 = f32x4.relaxed_madd(k, k, s3);
      s4 = f32x4.relaxed_madd(k, k, s4); s5 = f32x4.relaxed_madd(k, k, s5);
      s6 = f32x4.relaxed_madd(k, k, s6); s7 = f32x4.relaxed_madd(k, k, s7);
      s8 = f32x4.relaxed_madd(k, k, s8); s9 = f32x4.relaxed_madd(k, k, s9);
    }
  }
  const left = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const right = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  return f32x4.extract_lane(f32x4.add(f32x4.add(left, right), f32x4.add(s8, s9)), 0) / <f32>FUSED_VECTORS;
}
