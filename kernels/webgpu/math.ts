/**
 * eˣ, σ and tanh in WGSL, of one number or of four. WGSL's own `exp` and `tanh` have another error on each driver, and `tanh` of a
 * large number may be NaN. As in kernels/wasm/assembly/math.ts: eˣ = 2ⁿ·eʳ, then one division.
 */
import type { Element } from './kernel.js';

/** `exp_` for x ≤ 0, `sigmoid` and `tanh_`, within 4 units in the last place where the result is a normal number. NaN stays NaN. */
export function mathOf(type: Element): string {
  const [I, U, SHIFT] = type === 'f32' ? ['i32', 'u32', '23u'] : ['vec4i', 'vec4u', 'vec4u(23u)'];
  return `
// 2ⁿ; n is a whole number in -126 … 127
fn powerOfTwo(n: ${type}) -> ${type} { return bitcast<${type}>((${I}(n) + ${I}(127)) << ${SHIFT}); }

// eʳ - 1, r = x - n·ln 2. Its error is at most 4e-9 of eʳ. The first part of ln 2 is 355/512, and n times it is exact. It is a product
// of whole numbers, because Mesa adds the two parts if both are multiplied by the same n, and then rounds n·ln 2.
fn expOfRestMinus1(x: ${type}, n: ${type}) -> ${type} {
  let first = ${type}(${I}(n) * ${I}(355));
  let r = fma(n, ${type}(2.12194440e-4), fma(first, ${type}(-1.0 / 512.0), x));
  var q = fma(r, ${type}(1.3811662e-3), ${type}(8.3701350e-3));
  q = fma(q, r, ${type}(4.1668527e-2));
  q = fma(q, r, ${type}(1.6666509e-1));
  q = fma(q, r, ${type}(4.9999994e-1));
  return fma(q, r * r, r);
}

// A test of the bits: a compiler may assume that no number is NaN.
fn keepNaN(result: ${type}, x: ${type}) -> ${type} {
  let isNaN = (bitcast<${U}>(x) & ${U}(0x7fffffffu)) > ${U}(0x7f800000u);
  return select(result, x, isNaN);
}

fn expOf(x: ${type}) -> ${type} {
  let n = round(x * 1.44269504);
  let power = powerOfTwo(n);
  return fma(expOfRestMinus1(x, n), power, power);
}

// 0 below -80, where a quotient of it could be subnormal
fn exp_(x: ${type}) -> ${type} {
  let limited = clamp(x, ${type}(-80.0), ${type}(0.0));
  return keepNaN(select(expOf(limited), ${type}(0.0), x < ${type}(-80.0)), x);
}

fn sigmoid(x: ${type}) -> ${type} {
  let limited = clamp(x, ${type}(-80.0), ${type}(20.0)); // beyond, σ is 0 and 1
  let E = expOf(limited);
  return keepNaN(select(E / (E + 1.0), ${type}(0.0), x < ${type}(-80.0)), x);
}

// E = e²ˣ - 1 is computed as one number, so that it keeps its digits near 0
fn tanh_(x: ${type}) -> ${type} {
  let twice = 2.0 * clamp(x, ${type}(-15.0), ${type}(15.0)); // beyond, tanh is ±1
  let n = round(twice * 1.44269504);
  let power = powerOfTwo(n);
  let E = fma(expOfRestMinus1(twice, n), power, power - 1.0);
  return keepNaN(E / (E + 2.0), x);
}`;
}
