/**
 * out = start + a·b, cut into blocks, panels and tiles. The inner loops are in matmul-inner-loops.ts.
 *
 * b is packed first, so that the inner loop reads it from front to back. Each block of 256 k's becomes panels of 16 columns,
 * with panels of 8 and 4 for the last columns. In a block of L k's, the panel that begins at column c begins c·L numbers
 * after the block's start. A transposed a is packed too: each thread packs groups of rows of its own chunk.
 */
import { BLOCK, Matmul, Pack, PACK_CHUNK_COLUMNS, PANEL_COLUMNS, ROWS } from './jobs';
import { loadPart, min, storePart } from './math';
import { jobOf } from './threads';
import { tile1x16, tile1x4, tile1x8, tile2x16, tile4x16, tile4x8, tile6x16, tile6x8, tile8x4 } from './matmul-inner-loops';

/** Rows side by side in a packed, transposed a: as many as the tallest tile that reads it has. No tile crosses groups. */
const GROUP: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 8;
/** Rows of a transposed a that are packed at a time. */
const PACKED_ROWS: i32 = 22 * GROUP;

/** This thread's own memory: a packed block of a, then a tile for the last columns. */
let scratch: usize = 0;
export const SCRATCH_BYTES: i32 = PACKED_ROWS * BLOCK * 4 + 8 * 16;

export function setScratch(address: usize): void {
  scratch = address;
}

/** Whether the tiles of 16 columns are those for merged vectors. They sum in the same order, so they give the same bits. */
let isWide: bool = false;

export function setWide(wide: bool): void {
  isWide = wide;
}

/** The width of the panel that begins at column c of N. */
// @ts-ignore: decorator
@inline
function panelWidth(c: i32, N: i32): i32 {
  return N - c >= PANEL_COLUMNS ? PANEL_COLUMNS : N - c >= 8 ? 8 : 4;
}

/** Packs one chunk: a block of k's of up to PACK_CHUNK_COLUMNS columns. */
export function packChunk(chunk: i32): void {
  const job = jobOf<Pack>();
  const packed = job.packed, b = job.b, bStep = job.bStep, bColumn = job.bColumn;
  const K = job.K, N = job.N;
  const columnChunks = (N + PACK_CHUNK_COLUMNS - 1) / PACK_CHUNK_COLUMNS;
  const k = (chunk / columnChunks) * BLOCK;
  const first = (chunk % columnChunks) * PACK_CHUNK_COLUMNS;
  const L = min(BLOCK, K - k);
  const padded = (N + 3) & ~3;
  const block = packed + (<usize>(k * padded) << 2);
  const end = min(first + PACK_CHUNK_COLUMNS, N);
  let c = first;
  if (bColumn == 4) {
    const wide = c + ((end - c) & ~15);
    packWidePanels(block + (<usize>(c * L) << 2), b + <usize>k * bStep + (<usize>c << 2), bStep, L, wide - c);
    c = wide;
  }
  while (c < end) {
    const width = panelWidth(c, N);
    const panel = block + (<usize>(c * L) << 2);
    const source = b + <usize>k * bStep + <usize>c * bColumn;
    if (bColumn == 4) packRows(panel, source, bStep, L, width, min(width, N - c));
    else packColumns(panel, source, bColumn, L, width, min(width, N - c));
    c += width;
  }
}

/** Panels of 16 columns, if the rows of b have no gaps: reads b row by row, which is the fastest order. */
function packWidePanels(panel: usize, source: usize, bStep: usize, L: i32, columns: i32): void {
  const nextPanel = <usize>L << 6;
  for (let k = 0; k < L; k++) {
    let from = source, to = panel;
    for (let c = 0; c < columns; c += 16) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
      v128.store(to, v128.load(from, 48), 48);
      from += 64;
      to += nextPanel;
    }
    panel += 64;
    source += bStep;
  }
}

/** One narrower panel, if the rows of b have no gaps. The columns beyond `valid` become 0. */
function packRows(panel: usize, source: usize, bStep: usize, L: i32, width: i32, valid: i32): void {
  for (; L > 0; L--) {
    for (let s = 0; s < width; s += 4) {
      v128.store(panel, loadPart(source + (<usize>s << 2), valid - s));
      panel += 16;
    }
    source += bStep;
  }
}

/** One panel, if the columns of b have no gaps (b is a transpose): transposes 4 columns by 4 k's at a time. */
function packColumns(panel: usize, source: usize, bColumn: usize, L: i32, width: i32, valid: i32): void {
  const row = <usize>width << 2;
  for (let s = 0; s < width; s += 4) {
    const columns = valid - s;
    let from = source + <usize>s * bColumn;
    let to = panel + (<usize>s << 2);
    // Instead of a column beyond the last valid one, the first is read; its products are never stored.
    const c1 = columns > 1 ? bColumn : 0, c2 = columns > 2 ? 2 * bColumn : 0, c3 = columns > 3 ? 3 * bColumn : 0;
    let k = 0;
    for (; k + 4 <= L; k += 4) {
      const x0 = v128.load(from), x1 = v128.load(from + c1), x2 = v128.load(from + c2), x3 = v128.load(from + c3);
      const y0 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), y1 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
      const y2 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), y3 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(y0, y2, 0, 2));
      v128.store(to + row, v128.shuffle<i64>(y0, y2, 1, 3));
      v128.store(to + 2 * row, v128.shuffle<i64>(y1, y3, 0, 2));
      v128.store(to + 3 * row, v128.shuffle<i64>(y1, y3, 1, 3));
      to += 4 * row;
      from += 16;
    }
    for (; k < L; k++) {
      store<f32>(to, load<f32>(from));
      store<f32>(to, load<f32>(from + c1), 4);
      store<f32>(to, load<f32>(from + c2), 8);
      store<f32>(to, load<f32>(from + c3), 12);
      to += row;
      from += 4;
    }
  }
}

/** Computes one chunk of out: `rows` rows of `columns` columns. */
export function matmulChunk(chunk: i32): void {
  const job = jobOf<Matmul>();
  const out = job.out, outRow = job.outRow, start = job.start, startRow = job.startRow;
  const a = job.a, aRow = job.aRow, aStep = job.aStep, b = job.b, bStep = job.bStep;
  const M = job.M, N = job.N, K = job.K;
  const rows = job.rows, columns = job.columns;
  const rowChunks = (M + rows - 1) / rows;
  const m = (chunk % rowChunks) * rows;
  const c = (chunk / rowChunks) * columns;
  const mEnd = min(m + rows, M), cEnd = min(c + columns, N);
  const padded = (N + 3) & ~3;
  const aTransposed = aStep != 4;

  for (let k = 0; k < K; k += BLOCK) {
    const L = min(BLOCK, K - k);
    const block = bStep != 0 ? b + <usize>k * bStep : b + (<usize>(k * padded) << 2);
    const step = aTransposed ? PACKED_ROWS : ROWS;
    for (let r = m; r < mEnd; r += step) {
      const count = min(step, mEnd - r);
      const outAt = out + <usize>r * outRow;
      const startAt = k > 0 ? outAt : start + <usize>r * startRow;
      const aAt = a + <usize>r * aRow + <usize>k * aStep;
      if (aTransposed) {
        packTransposed(aAt, aStep, count, L);
        multiplyBlock(count, c, cEnd, N, L, scratch, 0, 0, block, bStep, startAt, k > 0 ? outRow : startRow, outAt, outRow);
      } else {
        multiplyBlock(count, c, cEnd, N, L, aAt, aRow, aStep, block, bStep, startAt, k > 0 ? outRow : startRow, outAt, outRow);
      }
    }
  }
}

/** Packs rows of a transposed a into scratch, group after group; in a group, the rows are side by side for each k. */
function packTransposed(a: usize, aStep: usize, count: i32, L: i32): void {
  let to = scratch;
  for (let r = 0; r < count; r += GROUP) {
    let from = a + (<usize>r << 2);
    const left = count - r;
    for (let k = 0; k < L; k++) {
      v128.store(to, left >= 4 ? v128.load(from) : loadPart(from, left));
      if (left > 4) storePart(to + 16, loadPart(from + 16, min(left, GROUP) - 4), GROUP - 4);
      to += GROUP << 2;
      from += aStep;
    }
  }
}

/** out[0…M-1][c…cEnd-1] = start + a·b for one block of L k's. aStep 0: a is packed. bStep 0: b is packed. */
function multiplyBlock(
  M: i32, c: i32, cEnd: i32, N: i32, L: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): void {
  const aPacked = aStep == 0;
  if (aPacked) {
    aRow = 4;
    aStep = GROUP << 2;
  }
  while (c < cEnd) {
    const width = panelWidth(c, N);
    const offset = <usize>c << 2;
    const panel = bStep != 0 ? b + offset : b + (<usize>(c * L) << 2);
    const panelStep = bStep != 0 ? bStep : <usize>width << 2;
    for (let m = 0; m < M; ) {
      const aAt = aPacked
        ? a + <usize>(m / GROUP) * <usize>(L * GROUP * 4) + (<usize>(m % GROUP) << 2)
        : a + <usize>m * aRow;
      const startAt = start + <usize>m * startRow + offset;
      const outAt = out + <usize>m * outRow + offset;
      const left = aPacked ? min(M - m, GROUP - (m % GROUP)) : M - m;
      if (width == 16) m += columns16(left, L, aAt, aRow, aStep, panel, panelStep, startAt, startRow, outAt, outRow);
      else if (width == 8) m += columns8(left, L, aAt, aRow, aStep, panel, panelStep, startAt, startRow, outAt, outRow);
      else {
        const full = left >= 8;
        lastColumns(full, L, aAt, aRow, aStep, panel, panelStep, startAt, startRow, outAt, outRow, min(4, N - c));
        m += full ? 8 : 1;
      }
    }
    c += width;
  }
}

/** Computes the tallest tile of 16 columns that `left` rows allow, and returns its number of rows. */
function columns16(
  left: i32, L: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): i32 {
  if (isWide) {
    if (ASC_FEATURE_RELAXED_SIMD && left >= 6) {
      tile6x16(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
      return 6;
    }
    if (left >= 4) {
      tile4x16(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
      return 4;
    }
  } else if (ASC_FEATURE_RELAXED_SIMD && left >= 6) {
    tile6x8(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
    tile6x8(L, a, aRow, aStep, b + 32, bStep, start + 32, startRow, out + 32, outRow);
    return 6;
  }
  if (left >= 2) {
    tile2x16(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
    return 2;
  }
  tile1x16(L, a, aStep, b, bStep, start, out);
  return 1;
}

/** The same for 8 columns. */
function columns8(
  left: i32, L: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize,
): i32 {
  if (ASC_FEATURE_RELAXED_SIMD && left >= 6) {
    tile6x8(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
    return 6;
  }
  if (left >= 4) {
    tile4x8(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
    return 4;
  }
  tile1x8(L, a, aStep, b, bStep, start, out);
  return 1;
}

/** A tile of 4 columns. If only `valid` of them belong to out, it is computed in scratch. */
function lastColumns(
  full: bool, L: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  start: usize, startRow: usize, out: usize, outRow: usize, valid: i32,
): void {
  if (valid == 4) {
    if (full) tile8x4(L, a, aRow, aStep, b, bStep, start, startRow, out, outRow);
    else tile1x4(L, a, aStep, b, bStep, start, out);
    return;
  }
  const tile = scratch + <usize>(PACKED_ROWS * BLOCK * 4);
  const rows = full ? 8 : 1;
  for (let r = 0; r < rows; r++) v128.store(tile + (<usize>r << 4), loadPart(start + <usize>r * startRow, valid));
  if (full) tile8x4(L, a, aRow, aStep, b, bStep, tile, 16, tile, 16);
  else tile1x4(L, a, aStep, b, bStep, tile, tile);
  for (let r = 0; r < rows; r++) storePart(out + <usize>r * outRow, v128.load(tile + (<usize>r << 4)), valid);
}
