/**
 * Four f32 numbers at a time: multiply-add, exp, σ and tanh.
 *
 * σ and tanh are within 4 units in the last place of the correctly rounded value for every f32, exact at 0 and ±∞, and
 * NaN stays NaN. Both rest on eˣ for an x ≤ 0, which cannot overflow: eˣ = 2ⁿ·eʳ.
 */

/** a*b + c. One rounding in the relaxed build (where the processor has it), two in the portable one. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Adding it to a number of moderate size leaves the nearest whole number in the last bits of the sum. */
const ROUNDER: f32 = 12582912; // 1.5·2²³

/** x·log₂e, plus ROUNDER: its bits end with n, where x = n·ln 2 + r and |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function roundedOf(x: v128): v128 {
  return multiplyAdd(x, f32x4.splat(1.44269504), f32x4.splat(ROUNDER));
}

/** eʳ - 1 by a polynomial of degree 6, wrong by at most 4e-9 of eʳ. */
// @ts-ignore: decorator
@inline
function expOfRestMinus1(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  // ln 2 in two parts, the first with so few digits that n times it is exact
  const r = multiplyAdd(n, f32x4.splat(2.12194440e-4), multiplyAdd(n, f32x4.splat(-0.693359375), x));
  let p = multiplyAdd(r, f32x4.splat(1.3811662e-3), f32x4.splat(8.3701350e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1668527e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666509e-1));
  p = multiplyAdd(p, r, f32x4.splat(4.9999994e-1));
  return multiplyAdd(p, f32x4.mul(r, r), r);
}

/** 2ⁿ⁺ᵇⁱᵃˢ from the last bits of `rounded`. */
// @ts-ignore: decorator
@inline
function powerOfTwo(rounded: v128, bias: i32): v128 {
  return i32x4.shl(i32x4.add(rounded, i32x4.splat(127 + bias)), 23);
}

/** σ(x) = 1/(1+e) for x ≥ 0, e/(1+e) for x < 0, with e = e^(-|x|), which may be too small for 2ⁿ alone. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.pmax(f32x4.neg(f32x4.abs(x)), f32x4.splat(-104)); // 0 below; this order keeps NaN
  const rounded = roundedOf(size);
  const scaled = f32x4.mul(f32x4.add(expOfRestMinus1(size, rounded), one), powerOfTwo(rounded, 32));
  const e = f32x4.mul(scaled, f32x4.splat(2.3283064365386963e-10)); // 2⁻³²
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** tanh(x) = ±(1-e)/(1+e) with e = e^(-2|x|). 1-e is computed as one number, so that it keeps its digits near 0. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const size = f32x4.pmax(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)), f32x4.splat(-40)); // 1 beyond; keeps NaN
  const rounded = roundedOf(size);
  const power = powerOfTwo(rounded, 0);
  // e - 1 = 2ⁿ·(eʳ - 1) + (2ⁿ - 1)
  const eMinus1 = multiplyAdd(power, expOfRestMinus1(size, rounded), f32x4.sub(power, f32x4.splat(1)));
  const result = f32x4.div(eMinus1, f32x4.add(eMinus1, f32x4.splat(2)));
  return v128.bitselect(x, result, i32x4.splat(<i32>0x80000000)); // x's sign
}

/** The first `count` (1 … 4) of four numbers at `address`; the rest are 0. */
// @ts-ignore: decorator
@inline
export function loadPart(address: usize, count: i32): v128 {
  if (count >= 4) return v128.load(address);
  let part = v128.load32_zero(address);
  if (count > 1) part = v128.load32_lane(address, part, 1, 4);
  if (count > 2) part = v128.load32_lane(address, part, 2, 8);
  return part;
}

// @ts-ignore: decorator
@inline
export function storePart(address: usize, part: v128, count: i32): void {
  if (count >= 4) {
    v128.store(address, part);
    return;
  }
  v128.store32_lane(address, part, 0);
  if (count > 1) v128.store32_lane(address, part, 1, 4);
  if (count > 2) v128.store32_lane(address, part, 2, 8);
}
