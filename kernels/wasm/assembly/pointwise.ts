/** Element-wise work: the updates (6) and (11), dropout's products (12), sums, fill and copy. A chunk is a range of elements. */
import { Adam, Add, CHUNK_ELEMENTS, Copy, Fill, Multiply, Sgd } from './jobs';
import { min, multiplyAdd, storePart } from './math';
import { addRow } from './rows';
import { jobOf } from './threads';

/** (6) */
export function adamChunk(chunk: i32): void {
  const job = jobOf<Adam>();
  const first = chunk * CHUNK_ELEMENTS;
  const at = <usize>first << 2;
  const count = min(CHUNK_ELEMENTS, job.size - first);
  adamRow(job.p + at, job.m + at, job.v + at, job.g + at, count, job.rate, job.towardsMean, job.towardsSquare, job.epsilon);
}

export function adamRow(
  p: usize, m: usize, v: usize, g: usize, count: i32, alpha: f32, towardsMean: f32, towardsSquare: f32, epsilon: f32,
): void {
  const rate = f32x4.splat(alpha), tm = f32x4.splat(towardsMean);
  const ts = f32x4.splat(towardsSquare), e = f32x4.splat(epsilon);
  for (; count >= 8; count -= 8) {
    const g0 = v128.load(g), g1 = v128.load(g, 16);
    const m0 = towards(v128.load(m), g0, tm), m1 = towards(v128.load(m, 16), g1, tm);
    const v0 = towards(v128.load(v), f32x4.mul(g0, g0), ts), v1 = towards(v128.load(v, 16), f32x4.mul(g1, g1), ts);
    const p0 = f32x4.sub(v128.load(p), stepOf(rate, m0, v0, e)), p1 = f32x4.sub(v128.load(p, 16), stepOf(rate, m1, v1, e));
    v128.store(m, m0); v128.store(m, m1, 16);
    v128.store(v, v0); v128.store(v, v1, 16);
    v128.store(p, p0); v128.store(p, p1, 16);
    p += 32; m += 32; v += 32; g += 32;
  }
  for (; count > 0; count -= 4) {
    const gradient = v128.load(g);
    const mean = towards(v128.load(m), gradient, tm);
    const square = towards(v128.load(v), f32x4.mul(gradient, gradient), ts);
    storePart(m, mean, count);
    storePart(v, square, count);
    storePart(p, f32x4.sub(v128.load(p), stepOf(rate, mean, square, e)), count);
    p += 16; m += 16; v += 16; g += 16;
  }
}

/** old + (target - old)*part */
// @ts-ignore: decorator
@inline
function towards(old: v128, target: v128, part: v128): v128 {
  return multiplyAdd(f32x4.sub(target, old), part, old);
}

/** α·m/(√v + ε) */
// @ts-ignore: decorator
@inline
function stepOf(rate: v128, mean: v128, square: v128, epsilon: v128): v128 {
  return f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), epsilon));
}

/** (11) */
export function sgdChunk(chunk: i32): void {
  const job = jobOf<Sgd>();
  const first = chunk * CHUNK_ELEMENTS;
  const at = <usize>first << 2;
  sgdRow(job.p + at, job.v + at, job.g + at, min(CHUNK_ELEMENTS, job.size - first), job.rate, job.momentum);
}

export function sgdRow(p: usize, v: usize, g: usize, count: i32, alpha: f32, momentum: f32): void {
  const rate = f32x4.splat(alpha), mu = f32x4.splat(momentum);
  for (; count >= 8; count -= 8) {
    const v0 = multiplyAdd(mu, v128.load(v), v128.load(g)), v1 = multiplyAdd(mu, v128.load(v, 16), v128.load(g, 16));
    const p0 = f32x4.sub(v128.load(p), f32x4.mul(rate, v0)), p1 = f32x4.sub(v128.load(p, 16), f32x4.mul(rate, v1));
    v128.store(v, v0); v128.store(v, v1, 16);
    v128.store(p, p0); v128.store(p, p1, 16);
    p += 32; v += 32; g += 32;
  }
  for (; count > 0; count -= 4) {
    const velocity = multiplyAdd(mu, v128.load(v), v128.load(g));
    storePart(v, velocity, count);
    storePart(p, f32x4.sub(v128.load(p), f32x4.mul(rate, velocity)), count);
    p += 16; v += 16; g += 16;
  }
}

/** (12), (12′) */
export function multiplyChunk(chunk: i32): void {
  const job = jobOf<Multiply>();
  const first = chunk * CHUNK_ELEMENTS;
  const at = <usize>first << 2;
  multiplyRow(job.out + at, job.a + at, job.b + at, min(CHUNK_ELEMENTS, job.size - first));
}

export function multiplyRow(out: usize, a: usize, b: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const low = f32x4.mul(v128.load(a), v128.load(b)), high = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    v128.store(out, low); v128.store(out, high, 16);
    out += 32; a += 32; b += 32;
  }
  for (; count > 0; count -= 4) {
    storePart(out, f32x4.mul(v128.load(a), v128.load(b)), count);
    out += 16; a += 16; b += 16;
  }
}

export function addChunk(chunk: i32): void {
  const job = jobOf<Add>();
  const first = chunk * CHUNK_ELEMENTS;
  const at = <usize>first << 2;
  addRow(job.out + at, job.out + at, job.a + at, min(CHUNK_ELEMENTS, job.size - first));
}

export function fillChunk(chunk: i32): void {
  const job = jobOf<Fill>();
  const first = chunk * CHUNK_ELEMENTS;
  const end = min(first + CHUNK_ELEMENTS, job.size);
  if (reinterpret<i32>(job.value) == 0) { // not for -0
    memory.fill(job.out + (<usize>first << 2), 0, <usize>(end - first) << 2); // writes without reading the memory first
    return;
  }
  const value = f32x4.splat(job.value);
  for (let n = first; n < end; n += 4) storePart(job.out + (<usize>n << 2), value, end - n);
}

export function copyChunk(chunk: i32): void {
  const job = jobOf<Copy>();
  const first = chunk * CHUNK_ELEMENTS;
  const end = min(first + CHUNK_ELEMENTS, job.size);
  memory.copy(job.out + (<usize>first << 2), job.a + (<usize>first << 2), <usize>(end - first) << 2);
}
