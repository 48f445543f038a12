/** Element-wise work: the updates (6) and (11), dropout's products (12), sums, fill and copy. A chunk is a range of elements. */
import { Adam, Add, CHUNK_ELEMENTS, Copy, Fill, Multiply, Sgd } from './jobs';
import { loadPart, min, multiplyAdd, storePart } from './math';
import { addRow } from './rows';
import { jobOf } from './threads';

/** (6) */
export function adamChunk(chunk: i32): void {
  const job = jobOf<Adam>();
  const rate = f32x4.splat(job.rate);
  const towardsMean = f32x4.splat(job.towardsMean);
  const towardsSquare = f32x4.splat(job.towardsSquare);
  const epsilon = f32x4.splat(job.epsilon);
  const end = min((chunk + 1) * CHUNK_ELEMENTS, job.size);
  for (let n = chunk * CHUNK_ELEMENTS; n < end; n += 4) {
    const at = <usize>n << 2;
    const left = end - n;
    const p = job.p + at, m = job.m + at, v = job.v + at;
    const g = loadPart(job.g + at, left);
    const mean = multiplyAdd(f32x4.sub(g, loadPart(m, left)), towardsMean, loadPart(m, left));
    const square = multiplyAdd(f32x4.sub(f32x4.mul(g, g), loadPart(v, left)), towardsSquare, loadPart(v, left));
    storePart(m, mean, left);
    storePart(v, square, left);
    const step = f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), epsilon));
    storePart(p, f32x4.sub(loadPart(p, left), step), left);
  }
}

/** (11) */
export function sgdChunk(chunk: i32): void {
  const job = jobOf<Sgd>();
  const rate = f32x4.splat(job.rate);
  const momentum = f32x4.splat(job.momentum);
  const end = min((chunk + 1) * CHUNK_ELEMENTS, job.size);
  for (let n = chunk * CHUNK_ELEMENTS; n < end; n += 4) {
    const at = <usize>n << 2;
    const left = end - n;
    const p = job.p + at, v = job.v + at;
    const velocity = multiplyAdd(momentum, loadPart(v, left), loadPart(job.g + at, left));
    storePart(v, velocity, left);
    storePart(p, f32x4.sub(loadPart(p, left), f32x4.mul(rate, velocity)), left);
  }
}

/** (12), (12′) */
export function multiplyChunk(chunk: i32): void {
  const job = jobOf<Multiply>();
  const end = min((chunk + 1) * CHUNK_ELEMENTS, job.size);
  for (let n = chunk * CHUNK_ELEMENTS; n < end; n += 4) {
    const at = <usize>n << 2;
    const left = end - n;
    storePart(job.out + at, f32x4.mul(loadPart(job.a + at, left), loadPart(job.b + at, left)), left);
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
