/** Sums of rows, and rows that class indices choose, (15) and (15′). */
import { ColumnSums, EmbeddingForward, EmbeddingBackward, SUM_CHUNK_COLUMNS } from './jobs';
import { loadPart, min, storePart } from './math';
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
    let n = 0;
    for (; n + 4 <= columns; n += 4) addFourRows(out, a, row, n, 4);
    if (n < columns) addFourRows(out, a, row, n, columns - n);
    a += 4 * row;
  }
  for (; m < M; m++) {
    for (let n = 0; n < columns; n += 4) {
      const at = <usize>n << 2;
      storePart(out + at, f32x4.add(loadPart(out + at, columns - n), loadPart(a + at, columns - n)), columns - n);
    }
    a += row;
  }
}

// @ts-ignore: decorator
@inline
function addFourRows(out: usize, a: usize, row: usize, n: i32, count: i32): void {
  const at = <usize>n << 2;
  let sum = f32x4.add(loadPart(out + at, count), loadPart(a + at, count));
  sum = f32x4.add(sum, loadPart(a + at + row, count));
  sum = f32x4.add(sum, loadPart(a + at + 2 * row, count));
  sum = f32x4.add(sum, loadPart(a + at + 3 * row, count));
  storePart(out + at, sum, count);
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
  let n = 0;
  for (; n + 4 <= count; n += 4) {
    v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
    out += 16; a += 16; b += 16;
  }
  if (n < count) storePart(out, f32x4.add(loadPart(a, count - n), loadPart(b, count - n)), count - n);
}
