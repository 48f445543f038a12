/**
 * The peak of one core: multiplications and additions in registers, without any memory access.
 *
 * The sums do not depend on one another, and there are enough of them to keep every unit busy. In the portable loop the
 * products also depend on the turn before; otherwise the compiler would move them out of the loop.
 */

/** The number of vectors (of four) that one turn multiplies and adds. */
export const PORTABLE_VECTORS: i32 = 6;
export const FUSED_VECTORS: i32 = 10;
/** The same for V8 with its option for 256-bit vectors: it merges pairs whose results are stored side by side. */
export const PORTABLE_PAIRED_VECTORS: i32 = 12;
export const FUSED_PAIRED_VECTORS: i32 = 20;

/** Where the sums of the paired loops lie. Their address is a parameter, because V8 merges no stores at constant addresses. */
export const SUMS: usize = memory.data(20 * 16);

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
  return meanOfLanes(all, PORTABLE_VECTORS);
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
  return meanOfLanes(f32x4.add(f32x4.add(left, right), f32x4.add(s8, s9)), FUSED_VECTORS);
}

export function portablePaired(turns: i32, factor: f32, sums: usize): f32 {
  const k = f32x4.splat(factor);
  memory.fill(sums, 0, 12 * 16);
  let p0 = k, p1 = k, p2 = k, p3 = k, p4 = k, p5 = k;
  let p6 = k, p7 = k, p8 = k, p9 = k, p10 = k, p11 = k;
  let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  let s4 = v128.load(sums, 64), s5 = v128.load(sums, 80), s6 = v128.load(sums, 96), s7 = v128.load(sums, 112);
  let s8 = v128.load(sums, 128), s9 = v128.load(sums, 144), s10 = v128.load(sums, 160), s11 = v128.load(sums, 176);
  for (; turns > 0; turns--) {
    p0 = f32x4.mul(p0, k); p1 = f32x4.mul(p1, k); s0 = f32x4.add(s0, p0); s1 = f32x4.add(s1, p1);
    p2 = f32x4.mul(p2, k); p3 = f32x4.mul(p3, k); s2 = f32x4.add(s2, p2); s3 = f32x4.add(s3, p3);
    p4 = f32x4.mul(p4, k); p5 = f32x4.mul(p5, k); s4 = f32x4.add(s4, p4); s5 = f32x4.add(s5, p5);
    p6 = f32x4.mul(p6, k); p7 = f32x4.mul(p7, k); s6 = f32x4.add(s6, p6); s7 = f32x4.add(s7, p7);
    p8 = f32x4.mul(p8, k); p9 = f32x4.mul(p9, k); s8 = f32x4.add(s8, p8); s9 = f32x4.add(s9, p9);
    p10 = f32x4.mul(p10, k); p11 = f32x4.mul(p11, k); s10 = f32x4.add(s10, p10); s11 = f32x4.add(s11, p11);
  }
  v128.store(sums, s0); v128.store(sums, s1, 16); v128.store(sums, s2, 32); v128.store(sums, s3, 48);
  v128.store(sums, s4, 64); v128.store(sums, s5, 80); v128.store(sums, s6, 96); v128.store(sums, s7, 112);
  v128.store(sums, s8, 128); v128.store(sums, s9, 144); v128.store(sums, s10, 160); v128.store(sums, s11, 176);
  return meanOf(12);
}

export function fusedPaired(turns: i32, factor: f32, sums: usize): f32 {
  const k = f32x4.splat(factor);
  memory.fill(sums, 0, 20 * 16);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  let s4 = v128.load(sums, 64), s5 = v128.load(sums, 80), s6 = v128.load(sums, 96), s7 = v128.load(sums, 112);
  let s8 = v128.load(sums, 128), s9 = v128.load(sums, 144), s10 = v128.load(sums, 160), s11 = v128.load(sums, 176);
  let s12 = v128.load(sums, 192), s13 = v128.load(sums, 208), s14 = v128.load(sums, 224), s15 = v128.load(sums, 240);
  let s16 = v128.load(sums, 256), s17 = v128.load(sums, 272), s18 = v128.load(sums, 288), s19 = v128.load(sums, 304);
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; turns > 0; turns--) {
      s0 = f32x4.relaxed_madd(k, k, s0); s1 = f32x4.relaxed_madd(k, k, s1);
      s2 = f32x4.relaxed_madd(k, k, s2); s3 = f32x4.relaxed_madd(k, k, s3);
      s4 = f32x4.relaxed_madd(k, k, s4); s5 = f32x4.relaxed_madd(k, k, s5);
      s6 = f32x4.relaxed_madd(k, k, s6); s7 = f32x4.relaxed_madd(k, k, s7);
      s8 = f32x4.relaxed_madd(k, k, s8); s9 = f32x4.relaxed_madd(k, k, s9);
      s10 = f32x4.relaxed_madd(k, k, s10); s11 = f32x4.relaxed_madd(k, k, s11);
      s12 = f32x4.relaxed_madd(k, k, s12); s13 = f32x4.relaxed_madd(k, k, s13);
      s14 = f32x4.relaxed_madd(k, k, s14); s15 = f32x4.relaxed_madd(k, k, s15);
      s16 = f32x4.relaxed_madd(k, k, s16); s17 = f32x4.relaxed_madd(k, k, s17);
      s18 = f32x4.relaxed_madd(k, k, s18); s19 = f32x4.relaxed_madd(k, k, s19);
    }
  }
  v128.store(sums, s0); v128.store(sums, s1, 16); v128.store(sums, s2, 32); v128.store(sums, s3, 48);
  v128.store(sums, s4, 64); v128.store(sums, s5, 80); v128.store(sums, s6, 96); v128.store(sums, s7, 112);
  v128.store(sums, s8, 128); v128.store(sums, s9, 144); v128.store(sums, s10, 160); v128.store(sums, s11, 176);
  v128.store(sums, s12, 192); v128.store(sums, s13, 208); v128.store(sums, s14, 224); v128.store(sums, s15, 240);
  v128.store(sums, s16, 256); v128.store(sums, s17, 272); v128.store(sums, s18, 288); v128.store(sums, s19, 304);
  return meanOf(20);
}

/** The mean of all numbers of the stored sums. */
function meanOf(vectors: i32): f32 {
  let all = v128.load(SUMS);
  for (let n = 1; n < vectors; n++) all = f32x4.add(all, v128.load(SUMS + (n << 4)));
  return meanOfLanes(all, vectors);
}

function meanOfLanes(all: v128, vectors: i32): f32 {
  const lanes = f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1) + f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3);
  return lanes / <f32>(vectors << 2);
}
