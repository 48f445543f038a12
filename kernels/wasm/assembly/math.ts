/**
 * Four f32 numbers at a time: multiply-add, exp, σ and tanh; and parts of four numbers.
 *
 * σ and tanh are within 4 units in the last place of the correctly rounded value for every f32. They are exact at 0 and ±∞,
 * and NaN stays NaN. Both compute eˣ = 2ⁿ·eʳ, then one division; the formula is the same for both signs of x.
 */

/** a*b + c, with one rounding in the relaxed build (if the processor has FMA) and two in the portable build. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Constants lie in memory: a load costs no time beside the arithmetic, but some engines rebuild a `splat` at each use. */
// @ts-ignore: decorator
@inline
function constant(address: usize): v128 {
  return v128.load32_splat(address);
}

const ONE = memory.data<f32>([1]);
const TWO = memory.data<f32>([2]);
const SIGN = memory.data<u32>([0x80000000]);

/**
 * Adding 1.5·2²³ to a number of moderate size leaves the nearest whole number in the last bits of the sum. Adding f32's
 * exponent bias as well leaves an exponent there; a shift moves it into place.
 */
const ROUNDER = memory.data<f32>([12582912 + 127]);
const ROUNDER_32 = memory.data<f32>([12582912 + 127 + 32]);

/** eˣ = 2ⁿ·eʳ: log₂e, -ln 2 in two parts (n times the first is exact), the coefficients of eʳ from r⁶ to r². */
const EXP = memory.data<f32>([
  1.44269504, -0.693359375, 2.12194440e-4, 1.3811662e-3, 8.3701350e-3, 4.1668527e-2, 1.6666509e-1, 4.9999994e-1,
]);
/** The same for e²ˣ, from half of r. The factors are powers of two, so the rounding is the same. */
const EXP_OF_TWICE = memory.data<f32>([
  2 * 1.44269504, -0.693359375 / 2, 2.12194440e-4 / 2, 64 * 1.3811662e-3, 32 * 8.3701350e-3, 16 * 4.1668527e-2,
  8 * 1.6666509e-1, 4 * 4.9999994e-1,
]);

/** 2ⁿ (with ROUNDER_32: 2ⁿ⁺³²), from x·log₂e + the rounder. */
// @ts-ignore: decorator
@inline
function powerOfTwo(rounded: v128): v128 {
  return i32x4.shl(rounded, 23);
}

/** eʳ - 1 from x (or half of it) and n. Its error is at most 4e-9 of eʳ. */
// @ts-ignore: decorator
@inline
function expOfRestMinus1(x: v128, n: v128, exp: usize): v128 {
  const r = multiplyAdd(n, constant(exp + 8), multiplyAdd(n, constant(exp + 4), x));
  let p = multiplyAdd(r, constant(exp + 12), constant(exp + 16));
  p = multiplyAdd(p, r, constant(exp + 20));
  p = multiplyAdd(p, r, constant(exp + 24));
  p = multiplyAdd(p, r, constant(exp + 28));
  return multiplyAdd(p, f32x4.mul(r, r), exp == EXP ? r : f32x4.add(r, r));
}

/** eˣ for x ≤ 0, within 4 units in the last place; 0 below -80, where a quotient of it could be subnormal. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const limited = f32x4.pmax(x, constant(EXP_LIMIT));
  const rounded = multiplyAdd(limited, constant(EXP), constant(ROUNDER));
  const power = powerOfTwo(rounded);
  const E = multiplyAdd(expOfRestMinus1(limited, f32x4.sub(rounded, constant(ROUNDER)), EXP), power, power);
  return v128.andnot(E, f32x4.lt(x, constant(EXP_LIMIT)));
}

const EXP_LIMIT = memory.data<f32>([-80]);

/** σ(x) = E/(E + 1), with E = eˣ·2³² and 2³² in place of 1, so that E is a normal number even if σ(x) is subnormal. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  // Beyond the limits σ is 0 and 1. x comes first: if one operand is NaN, pmin and pmax return the first.
  x = f32x4.pmin(f32x4.pmax(x, constant(SIGMOID_LIMITS)), constant(SIGMOID_LIMITS + 4));
  const rounded = multiplyAdd(x, constant(EXP), constant(ROUNDER_32));
  const power = powerOfTwo(rounded);
  const E = multiplyAdd(expOfRestMinus1(x, f32x4.sub(rounded, constant(ROUNDER_32)), EXP), power, power);
  return f32x4.div(E, f32x4.add(E, constant(TWO_TO_32)));
}

const SIGMOID_LIMITS = memory.data<f32>([-104, 20]);
const TWO_TO_32 = memory.data<f32>([4294967296]);

/** tanh(x) = E/(E + 2). E = e²ˣ - 1 is computed as one number, so that it keeps its digits near 0. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const sign = v128.and(x, constant(SIGN)); // only -0 needs it: every other result already has its sign
  x = f32x4.pmin(f32x4.pmax(x, constant(TANH_LIMITS)), constant(TANH_LIMITS + 4)); // tanh is ±1 beyond
  const rounded = multiplyAdd(x, constant(EXP_OF_TWICE), constant(ROUNDER));
  const power = powerOfTwo(rounded);
  // E = 2ⁿ·(eʳ - 1) + (2ⁿ - 1)
  const rest = expOfRestMinus1(x, f32x4.sub(rounded, constant(ROUNDER)), EXP_OF_TWICE);
  const E = multiplyAdd(rest, power, f32x4.sub(power, constant(ONE)));
  return v128.or(f32x4.div(E, f32x4.add(E, constant(TWO))), sign);
}

const TANH_LIMITS = memory.data<f32>([-20, 20]);

/** log σ(x) = min(x, 0) - log(1 + e⁻ˡˣˡ), within 2e-7 beside it. With u = e⁻ˡˣˡ, log(1 + u) = 2·artanh(s), s = u/(2 + u) ≤ 1/3. */
// @ts-ignore: decorator
@inline
export function logSigmoid(x: v128): v128 {
  const u = exp(f32x4.neg(f32x4.abs(x)));
  const s = f32x4.div(u, f32x4.add(u, constant(TWO))), square = f32x4.mul(s, s);
  let p = multiplyAdd(constant(ARTANH), square, constant(ARTANH + 4));
  p = multiplyAdd(p, square, constant(ARTANH + 8));
  p = multiplyAdd(p, square, constant(ARTANH + 12));
  p = multiplyAdd(p, square, constant(ARTANH + 16));
  p = multiplyAdd(p, square, constant(ARTANH + 20));
  return f32x4.sub(f32x4.pmin(x, f32x4.splat(0)), f32x4.mul(f32x4.add(s, s), multiplyAdd(p, square, constant(ONE))));
}

/** artanh(s)/s = 1 + s²/3 + s⁴/5 + …: the coefficients from s¹² to s². The next one adds less than 2e-8. */
const ARTANH = memory.data<f32>([0.07692308, 0.09090909, 0.11111111, 0.14285715, 0.2, 0.33333334]);

const TINY = memory.data<f32>([7.888609052210118e-31]); // 2⁻¹⁰⁰

/**
 * Replaces numbers of magnitude below 2⁻¹⁰⁰ by 0. Gradients shrink from step to step on their way back. Below 2⁻¹²⁶ a
 * processor computes a hundred times slower: 800 steps took a minute instead of a second. If the loss is of ordinary size,
 * the replaced numbers are far below the last digit of any sum that they are added to. NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function flushTiny(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), constant(TINY)));
}

// @ts-ignore: decorator
@inline
export function min(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

/** Loads the first `count` (1 … 4) of four numbers at `address`; the rest are 0. */
// @ts-ignore: decorator
@inline
export function loadPart(address: usize, count: i32): v128 {
  if (count >= 4) return v128.load(address);
  let part = v128.load32_zero(address);
  if (count > 1) part = v128.load32_lane(address, part, 1, 4);
  if (count > 2) part = v128.load32_lane(address, part, 2, 8);
  return part;
}

/** Stores the first `count` (1 … 4) numbers of `part`. */
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

const LANES = memory.data<i32>([0, 1, 2, 3]);

/** All bits of the first `count` lanes are 1, those of the others 0. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(v128.load(LANES), i32x4.splat(count));
}
