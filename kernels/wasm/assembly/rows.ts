/** Sums of rows, and rows that class indices choose, (15) and (15′). */
import { ColumnSums, EmbeddingForward, EmbeddingBackward, SUM_CHUNK_COLUMNS } from './jobs';
import { min, storePart } from './math';
import { jobOf } from './threads';

/** Adds four rows at a time to `out`, so that a is read in the order in which it lies in memory. */
export function columnSumsChunk(chunk: i32): void {
  const job = jobOf<ColumnSums>();
  const M = job.M, N = job.N;
  const first = chunk * SUM_CHUNK_COLUMNS;
  const columns = min(SUM_CHUNK_COLUMNS, N - first);
  const row = <usize>N << 2;
  const out = job.out + (<usize>first << 2);
  let a = job.a + (<usize>first << 2);
  if (job.accumulate == 0) memory.fill(out, 0, <usize>columns << 2);
  let m = 0;
  for (; m + 4 <= M; m += 4) {
    addFourRows(out, a, row, columns);
    a += 4 * row;
  }
  for (; m < M; m++) {
    addRow(out, out, a, columns);
    a += row;
  }
}

/** out += four rows of a, one after another; `row` bytes lie between their beginnings. */
export function addFourRows(out: usize, a: usize, row: usize, columns: i32): void {
  let b = a + row, c = b + row, d = c + row;
  for (; columns >= 8; columns -= 8) {
    let low = f32x4.add(v128.load(out), v128.load(a)), high = f32x4.add(v128.load(out, 16), v128.load(a, 16));
    low = f32x4.add(low, v128.load(b)); high = f32x4.add(high, v128.load(b, 16));
    low = f32x4.add(low, v128.load(c)); high = f32x4.add(high, v128.load(c, 16));
    low = f32x4.add(low, v128.load(d)); high = f32x4.add(high, v128.load(d, 16));
    v128.store(out, low); v128.store(out, high, 16);
    out += 32; a += 32; b += 32; c += 32; d += 32;
  }
  for (; columns > 0; columns -= 4) {
    let sum = f32x4.add(v128.load(out), v128.load(a));
    sum = f32x4.add(sum, v128.load(b));
    sum = f32x4.add(sum, v128.load(c));
    storePart(out, f32x4.add(sum, v128.load(d)), columns);
    out += 16; a += 16; b += 16; c += 16; d += 16;
  }
}

/** (15) */
export function embeddingForwardChunk(chunk: i32): void {
  const job = jobOf<EmbeddingForward>();
  const N = job.N;
  const end = min((chunk + 1) * job.rows, job.M);
  for (let m = chunk * job.rows; m < end; m++) {
    addRow(job.out + (<usize>(m * N) << 2), job.a + (<usize>(indexAt(job.indices, m) * N) << 2), job.bias, N);
  }
}

/** (15′) */
export function embeddingBackwardChunk(chunk: i32): void {
  const job = jobOf<EmbeddingBackward>();
  const M = job.M, N = job.N;
  const first = chunk * job.columns;
  const count = min(job.columns, N - first);
  for (let m = 0; m < M; m++) {
    const out = job.out + (<usize>(indexAt(job.indices, m) * N + first) << 2);
    addRow(out, out, job.a + (<usize>(m * N + first) << 2), count);
  }
}

/** Indices are whole numbers in f32. */
// @ts-ignore: decorator
@inline
function indexAt(indices: usize, m: i32): i32 {
  return <i32>load<f32>(indices + (<usize>m << 2));
}

/** out = a + b, `count` numbers each; out may be a. */
export function addRow(out: usize, a: usize, b: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const low = f32x4.add(v128.load(a), v128.load(b)), high = f32x4.add(v128.load(a, 16), v128.load(b, 16));
    v128.store(out, low); v128.store(out, high, 16);
    out += 32; a += 32; b += 32;
  }
  for (; count > 0; count -= 4) {
    storePart(out, f32x4.add(v128.load(a), v128.load(b)), count);
    out += 16; a += 16; b += 16;
  }
}
