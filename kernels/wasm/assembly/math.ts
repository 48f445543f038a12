/**
 * Four f32 numbers at a time: multiply-add, exp, σ and tanh.
 *
 * σ and tanh are within 4 units in the last place of the correctly rounded value for every f32, exact at 0 and ±∞, and
 * NaN stays NaN. Both rest on exp of a number ≤ 0, which cannot overflow.
 */

/** a*b + c. One rounding in the relaxed build (where the processor has it), two in the portable one. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * eˣ for x ≤ 0 (down to the smallest f32; 0 below). x = n·ln 2 + r with |r| ≤ ln 2 / 2; eʳ by a polynomial of degree 6;
 * then the exponent n in two halves, since 2ⁿ alone would leave the range before eˣ does.
 */
// @ts-ignore: decorator
@inline
function expOfNegative(x: v128): v128 {
  x = f32x4.pmax(x, f32x4.splat(-104)); // this order keeps NaN
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  // ln 2 in two parts, the first with so few digits that n times it is exact
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = multiplyAdd(p, f32x4.mul(r, r), r);
  p = f32x4.add(p, f32x4.splat(1));
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

// @ts-ignore: decorator
@inline
function powerOfTwo(exponent: v128): v128 {
  return i32x4.shl(i32x4.add(exponent, i32x4.splat(127)), 23);
}

/** σ(x) = 1/(1+e⁻ˣ) for x ≥ 0, eˣ/(1+eˣ) for x < 0. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = expOfNegative(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** tanh(x) = ±(1-e)/(1+e) with e = e^(-2|x|); near 0, where 1-e would cancel, an odd polynomial. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(x);
  const e = expOfNegative(f32x4.mul(size, f32x4.splat(-2)));
  const far = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));

  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = multiplyAdd(p, square, f32x4.splat(2.06390887954e-2));
  p = multiplyAdd(p, square, f32x4.splat(-5.37397155531e-2));
  p = multiplyAdd(p, square, f32x4.splat(1.33314422036e-1));
  p = multiplyAdd(p, square, f32x4.splat(-3.33332819422e-1));
  const near = multiplyAdd(f32x4.mul(p, square), size, size);

  const result = v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.625)));
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
